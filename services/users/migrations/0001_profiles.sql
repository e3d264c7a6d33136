CREATE TABLE profiles (
    user_id    TEXT COLLATE "C" PRIMARY KEY,
    username   TEXT NOT NULL,
    email      TEXT NOT NULL,
    full_name  TEXT,
    bio        TEXT,
    -- Begins with the time of creation and grows with each change; the resource's ETag. So a profile that
    -- was deleted and made anew never carries a tag that somebody has seen before.
    version    BIGINT NOT NULL CHECK (version > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
