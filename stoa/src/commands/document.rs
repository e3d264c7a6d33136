//! `stoa openapi`.

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
