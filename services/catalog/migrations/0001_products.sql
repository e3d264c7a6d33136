CREATE TABLE categories (
    id          TEXT COLLATE "C" PRIMARY KEY,
    -- Kept for ever, also by a category that is archived.
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    parent_id   TEXT COLLATE "C" REFERENCES categories (id),
    version     BIGINT NOT NULL CHECK (version > 0),
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT,
    CHECK (parent_id <> id)
);

CREATE INDEX categories_parent ON categories (parent_id);

-- Whoever changes the tree holds this row until the commit: two moves that are fine by themselves can make a cycle
-- together.
CREATE TABLE category_tree (
    id BIGINT PRIMARY KEY CHECK (id = 1)
);

INSERT INTO category_tree (id) VALUES (1);

CREATE TABLE products (
    -- Grows with each product: the order in which they came, and their number in the index of words.
-- sqlite:
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
-- postgres:
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
-- both:
    id          TEXT COLLATE "C" NOT NULL UNIQUE,
    -- Kept for ever, also by a product that is archived.
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    category_id TEXT COLLATE "C" REFERENCES categories (id),
    status      TEXT COLLATE "C" NOT NULL CHECK (status IN ('active', 'archived')),
    -- What all variants are sold in, and what the cheapest costs: lists are sorted by it.
    currency    TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    price_minor BIGINT NOT NULL CHECK (price_minor > 0),
    version     BIGINT NOT NULL CHECK (version > 0),
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE INDEX products_category ON products (category_id);
CREATE INDEX products_newest ON products (status, number);
CREATE INDEX products_price ON products (status, price_minor, number);

CREATE TABLE variants (
    -- The SKU in lower case: it is unique without case, and rows are locked in this order.
    sku_key     TEXT COLLATE "C" PRIMARY KEY,
    -- As it was written first, and for ever.
    sku         TEXT COLLATE "C" NOT NULL,
    product_id  TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    position    BIGINT NOT NULL CHECK (position >= 0),
    -- A JSON object of strings.
    options     TEXT NOT NULL,
    price_minor BIGINT NOT NULL CHECK (price_minor > 0),
    currency    TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    -- 0 once it was taken out of its product. Its row stays, because stock and orders refer to it.
    is_offered  BIGINT NOT NULL CHECK (is_offered IN (0, 1))
);

CREATE INDEX variants_product ON variants (product_id, position);

-- The words of products, made plain by the service: lower case, without accents, with blanks between them. No
-- database takes them apart by rules of its own.
-- sqlite:
CREATE VIRTUAL TABLE product_words USING fts5 (name, sku, description, tokenize = 'ascii');
-- postgres:
CREATE TABLE product_words (
    number BIGINT PRIMARY KEY REFERENCES products (number),
    words  TSVECTOR NOT NULL
);

CREATE INDEX product_words_words ON product_words USING gin (words);
-- both:
