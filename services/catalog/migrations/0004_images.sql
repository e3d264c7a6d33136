-- Pictures of products. Their bytes are in the object store, under the key.
CREATE TABLE images (
    key        TEXT COLLATE "C" PRIMARY KEY,
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    -- Grows with each picture of a product.
    position   BIGINT NOT NULL CHECK (position > 0),
    alt        TEXT NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    -- In pixels, as large as it is kept.
    width      BIGINT NOT NULL CHECK (width > 0),
    created_at BIGINT NOT NULL,
    UNIQUE (product_id, position)
);
