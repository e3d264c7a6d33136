CREATE TABLE accounts (
    user_id        TEXT COLLATE "C" PRIMARY KEY,
    username       TEXT NOT NULL,
    -- The name without case: what is unique, and what a sign-in looks up.
    username_key   TEXT COLLATE "C" NOT NULL,
    email          TEXT NOT NULL,
    email_key      TEXT COLLATE "C" NOT NULL,
    email_verified BIGINT NOT NULL DEFAULT 0 CHECK (email_verified IN (0, 1)),
    password_hash  TEXT NOT NULL,
    -- The highest role; it includes the ones before it.
    role           TEXT NOT NULL CHECK (role IN ('customer', 'staff', 'admin')),
    status         TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    -- Raised to end every access token of before.
    epoch          BIGINT NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    CONSTRAINT accounts_username_unique UNIQUE (username_key),
    CONSTRAINT accounts_email_unique UNIQUE (email_key)
);

CREATE TABLE sessions (
    session_id   TEXT COLLATE "C" PRIMARY KEY,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES accounts (user_id),
    -- How often the refresh token was rotated.
    counter      BIGINT NOT NULL DEFAULT 0 CHECK (counter >= 0),
    device       TEXT NOT NULL,
    ip           TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    -- When the refresh token was rotated last; its parent is tolerated for a moment after.
    rotated_at   BIGINT,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);

CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

-- A row to lock for what no row of its own stands for.
CREATE TABLE locks (
    name TEXT COLLATE "C" PRIMARY KEY
);

-- Held by whoever changes how many admins there are.
INSERT INTO locks (name) VALUES ('admins');
