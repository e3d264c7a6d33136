//! What a service serves, declared as data in its contract crate: one table from which the router, the
//! gateway's access rules and the OpenAPI document come.

use std::time::Duration;

use http::{Method, StatusCode};
use kit_token::Role;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::ApiRefusal;
use crate::health::Health;
use crate::refusal::{self, RefusalDoc};

const BODY_LIMIT: u64 = 64 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody; who sends a token is known by it, and it must be good.
    Guest,
    /// Any signed-in user.
    User,
    /// The owner of the resource, and admins. Ownership is checked where the resource is, in its query.
    Own,
    /// The owner of the resource, and admins; also a guest whose token opens it. Which resource a guest's token opens
    /// only the service knows that has it, so the service checks it.
    Holder,
    /// Staff and admins.
    Staff,
    /// Admins.
    Admin,
}

impl Access {
    /// The role that a caller needs; `None` where no token is asked for.
    pub const fn required_role(self) -> Option<Role> {
        match self {
            Self::Public | Self::Guest => None,
            Self::User | Self::Own | Self::Holder => Some(Role::Customer),
            Self::Staff => Some(Role::Staff),
            Self::Admin => Some(Role::Admin),
        }
    }

    /// The word used in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Guest => "guest",
            Self::User => "user",
            Self::Own => "own",
            Self::Holder => "holder",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }
}

/// Where a route can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Through the gateway and on the service's own port.
    Gateway,
    /// On the service's own port only: greetings, health.
    OwnPort,
}

/// How freely a route may be called from one address, beside the limits that hold for all routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateClass {
    /// As freely as all routes together.
    #[default]
    Normal,
    /// Only now and then: signing in, passwords, money.
    Strict,
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Route {
    /// The HTTP method.
    pub method: Method,
    /// Its path on the service's own port, parameters in braces: `/users/{id}`.
    pub pattern: &'static str,
    /// Its name in OpenAPI and in the router: `get_user`.
    pub operation: &'static str,
    /// Who may call the route.
    pub access: Access,
    /// Who may call it through the gateway, where that is somebody else.
    pub(crate) gateway_access: Option<Access>,
    /// Where the route can be reached.
    pub exposure: Exposure,
    /// The largest body, in bytes.
    pub body_limit: u64,
    /// From the request's head to the answer's.
    pub time_limit: Duration,
    /// How freely it may be called.
    pub rate: RateClass,
    /// Whether a request may be sent again with the same `Idempotency-Key`.
    pub is_idempotent: bool,
    /// Whether it refuses with 503 while the news of revoked sessions is older than the policy allows. Routes for
    /// staff and admins refuse in any case.
    pub fails_closed: bool,
    /// What the service whose health it tells is called.
    pub(crate) health: Option<&'static str>,
    pub(crate) doc: RouteDoc,
}

/// What the OpenAPI document says about a route.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteDoc {
    pub summary: &'static str,
    pub queries: Vec<SchemaOf>,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: Option<RequestDoc>,
    pub answer: Option<Answer>,
    pub refusals: Vec<RefusalDoc>,
}

#[derive(Clone, Debug)]
pub(crate) struct RequestDoc {
    pub required: bool,
    pub media_type: &'static str,
    pub schema: SchemaOf,
    pub example: Value,
    pub refusals: &'static [RefusalDoc],
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub media_type: &'static str,
    pub schema: SchemaOf,
    pub example: Value,
}

/// How a type's schema is made, without the type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

impl Route {
    /// An endpoint whose access is stated at once: there is no default to forget.
    pub fn new(method: Method, pattern: &'static str, operation: &'static str, access: Access) -> Self {
        Self {
            method,
            pattern,
            operation,
            access,
            gateway_access: None,
            exposure: Exposure::Gateway,
            body_limit: BODY_LIMIT,
            time_limit: TIME_LIMIT,
            rate: RateClass::Normal,
            is_idempotent: false,
            fails_closed: false,
            health: None,
            doc: RouteDoc::default(),
        }
    }

