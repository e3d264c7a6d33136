-- What is cached: a name and its version.
CREATE TABLE names (id TEXT NOT NULL COLLATE "C" PRIMARY KEY, name TEXT NOT NULL, version BIGINT NOT NULL);
