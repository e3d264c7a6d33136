//! The composition root: every service in dependency order, here or elsewhere.

use std::collections::BTreeMap;

use anyhow::Context;
use kit_service::{Hosted, Notice};

use crate::node::Node;
use crate::{audit, redis, tokens};

/// What came of it.
pub(crate) struct Composed {
    /// The services that this process hosts, by their names.
    pub built: BTreeMap<&'static str, Hosted<()>>,
    /// What the operator is told.
    pub notices: Vec<Notice>,
}

pub(crate) async fn compose(node: &mut Node) -> anyhow::Result<Composed> {
    node.open_databases().await?;
    node.open_buses()?;
    node.process.redis = redis::open(node)?;
    let peers = node.peers();
    tokens::allow_absence(node, &peers)?;
    let (mut built, mut notices) = (BTreeMap::new(), Vec::new());
    for service in node.hosts.clone() {
        let building = service.build(node.home(service), peers.clone()).await;
        let mut done = building.with_context(|| format!("service `{}` could not start", service.name))?;
        notices.append(&mut done.notices);
        built.insert(service.name, done);
    }
    tokens::follow(node, &peers)?;
    audit::forward(node, &peers)?;
    Ok(Composed { built, notices })
}