    /// `GET` on the service's own port: that it runs. It has its handler by itself.
    pub fn health(pattern: &'static str, operation: &'static str, display: &'static str) -> Self {
        let mut route = Self::new(Method::GET, pattern, operation, Access::Public)
            .own_port()
            .summary("Health check")
            .answer::<Health>(StatusCode::OK, json!(Health::of(display)));
        route.health = Some(display);
        route
    }

    /// Reachable on the service's own port only.
    #[must_use]
    pub fn own_port(mut self) -> Self {
        self.exposure = Exposure::OwnPort;
        self
    }

    /// Who may call it through the gateway, for a route that is freer on the service's own port, which only the
    /// operator's own network reaches.
    #[must_use]
    pub fn through_gateway(mut self, access: Access) -> Self {
        self.gateway_access = Some(access);
        self
    }

    /// Who may call it through the gateway.
    pub fn access_at_gateway(&self) -> Access {
        self.gateway_access.unwrap_or(self.access)
    }

    /// A summary for the API documentation, one line.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Self {
        self.doc.summary = summary;
        self
    }

    /// The query parameters, as the members of a struct; a filtered list has those of a page beside its own.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.doc.queries.push(T::json_schema);
        self
    }

    /// A header of the request that the route looks at beside the usual ones, and what it means.
    #[must_use]
    pub fn header(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.doc.headers.push((name, meaning));
        self
    }

    /// Whether [`Route::header`] was said of a header.
    pub fn reads_header(&self, name: &str) -> bool {
        self.doc
            .headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The JSON body and an example of it.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self, example: Value) -> Self {
        self.doc.body = Some(RequestDoc {
            required: true,
            media_type: "application/json",
            schema: |generator| generator.subschema_for::<T>(),
            example,
            refusals: &refusal::JSON_REFUSALS,
        });
        self
    }

    /// As [`Route::body`], where the body may be left out.
    #[must_use]
    pub fn optional_body<T: JsonSchema>(mut self, example: Value) -> Self {
        self = self.body::<T>(example);
        if let Some(body) = &mut self.doc.body {
            body.required = false;
        }
        self
    }

    /// An HTML form as the body, and an example of it.
    #[must_use]
    pub fn form<T: JsonSchema>(mut self, example: Value) -> Self {
        self.doc.body = Some(RequestDoc {
            required: true,
            media_type: "application/x-www-form-urlencoded",
            schema: |generator| generator.subschema_for::<T>(),
            example,
            refusals: &refusal::FORM_REFUSALS,
        });
        self
    }

    /// A file and the texts of `T` beside it (`multipart/form-data`) as the body, and an example of the texts.
    #[must_use]
    pub fn upload<T: JsonSchema>(mut self, mut example: Value) -> Self {
        example["file"] = Value::from("the bytes of the file");
        self.doc.body = Some(RequestDoc {
            required: true,
            media_type: "multipart/form-data",
            schema: |generator| {
                let mut schema = T::json_schema(generator);
                schema.ensure_object();
                schema.insert("required".to_owned(), json!(["file"]));
                let file = json!({ "type": "string", "format": "binary" });
                if let Some(Value::Object(properties)) = schema.get_mut("properties") {
                    properties.insert("file".to_owned(), file);
                }
                schema
            },
            example,
            refusals: &refusal::UPLOAD_REFUSALS,
        });
        self
    }

    /// A table (`text/csv`) as the body, and an example of it.
    #[must_use]
    pub fn csv(mut self, example: &str) -> Self {
        self.doc.body = Some(RequestDoc {
            required: true,
            media_type: "text/csv",
            schema: |generator| generator.subschema_for::<String>(),
            example: Value::from(example),
            refusals: &refusal::CSV_REFUSALS,
        });
        self
    }

    /// The JSON answer and an example of it.
    #[must_use]
    pub fn answer<T: JsonSchema>(mut self, status: StatusCode, example: Value) -> Self {
        self.doc.answer = Some(Answer {
            status,
            media_type: "application/json",
            schema: |generator| generator.subschema_for::<T>(),
            example,
        });
        self
    }

    /// An HTML page as the answer.
    #[must_use]
    pub fn page(mut self) -> Self {
        self.doc.answer = Some(Answer {
            status: StatusCode::OK,
            media_type: "text/html",
            schema: |generator| generator.subschema_for::<String>(),
            example: Value::from("<!doctype html>…"),
        });
        self
    }

    /// Bytes as the answer: their media type, which may be a range such as `image/*`.
    #[must_use]
    pub fn bytes(mut self, media_type: &'static str) -> Self {
        self.doc.answer = Some(Answer {
            status: StatusCode::OK,
            media_type,
            schema: |_| json_schema!({ "type": "string", "format": "binary" }),
            example: Value::from("the bytes"),
        });
        self
    }

    /// Server-sent events as the answer: what the `data` of each holds, and an example of one.
    #[must_use]
    pub fn event_stream<T: JsonSchema>(mut self, example: &str) -> Self {
        self.doc.answer = Some(Answer {
            status: StatusCode::OK,
            media_type: "text/event-stream",
            schema: |generator| generator.subschema_for::<T>(),
            example: Value::from(example),
        });
        self
    }

    /// Takes `Idempotency-Key`: sent again with the same key and body, it answers as it did the first time.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        let meaning = "Chosen by the client; the same key and body get the same answer and have one effect";
        self.is_idempotent = true;
        self.header("Idempotency-Key", meaning)
            .documents(refusal::INVALID_KEY)
            .documents(refusal::STILL_RUNNING)
            .documents(refusal::KEY_REUSED)
    }

    /// Refuses with 503 while the news of revoked sessions is older than the policy allows: for what moves money
    /// or cannot be undone.
    #[must_use]
    pub fn fail_closed(mut self) -> Self {
        self.fails_closed = true;
        self
    }

    /// Honours `If-Match`: refused where the resource has changed since the client saw it.
    #[must_use]
    pub fn conditional(self) -> Self {
        let meaning = "The `ETag` that the client has seen, or `*`";
        self.header("If-Match", meaning)
            .documents(refusal::INVALID_IF_MATCH)
            .documents(refusal::PRECONDITION_FAILED)
    }

    /// A refusal of the service's own, as an example of it; those that follow from access, body, query and
    /// idempotency are known.
    #[must_use]
    pub fn refuses(self, refusal: &impl ApiRefusal) -> Self {
        self.documents(refusal.into())
    }

    /// 404: `what` is not there, or not to be seen by the caller.
    #[must_use]
    pub fn not_found(self, what: &str) -> Self {
        self.documents(refusal::not_found(what))
    }

    fn documents(mut self, refusal: RefusalDoc) -> Self {
        self.doc.refusals.push(refusal);
        self
    }

    /// The status of its good answer.
    pub(crate) fn success(&self) -> StatusCode {
        self.doc
            .answer
            .as_ref()
            .map_or(StatusCode::OK, |answer| answer.status)
    }

    /// Another limit for the body, in bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = bytes;
        self
    }

    /// To be called only now and then from one address.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.rate = RateClass::Strict;
        self
    }

    /// Sets the time limit of the route.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }
}

/// Everything a service serves.
#[derive(Clone, Debug)]
pub struct RouteTable {
    /// The service's name: `users`.
    pub service: &'static str,
    /// What clients are told it is called: `User`.
    pub display: &'static str,
    /// Where its routes stand at the gateway, the first one first in documents.
    pub prefixes: &'static [&'static str],
    /// The routes of the service.
    pub routes: Vec<Route>,
}

impl RouteTable {
    /// A table of these routes, which stand under `/api` at the gateway.
    pub fn new(service: &'static str, routes: Vec<Route>) -> Self {
        Self {
            service,
            display: service,
            prefixes: &["/api"],
            routes,
        }
    }

    /// What clients are told the service is called, as in `Payment service unavailable`.
    #[must_use]
    pub fn display(mut self, display: &'static str) -> Self {
        self.display = display;
        self
    }

    /// Where its routes stand at the gateway: each at all of these.
    #[must_use]
    pub fn under(mut self, prefixes: &'static [&'static str]) -> Self {
        self.prefixes = prefixes;
        self
    }

    /// The route with this operation name.
    pub fn find(&self, operation: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.operation == operation)
    }
}
