//! What a request is answered with that may have been answered before.

use std::marker::PhantomData;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The JSON of a `T` with its status, as it was written when the effect happened: sent again, the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonAnswer<T> {
    status: StatusCode,
    body: Bytes,
    value: PhantomData<fn() -> T>,
}

impl<T> JsonAnswer<T> {
    pub(crate) fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            body: body.into(),
            value: PhantomData,
        }
    }

    /// The same answer with another value in it: of one that is given again, what is not kept.
    pub fn with_value<U: Serialize>(self, value: &U) -> serde_json::Result<JsonAnswer<U>> {
        Ok(JsonAnswer::new(self.status, serde_json::to_vec(value)?))
    }

    /// The value, for whoever called by a contract.
    pub fn value(&self) -> serde_json::Result<T>
    where
        T: DeserializeOwned,
    {
        serde_json::from_slice(&self.body)
    }
}

impl<T> IntoResponse for JsonAnswer<T> {
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (self.status, json, self.body).into_response()
    }
}
