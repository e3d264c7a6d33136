//! What auth refuses.

kit_http::refusals! {
    /// What auth refuses, beside what every service does.
    pub enum AuthRefusal("Auth") {
        /// Somebody has the username.
        UsernameTaken = CONFLICT, "username_already_exists", "Username already exists";
        /// Somebody has the address.
        EmailTaken = CONFLICT, "email_already_registered", "Email already registered";
        /// Unknown, wrong, or disabled: nobody is told which.
        InvalidCredentials = UNAUTHORIZED, "invalid_credentials", "Invalid username or password";
        /// Not ours, used before, or of a session that is over: nobody is told which.
        InvalidRefreshToken = UNAUTHORIZED, "invalid_refresh_token", "Invalid refresh token";
        /// The access token's time is over.
        TokenExpired = UNAUTHORIZED, "token_expired", "Token has expired";
        /// The access token is not good for another reason.
        InvalidToken = UNAUTHORIZED, "invalid_token", "Invalid or malformed token";
        /// Whoever calls has no internal key, or none of ours.
        InvalidInternalKey = UNAUTHORIZED, "invalid_internal_key", "Invalid internal key";
        /// The current password, by which another one is set, is wrong.
        WrongPassword = FORBIDDEN, "forbidden", "Current password is wrong";
        /// Not the token of a mail, used before, or too old: nobody is told which.
        InvalidLink = BAD_REQUEST, "invalid_link", "This link does not work, or not any more";
        /// Nobody could administrate any more.
        LastAdmin = CONFLICT, "last_admin", "The last admin cannot be removed";
        /// There are no key pairs to rotate or withdraw.
        SharedSecret = CONFLICT, "shared_secret", "Tokens are signed with a shared secret";
        /// Not the secret of the link, used before, or somebody became admin another way.
        NoSetUpLink = NOT_FOUND, "not_found", "this set-up link does not work, or not any more";
        /// As many passwords as may be are waiting to be checked or hashed.
        TooManySignIns = SERVICE_UNAVAILABLE, "unavailable", "too many sign-ins at the moment";
    }
}
