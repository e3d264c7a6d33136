-- What was done by a role and the audit log has not been told yet; the row commits with the effect.
CREATE TABLE audit_unsent (
    id      TEXT NOT NULL COLLATE "C" PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    ip      TEXT NOT NULL,
    detail  TEXT NOT NULL
);
