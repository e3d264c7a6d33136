CREATE TABLE profiles (
    user_id    TEXT COLLATE "C" PRIMARY KEY,
    username   TEXT NOT NULL,
    email      TEXT NOT NULL,
    full_name  TEXT,
    bio        TEXT,
    -- Grows with each change; the resource's ETag.
    version    BIGINT NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
