-- The statistics of topic `transactions`, as one consumer of it has counted them. A rebuild makes a new
-- generation, which reads the topic from the beginning; the live one is what is shown meanwhile. Its totals are
-- here, and whoever changes anything of a generation but its facts holds this row.
CREATE TABLE generations (
    generation   BIGINT PRIMARY KEY CHECK (generation > 0),
    state        TEXT NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    -- Null for the first one, which has been there from the beginning.
    started_at   BIGINT,
    live_at      BIGINT,
    retired_at   BIGINT,
    -- More than 0 while a newer one is to take over: nothing is added to this one, so that the other comes to
    -- have everything it has. It counts up to a limit, then from below 0, when everything goes on, to 0 again.
    standstill   BIGINT NOT NULL DEFAULT 0,
    events       BIGINT NOT NULL DEFAULT 0 CHECK (events >= 0),
    transactions BIGINT NOT NULL DEFAULT 0 CHECK (transactions >= 0),
    amount_minor BIGINT NOT NULL DEFAULT 0 CHECK (amount_minor >= 0),
    paid         BIGINT NOT NULL DEFAULT 0 CHECK (paid >= 0),
    users        BIGINT NOT NULL DEFAULT 0 CHECK (users >= 0)
);
CREATE UNIQUE INDEX one_live_generation ON generations (state) WHERE state = 'live';
INSERT INTO generations (generation, state) VALUES (1, 'live');

-- What events told and nobody has added up yet. A row is written in the transaction in which its event is done
-- with, and removed in the one that adds it to the tables below.
CREATE TABLE facts (
    generation   BIGINT NOT NULL,
    event_id     TEXT NOT NULL COLLATE "C",
    user_id      TEXT NOT NULL,
    at           BIGINT NOT NULL,
    transactions BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid         BIGINT NOT NULL,
    PRIMARY KEY (generation, event_id)
);

CREATE TABLE user_counts (
    generation   BIGINT NOT NULL,
    user_id      TEXT NOT NULL COLLATE "C",
    events       BIGINT NOT NULL CHECK (events > 0),
    transactions BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid         BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    PRIMARY KEY (generation, user_id)
);

-- By when things happened.
CREATE TABLE hour_counts (
    generation   BIGINT NOT NULL,
    hour         BIGINT NOT NULL,
    events       BIGINT NOT NULL,
    transactions BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid         BIGINT NOT NULL,
    -- Of whom the first event tells.
    users        BIGINT NOT NULL,
    PRIMARY KEY (generation, hour)
);
