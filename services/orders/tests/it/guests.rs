//! Guests who order, and how they come back to what they ordered.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use auth_api::{EmailConfirmed, UserDeleted};
use futures::future::join_all;
use http::Method;
use kit_runtime::Timestamp;
use kit_testing::{App, Client, EventLog, Identity, Reply, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{BAD_CARD, Buyer, GOOD_CARD, LineState, ORDERS, Shop, text};
use crate::books;
use crate::leaving::{open, open_with};
use crate::streaming::Follower;

const INVALID: &str = "Invalid or expired token";

/// A guest with a cart.
struct Guest {
    token: String,
    orders: Client,
    cart: Client,
}

/// An order that a guest may come back to.
struct Placed {
    id: String,
    token: String,
    orders: Client,
    payments: Client,
}

impl Guest {
    /// Puts something into a cart.
    async fn with(shop: &Shop, sku: &str, quantity: i64) -> Self {
        let stranger = shop.cart.stranger();
        let body = json!({ "sku": sku, "quantity": quantity });
        let token = text(&stranger.post("/cart/items", &body).await.expect(200)["guest_token"]);
        Self {
            orders: shop.orders.stranger().with("x-cart-token", &token),
            cart: stranger.with("x-cart-token", &token),
            token,
        }
    }

    fn keyed(&self, key: &str) -> Client {
        self.orders.with("idempotency-key", key)
    }

    /// Orders a mug.
    async fn send(&self, email: &str) -> Reply {
        self.orders.post("/orders", &mug(email)).await
    }

    async fn buy(&self, shop: &Shop, email: &str) -> Placed {
        Placed::of(shop, &self.send(email).await)
    }
}

impl Placed {
    fn of(shop: &Shop, placed: &Reply) -> Self {
        let placed = placed.expect(201);
        let token = text(&placed["guest_access_token"]);
        Self {
            id: text(&placed["id"]),
            orders: shop.orders.stranger().with_token(&token),
            payments: shop.payments.stranger().with_token(&token),
            token,
        }
    }

    async fn becomes(&self, status: &str) -> Value {
        let path = format!("/orders/{}", self.id);
        eventually("the order is as it should be", async || {
            let order = self.orders.get(&path).await.expect(200);
            (order["status"] == status).then_some(order)
        })
        .await
    }

    async fn pay(&self) -> Reply {
        let body = json!({ "order_id": self.id, "method": GOOD_CARD });
        self.payments.post("/pay", &body).await
    }

    async fn cancel(&self) -> Reply {
        let path = format!("/orders/{}/cancel", self.id);
        self.orders.send(Method::POST, &path, None).await
    }
}

fn mug(email: &str) -> Value {
    json!({ "email": email, "items": [{ "sku": "mug", "quantity": 1 }] })
}

async fn confirm(accounts: &EventLog, identity: &Identity, email: &str) {
    let confirmed = EmailConfirmed {
        user_id: identity.user_id,
        email: email.to_owned(),
        timestamp: Timestamp::from_micros(1),
    };
    accounts.publish(confirmed).await;
}

/// Waits until an order is in somebody's list.
async fn is_listed(buyer: &Buyer, id: &str) {
    eventually("the order is theirs", async || {
        let listed = buyer.orders.client.get("/orders").await.expect(200);
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|order| order["id"] == id)
            .map(drop)
    })
    .await;
}

/// Everything that the service keeps or tells, as text.
async fn everything(app: &App) -> String {
    let mut kept = String::new();
    for statement in [
        "SELECT payload FROM outbox",
        "SELECT scope || COALESCE(body, '') FROM idempotency_keys",
        "SELECT COALESCE(email, '') FROM orders",
        "SELECT actor FROM order_history",
        "SELECT token_hash || salt FROM guest_orders",
        "SELECT subject FROM unpaid_guest_orders",
        "SELECT owner FROM ordered_carts",
    ] {
        for row in app.rows(statement).await {
            kept += &row.get::<String>(0).unwrap();
            kept.push('\n');
        }
    }
    kept
}

