-- Accounts that auth has disabled. Apart from the profiles, because one may be made later than its account was
-- disabled.
CREATE TABLE disabled_accounts (
    user_id     TEXT COLLATE "C" PRIMARY KEY,
    disabled_at BIGINT NOT NULL
);
