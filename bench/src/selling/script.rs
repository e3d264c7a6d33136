//! What an order does to the tables until it is confirmed, as pgbench can do it: the same statements in the same
//! transactions, for other orders.

/// Counters of pgbench's own, so that the platform's are not wrong afterwards.
pub(super) const PREPARATION: &str = "CREATE TABLE catalog.bench_stock AS SELECT * FROM catalog.stock;
ALTER TABLE catalog.bench_stock ADD PRIMARY KEY (sku_key);
CREATE TABLE orders.bench_numbers AS SELECT 1 AS id, 100000000 AS last;
ALTER TABLE orders.bench_numbers ADD PRIMARY KEY (id)";

/// pgbench takes what follows a colon for a variable, also in a text.
pub(super) const SCRIPT: &str = r"\set product random(0, 31)
BEGIN;
SELECT 'ord_' || gen_random_uuid() AS id, 'pay_' || gen_random_uuid() AS payment, 'sku-' || CAST(:product AS TEXT) AS sku \gset
SELECT number FROM orders.orders WHERE user_id = 'bench' AND status IN ('pending', 'confirmed') OFFSET 999999 LIMIT 1;
INSERT INTO orders.orders (id, user_id, status, version, revision, currency, total_minor, refunded_minor, shortages, created_at, updated_at)
    VALUES (:id, :sku, 'pending', 1, 1, 'USD', 1250, 0, '[]', 0, 0);
INSERT INTO orders.order_items (order_id, sku_key, sku, name, quantity, unit_price_minor)
    VALUES (:id, :sku, :sku, 'Mug', 1, 1250);
INSERT INTO orders.order_history (order_id, version, status, actor, at) VALUES (:id, 1, 'pending', :sku, 0);
INSERT INTO orders.order_steps (order_id, step, subject, due_at, tries) VALUES (:id, 'await_stock', '', 9000000000000000, 0);
UPDATE orders.bench_numbers SET last = last + 1 WHERE id = 1 RETURNING last AS number \gset
UPDATE orders.orders SET number = :number WHERE id = :id;
INSERT INTO orders.outbox (event_id, topic, key, partition, type, payload, headers, created_at)
    VALUES (gen_random_uuid(), 'orders', :id, 3, 'order.created', repeat('x', 400), repeat('x', 250), 0);
COMMIT;
BEGIN;
SELECT epoch FROM catalog.leases LIMIT 1 FOR SHARE;
INSERT INTO catalog.inbox (consumer, event_id, at) VALUES ('bench', gen_random_uuid(), 0) ON CONFLICT (consumer, event_id) DO NOTHING;
INSERT INTO catalog.reservations (order_id, status, expires_at, created_at, updated_at)
    VALUES (:id, 'reserved', 9000000000000000, 0, 0) ON CONFLICT (order_id) DO NOTHING;
UPDATE catalog.bench_stock SET reserved = reserved + 1, version = version + 1
    WHERE sku_key = :sku AND on_hand >= reserved + 1 RETURNING version AS movement \gset
INSERT INTO catalog.reservation_items (order_id, sku_key, sku, quantity, available) VALUES (:id, :sku, :sku, 1, 1);
INSERT INTO catalog.stock_movements (sku_key, number, kind, on_hand_delta, reserved_delta, on_hand, reserved, order_id, at)
    VALUES (:sku, 100000000 + :movement, 'reserved', 0, 1, 1, 1, :id, 0);
INSERT INTO catalog.outbox (event_id, topic, key, partition, type, payload, headers, created_at)
    VALUES (gen_random_uuid(), 'stock', :id, 3, 'stock.reserved', repeat('x', 250), repeat('x', 250), 0),
           (gen_random_uuid(), 'stock', :sku, 3, 'stock.changed', repeat('x', 150), repeat('x', 250), 0);
UPDATE catalog.positions SET seen_at = 0 WHERE consumer = 'catalog' AND source = 'orders' AND partition = :product % 16;
COMMIT;
BEGIN;
SELECT epoch FROM orders.leases LIMIT 1 FOR SHARE;
INSERT INTO orders.inbox (consumer, event_id, at) VALUES ('bench', gen_random_uuid(), 0) ON CONFLICT (consumer, event_id) DO NOTHING;
SELECT * FROM orders.orders WHERE id = :id FOR UPDATE;
SELECT * FROM orders.order_items WHERE order_id = :id;
DELETE FROM orders.order_steps WHERE order_id = :id AND step IN ('await_stock', 'open_payment', 'await_payment');
INSERT INTO orders.order_steps (order_id, step, subject, due_at, tries) VALUES (:id, 'open_payment', '', 0, 0);
UPDATE orders.positions SET seen_at = 0 WHERE consumer = 'orders' AND source = 'catalog' AND partition = :product % 16;
COMMIT;
BEGIN;
UPDATE orders.order_steps SET due_at = 9000000000000000, tries = 1 WHERE order_id = :id AND step = 'open_payment' AND subject = '';
COMMIT;
SELECT * FROM orders.orders WHERE id = :id;
BEGIN;
INSERT INTO payments.payables (id, cancelled) VALUES (:id, 0) ON CONFLICT (id) DO NOTHING;
SELECT cancelled FROM payments.payables WHERE id = :id FOR UPDATE;
SELECT * FROM payments.payments WHERE payable = :id;
INSERT INTO payments.payments (id, payable, user_id, amount_minor, currency, description, status, captured_minor, refunding_minor, refunded_minor, attempts, declines, version, expires_at, created_at)
    VALUES (:payment, :id, :sku, 1250, 'USD', 'Order 7', 'open', 0, 0, 0, 0, 0, 1, 9000000000000000, 0);
INSERT INTO payments.outbox (event_id, topic, key, partition, type, payload, headers, created_at)
    VALUES (gen_random_uuid(), 'payments', :payment, 3, 'payment.created', repeat('x', 300), repeat('x', 250), 0);
COMMIT;
BEGIN;
SELECT * FROM orders.orders WHERE id = :id FOR UPDATE;
SELECT * FROM orders.order_items WHERE order_id = :id;
UPDATE orders.orders SET status = 'confirmed', version = 2, revision = 2, payment_id = :payment WHERE id = :id AND status = 'pending' AND revision = 1;
INSERT INTO orders.order_history (order_id, version, status, actor, at) VALUES (:id, 2, 'confirmed', 'orders', 0);
DELETE FROM orders.order_steps WHERE order_id = :id AND step IN ('await_stock', 'open_payment', 'await_payment');
INSERT INTO orders.order_steps (order_id, step, subject, due_at, tries) VALUES (:id, 'await_payment', '', 9000000000000000, 0);
INSERT INTO orders.outbox (event_id, topic, key, partition, type, payload, headers, created_at)
    VALUES (gen_random_uuid(), 'orders', :id, 3, 'order.confirmed', repeat('x', 400), repeat('x', 250), 0);
COMMIT;
";
