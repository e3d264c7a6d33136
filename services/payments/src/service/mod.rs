//! Payments' use cases: each loads, decides and saves, in one unit of work.

mod paying;
mod reading;

use kit_service::{Failure, Units};
use payments_api::PaymentsRefusal;

use crate::domain::Limit;

/// Why a use case did not do what was asked.
pub(crate) type PaymentsFailure = Failure<PaymentsRefusal>;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct PaymentsService {
    units: Units,
    limit: Limit,
}

impl PaymentsService {
    pub(crate) fn new(units: Units, limit: Limit) -> Self {
        Self { units, limit }
    }
}
