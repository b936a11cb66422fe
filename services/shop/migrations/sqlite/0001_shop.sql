-- One shop: every table belongs to the one application that owns this database.
CREATE TABLE store (
    id integer PRIMARY KEY CHECK (id = 1),
    application text NOT NULL,
    tenant text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    accent text NOT NULL,
    sample_products boolean NOT NULL,
    -- The number of the last order. Taking the next one locks the row: orders are placed one by one.
    order_sequence bigint NOT NULL DEFAULT 0,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE TABLE products (
    sku text PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL,
    -- Lowercase sku, name and description: the engines fold case differently, so the program does.
    search_text text NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    stock bigint NOT NULL CHECK (stock >= 0),
    active boolean NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE TABLE customers (
    id text PRIMARY KEY,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    name text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE TABLE orders (
    id text PRIMARY KEY,
    number text NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('open', 'paid', 'fulfilled', 'cancelled', 'refunded')),
    currency text NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    customer_id text REFERENCES customers (id) ON DELETE SET NULL,
    -- As they were when the order was placed.
    customer_email text,
    customer_name text,
    idempotency_key text UNIQUE,
    request_digest text,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE INDEX orders_by_customer ON orders (customer_id, id);
CREATE INDEX orders_by_status ON orders (status, id);

CREATE TABLE order_items (
    order_id text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position bigint NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    PRIMARY KEY (order_id, position)
);

CREATE TABLE carts (
    id text PRIMARY KEY,
    -- Set once the cart was checked out; nothing changes it after that.
    order_id text REFERENCES orders (id),
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE TABLE cart_items (
    cart_id text NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    sku text NOT NULL REFERENCES products (sku) ON DELETE CASCADE,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (cart_id, sku)
);

CREATE INDEX cart_items_by_sku ON cart_items (sku);
