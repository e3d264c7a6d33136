-- What each user has made and still owes. Whoever adds or pays a transaction holds the user's row until the
-- commit: so the limit is exact, and a user's transactions are in one order.
CREATE TABLE spending (
    user_id       TEXT COLLATE "C" PRIMARY KEY,
    transactions  BIGINT NOT NULL CHECK (transactions > 0),
    created_minor BIGINT NOT NULL CHECK (created_minor > 0),
    unpaid_minor  BIGINT NOT NULL CHECK (unpaid_minor >= 0),
    CHECK (unpaid_minor <= created_minor)
);

CREATE TABLE transactions (
    id            TEXT COLLATE "C" PRIMARY KEY,
    user_id       TEXT COLLATE "C" NOT NULL REFERENCES spending (user_id),
    -- The user's first is 1, the next 2, without gaps.
    number        BIGINT NOT NULL CHECK (number > 0),
    amount_minor  BIGINT NOT NULL CHECK (amount_minor > 0),
    description   TEXT,
    status        TEXT NOT NULL CHECK (status IN ('pending', 'paid')),
    -- What it was paid with, together with all others that were pending then.
    settlement_id TEXT COLLATE "C",
    created_at    BIGINT NOT NULL,
    paid_at       BIGINT,
    UNIQUE (user_id, number),
    CHECK ((status = 'paid') = (settlement_id IS NOT NULL)),
    CHECK ((status = 'paid') = (paid_at IS NOT NULL))
);

CREATE INDEX transactions_pending ON transactions (user_id) WHERE status = 'pending';
