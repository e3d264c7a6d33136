//! Changing one's password.

use auth_api::{AuthRefusal, ChangePassword};
use kit_db::{Reader, StoreError, Tx};
use kit_http::FieldError;
use kit_service::{Call, Failure};
use kit_values::EmailAddress;

use super::login::guessed_at;
use super::revoking::{Ended, Which};
use super::{AuthFailure, AuthService};
use crate::domain::{Account, MailPurpose, Password};
use crate::store;

impl AuthService {
    /// Changes the caller's password and ends their other sessions; the one that asks lives on.
    pub(crate) async fn change_password(
        &self,
        call: &Call,
        request: &ChangePassword,
    ) -> Result<(), AuthFailure> {
        let new = Password::parse(&request.new_password, self.settings.password_rules)
            .map_err(|message| vec![FieldError::new("/new_password", message)])?;
        let wrong = || Failure::Refused(AuthRefusal::WrongPassword);
        let (user_id, origin) = (call.actor.user_id, call.origin());
        let ip = origin.ip.clone();
        let read = async move |reader: &mut Reader| {
            let found = store::find_by_id(reader, user_id).await?;
            Ok((found, guessed_at(reader, user_id, &ip).await?))
        };
        let (found, who) = self.units.read(read).await?;
        let checked = self
            .check_password(found, &who, &request.current_password, &origin)
            .await?;
        let account = checked.ok_or_else(wrong)?.account;
        let hash = self.hasher.hash(&new).await?;
        let ended = self.replace_password(call, account, hash).await?;
        self.apply_here(&ended.ok_or_else(wrong)?);
        Ok(())
    }

    /// `None` where the password was changed, or the session ended, while the current one was being checked.
    async fn replace_password(
        &self,
        call: &Call,
        seen: Account,
        hash: String,
    ) -> Result<Option<Ended>, AuthFailure> {
        let (auth, now) = (self.clone(), self.units.now());
        let session_id = call.actor.session_id;
        let line = self.audit_line(&call.into(), "password.changed", seen.user_id);
        let email: Result<EmailAddress, _> = seen.email.parse();
        let changed = email
            .map(|email| self.mail_request(MailPurpose::PasswordChanged, email.key(), now))
            .map_err(Failure::internal)?;
        let unit = async move |tx: &mut Tx| {
            let current = store::find_by_id_for_update(tx, seen.user_id).await?;
            let session = store::find_session(tx, session_id).await?;
            let stands = current.is_some_and(|account| account.password_hash == seen.password_hash)
                && session.is_some_and(|session| session.revoked_at.is_none());
            if !stands {
                return Ok(None);
            }
            store::replace_hash(tx, &seen, &hash, now).await?;
            store::insert_audit(tx, &line).await?;
            store::insert_mail_request(tx, &changed).await?;
            let others = Which::AllBut(session_id);
            let ended = auth.revoke_sessions(tx, seen.user_id, others, now).await?;
            Ok::<_, StoreError>(Some(ended))
        };
        Ok(self.units.unit(call, unit).await?)
    }
}
