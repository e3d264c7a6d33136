//! `stoa openapi` and `stoa asyncapi`.

use kit_event::ApiInfo;
use kit_http::{DocumentInfo, document};
use kit_service::answer;

use crate::cli::Openapi;
use crate::services;

pub(super) fn openapi(options: &Openapi) -> std::io::Result<()> {
    let one = options.service.filter(|service| service.routes.is_some());
    let tables: Vec<_> = match one {
        Some(service) => service.routes.iter().cloned().collect(),
        None => services::all()
            .filter_map(|service| service.routes.clone())
            .collect(),
    };
    let (title, prefix) = one.map_or(("Stoa", "/api"), |service| (service.display(), ""));
    let info = DocumentInfo {
        title,
        version: env!("CARGO_PKG_VERSION"),
        prefix,
    };
    answer(&format!("{:#}", document(info, &tables)))
}

pub(super) fn asyncapi() -> std::io::Result<()> {
    let events: Vec<_> = services::all().flat_map(|service| (service.events)()).collect();
    let info = ApiInfo {
        title: "Stoa",
        version: env!("CARGO_PKG_VERSION"),
        description: "What Stoa's services tell each other, and anybody who listens. An event is delivered at \
                      least once, and in order to each key; a consumer ignores types and members that it does \
                      not know.",
    };
    answer(&format!("{:#}", kit_event::asyncapi(&info, &events)))
}
