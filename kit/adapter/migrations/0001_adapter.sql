-- Instances of what an adapter provisions, as they were asked for.
CREATE TABLE adapter_instances (
    -- Chosen by who asks.
    id         TEXT COLLATE "C" PRIMARY KEY,
    plan_id    TEXT COLLATE "C" NOT NULL,
    -- JSON: whose it is, and on which terms.
    context    TEXT NOT NULL,
    parameters TEXT NOT NULL,
    state      TEXT COLLATE "C" NOT NULL
        CHECK (state IN ('provisioning', 'provisioned', 'failed', 'deprovisioning', 'deprovisioned')),
    -- The operation that was accepted last.
    operation  TEXT COLLATE "C" NOT NULL,
    -- What the adapter said last, where it could not do something.
    reason     TEXT,
    -- When the operation is tried next; NULL where none is under way.
    due_at     BIGINT,
    -- How often it was tried.
    tries      BIGINT NOT NULL CHECK (tries >= 0),
    -- What is done with it at once, and until when nobody else does anything with it.
    busy_with  TEXT COLLATE "C",
    busy_until BIGINT NOT NULL,
    CHECK ((due_at IS NOT NULL) = (state IN ('provisioning', 'deprovisioning')))
);

CREATE INDEX adapter_instances_due ON adapter_instances (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE adapter_bindings (
    instance_id TEXT COLLATE "C" NOT NULL REFERENCES adapter_instances (id),
    id          TEXT COLLATE "C" NOT NULL,
    -- Whether the adapter has said that it is made. One that is not may be made all the same.
    is_made     BIGINT NOT NULL CHECK (is_made IN (0, 1)),
    PRIMARY KEY (instance_id, id)
);