on_both_databases! {
    async fn a_guest_orders_what_is_in_the_cart_and_pays_it_by_the_orders_token(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let guest = Guest::with(&shop, "mug", 2).await;
        let reply = guest.keyed("key").post("/orders", &json!({ "email": "Ada@Example.com" })).await;
        let (placed, order) = (Placed::of(&shop, &reply), reply.expect(201));
        assert_eq!((&order["status"], &order["total"]["amount_minor"]), (&json!("pending"), &json!(200)));
        assert_eq!((&order["user_id"], &order["email"]), (&Value::Null, &json!("Ada@example.com")));
        assert_eq!(guest.cart.get("/cart").await.expect(200)["items"], json!([]), "it is empty once the order is answered");
        let confirmed = placed.becomes("confirmed").await;
        assert_eq!(confirmed["guest_access_token"], Value::Null, "it was shown once");
        let payment = text(&confirmed["payment_id"]);
        let path = format!("/payments/{payment}");
        assert_eq!(placed.payments.get(&path).await.expect(200)["status"], "open");
        let bad = json!({ "payment_id": payment, "method": BAD_CARD });
        placed.payments.post("/pay", &bad).await.expect(402);
        let checkout = placed.payments.send(Method::POST, &format!("{path}/checkout"), None).await;
        assert!(checkout.expect(200)["checkout_url"].is_string());
        // It waits for its payer; paying by card takes its place only when it is closed.
        let page = text(&checkout.json()["checkout_url"]);
        let page = page.rsplit('/').next().unwrap();
        let abandon = json!({ "action": "abandon" });
        shop.payments.stranger().post(&format!("/checkout/{page}"), &abandon).await.expect(200);
        // A token says by itself which payment.
        let paid = placed.payments.post("/pay", &json!({ "method": GOOD_CARD })).await.expect(200);
        assert_eq!(paid["payments"][0]["id"], payment);
        placed.becomes("paid").await;
        assert_eq!(placed.pay().await.expect(200), paid, "once");
        let mut follower = Follower::open_by(shop.orders.address, &placed.token, &placed.id, None).await;
        follower.expect(&[(1, "pending"), (2, "confirmed"), (3, "paid")]).await;
        let timeline = placed.orders.get(&format!("/orders/{}/timeline", placed.id)).await.expect(200);
        assert_eq!(timeline["items"].as_array().map(Vec::len), Some(3));
        // Staff see whose it is.
        let seen = shop.clerk.client.get("/admin/orders?q=ADA@example.com").await.expect(200);
        assert_eq!((&seen["items"][0]["id"], &seen["items"][0]["email"]), (&order["id"], &order["email"]));
        let kept = everything(&shop.orders).await;
        let cart = guest.cart.get("/cart").await;
        assert!(kept.contains("Ada@example.com") && cart.status == 200);
        assert!(!kept.contains("gat_") && !kept.contains("cart_"), "no secret is kept or told: {kept}");
        books::agree(&shop).await;
    }

    async fn a_guests_token_opens_one_order_and_nothing_else(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let guest = Guest::with(&shop, "mug", 1).await;
        let (placed, other) = (guest.buy(&shop, "a@example.com").await, guest.buy(&shop, "a@example.com").await);
        let ada = shop.buyer("ada");
        let hers = ada.confirm(&[("mug", 1)]).await;
        placed.becomes("confirmed").await;
        let payment_of_other = text(&other.becomes("confirmed").await["payment_id"]);
        for id in [&other.id, &hers] {
            for path in [format!("/orders/{id}"), format!("/orders/{id}/timeline"), format!("/orders/{id}/events")] {
                placed.orders.get(&path).await.expect_error(404, "Order not found");
            }
            placed.orders.send(Method::POST, &format!("/orders/{id}/cancel"), None).await.expect(404);
            let body = json!({ "order_id": id, "method": GOOD_CARD });
            placed.payments.post("/pay", &body).await.expect_error(404, "Payment not found");
        }
        let path = format!("/payments/{payment_of_other}");
        placed.payments.get(&path).await.expect_error(404, "Payment not found");
        placed.payments.send(Method::POST, &format!("{path}/checkout"), None).await.expect(404);
        ada.payments.client.get(&path).await.expect(404);
        let body = json!({ "order_id": other.id, "method": GOOD_CARD });
        ada.payments.client.post("/pay", &body).await.expect(404);
        ada.orders.client.get(&format!("/orders/{}", other.id)).await.expect(404);
        for path in ["/orders", "/admin/orders", &format!("/admin/orders/{}", placed.id)] {
            placed.orders.get(path).await.expect_error(401, INVALID);
        }
        placed.orders.with("x-cart-token", "cart_x").post("/orders", &mug("a@example.com")).await.expect_error(401, INVALID);
        placed.payments.get("/payments").await.expect_error(401, INVALID);
        placed.payments.post("/transactions", &json!({ "amount": 5 })).await.expect_error(401, INVALID);
        // One that was made up.
        let own = format!("/orders/{}", placed.id);
        let forged = format!("gat_{}", "A".repeat(43));
        for bad in [&forged, "gat_", &placed.token[..40], &placed.token.to_uppercase(), &placed.token.replace("gat_", "")] {
            let reply = shop.orders.stranger().with_token(bad).get(&own).await;
            reply.expect_error(401, INVALID);
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
        let stranger = shop.payments.stranger().with_token(&forged);
        stranger.send(Method::POST, "/pay", None).await.expect_error(404, "Payment not found");
        shop.orders.stranger().get(&own).await.expect_error(401, "Missing authorization header");
        // What it opens, it opens.
        let cancelled = placed.cancel().await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        books::agree(&shop).await;
    }

    async fn a_guest_has_a_cart_and_says_an_address(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let stranger = shop.orders.stranger();
        stranger.post("/orders", &mug("a@example.com")).await.expect_error(401, "Missing authorization header");
        for bad in ["", "cart_", "gat_x", &"x".repeat(10_000)] {
            let reply = stranger.with("x-cart-token", bad).post("/orders", &mug("a@example.com")).await;
            reply.expect_error(401, "Missing authorization header");
        }
        let guest = Guest::with(&shop, "mug", 3).await;
        let items = json!([{ "sku": "mug", "quantity": 1 }]);
        let reply = guest.orders.post("/orders", &json!({ "items": items })).await.expect(400);
        assert_eq!(reply["errors"], json!([{ "pointer": "/email", "message": "is needed of a guest" }]));
        for bad in [json!("nope"), json!(""), json!(7), json!("a\u{0}@example.com")] {
            guest.orders.post("/orders", &json!({ "items": items, "email": bad })).await.expect(400);
        }
        // A user's address is that of the account, also with a guest's cart beside it.
        let ada = shop.buyer("ada").orders.client;
        ada.post("/orders", &mug("a@example.com")).await.expect(400);
        let made = Guest::with(&shop, "mug", 1).await;
        let mixed = ada.with("x-cart-token", "cart_x").post("/orders", &json!({ "items": items })).await.expect(201);
        assert!(mixed["user_id"].is_string() && mixed["guest_access_token"].is_null(), "{mixed}");
        assert_eq!(shop.orders.count(ORDERS).await, 1);
        // Named items leave the cart alone.
        guest.buy(&shop, "a@example.com").await;
        for cart in [&guest.cart, &made.cart] {
            assert_eq!(cart.get("/cart").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
        }
        guest.orders.post("/orders", &json!({ "email": "a@example.com" })).await.expect(201);
        guest.orders.post("/orders", &json!({ "email": "a@example.com" })).await.expect_error(409, "the cart is empty");
        books::agree(&shop).await;
    }

    async fn fifty_orders_of_a_guest_with_a_key_are_one_with_one_token(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 60).await;
        let (guest, eve) = (Guest::with(&shop, "mug", 1).await, Guest::with(&shop, "mug", 1).await);
        let keyed = guest.keyed("key");
        let body = json!({ "email": "a@example.com" });
        let replies = join_all((0..50).map(|_| keyed.post("/orders", &body))).await;
        let placed = Placed::of(&shop, &replies[0]);
        assert!(replies.iter().all(|reply| (reply.status, &reply.body) == (replies[0].status, &replies[0].body)));
        assert_eq!(shop.orders.count(ORDERS).await, 1);
        keyed.post("/orders", &mug("a@example.com")).await.expect(422);
        // Another guest has keys of their own.
        let other = eve.keyed("key").post("/orders", &body).await.expect(201);
        assert_ne!(other["id"], placed.id.as_str());
        // And the same after a restart; the token opens the order there, too.
        placed.becomes("confirmed").await;
        let shop = shop.restart_orders(fixture).await;
        let again = shop.orders.stranger().with("x-cart-token", &guest.token);
        let again = again.with("idempotency-key", "key").post("/orders", &body).await;
        assert_eq!(again.body, replies[0].body);
        let placed = Placed::of(&shop, &again);
        placed.pay().await.expect(200);
        placed.becomes("paid").await;
        // A cancellation has keys of its own.
        let keyed = Placed { orders: placed.orders.with("idempotency-key", "key"), ..placed };
        let replies = join_all((0..10).map(|_| keyed.cancel())).await;
        assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
        books::agree(&shop).await;
    }

    async fn a_guest_has_only_so_many_orders_that_wait(fixture: &Fixture) {
        let limits = [("orders.most_unpaid_of_guest", "3"), ("orders.most_unpaid_of_network", "5")];
        let (shop, _) = open_with(fixture, &limits).await;
        shop.sell("mug", 100, 60).await;
        let guest = Guest::with(&shop, "mug", 1).await;
        let emails: Vec<_> = (0..20).map(|number| format!("a{number}@example.com")).collect();
        let replies = join_all(emails.iter().map(|email| guest.send(email))).await;
        let placed: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert_eq!(placed.len(), 3, "of one cart, also at once");
        let refused = replies.iter().find(|reply| reply.status != 201).unwrap();
        refused.expect_error(409, "at most 3 orders may wait to be paid");
        // To one address, whatever the cart.
        let placed = Placed::of(&shop, placed[0]);
        placed.cancel().await.expect(200);
        let mut sent = Vec::new();
        for _ in 0..4 {
            let other = Guest::with(&shop, "mug", 1).await;
            sent.push(other.send("Same@example.com").await.status.as_u16());
        }
        assert_eq!(sent, [201, 201, 201, 409]);
        // And from one network, whatever else.
        let other = Guest::with(&shop, "mug", 1).await;
        other.send("b@example.com").await.expect_error(409, "at most 5 orders may wait to be paid");
        shop.buyer("ada").create(&[("mug", 1)]).await;
        books::agree(&shop).await;
    }

    async fn who_confirms_the_address_gets_the_order(fixture: &Fixture) {
        let (shop, accounts) = open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let guest = Guest::with(&shop, "mug", 1).await;
        let (first, open, other) = (
            guest.buy(&shop, "ada@example.com").await,
            guest.buy(&shop, "ADA@example.com").await,
            guest.buy(&shop, "eve@example.com").await,
        );
        for order in [&first, &open, &other] {
            order.becomes("confirmed").await;
        }
        first.pay().await.expect(200);
        first.becomes("paid").await;
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        confirm(&accounts, &ada.orders.identity, "Ada@example.com").await;
        is_listed(&ada, &first.id).await;
        is_listed(&ada, &open.id).await;
        assert_eq!(ada.order(&first.id).await["user_id"], json!(ada.orders.identity.user_id));
        for id in [&first.id, &open.id] {
            eve.orders.client.get(&format!("/orders/{id}")).await.expect(404);
        }
        ada.orders.client.get(&format!("/orders/{}", other.id)).await.expect(404);
        // Who ordered it comes back to it as before, and is not told that there is an account.
        assert_eq!(open.becomes("confirmed").await["user_id"], Value::Null);
        // The payment is hers as well. What somebody ordered with her address is paid by name only.
        let payment = text(&ada.order(&open.id).await["payment_id"]);
        eventually("the payment is hers", async || {
            let found = ada.payments.client.get(&format!("/payments/{payment}")).await;
            (found.status == 200).then_some(())
        })
        .await;
        let nothing = ada.payments.client.send(Method::POST, "/pay", None).await.expect(200);
        assert_eq!(nothing["payments"], json!([]));
        ada.pay(&open.id).await.expect(200);
        assert_eq!(ada.becomes(&open.id, "paid").await["email"], "ADA@example.com");
        // Nobody takes it from her.
        confirm(&accounts, &eve.orders.identity, "ada@example.com").await;
        confirm(&accounts, &eve.orders.identity, "eve@example.com").await;
        is_listed(&eve, &other.id).await;
        eve.orders.client.get(&format!("/orders/{}", first.id)).await.expect(404);
        books::agree(&shop).await;
    }

    async fn an_order_that_changes_hands_while_its_payment_is_opened_is_paid_by_its_owner(fixture: &Fixture) {
        let (shop, accounts) = open(fixture).await;
        shop.sell("mug", 100, 9).await;
        // It is opened as a guest's, and nobody hears of it.
        shop.line.set(LineState::LosesAnswers);
        let placed = Guest::with(&shop, "mug", 1).await.buy(&shop, "ada@example.com").await;
        eventually("the payment is open", async || shop.payment(&placed.id).await).await;
        let ada = shop.buyer("ada");
        confirm(&accounts, &ada.orders.identity, "ada@example.com").await;
        is_listed(&ada, &placed.id).await;
        assert_eq!(ada.status(&placed.id).await, "pending");
        shop.line.set(LineState::Works);
        fixture.advance(Duration::from_mins(2));
        ada.becomes(&placed.id, "confirmed").await;
        eventually("the payment is hers", async || {
            fixture.advance(Duration::from_secs(1));
            (ada.pay(&placed.id).await.status == 200).then_some(())
        })
        .await;
        placed.becomes("paid").await;
        books::agree(&shop).await;
    }

    async fn what_is_ordered_with_the_address_of_an_account_is_its_once_it_is_paid(fixture: &Fixture) {
        let (shop, accounts) = open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let ada = shop.buyer("ada");
        confirm(&accounts, &ada.orders.identity, "ada@example.com").await;
        eventually("it is known", async || {
            (shop.orders.count("SELECT user_id FROM confirmed_addresses").await == 1).then_some(())
        })
        .await;
        let placed = Guest::with(&shop, "mug", 1).await.buy(&shop, "Ada@example.com").await;
        placed.becomes("confirmed").await;
        let listed = ada.orders.client.get("/orders").await.expect(200);
        assert_eq!(listed["items"], json!([]), "nobody has shown yet that it is more than a name");
        placed.pay().await.expect(200);
        is_listed(&ada, &placed.id).await;
        assert_eq!(placed.becomes("paid").await["user_id"], Value::Null);
        let found = shop.clerk.client.get("/admin/orders?q=ada@example.com").await.expect(200);
        assert_eq!(found["items"][0]["user_id"], json!(ada.orders.identity.user_id));
        // With the account goes what the order says of her, and the token with it.
        let deleted = UserDeleted {
            user_id: ada.orders.identity.user_id,
            timestamp: Timestamp::from_micros(2),
        };
        assert_eq!(placed.cancel().await.expect(200)["email"], "Ada@example.com");
        accounts.publish(deleted).await;
        let path = format!("/orders/{}", placed.id);
        eventually("it is forgotten", async || {
            let seen = shop.clerk.client.get(&path).await.expect(200);
            seen["email"].is_null().then_some(())
        })
        .await;
        placed.orders.get(&path).await.expect_error(401, INVALID);
        assert_eq!(shop.orders.count("SELECT user_id FROM confirmed_addresses").await, 0);
        books::agree(&shop).await;
    }

    async fn a_guest_is_forgotten_a_while_after_the_order_is_over(fixture: &Fixture) {
        let (shop, _) = open_with(fixture, &[("orders.guest_time_to_live", "2d")]).await;
        shop.sell("mug", 100, 9).await;
        let placed = Guest::with(&shop, "mug", 1).await.buy(&shop, "ada@example.com").await;
        placed.becomes("confirmed").await;
        placed.cancel().await.expect(200);
        let path = format!("/orders/{}", placed.id);
        fixture.advance(Duration::from_hours(47));
        assert_eq!(placed.orders.get(&path).await.expect(200)["email"], "ada@example.com");
        fixture.advance(Duration::from_hours(2));
        eventually("it is forgotten", async || {
            (placed.orders.get(&path).await.status == 401).then_some(())
        })
        .await;
        let clerk = shop.orders.staff();
        assert_eq!(clerk.client.get(&path).await.expect(200)["email"], Value::Null);
        books::agree(&shop).await;
    }
}
