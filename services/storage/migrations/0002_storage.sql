-- What is sold. A plan that is retired stays, for those who have it.
CREATE TABLE plans (
    -- The SKU in lower case.
    sku_key        TEXT COLLATE "C" PRIMARY KEY,
    sku            TEXT NOT NULL,
    name           TEXT NOT NULL,
    description    TEXT NOT NULL,
    price_minor    BIGINT NOT NULL CHECK (price_minor > 0),
    currency       TEXT NOT NULL,
    duration_days  BIGINT NOT NULL CHECK (duration_days BETWEEN 1 AND 3660),
    quota_bytes    BIGINT NOT NULL CHECK (quota_bytes > 0),
    -- JSON: an array of strings.
    features       TEXT NOT NULL,
    retired        BIGINT NOT NULL CHECK (retired IN (0, 1)),
    version        BIGINT NOT NULL CHECK (version > 0),
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);

-- A plan as it was when somebody asked for it, written down before subscriptions is asked.
CREATE TABLE purchases (
    subscription_id TEXT COLLATE "C" PRIMARY KEY,
    user_id        TEXT COLLATE "C" NOT NULL,
    -- The idempotency key, where there was one.
    request_key    TEXT COLLATE "C",
    sku            TEXT NOT NULL,
    name           TEXT NOT NULL,
    price_minor    BIGINT NOT NULL CHECK (price_minor > 0),
    currency       TEXT NOT NULL,
    duration_days  BIGINT NOT NULL CHECK (duration_days BETWEEN 1 AND 3660),
    quota_bytes    BIGINT NOT NULL CHECK (quota_bytes > 0),
    created_at     BIGINT NOT NULL,
    UNIQUE (user_id, request_key)
);

CREATE INDEX purchases_sku ON purchases (sku);

-- What is provisioned, or was: a row before there is a bucket, and for ever after.
CREATE TABLE services (
    instance_id    TEXT COLLATE "C" PRIMARY KEY,
    user_id        TEXT COLLATE "C" NOT NULL,
    sku            TEXT NOT NULL,
    -- As it was sold.
    quota_bytes    BIGINT NOT NULL CHECK (quota_bytes > 0),
    bucket         TEXT COLLATE "C" NOT NULL UNIQUE,
    state          TEXT NOT NULL
        CHECK (state IN ('provisioning', 'active', 'suspended', 'deprovisioning', 'deprovisioned', 'failed')),
    binding_id     TEXT,
    -- The owner's key, and the one by which addresses are signed. No secret is in this table.
    access_key_id  TEXT UNIQUE,
    signing_key_id TEXT UNIQUE,
    -- How often the secrets were changed.
    rotations      BIGINT NOT NULL CHECK (rotations >= 0),
    activated_at   BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);

CREATE INDEX services_user ON services (user_id, created_at);
