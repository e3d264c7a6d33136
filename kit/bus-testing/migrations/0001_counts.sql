-- What the producer counts, and what the consumer did, in the order it was done. Nothing here refuses an effect
-- that is done twice: tests want to see it.
CREATE TABLE counters (key TEXT NOT NULL COLLATE "C" PRIMARY KEY, number BIGINT NOT NULL);
-- sqlite:
CREATE TABLE effects (place INTEGER PRIMARY KEY, key TEXT NOT NULL, number INTEGER NOT NULL, worker TEXT NOT NULL);
-- postgres:
CREATE TABLE effects (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT NOT NULL,
    number BIGINT NOT NULL,
    worker TEXT NOT NULL
);
-- both:
