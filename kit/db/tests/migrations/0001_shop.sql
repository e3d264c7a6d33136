CREATE TABLE accounts (
    id         TEXT COLLATE "C" PRIMARY KEY,
    username   TEXT NOT NULL,
    email      TEXT,
    active     BIGINT NOT NULL DEFAULT 1 CONSTRAINT accounts_active_check CHECK (active IN (0, 1)),
    balance    BIGINT NOT NULL DEFAULT 0 CONSTRAINT accounts_balance_check CHECK (balance >= 0),
    avatar     BYTEA,
    created_at BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT accounts_username_key UNIQUE (username)
);
CREATE TABLE orders (
    id         TEXT COLLATE "C" PRIMARY KEY,
    account_id TEXT NOT NULL CONSTRAINT orders_account_id_fkey REFERENCES accounts (id)
);
