//! The mailbox, which is there where no mail server is.

use kit_db::Reader;
use kit_http::extract::{FilteredPage, Page};
use kit_service::Failure;
use notifications_api::{MailFilter, MailId, MailSummary, MailView};

use super::{NotificationsFailure, NotificationsService};
use crate::store;

impl NotificationsService {
    /// A page of mail that would have been sent, the newest first.
    pub(crate) async fn list_mail(
        &self,
        request: &FilteredPage<MailFilter>,
    ) -> Result<Page<MailSummary>, NotificationsFailure> {
        self.require_mailbox()?;
        let (before, limit) = request.page.rows::<MailId>()?;
        let recipient = request.filter.to.as_ref().map(|to| to.trim().to_lowercase());
        // No address has one, and PostgreSQL refuses it.
        if recipient.as_ref().is_some_and(|to| to.contains('\0')) {
            return Err(Failure::InvalidQuery("`to` is not an address".into()));
        }
        let read =
            async move |reader: &mut Reader| store::list_mail(reader, recipient.clone(), before, limit).await;
        let page = Page::cut(self.units.read(read).await?, &request.page, |mail| {
            mail.id.to_string()
        });
        Ok(page.map(MailSummary::from))
    }

    pub(crate) async fn get_mail(&self, id: MailId) -> Result<MailView, NotificationsFailure> {
        self.require_mailbox()?;
        let read = async move |reader: &mut Reader| store::find_mail(reader, id).await;
        let mail = self.units.read(read).await?.ok_or(Failure::NotFound("Mail"))?;
        Ok(MailView {
            id: mail.id,
            channel: mail.channel,
            message_id: self.mailer.message_id(mail.message_id),
            from: self.mailer.from(),
            to: mail.recipient,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            sent_at: mail.sent_at,
        })
    }

    fn require_mailbox(&self) -> Result<(), NotificationsFailure> {
        if self.mailer.is_mailbox() {
            Ok(())
        } else {
            Err(Failure::NotFound("Mailbox"))
        }
    }
}
