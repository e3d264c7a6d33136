-- The double-entry ledger. Rows are added and never changed; what stands on an account is the sum of its
-- entries, so that no row of an account that all users share is written by each of them.
CREATE TABLE accounts (
    id       TEXT COLLATE "C" PRIMARY KEY,
    -- No list of kinds here: a new one is a new row, not a new table.
    kind     TEXT COLLATE "C" NOT NULL,
    -- Whose it is, where each user has one.
    user_id  TEXT COLLATE "C",
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3)
);

INSERT INTO accounts (id, kind, user_id, currency) VALUES
    ('cash:USD', 'cash', NULL, 'USD'),
    ('revenue:USD', 'revenue', NULL, 'USD');

CREATE TABLE ledger_transactions (
    id        TEXT COLLATE "C" PRIMARY KEY,
    kind      TEXT COLLATE "C" NOT NULL,
    -- What it was posted for. The same thing is never posted twice.
    reference TEXT COLLATE "C" NOT NULL,
    posted_at BIGINT NOT NULL,
    UNIQUE (reference, kind)
);

CREATE TABLE ledger_entries (
    ledger_transaction_id TEXT COLLATE "C" NOT NULL REFERENCES ledger_transactions (id),
    line                  BIGINT NOT NULL CHECK (line > 0),
    account_id            TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    -- More than zero is a debit, less a credit.
    amount_minor          BIGINT NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (ledger_transaction_id, line)
);
