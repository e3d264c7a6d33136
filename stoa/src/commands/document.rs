//! `stoa openapi` and `stoa asyncapi`.

use kit_event::ApiInfo;
use kit_http::{DocumentInfo, document};

use crate::cli::{Openapi, answer};
use crate::services::Service;

pub(super) fn openapi(options: &Openapi) {
    let tables: Vec<_> = match options.service {
        Some(service) if service != Service::Gateway => service.routes().into_iter().collect(),
        _ => Service::ALL.into_iter().filter_map(Service::routes).collect(),
    };
    let (title, prefix) = match options.service {
        Some(service) if service != Service::Gateway => (service.display(), ""),
        _ => ("Stoa", "/api"),
    };
    let info = DocumentInfo {
        title,
        version: env!("CARGO_PKG_VERSION"),
        prefix,
    };
    answer(&format!("{:#}", document(info, &tables)));
}

pub(super) fn asyncapi() {
    let events: Vec<_> = Service::ALL.into_iter().flat_map(Service::events).collect();
    let info = ApiInfo {
        title: "Stoa",
        version: env!("CARGO_PKG_VERSION"),
        description: "What Stoa's services tell each other, and anybody who listens. An event is delivered at \
                      least once, and in order to each key; a consumer ignores types and members that it does \
                      not know.",
    };
    answer(&format!("{:#}", kit_event::asyncapi(&info, &events)));
}
