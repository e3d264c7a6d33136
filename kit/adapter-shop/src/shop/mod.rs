//! A shop's use cases: those of users and admins, and those of its adapter.
//!
//! Nobody else is asked inside a unit of work, and of two things that belong together the row is written first.

mod owning;
mod plans;
mod provisioning;
mod purchasing;

use std::sync::Arc;
use std::time::Duration;

use kit_runtime::Tasks;
use kit_service::{Failure, Units};

use crate::{Goods, ProvisionedOf, ShopRefusal};

const PLAN: &str = "Plan";
const SERVICE: &str = "Service";

/// How long it is waited for subscriptions to begin a subscription, which asks payments for its part.
const PURCHASE_LIMIT: Duration = Duration::from_secs(9);

/// How long it is waited for what is only shown.
pub const SHOWN_LIMIT: Duration = Duration::from_secs(1);

/// Why a use case of a shop did not do what was asked.
pub(crate) type ShopFailure<G> = Failure<<G as Goods>::Refusal>;

/// Why subscriptions did not begin what was purchased.
#[derive(Debug)]
pub struct NotBegun<R> {
    /// Whether surely nothing came of it, so that the same request may begin anew.
    pub is_surely_nothing: bool,
    /// What the buyer is told.
    pub failure: Failure<R>,
}

/// A shop. A cheap handle.
#[derive(Clone)]
pub struct Shop<G: Goods> {
    /// The service's database, with the shop's tables.
    pub units: Units,
    deps: Arc<ShopDeps<G>>,
}

/// What a shop needs beside the database.
pub struct ShopDeps<G: Goods> {
    /// Where work goes on whose client went away.
    pub tasks: Tasks,
    /// What subscriptions is called by.
    pub subscriptions: G::Subscriptions,
    /// What the names of what is provisioned begin with, before a hyphen.
    pub prefix: String,
    /// Why nothing is sold, where that is so.
    pub closed: Option<String>,
}

impl<G: Goods> Shop<G> {
    /// On a database.
    pub fn new(units: Units, deps: ShopDeps<G>) -> Self {
        Self {
            units,
            deps: Arc::new(deps),
        }
    }

    /// Runs work to its end, also where the caller goes away meanwhile.
    pub async fn detached<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, ShopFailure<G>>> + Send + 'static,
    ) -> Result<T, ShopFailure<G>> {
        self.deps
            .tasks
            .run_to_end(name, work)
            .await
            .map_err(Failure::internal)?
    }

    /// That a service cannot be used now.
    pub fn not_active(service: &ProvisionedOf<G>) -> ShopFailure<G> {
        Failure::Refused(G::refuse(ShopRefusal::ServiceNotActive(service.state)))
    }
}
