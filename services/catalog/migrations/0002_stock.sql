-- How many of each SKU there are. Whoever changes it holds the row until the commit; several rows are held in the
-- order of their keys.
CREATE TABLE stock (
    sku_key  TEXT COLLATE "C" PRIMARY KEY REFERENCES variants (sku_key),
    -- As the catalog writes it.
    sku      TEXT COLLATE "C" NOT NULL,
    on_hand  BIGINT NOT NULL CHECK (on_hand >= 0),
    reserved BIGINT NOT NULL CHECK (reserved >= 0),
    -- How many changes there were; the resource's ETag.
    version  BIGINT NOT NULL CHECK (version >= 0),
    CONSTRAINT stock_reserved_within_on_hand CHECK (reserved <= on_hand)
);

-- Every change of stock. Rows are added and never changed; the sums of their deltas are what `stock` says.
CREATE TABLE stock_movements (
    sku_key        TEXT COLLATE "C" NOT NULL REFERENCES stock (sku_key),
    -- The first of a SKU is 1, the next 2, without gaps.
    number         BIGINT NOT NULL CHECK (number > 0),
    -- No list of kinds here: a new one is a new row, not a new table.
    kind           TEXT COLLATE "C" NOT NULL,
    on_hand_delta  BIGINT NOT NULL,
    reserved_delta BIGINT NOT NULL,
    -- After the change.
    on_hand        BIGINT NOT NULL CHECK (on_hand >= 0),
    reserved       BIGINT NOT NULL CHECK (reserved >= 0),
    reason         TEXT,
    -- The member of the staff whose change it was.
    user_id        TEXT COLLATE "C",
    at             BIGINT NOT NULL,
    PRIMARY KEY (sku_key, number),
    CHECK (reserved <= on_hand),
    CHECK (on_hand_delta <> 0 OR reserved_delta <> 0)
);
