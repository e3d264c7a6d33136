//! Mail about accounts: asked for, and acted upon.
//!
//! Whoever asks for a mail is answered after one insert, the same for an address that nobody has as for any other, so
//! that neither answer nor time says which it is. The rest is the mail task's ([`crate::mail_task`]).

use auth_api::{AuthRefusal, ConfirmEmail, EmailConfirmed, MailTo, ResetPassword};
use kit_db::{Reader, StoreError, Tx};
use kit_http::{Anyone, FieldError};
use kit_runtime::Timestamp;
use kit_service::{Call, Failure};
use kit_values::EmailAddress;
use notifications_api::{AccountMessage, MessageToken, Recipient, SendMessage};

use super::audit::AuditActor;
use super::revoking::Which;
use super::{AuthFailure, AuthService, By};
use crate::domain::{
    Account, MAIL_WINDOW, MOST_MAILS, MailPurpose, MailRequest, MailToken, Password, TOKEN_LIFE, mail_secret,
    mail_token_hash,
};
use crate::store;

fn invalid_link() -> AuthFailure {
    Failure::Refused(AuthRefusal::InvalidLink)
}

impl AuthService {
    /// Sees to it that the owner of an address gets a mail, where there is one.
    pub(crate) async fn request_mail(
        &self,
        call: &Call<Anyone>,
        purpose: MailPurpose,
        request: &MailTo,
    ) -> Result<(), AuthFailure> {
        let address: EmailAddress =
            request
                .email
                .parse()
                .map_err(|error: kit_values::EmailAddressError| {
                    vec![FieldError::new("/email", error.to_string())]
                })?;
        let request = self.mail_request(purpose, address.key(), self.units.now());
        let unit = async move |tx: &mut Tx| store::insert_mail_request(tx, &request).await;
        Ok(self.units.unit(call, unit).await?)
    }

    pub(super) fn mail_request(
        &self,
        purpose: MailPurpose,
        email_key: String,
        created_at: Timestamp,
    ) -> MailRequest {
        MailRequest {
            id: self.units.new_id(),
            purpose,
            email_key,
            created_at,
        }
    }

    /// Sets another password by a token that was mailed, and ends all sessions of the account.
    pub(crate) async fn reset_password(
        &self,
        call: &Call<Anyone>,
        request: &ResetPassword,
    ) -> Result<(), AuthFailure> {
        let new = Password::parse(&request.new_password, self.settings.password_rules)
            .map_err(|message| vec![FieldError::new("/new_password", message)])?;
        let token = self
            .find_token(MailPurpose::PasswordReset, &request.token)
            .await?;
        // Only now: a hash is dear, and who has no token shall not have one made.
        let hash = self.hasher.hash(&new).await?;
        let (auth, now) = (self.clone(), self.units.now());
        let by = By::caller(AuditActor::User(token.user_id), call);
        let line = self.audit_line(&by, "password.reset", token.user_id);
        let changed = self.mail_request(MailPurpose::PasswordChanged, token.email_key.clone(), now);
        let unit = async move |tx: &mut Tx| {
            let account = use_token(tx, &token, now).await?;
            store::replace_hash(tx, &account, &hash, now).await?;
            verify_email(tx, &account, now).await?;
            store::insert_audit(tx, &line).await?;
            store::insert_mail_request(tx, &changed).await?;
            Ok::<_, AuthFailure>(auth.revoke_sessions(tx, account.user_id, Which::All, now).await?)
        };
        let ended = self.units.unit(call, unit).await?;
        self.apply_here(&ended);
        Ok(())
    }

    /// Confirms the address of an account by a token that was mailed to it.
    pub(crate) async fn confirm_email(
        &self,
        call: &Call<Anyone>,
        request: &ConfirmEmail,
    ) -> Result<(), AuthFailure> {
        let token = self
            .find_token(MailPurpose::EmailConfirmation, &request.token)
            .await?;
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| {
            let account = use_token(tx, &token, now).await?;
            Ok::<_, AuthFailure>(verify_email(tx, &account, now).await?)
        };
        self.units.unit(call, unit).await
    }

    async fn find_token(&self, purpose: MailPurpose, secret: &str) -> Result<MailToken, AuthFailure> {
        let hash = mail_token_hash(secret);
        let read = async move |reader: &mut Reader| store::find_mail_token(reader, purpose, &hash).await;
        self.units.read(read).await?.ok_or_else(invalid_link)
    }

