//! Changing one's password.

use auth_api::ChangePassword;
use kit_db::{Reader, StoreError, Tx};
use kit_http::FieldError;
use kit_token::Principal;
use thiserror::Error;

use super::login::guessed_at;
use super::revoking::{Ended, Which};
use super::{AuthFailure, AuthService, Origin};
use crate::domain::{Account, Password};
use crate::hashing::Verdict;
use crate::store;

/// Why a password stays as it is.
#[derive(Debug, Error)]
pub(crate) enum PasswordRefusal {
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    #[error("the current password is wrong")]
    WrongPassword,
    #[error(transparent)]
    Failed(#[from] AuthFailure),
}

impl AuthService {
    /// Changes the caller's password and ends their other sessions; the one that asks lives on.
    pub(crate) async fn change_password(
        &self,
        caller: &Principal,
        request: &ChangePassword,
        origin: &Origin,
    ) -> Result<(), PasswordRefusal> {
        let new = Password::parse(&request.new_password, self.inner.settings.password_rules)
            .map_err(|message| PasswordRefusal::Invalid(vec![FieldError::new("/new_password", message)]))?;
        let account = self
            .check_current(caller, &request.current_password, origin)
            .await?;
        let hash = self.inner.hasher.hash(&new).await.map_err(AuthFailure::from)?;
        let ended = self.replace_password(caller, account, hash, origin).await?;
        self.inner.believe(&ended.ok_or(PasswordRefusal::WrongPassword)?);
        Ok(())
    }

    async fn check_current(
        &self,
        caller: &Principal,
        given: &str,
        origin: &Origin,
    ) -> Result<Account, PasswordRefusal> {
        let (user_id, ip) = (caller.user_id, origin.ip.clone());
        let read = async move |reader: &mut Reader| {
            let found = store::find_by_id(reader, user_id).await?;
            Ok((found, guessed_at(reader, user_id, &ip).await?))
        };
        let (found, who) = self.db.read(read).await.map_err(AuthFailure::from)?;
        let account = found.ok_or(PasswordRefusal::WrongPassword)?;
        let attempt = self
            .inner
            .guesses
            .attempt(&who, &origin.ip, &self.inner.clock)
            .await;
        let password = Password::given(given).filter(|_| attempt.is_some());
        let stored = Some(account.password_hash.clone());
        match (self.inner.hasher.check(password, stored).await, attempt) {
            (Ok(Verdict::Right | Verdict::RightButOutdated), Some(attempt)) => {
                attempt.was_right();
                Ok(account)
            }
            (Ok(_), _) => Err(PasswordRefusal::WrongPassword),
            (Err(busy), attempt) => {
                if let Some(attempt) = attempt {
                    attempt.was_not_made();
                }
                Err(AuthFailure::from(busy).into())
            }
        }
    }

    /// `None` where the password was changed, or the session ended, while the current one was being checked.
    async fn replace_password(
        &self,
        caller: &Principal,
        seen: Account,
        hash: String,
        origin: &Origin,
    ) -> Result<Option<Ended>, AuthFailure> {
        let now = self.inner.clock.now();
        let (revoker, session_id) = (self.inner.revoker(now), caller.session_id);
        let line = self
            .inner
            .audit_line(caller.user_id, "password.changed", caller.user_id, origin);
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
            let others = Which::AllBut(session_id);
            Ok::<_, StoreError>(Some(revoker.sessions(tx, seen.user_id, others).await?))
        };
        Ok(self.db.write(unit).await?)
    }
}
