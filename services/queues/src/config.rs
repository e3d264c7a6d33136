//! What an operator may set.

use std::net::SocketAddr;
use std::time::Duration;

use kit_config::{BaseUrl, Check, Span};
use kit_runtime::Secret;

kit_config::config! {
    /// Message queues that users subscribe to.
    pub struct QueuesConfig("queues") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8091",
        /// The management API of the RabbitMQ in which virtual hosts are made; without it nothing is sold.
        management_url: Option<BaseUrl>,
        /// The administrator as whom it is used.
        management_username: Option<String>,
        /// Their password.
        management_password: Option<Secret<String>>,
        /// Where clients of AMQP find that RabbitMQ: `amqp://host:port` or `amqps://host:port`.
        public_url: Option<String>,
        /// The name under which another platform may use the protocol of adapters (HTTP Basic).
        #[key("adapter.username")]
        adapter_username: Option<String>,
        /// The password that goes with it.
        #[key("adapter.password")]
        adapter_password: Option<Secret<String>>,
        /// How often it is looked for operations of adapters that a lost process has left.
        adapter_poll: Span = "1s",
    }
    validate(check)
}

fn check(config: &QueuesConfig, check: &mut Check<'_>) {
    let is_set = config.management_url.is_some();
    for (key, is_given) in [
        ("management_username", config.management_username.is_some()),
        ("management_password", config.management_password.is_some()),
        ("public_url", config.public_url.is_some()),
    ] {
        if is_given != is_set {
            check.refuse(
                key,
                "must be given with `queues.management_url`, and with nothing else",
            );
        }
    }
    if config
        .management_username
        .as_ref()
        .is_some_and(|name| name.contains(':'))
    {
        check.refuse("management_username", "must not contain a colon");
    }
    if config.public_url.as_ref().is_some_and(|url| !is_amqp(url)) {
        check.refuse(
            "public_url",
            "must be `amqp://` or `amqps://`, a host and a port, and nothing else",
        );
    }
    if config.adapter_username.is_some() != config.adapter_password.is_some() {
        check.refuse("adapter.password", "must be given with `adapter.username`");
    }
    if Duration::from(config.adapter_poll).is_zero() {
        check.refuse("adapter_poll", "must be more than 0");
    }
}

/// Whether it is an address of AMQP without credentials and virtual host, which each user is told by themselves.
fn is_amqp(url: &str) -> bool {
    let rest = url
        .strip_prefix("amqp://")
        .or_else(|| url.strip_prefix("amqps://"));
    let parsed = rest.map(|rest| format!("http://{rest}").parse::<BaseUrl>());
    matches!(parsed, Some(Ok(parsed)) if parsed.path_prefix().is_empty() && !url.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::is_amqp;

    #[test]
    fn clients_are_told_an_address_of_amqp_alone() {
        for fine in [
            "amqp://127.0.0.1:5672",
            "amqps://mq.example.com",
            "amqp://[::1]:5672",
        ] {
            assert!(is_amqp(fine), "{fine}");
        }
        for wrong in [
            "http://mq.example.com",
            "amqp://",
            "amqp://mq.example.com/",
            "amqp://mq.example.com/vhost",
            "amqp://user:password@mq.example.com",
            "mq.example.com:5672",
        ] {
            assert!(!is_amqp(wrong), "{wrong}");
        }
    }
}
