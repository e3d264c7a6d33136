//! Deleting what cannot matter any more.

use kit_db::{Reader, StoreError, Tx};

use super::AuthService;
use crate::domain::MAIL_WINDOW;
use crate::store;

/// So many that the writer is free again within milliseconds.
const AT_ONCE: i64 = 500;

impl AuthService {
    /// Deletes the sessions and revocations that no living token can meet. A session is remembered for as long
    /// after its end as an unused one lives, because it says where its user was at home.
    pub(crate) async fn clean_up(&self) -> Result<(), StoreError> {
        let now = self.units.now();
        let remembered = self.settings.refresh_expiry.max(self.token_life());
        let before = now.minus(remembered);
        let find = async move |reader: &mut Reader| store::list_ended_sessions(reader, before, AT_ONCE).await;
        let mut sessions = 0;
        loop {
            // Found by a reader, because a look at every session would keep the writer.
            let ended = self.units.read(find).await?;
            if ended.is_empty() {
                break;
            }
            sessions += ended.len();
            let unit = async move |tx: &mut Tx| store::delete_sessions(tx, &ended).await;
            self.units.write(unit).await?;
        }
        let unit = async move |tx: &mut Tx| store::delete_revocations(tx, now).await;
        let revocations = self.units.write(unit).await?;
        let before = now.minus(MAIL_WINDOW);
        let unit = async move |tx: &mut Tx| store::delete_old_mail_tokens(tx, before).await;
        self.units.write(unit).await?;
        tracing::debug!(sessions, revocations, "what cannot matter any more is deleted");
        Ok(())
    }
}
