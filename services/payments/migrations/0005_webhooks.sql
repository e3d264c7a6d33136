-- What providers say by webhooks, each event once.
CREATE TABLE webhook_events (
    provider     TEXT COLLATE "C" NOT NULL,
    event_id     TEXT COLLATE "C" NOT NULL,
    body         TEXT NOT NULL,
    applied      BIGINT NOT NULL CHECK (applied IN (0, 1)),
    next_look_at BIGINT NOT NULL,
    looks        BIGINT NOT NULL CHECK (looks >= 0),
    received_at  BIGINT NOT NULL,
    PRIMARY KEY (provider, event_id)
);

CREATE INDEX webhook_events_due ON webhook_events (next_look_at) WHERE applied = 0;
CREATE INDEX webhook_events_old ON webhook_events (received_at) WHERE applied = 1;

-- What the provider `sandbox` has to say, until it is delivered.
CREATE TABLE sandbox_webhooks (
    id           TEXT COLLATE "C" PRIMARY KEY,
    body         TEXT NOT NULL,
    next_send_at BIGINT NOT NULL,
    tries        BIGINT NOT NULL CHECK (tries >= 0),
    created_at   BIGINT NOT NULL
);

CREATE INDEX sandbox_webhooks_due ON sandbox_webhooks (next_send_at);
