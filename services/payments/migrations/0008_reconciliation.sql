-- How far what a provider has made is held against ours.
CREATE TABLE reconciliations (
    provider     TEXT COLLATE "C" PRIMARY KEY,
    -- The period of the pass under way; of the last one where the next is waited for.
    from_at      BIGINT NOT NULL,
    until_at     BIGINT NOT NULL CHECK (until_at >= from_at),
    -- Where the provider's list goes on; NULL where it begins.
    page_cursor  TEXT COLLATE "C",
    -- When the next page is due, and how many were taken: whoever takes one has counted it.
    next_step_at BIGINT NOT NULL,
    steps        BIGINT NOT NULL CHECK (steps >= 0)
);

-- When a provider has said the same of the attempt as we do, once it had succeeded.
ALTER TABLE payment_attempts ADD COLUMN reconciled_at BIGINT;

-- What the provider has said of it that is something else than ours. The same is flagged once.
ALTER TABLE payment_attempts ADD COLUMN difference TEXT;

CREATE INDEX payment_attempts_unreconciled ON payment_attempts (at) WHERE status = 'succeeded' AND reconciled_at IS NULL;