    /// At most `limit` mails that notifications shall be asked for, after the one given.
    pub(crate) async fn list_mail_requests(
        &self,
        after: String,
        limit: u32,
    ) -> Result<Vec<MailRequest>, StoreError> {
        let read = async move |reader: &mut Reader| store::list_mail_requests(reader, &after, limit).await;
        self.units.read(read).await
    }

    /// What notifications shall be asked for, with a new token where the mail has one. None, and the request is done
    /// with, where nobody has the address, or they got enough mail of the kind.
    pub(crate) async fn write_mail(
        &self,
        request: &MailRequest,
        random: [u8; 32],
    ) -> Result<Option<SendMessage>, AuthFailure> {
        let (request, now) = (request.clone(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            let found = find_recipient(tx, &request, now).await?;
            let Some(account) = found else {
                store::delete_mail_request(tx, &request).await?;
                return Ok(None);
            };
            let secret = mail_secret(random);
            let expires_at = now.plus(TOKEN_LIFE);
            let (username, token) = (account.username, MessageToken(secret.expose().clone()));
            let message = match request.purpose {
                MailPurpose::PasswordReset => AccountMessage::PasswordReset {
                    username,
                    token,
                    expires_at,
                },
                MailPurpose::EmailConfirmation => AccountMessage::EmailConfirmation {
                    username,
                    token,
                    expires_at,
                },
                MailPurpose::PasswordChanged => AccountMessage::PasswordChanged {
                    username,
                    at: request.created_at,
                },
            };
            if request.purpose != MailPurpose::PasswordChanged {
                let token = MailToken {
                    hash: mail_token_hash(secret.expose()),
                    purpose: request.purpose,
                    user_id: account.user_id,
                    email_key: request.email_key.clone(),
                    request_id: request.id,
                    created_at: now,
                    expires_at,
                };
                store::insert_mail_token(tx, &token).await?;
            }
            let address: EmailAddress = account.email.parse().map_err(Failure::internal)?;
            Ok::<_, AuthFailure>(Some(SendMessage {
                message_id: request.id,
                to: Recipient::Email(address),
                message,
            }))
        };
        self.units.write(unit).await
    }

    /// Notifications has been asked.
    pub(crate) async fn finish_mail(&self, request: &MailRequest) -> Result<(), StoreError> {
        let request = request.clone();
        let unit = async move |tx: &mut Tx| store::delete_mail_request(tx, &request).await;
        self.units.write(unit).await
    }
}

/// The account of a token that works, which is held until the commit; none of its kind works afterwards. Who comes
/// second waits for the account, and then finds no token.
async fn use_token(tx: &mut Tx, seen: &MailToken, now: Timestamp) -> Result<Account, AuthFailure> {
    let account = store::find_by_id_for_update(tx, seen.user_id).await?;
    let token = store::find_mail_token(tx, seen.purpose, &seen.hash).await?;
    let is_good = token.is_some_and(|token| now < token.expires_at);
    let account = account.filter(|account| is_good && account.is_usable_at(&seen.email_key));
    let account = account.ok_or_else(invalid_link)?;
    store::delete_mail_tokens(tx, account.user_id, seen.purpose).await?;
    Ok(account)
}

/// The owner of an account reads the mail of its address. The caller holds the account.
async fn verify_email(tx: &mut Tx, account: &Account, now: Timestamp) -> Result<(), StoreError> {
    if store::verify_email(tx, account, now).await? {
        tx.publish(EmailConfirmed {
            user_id: account.user_id,
            email: account.email.clone(),
            timestamp: now,
        });
    }
    Ok(())
}

/// Who gets a mail that was asked for.
async fn find_recipient(
    tx: &mut Tx,
    request: &MailRequest,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    let name = crate::domain::LoginName::Email(request.email_key.clone());
    let found = store::find_by_login(tx, &name).await?;
    let Some(account) = found.filter(|account| account.is_usable_at(&request.email_key)) else {
        return Ok(None);
    };
    if request.purpose == MailPurpose::EmailConfirmation && account.email_verified {
        return Ok(None);
    }
    let sent = store::count_mails(tx, account.user_id, request, now.minus(MAIL_WINDOW)).await?;
    Ok((sent < MOST_MAILS).then_some(account))
}
