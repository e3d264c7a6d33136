//! How a page of the sandbox looks: plain HTML without scripts.

use std::fmt::Write as _;

use payments_api::{CheckoutAction, CheckoutPage, CheckoutStatus};

const PAGE: &str = include_str!("page.html");

/// What a browser may do with the page. Its form is sent on to the return address, which browsers hold to
/// `form-action` too.
pub(super) fn policy(page: &CheckoutPage) -> String {
    let origin = page.return_url.as_deref().map_or("", origin_of);
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {origin}; frame-ancestors 'none'; \
         base-uri 'none'"
    )
}

/// Scheme, host and port of a URL that was checked.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |end| host + end);
    &url[..end]
}

pub(super) fn render(page: &CheckoutPage) -> String {
    let (title, buttons) = contents(page.status);
    let mut body = String::new();
    for (action, text) in buttons {
        let class = if body.is_empty() { " class=\"main\"" } else { "" };
        // Writing into a string cannot fail.
        let _ = writeln!(
            body,
            "<form method=\"post\"><button{class} name=\"action\" value=\"{action}\">{text}</button></form>"
        );
    }
    if let Some(url) = page.return_url.as_deref().filter(|_| buttons.is_empty()) {
        let _ = writeln!(
            body,
            "<a class=\"go\" href=\"{}\">Go back to the shop</a>",
            escaped(url)
        );
    }
    // The values are put in by one pass over the template, so that none is read as a placeholder.
    let mut html = String::new();
    for piece in PAGE.split("{{") {
        let (name, rest) = piece.split_once("}}").unwrap_or(("", piece));
        match name {
            "title" => html.push_str(title),
            "amount" => html.push_str(&escaped(&page.amount.to_string())),
            "description" => html.push_str(&escaped(&page.description)),
            "body" => html.push_str(&body),
            _ => {}
        }
        html.push_str(rest);
    }
    html
}

type Button = (CheckoutAction, &'static str);

const fn contents(status: CheckoutStatus) -> (&'static str, &'static [Button]) {
    match status {
        CheckoutStatus::Open => (
            "Pay",
            &[
                (CheckoutAction::Approve, "Pay now"),
                (CheckoutAction::RequireAction, "Pay with a confirmation"),
                (CheckoutAction::Decline, "Decline the card"),
                (CheckoutAction::Abandon, "Cancel"),
            ],
        ),
        CheckoutStatus::ActionRequired => (
            "Confirm the payment",
            &[
                (CheckoutAction::CompleteAction, "Confirm"),
                (CheckoutAction::Decline, "Decline the card"),
                (CheckoutAction::Abandon, "Cancel"),
            ],
        ),
        CheckoutStatus::Succeeded => ("It is paid", &[]),
        CheckoutStatus::Declined => ("The card was declined", &[]),
        CheckoutStatus::Closed => ("The checkout is closed", &[]),
        CheckoutStatus::Expired => ("The checkout has expired", &[]),
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            sign => safe.push(sign),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use kit_runtime::Timestamp;
    use kit_values::{Currency, Money};

    use super::*;

    fn page(description: &str, return_url: Option<&str>) -> CheckoutPage {
        CheckoutPage {
            status: CheckoutStatus::Closed,
            amount: Money::zero(Currency::USD),
            description: description.to_owned(),
            return_url: return_url.map(str::to_owned),
            expires_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn what_others_wrote_is_text_and_nothing_else() {
        let html = render(&page("<script>\"'&{{body}}", Some("https://a.example/?x=\"><b>")));
        assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;{{body}}"), "{html}");
        assert!(
            html.contains("href=\"https://a.example/?x=&quot;&gt;&lt;b&gt;\""),
            "{html}"
        );
        assert!(!html.contains("<script"));
    }

    #[test]
    fn the_form_may_be_sent_on_to_the_return_address() {
        for (url, origin) in [
            ("https://a.example:8443/x?y#z", "https://a.example:8443;"),
            ("https://a.example?y", "https://a.example;"),
            ("https://a.example", "https://a.example;"),
        ] {
            let policy = policy(&page("", Some(url)));
            assert!(
                policy.contains(&format!("form-action 'self' {origin}")),
                "{policy}"
            );
        }
    }
}
