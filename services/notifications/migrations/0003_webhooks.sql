-- Who gets webhooks. The secrets are not here: they are made of a secret of ours, the endpoint and the version.
CREATE TABLE webhook_endpoints (
    endpoint_id           TEXT COLLATE "C" PRIMARY KEY,
    url                   TEXT COLLATE "C" NOT NULL,
    -- Types of events, or *, with blanks between.
    events                TEXT NOT NULL,
    description           TEXT,
    status                TEXT COLLATE "C" NOT NULL CHECK (status IN ('enabled', 'disabled')),
    disabled_reason       TEXT COLLATE "C" CHECK (disabled_reason IN ('requested', 'gone', 'failing')),
    disabled_at           BIGINT,
    -- When the first attempt failed after the last one that did not.
    failing_since         BIGINT,
    secret_version        BIGINT NOT NULL CHECK (secret_version > 0),
    -- Tells whether a process makes the same secret; of no use to anybody else.
    secret_check          TEXT COLLATE "C" NOT NULL,
    previous_secret_until BIGINT,
    -- The admin who is told when it is disabled.
    managed_by            TEXT COLLATE "C" NOT NULL,
    created_at            BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL,
    CONSTRAINT webhook_endpoints_url UNIQUE (url),
    CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
    CHECK ((status = 'disabled') = (disabled_at IS NOT NULL))
);

-- Its one row is held by whoever adds an endpoint or moves one to another address.
CREATE TABLE webhook_guard (
    guard_id BIGINT PRIMARY KEY CHECK (guard_id = 1)
);

INSERT INTO webhook_guard (guard_id) VALUES (1);

-- What is sent: a row for each event and endpoint, written in the transaction that says "this event is done".
CREATE TABLE webhook_deliveries (
    delivery_id     TEXT COLLATE "C" PRIMARY KEY,
    endpoint_id     TEXT COLLATE "C" NOT NULL REFERENCES webhook_endpoints (endpoint_id) ON DELETE CASCADE,
    -- The same each time that it is sent.
    webhook_id      TEXT COLLATE "C" NOT NULL,
    type            TEXT COLLATE "C" NOT NULL,
    body            TEXT NOT NULL,
    state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts        BIGINT NOT NULL CHECK (attempts >= 0),
    -- How many of them were made before somebody asked to send it again: pauses are counted from there.
    earlier_attempts BIGINT NOT NULL CHECK (earlier_attempts >= 0),
    -- When it is sent next; while somebody sends it, when another one may.
    due_at          BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT,
    CONSTRAINT webhook_deliveries_once UNIQUE (endpoint_id, webhook_id),
    CHECK ((state = 'pending') = (finished_at IS NULL)),
    CHECK (earlier_attempts <= attempts)
);

CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, delivery_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (endpoint_id, created_at) WHERE state = 'failed';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE state <> 'pending';

CREATE TABLE webhook_attempts (
    attempt_id  TEXT COLLATE "C" PRIMARY KEY,
    endpoint_id TEXT COLLATE "C" NOT NULL,
    delivery_id TEXT COLLATE "C" NOT NULL REFERENCES webhook_deliveries (delivery_id) ON DELETE CASCADE,
    number      BIGINT NOT NULL CHECK (number > 0),
    attempted_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL CHECK (duration_ms >= 0),
    status_code BIGINT,
    error       TEXT,
    -- The beginning of what was answered.
    response    TEXT,
    CONSTRAINT webhook_attempts_once UNIQUE (delivery_id, number)
);

CREATE INDEX webhook_attempts_of_endpoint ON webhook_attempts (endpoint_id, attempt_id);
