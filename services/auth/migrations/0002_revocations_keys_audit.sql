-- What was revoked before it expired, for as long as a token can live that it concerns.
CREATE TABLE revocations (
    revocation_id TEXT COLLATE "C" PRIMARY KEY,
    -- A session ended, or all tokens of a user below an epoch: one of the two.
    session_id    TEXT,
    user_id       TEXT,
    epoch         BIGINT,
    at            BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    CHECK ((session_id IS NULL) <> (user_id IS NULL)),
    CHECK ((user_id IS NULL) = (epoch IS NULL))
);

CREATE INDEX revocations_in_order ON revocations (at, revocation_id);

-- The keys that access tokens are signed with. The private key is sealed with the service's secret.
CREATE TABLE signing_keys (
    kid          TEXT COLLATE "C" PRIMARY KEY,
    sealed_key   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    -- Published before it signs, so that every verifier has it by then.
    active_from  BIGINT NOT NULL,
    withdrawn_at BIGINT
);

-- Who did what, when, from where.
CREATE TABLE audit (
    audit_id TEXT COLLATE "C" PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    ip       TEXT NOT NULL,
    detail   TEXT NOT NULL
);
