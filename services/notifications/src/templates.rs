//! The words in which users are told things, apart from the code: a file of `templates/` for each kind.
//!
//! A template has two blocks, a title and a body, both in plain text. A value can be put into them and never becomes
//! a part of the template; a member that a template names and nobody gave is an error, which the tests look for.

use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use notifications_api::NotificationKind;

use crate::domain::{OrderFacts, Text};

/// All templates, read. A cheap handle.
#[derive(Clone)]
pub(crate) struct Templates(Arc<Environment<'static>>);

/// The words of a kind.
const fn source(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::OrderConfirmed => include_str!("../templates/order.confirmed.txt"),
        NotificationKind::OrderRejected => include_str!("../templates/order.rejected.txt"),
        NotificationKind::OrderPaid => include_str!("../templates/order.paid.txt"),
        NotificationKind::OrderShipped => include_str!("../templates/order.shipped.txt"),
        NotificationKind::OrderDelivered => include_str!("../templates/order.delivered.txt"),
        NotificationKind::OrderCancelled => include_str!("../templates/order.cancelled.txt"),
        NotificationKind::OrderRefunded => include_str!("../templates/order.refunded.txt"),
    }
}

impl Templates {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for kind in NotificationKind::ALL {
            environment.add_template(kind.as_str(), source(kind))?;
        }
        Ok(Self(Arc::new(environment)))
    }

    /// What is said of an order.
    pub(crate) fn order(&self, kind: NotificationKind, facts: &OrderFacts) -> Result<Text, Error> {
        let template = self.0.get_template(kind.as_str())?;
        let mut rendered = template.render_captured(Serde(facts))?;
        let mut block = |name: &str| rendered.with_state_mut(|state| state.render_block(name));
        Ok(Text {
            title: block("title")?,
            body: block("body")?,
            link: Some(facts.link()),
        })
    }
}
