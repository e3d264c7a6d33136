-- What the provider `sandbox` keeps. It stands for somebody else's database: nothing of payments refers to it, and
-- it refers to nothing of payments.
CREATE TABLE sandbox_charges (
    -- The caller's idempotency key. A charge that was closed before it came stays as a mark.
    key            TEXT COLLATE "C" PRIMARY KEY,
    amount_minor   BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency       TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    status         TEXT COLLATE "C" NOT NULL CHECK (status IN ('open', 'action_required', 'succeeded', 'declined', 'closed')),
    reason         TEXT,
    description    TEXT NOT NULL,
    -- The last four digits of the card; the others are kept nowhere.
    last_digits    TEXT,
    -- SHA-256, in base64url, of the token that opens its page, where it has one.
    token_hash     TEXT COLLATE "C" UNIQUE,
    -- Where the payer goes when the page is done with.
    return_url     TEXT,
    -- Until when the page can be used.
    expires_at     BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL CHECK (refunded_minor BETWEEN 0 AND amount_minor),
    created_at     BIGINT NOT NULL
);

CREATE TABLE sandbox_refunds (
    key            TEXT COLLATE "C" PRIMARY KEY,
    charge_key     TEXT COLLATE "C" NOT NULL REFERENCES sandbox_charges (key),
    amount_minor   BIGINT NOT NULL CHECK (amount_minor > 0),
    created_at     BIGINT NOT NULL
);
