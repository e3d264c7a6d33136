-- What visitors did with products, by the day (UTC).
CREATE TABLE product_days (
    day     BIGINT NOT NULL,
    sku     TEXT NOT NULL COLLATE "C",
    viewed  BIGINT NOT NULL CHECK (viewed >= 0),
    added   BIGINT NOT NULL CHECK (added >= 0),
    ordered BIGINT NOT NULL CHECK (ordered >= 0),
    PRIMARY KEY (day, sku)
);

-- How far each visitor came on a day: a user by their identifier, a guest by the one that was given to them.
CREATE TABLE journeys (
    visitor TEXT NOT NULL COLLATE "C",
    day     BIGINT NOT NULL,
    viewed  BIGINT NOT NULL CHECK (viewed IN (0, 1)),
    added   BIGINT NOT NULL CHECK (added IN (0, 1)),
    started BIGINT NOT NULL CHECK (started IN (0, 1)),
    ordered BIGINT NOT NULL CHECK (ordered IN (0, 1)),
    PRIMARY KEY (visitor, day)
);
CREATE INDEX journeys_by_day ON journeys (day);
