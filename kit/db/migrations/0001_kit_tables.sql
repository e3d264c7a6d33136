-- Events, appended in the transaction of the change and never updated. Positions are the order in which events
-- were written: a change that waited for another one's lock has the higher position. On PostgreSQL a
-- transaction may commit after one with a higher position, so a reader stops at a gap until nobody can fill it
-- any more; on SQLite the writer is alone, and positions are never used twice.
-- sqlite:
CREATE TABLE outbox (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id   TEXT NOT NULL UNIQUE,
    topic      TEXT NOT NULL,
    key        TEXT NOT NULL,
    partition  INTEGER NOT NULL CHECK (partition BETWEEN 0 AND 15),
    type       TEXT NOT NULL,
    payload    TEXT NOT NULL,
    headers    TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
-- postgres:
CREATE TABLE outbox (
    position   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id   TEXT NOT NULL UNIQUE,
    topic      TEXT NOT NULL,
    key        TEXT NOT NULL,
    partition  BIGINT NOT NULL CHECK (partition BETWEEN 0 AND 15),
    type       TEXT NOT NULL,
    payload    TEXT NOT NULL,
    headers    TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- both:

-- Events whose effect is committed; the row commits with it.
CREATE TABLE inbox (
    consumer TEXT NOT NULL COLLATE "C",
    event_id TEXT NOT NULL COLLATE "C",
    at       BIGINT NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_at ON inbox (at);

-- How far a consumer has passed a source's partition: everything up to `position` is done with or parked. A
-- consumer that was not seen for long stops holding the source's rows.
CREATE TABLE positions (
    consumer  TEXT NOT NULL COLLATE "C",
    source    TEXT NOT NULL COLLATE "C",
    partition BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL,
    PRIMARY KEY (consumer, source, partition)
);

-- Events that failed, and those of the same key behind them, as the source's outbox had them. The first of a
-- key waits until it is due, or, when `dead`, for somebody to decide.
CREATE TABLE parked (
    consumer  TEXT NOT NULL COLLATE "C",
    source    TEXT NOT NULL COLLATE "C",
    partition BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    event_id  TEXT NOT NULL COLLATE "C",
    topic     TEXT NOT NULL COLLATE "C",
    key       TEXT NOT NULL COLLATE "C",
    type      TEXT NOT NULL,
    payload   TEXT NOT NULL,
    headers   TEXT NOT NULL,
    attempts  BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    dead      BIGINT NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
    due_at    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE UNIQUE INDEX parked_key ON parked (consumer, source, topic, key, position);

-- Who alone does something, until when. The epoch grows with each holder.
CREATE TABLE leases (
    name       TEXT NOT NULL COLLATE "C" PRIMARY KEY,
    holder     TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- What is to be done at a moment.
CREATE TABLE timers (
    kind    TEXT NOT NULL COLLATE "C",
    subject TEXT NOT NULL COLLATE "C",
    due_at  BIGINT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX timers_due ON timers (due_at);

-- Answers of requests that may be sent again. `started` is a request whose outside call is under way; its
-- lease says until when it is believed to be alive.
CREATE TABLE idempotency_keys (
    scope        TEXT NOT NULL COLLATE "C",
    key          TEXT NOT NULL COLLATE "C",
    request_hash TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('started', 'done')),
    status       BIGINT,
    body         TEXT,
    lease        TEXT,
    lease_until  BIGINT,
    at           BIGINT NOT NULL,
    PRIMARY KEY (scope, key),
    CHECK (state = 'started' OR (status IS NOT NULL AND body IS NOT NULL))
);
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);
