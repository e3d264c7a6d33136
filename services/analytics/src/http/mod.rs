//! Analytics' public routes, one endpoint a file.

mod get_funnel;
mod get_order_stats;
mod get_stats;
mod get_timeseries;
mod get_top_products;
mod get_user_stats;
mod list_user_stats;
mod stream_stats;
mod track;

use axum::Router;
use axum::extract::FromRef;
use kit_http::{Guard, Handlers, HandlersError};
use kit_runtime::Stop;
use kit_token::Verifier;

use crate::service::AnalyticsService;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) service: AnalyticsService,
    /// Verifies the token of a stream again while it is open.
    pub(crate) verifier: Verifier,
    /// Ends streams.
    pub(crate) stop: Stop,
}

impl FromRef<Edge> for AnalyticsService {
    fn from_ref(edge: &Edge) -> Self {
        edge.service.clone()
    }
}

impl FromRef<Edge> for Verifier {
    fn from_ref(edge: &Edge) -> Self {
        edge.verifier.clone()
    }
}

impl FromRef<Edge> for Stop {
    fn from_ref(edge: &Edge) -> Self {
        edge.stop.clone()
    }
}

pub(crate) fn router(edge: Edge, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(analytics_api::routes(), guard)
        .on("get_stats", get_stats::get_stats)
        .on("list_user_stats", list_user_stats::list_user_stats)
        .on("get_user_stats", get_user_stats::get_user_stats)
        .on("get_timeseries", get_timeseries::get_timeseries)
        .on("get_order_stats", get_order_stats::get_order_stats)
        .on("stream_stats", stream_stats::stream_stats)
        .on("get_top_products", get_top_products::get_top_products)
        .on("get_funnel", get_funnel::get_funnel)
        .on("track", track::track)
        .finish(edge)
}
