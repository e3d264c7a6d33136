-- A bucket and what is in it, counted in the transaction of each change.
CREATE TABLE buckets (
    name           TEXT COLLATE "C" PRIMARY KEY,
    quota_bytes    BIGINT NOT NULL CHECK (quota_bytes >= 0),
    -- The sum of the sizes of the objects, and how many there are.
    object_bytes   BIGINT NOT NULL CHECK (object_bytes >= 0),
    objects        BIGINT NOT NULL CHECK (objects >= 0),
    -- The sum of the sizes of the parts of uploads that are not completed.
    part_bytes     BIGINT NOT NULL CHECK (part_bytes >= 0),
    -- 1 once it is being deleted: nobody sees it any more, but its name is not free yet.
    closing        BIGINT NOT NULL CHECK (closing IN (0, 1)),
    created_at     BIGINT NOT NULL
);

-- SigV4 computes with the secret itself, so it cannot be a hash: it is encrypted.
CREATE TABLE access_keys (
    id             TEXT COLLATE "C" PRIMARY KEY,
    sealed_secret  TEXT NOT NULL,
    bucket         TEXT COLLATE "C" NOT NULL REFERENCES buckets (name),
    enabled        BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    created_at     BIGINT NOT NULL
);

CREATE INDEX access_keys_bucket ON access_keys (bucket);

CREATE TABLE objects (
    bucket         TEXT COLLATE "C" NOT NULL REFERENCES buckets (name),
    key            TEXT COLLATE "C" NOT NULL,
    -- Whose segments are its bytes: of an upload that was completed, the upload's identifier.
    content_id     TEXT COLLATE "C" NOT NULL UNIQUE,
    size           BIGINT NOT NULL CHECK (size >= 0),
    etag           TEXT NOT NULL,
    -- How many parts it was uploaded in; 0 where it was put in one piece.
    parts          BIGINT NOT NULL CHECK (parts >= 0),
    modified_at    BIGINT NOT NULL,
    -- JSON: the headers that the client gave it, and its checksums.
    headers        TEXT NOT NULL,
    checksums      TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
);

CREATE TABLE uploads (
    id             TEXT COLLATE "C" PRIMARY KEY,
    bucket         TEXT COLLATE "C" NOT NULL REFERENCES buckets (name),
    key            TEXT COLLATE "C" NOT NULL,
    headers        TEXT NOT NULL,
    -- As S3 spells them; NULL where the client asked for none.
    checksum_algorithm TEXT,
    checksum_type  TEXT,
    created_at     BIGINT NOT NULL
);

CREATE INDEX uploads_key ON uploads (bucket, key, id);

-- Bytes: of an object one piece after the other, of an upload its parts by their numbers.
CREATE TABLE segments (
    content_id     TEXT COLLATE "C" NOT NULL,
    number         BIGINT NOT NULL CHECK (number > 0),
    size           BIGINT NOT NULL CHECK (size >= 0),
    -- Where the bytes are: in a file of this name, or here.
    file           TEXT COLLATE "C",
    bytes          BYTEA,
    etag           TEXT NOT NULL,
    checksums      TEXT NOT NULL,
    modified_at    BIGINT NOT NULL,
    PRIMARY KEY (content_id, number),
    CHECK ((file IS NULL) <> (bytes IS NULL))
);

CREATE UNIQUE INDEX segments_file ON segments (file) WHERE file IS NOT NULL;

-- What is being received and has been promised room. Gone with the process that received it.
CREATE TABLE reservations (
    id             TEXT COLLATE "C" PRIMARY KEY,
    bucket         TEXT COLLATE "C" NOT NULL,
    bytes          BIGINT NOT NULL CHECK (bytes >= 0)
);

CREATE INDEX reservations_bucket ON reservations (bucket);
