-- Mail that notifications shall send, until it has been asked to: whether anybody has the address is found out later, so
-- that a request for nobody does what one for somebody does. One of a kind for each address at a time.
CREATE TABLE mail_requests (
    request_id TEXT COLLATE "C" PRIMARY KEY,
    purpose    TEXT COLLATE "C" NOT NULL
        CHECK (purpose IN ('password_reset', 'email_confirmation', 'password_changed')),
    email_key  TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT mail_requests_once UNIQUE (purpose, email_key)
);

-- What proves that somebody reads the mail of an address, by its hash. It is removed when it is used.
CREATE TABLE mail_tokens (
    token_hash TEXT COLLATE "C" PRIMARY KEY,
    purpose    TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('password_reset', 'email_confirmation')),
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES accounts (user_id),
    -- The address it was sent to: it is of no use once the account has another.
    email_key  TEXT COLLATE "C" NOT NULL,
    -- What it was sent for; the same request may have been tried several times.
    request_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX mail_tokens_of_user ON mail_tokens (user_id, purpose, created_at);
CREATE INDEX mail_tokens_by_age ON mail_tokens (created_at);
