//! What a request is answered with that may have been answered before.

use std::marker::PhantomData;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
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
