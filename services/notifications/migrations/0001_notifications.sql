-- One row for each user who was ever told something. Whoever adds a notification holds it until the commit, so the
-- numbers of a user come in the order of the commits, without gaps, and a stream that goes by them misses none.
CREATE TABLE feeds (
    user_id     TEXT COLLATE "C" PRIMARY KEY,
    last_number BIGINT NOT NULL CHECK (last_number >= 0),
    -- The account is gone: what comes late for it is not kept.
    is_erased   BIGINT NOT NULL DEFAULT 0 CHECK (is_erased IN (0, 1))
);

CREATE TABLE notifications (
    notification_id TEXT COLLATE "C" PRIMARY KEY,
    user_id         TEXT COLLATE "C" NOT NULL REFERENCES feeds (user_id),
    number          BIGINT NOT NULL CHECK (number > 0),
    kind            TEXT COLLATE "C" NOT NULL,
    title           TEXT NOT NULL,
    body            TEXT NOT NULL,
    link            TEXT,
    created_at      BIGINT NOT NULL,
    read_at         BIGINT,
    CONSTRAINT notifications_of_user UNIQUE (user_id, number)
);

CREATE INDEX notifications_by_age ON notifications (created_at);
