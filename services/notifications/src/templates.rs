//! The words in which users are told things, apart from the code: a file of `templates/` for each kind.
//!
//! A template has three blocks in plain text: a title, a body, and what its link does. A mail is made of them by two
//! layouts, of which the HTML escapes whatever is put into it. A value never becomes a part of a template; a member
//! that a template names and nobody gave is an error, which the tests look for.

use std::sync::Arc;

use kit_config::BaseUrl;
use kit_runtime::Timestamp;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, context};
use notifications_api::{AccountMessage, NotificationKind};

use crate::domain::{Content, MailText, OrderFacts, SubscriptionFacts, Text, WebhookFacts};

/// Every template by its name, which is its kind or what it is for.
const SOURCES: [(&str, &str); 23] = [
    ("order", include_str!("../templates/order.txt")),
    (
        "order.confirmed",
        include_str!("../templates/order.confirmed.txt"),
    ),
    ("order.rejected", include_str!("../templates/order.rejected.txt")),
    ("order.paid", include_str!("../templates/order.paid.txt")),
    ("order.shipped", include_str!("../templates/order.shipped.txt")),
    (
        "order.delivered",
        include_str!("../templates/order.delivered.txt"),
    ),
    (
        "order.cancelled",
        include_str!("../templates/order.cancelled.txt"),
    ),
    ("order.refunded", include_str!("../templates/order.refunded.txt")),
    ("subscription", include_str!("../templates/subscription.txt")),
    ("invoice.issued", include_str!("../templates/invoice.issued.txt")),
    ("invoice.paid", include_str!("../templates/invoice.paid.txt")),
    (
        "subscription.past_due",
        include_str!("../templates/subscription.past_due.txt"),
    ),
    (
        "subscription.cancelled",
        include_str!("../templates/subscription.cancelled.txt"),
    ),
    (
        "subscription.expired",
        include_str!("../templates/subscription.expired.txt"),
    ),
    (
        "service.provisioned",
        include_str!("../templates/service.provisioned.txt"),
    ),
    (
        "service.suspended",
        include_str!("../templates/service.suspended.txt"),
    ),
    (
        "webhook.disabled",
        include_str!("../templates/webhook.disabled.txt"),
    ),
    ("password_reset", include_str!("../templates/password_reset.txt")),
    (
        "email_confirmation",
        include_str!("../templates/email_confirmation.txt"),
    ),
    (
        "password_changed",
        include_str!("../templates/password_changed.txt"),
    ),
    ("mail.txt", include_str!("../templates/mail.txt")),
    ("mail.html", include_str!("../templates/mail.html")),
    ("sms.txt", include_str!("../templates/sms.txt")),
];

/// Longer ones cost their reader and their sender more than they say.
const LONGEST_SMS: usize = 320;

/// All templates, read. A cheap handle.
#[derive(Clone)]
pub(crate) struct Templates(Arc<Inner>);

struct Inner {
    environment: Environment<'static>,
    /// Where the web client is.
    public_url: BaseUrl,
}

impl Templates {
    pub(crate) fn new(public_url: BaseUrl) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name {
            "mail.html" => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        for (name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Self(Arc::new(Inner {
            environment,
            public_url,
        })))
    }

    /// What is said of an order.
    pub(crate) fn order(&self, kind: NotificationKind, facts: &OrderFacts) -> Result<Text, Error> {
        self.text(kind.as_str(), Serde(facts).into(), facts.link())
    }

    /// What is said of a subscription.
    pub(crate) fn subscription(
        &self,
        kind: NotificationKind,
        facts: &SubscriptionFacts,
    ) -> Result<Text, Error> {
        let (due_at, period_end) = (facts.due_at.map(minute), facts.period_end.map(minute));
        let amount = facts.amount.map(|amount| amount.to_string());
        let values = context! { amount, due_at, period_end, ..Value::from(Serde(facts)) };
        self.text(kind.as_str(), values, facts.link())
    }

    /// What is said of an endpoint of webhooks that gets none any more.
    pub(crate) fn webhook_disabled(&self, facts: &WebhookFacts) -> Result<Text, Error> {
        let kind = NotificationKind::WebhookDisabled;
        self.text(kind.as_str(), Serde(facts).into(), facts.link())
    }

    /// A mail.
    pub(crate) fn mail(&self, content: &Content) -> Result<MailText, Error> {
        let (subject, values) = self.values(content)?;
        let layout = |name: &str| self.0.environment.get_template(name)?.render(values.clone());
        Ok(MailText {
            subject,
            text: layout("mail.txt")?,
            html: layout("mail.html")?,
        })
    }

    /// An SMS: the title, and where to read more.
    pub(crate) fn sms(&self, content: &Content) -> Result<String, Error> {
        let (_, values) = self.values(content)?;
        let text = self.0.environment.get_template("sms.txt")?.render(values)?;
        Ok(one_line(text.trim()).chars().take(LONGEST_SMS).collect())
    }

    /// The title in one line, and what the layouts are made of.
    fn values(&self, content: &Content) -> Result<(String, Value), Error> {
        let text = match content {
            Content::Order { kind, facts } => self.order(*kind, facts)?,
            Content::Subscription { kind, facts } => self.subscription(*kind, facts)?,
            Content::WebhookDisabled(facts) => self.webhook_disabled(facts)?,
            Content::Account(message) => {
                let (values, link) = account_values(message);
                self.text(content.kind(), values, link)?
            }
        };
        let link = text.link.map(|path| self.0.public_url.join(&path));
        let subject = one_line(&text.title);
        let values = context! { title => text.title, body => text.body, action => text.action, link };
        Ok((subject, values))
    }

    fn text(&self, name: &str, values: Value, link: String) -> Result<Text, Error> {
        let template = self.0.environment.get_template(name)?;
        let mut rendered = template.render_captured(values)?;
        let mut block = |name: &str| rendered.with_state_mut(|state| state.render_block(name));
        Ok(Text {
            title: block("title")?,
            body: block("body")?,
            link: Some(link),
            action: block("action")?,
        })
    }
}

/// What is said to the owner of an account, and where it leads. A token stays in the fragment, which no server sees.
fn account_values(message: &AccountMessage) -> (Value, String) {
    match message {
        AccountMessage::PasswordReset {
            username,
            token,
            expires_at,
        } => (
            context! { username, expires_at => minute(*expires_at) },
            format!("/reset#{}", token.0),
        ),
        AccountMessage::EmailConfirmation {
            username,
            token,
            expires_at,
        } => (
            context! { username, expires_at => minute(*expires_at) },
            format!("/confirm-email#{}", token.0),
        ),
        AccountMessage::PasswordChanged { username, at } => {
            (context! { username, at => minute(*at) }, "/forgot".to_owned())
        }
    }
}

/// A moment as people read it, such as `2030-01-01 00:30 UTC`.
fn minute(moment: Timestamp) -> String {
    let text: String = moment
        .to_string()
        .chars()
        .take("2030-01-01T00:30".len())
        .collect();
    format!("{} UTC", text.replace('T', " "))
}

/// A subject is a header, which ends with its line.
fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}
