//! What becomes of a failure at the edge and in a contract.

use kit_db::{StoreError, Unavailable};
use kit_http::{ApiError, FieldError};
use kit_rpc::CallError;
use kit_service::Failure;

kit_http::refusals! {
    /// For the tests.
    pub enum OrdersRefusal("Order") {
        /// There is nothing in the cart.
        CartEmpty = CONFLICT, "cart_empty", "the cart is empty";
        /// As many as may be are open.
        Full {
            /// How many.
            most: u32,
        } = SERVICE_UNAVAILABLE, "too_many_streams", "{most} streams are open";
    }
}

kit_http::refusals! {
    /// Of another service.
    pub enum StockRefusal("Catalog") {
        /// There is not enough.
        SoldOut = CONFLICT, "sold_out", "sold out";
    }
}

type OrdersFailure = Failure<OrdersRefusal>;

fn answered(failure: OrdersFailure) -> (u16, String, String) {
    let error = ApiError::from(failure);
    (
        error.status().as_u16(),
        error.code().to_owned(),
        error.message().to_owned(),
    )
}

#[test]
fn each_arm_has_its_status_code_and_message() {
    let store = |error: StoreError| OrdersFailure::from(error);
    for (failure, status, code, message) in [
        (
            Failure::Refused(OrdersRefusal::CartEmpty),
            409,
            "cart_empty",
            "the cart is empty",
        ),
        (
            Failure::Refused(OrdersRefusal::Full { most: 3 }),
            503,
            "too_many_streams",
            "3 streams are open",
        ),
        (
            Failure::Invalid(vec![FieldError::new("/note", "is too long")]),
            400,
            "validation_failed",
            "/note: is too long",
        ),
        (
            Failure::InvalidQuery("`by` is odd".into()),
            400,
            "invalid_query",
            "`by` is odd",
        ),
        (Failure::NotFound("Order"), 404, "not_found", "Order not found"),
        (
            Failure::VersionMismatch,
            412,
            "precondition_failed",
            "the resource has changed since",
        ),
        (
            Failure::KeyReused,
            422,
            "idempotency_key_reused",
            "`Idempotency-Key` was used for another request",
        ),
        (
            Failure::StillRunning,
            409,
            "still_running",
            "the same request is still running",
        ),
        (
            store(Unavailable::QueueFull.into()),
            503,
            "unavailable",
            "Order service unavailable",
        ),
        (
            store(StoreError::OutcomeUnknown),
            503,
            "unavailable",
            "Order service unavailable",
        ),
        (store(StoreError::Panicked), 500, "internal", "internal error"),
    ] {
        let expected = (status, code.to_owned(), message.to_owned());
        assert_eq!(answered(failure), expected);
    }
}

#[test]
fn another_service_that_is_away_is_named_and_its_refusals_are_defects() {
    for (failure, status, code, message) in [
        (
            CallError::<StockRefusal>::Unavailable.into(),
            503,
            "unavailable",
            "Catalog service unavailable",
        ),
        (
            CallError::<StockRefusal>::Unknown.into(),
            503,
            "unavailable",
            "Catalog service unavailable",
        ),
        (
            CallError::Refused(StockRefusal::SoldOut).into(),
            500,
            "internal",
            "internal error",
        ),
    ] {
        let expected = (status, code.to_owned(), message.to_owned());
        assert_eq!(answered(failure), expected);
    }
}

#[test]
fn a_contract_gets_the_refusal_and_no_cause() {
    let refused = OrdersFailure::Refused(OrdersRefusal::CartEmpty).into_contract_error();
    assert_eq!(refused, CallError::Refused(OrdersRefusal::CartEmpty));
    let broken = OrdersFailure::internal("the secret of the database").into_contract_error();
    assert_eq!(broken, CallError::Internal);
    let text = serde_json::to_string(&refused).unwrap();
    assert_eq!(text, r#"{"error":"refused","detail":{"refusal":"cart_empty"}}"#);
    for error in [
        refused,
        CallError::Refused(OrdersRefusal::Full { most: 3 }),
        CallError::NotFound("Order".into()),
        CallError::Invalid(vec![FieldError::new("/note", "is too long")]),
        CallError::Unavailable,
    ] {
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(
            serde_json::from_str::<CallError<OrdersRefusal>>(&text).unwrap(),
            error
        );
    }
}
