//! Mail: how it is put together, and the server that takes it.
//!
//! Headers are made by a library that encodes whatever is put into them, from an address that was parsed and a
//! subject of one line. A message has the same `Message-ID` and date whenever it is sent, so that one that is sent
//! twice (the server's answer was lost) can be known by it.

use std::time::{Duration, SystemTime};

use kit_runtime::Timestamp;
use kit_values::EmailAddress;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};

use crate::config::NotificationsConfig;
use crate::domain::{AttemptFailure, MailText, MessageId};

/// How long the server may take for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// What a server says of a recipient that will never take mail (RFC 5321, 4.2.3; RFC 7504).
const NO_SUCH_RECIPIENT: [u16; 4] = [550, 551, 553, 556];

/// Sends mail, or knows that there is no server. A cheap handle.
#[derive(Clone)]
pub(crate) struct Mailer {
    from: Mailbox,
    smtp: Option<AsyncSmtpTransport<Tokio1Executor>>,
}

impl Mailer {
    pub(crate) fn new(config: &NotificationsConfig) -> anyhow::Result<Self> {
        let smtp = config.smtp_url.as_ref().map(|url| {
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
                .map(|builder| builder.timeout(Some(ANSWER_LIMIT)).build())
        });
        Ok(Self {
            from: config.mail_from.parse()?,
            smtp: smtp.transpose()?,
        })
    }

    /// Whether there is no server, and mail goes into the mailbox.
    pub(crate) fn is_mailbox(&self) -> bool {
        self.smtp.is_none()
    }

    /// Whom mail comes from.
    pub(crate) fn from(&self) -> String {
        self.from.to_string()
    }

    /// The `Message-ID` of a message (RFC 5322, 3.6.4).
    pub(crate) fn message_id(&self, id: MessageId) -> String {
        format!("<{id}@{}>", self.from.email.domain())
    }

    /// Hands a message to the server, where there is one.
    pub(crate) async fn send(
        &self,
        (id, created_at): (MessageId, Timestamp),
        to: &EmailAddress,
        text: MailText,
    ) -> Result<(), AttemptFailure> {
        let Some(smtp) = &self.smtp else { return Ok(()) };
        let mail = self
            .compose((id, created_at), to, text)
            .map_err(|error| AttemptFailure::never(format!("the mail cannot be put together: {error:#}")))?;
        smtp.send(mail).await.map_err(|error| failure_of(&error))?;
        Ok(())
    }

    fn compose(
        &self,
        (id, created_at): (MessageId, Timestamp),
        to: &EmailAddress,
        text: MailText,
    ) -> anyhow::Result<Mail> {
        let since_epoch = created_at.since(Timestamp::default());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mail = Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, deliverable(to)?))
            .subject(text.subject)
            .message_id(Some(self.message_id(id)))
            .date(SystemTime::UNIX_EPOCH + since_epoch)
            // RFC 3834: nobody's absence notice is an answer to it.
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(text.text, text.html))?;
        Ok(mail)
    }
}

/// The address, with a domain that every server knows (RFC 5891).
fn deliverable(to: &EmailAddress) -> anyhow::Result<Address> {
    let (local, domain) = to.as_str().rsplit_once('@').unwrap_or_default();
    Ok(Address::new(local, idna::domain_to_ascii(domain)?)?)
}

fn failure_of(error: &SmtpError) -> AttemptFailure {
    let reason = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ");
    let is_final = error
        .status()
        .is_some_and(|code| NO_SUCH_RECIPIENT.contains(&u16::from(code)));
    // Anything else may be the server's configuration, or ours, and no fault of the message.
    if is_final {
        AttemptFailure::never(reason)
    } else {
        AttemptFailure::again(reason)
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    fn mailer() -> Mailer {
        Mailer::new(&NotificationsConfig::defaults()).unwrap()
    }

    fn mail(to: &str, subject: &str) -> String {
        let text = MailText {
            subject: subject.to_owned(),
            text: "text".to_owned(),
            html: "<p>html</p>".to_owned(),
        };
        let of = (
            MessageId::from(Uuid::from_u128(7)),
            Timestamp::from_seconds(1_893_456_000),
        );
        let mail = mailer().compose(of, &to.parse().unwrap(), text).unwrap();
        String::from_utf8(mail.formatted()).unwrap()
    }

    #[test]
    fn nothing_that_is_put_into_a_header_begins_another() {
        for subject in [
            "a\r\nBcc: eve@example.com",
            "a\nBcc: eve@example.com",
            "é\r\n\r\nBcc: x",
        ] {
            let mail = mail("ada@example.com", subject);
            let (head, _) = mail.split_once("\r\n\r\n").unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
            assert!(head.lines().any(|line| line.starts_with("Subject: ")), "{head}");
        }
    }

    #[test]
    fn a_message_is_known_by_its_identifier_and_date_whenever_it_is_sent() {
        let mail = mail("ada@example.com", "Order 1 is paid");
        assert!(
            mail.contains("Message-ID: <msg_00000000-0000-0000-0000-000000000007@localhost>\r\n"),
            "{mail}"
        );
        assert!(
            mail.contains("Date: Tue, 01 Jan 2030 00:00:00 +0000\r\n"),
            "{mail}"
        );
        assert!(mail.contains("Auto-Submitted: auto-generated\r\n"), "{mail}");
    }

    #[test]
    fn a_domain_of_any_script_is_one_that_every_server_knows() {
        assert!(mail("ada@müller.example", "x").contains("To: ada@xn--mller-kva.example\r\n"));
    }
}
