//! A guest buys without an account: by a token for each order, and in a browser by a cookie for the cart.

use std::io::{BufRead as _, BufReader, Write as _};

use e2e::person::{self, CARD, fresh};
use e2e::{Client, Person, Stoa, Topology, eventually};
use kit_testing::Reply;
use serde_json::{Value, json};

const INVALID: &str = "Invalid or expired token";

every_topology! {
    fn a_guest_buys_and_comes_back(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let sku = offer(&gateway.with_token(&stoa.admin_token()));
        let (name, guest) = (fresh("guest"), cart(&gateway, &sku));
        let (placed, other) = (buy(&guest, &sku, &name), buy(&guest, &sku, "other"));
        let (id, order) = (text(&placed["id"]), opened(&gateway, &placed));
        let path = format!("/api/orders/{id}");
        let confirmed = becomes(&order, &id, "confirmed");
        // It opens this order alone, and another's token does not.
        let strange = opened(&gateway, &other);
        strange.get(&path).expect_error(404, "Order not found");
        strange.post("/api/pay", &json!({ "order_id": id, "method": CARD })).expect(404);
        for client in [&gateway.with_token(&format!("gat_{}", "A".repeat(43))), &gateway.with_token("gat_x")] {
            client.get(&path).expect_error(401, INVALID);
        }
        for path in ["/api/orders", "/api/payments", "/api/notifications", "/api/admin/orders", "/api/profile"] {
            order.get(path).expect_error(401, INVALID);
        }
        gateway.get(&path).expect_error(401, "Missing authorization header");
        // Every process ends and comes back; the token still opens it.
        stoa.restart();
        let gateway = stoa.gateway();
        let order = opened(&gateway, &placed);
        let payment = format!("/api/payments/{}", text(&confirmed["payment_id"]));
        assert_eq!(order.get(&payment).expect(200)["status"], "open");
        let paid = order.post("/api/pay", &json!({ "order_id": id, "method": CARD })).expect(200);
        assert_eq!(paid["amount_paid"]["amount_minor"], 1250);
        assert_eq!(first_events(&order, &format!("{path}/events"), 3), ["pending", "confirmed", "paid"]);
        let seen = gateway.with_token(&stoa.admin_token()).get(&path).expect(200);
        assert_eq!((&seen["user_id"], &seen["email"]), (&Value::Null, &json!(person::email(&name))));
        if stoa.topology == Topology::Embedded {
            adopts(stoa, &name, &placed);
        }
    }

    fn a_browser_has_its_cart_in_a_cookie(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let sku = offer(&gateway.with_token(&stoa.admin_token()));
        let page = gateway.with("Sec-Fetch-Site", "same-origin");
        let item = json!({ "sku": sku, "quantity": 1 });
        let cookie = cookie(&page.post("/api/cart/items", &item));
        let browser = page.with("Cookie", &format!("theme=dark; {cookie}"));
        assert_eq!(self::cookie(&browser.post("/api/cart/items", &item)), cookie, "it is kept for longer");
        assert_eq!(browser.get("/api/cart").expect(200)["items"][0]["quantity"], 2);
        let body = json!({ "email": "guest@example.com" });
        let elsewhere = gateway.with("Cookie", &cookie);
        for site in ["cross-site", "same-site", "none"] {
            let refused = elsewhere.with("Sec-Fetch-Site", site).post("/api/orders", &body);
            assert_eq!(refused.expect(403)["code"], "cross_site_request", "{site}");
        }
        elsewhere.with("Origin", "https://evil.example").post("/api/cart/items", &item).expect(403);
        let placed = browser.post("/api/orders", &body).expect(201);
        assert_eq!(placed["total"]["amount_minor"], 2500);
        assert_eq!(browser.get("/api/cart").expect(200)["items"], json!([]));
        // A client that is no browser gets no cookie.
        assert_eq!(gateway.post("/api/cart/items", &item).header("set-cookie"), "");
    }
}

/// Whoever confirms the address finds the order in their list.
fn adopts(stoa: &Stoa, name: &str, placed: &Value) {
    let gateway = stoa.gateway();
    let (somebody, admin) = (
        Person::join(&gateway, "other"),
        gateway.with_token(&stoa.admin_token()),
    );
    gateway
        .post("/api/register", &person::registration(name))
        .expect(200);
    let mail = eventually("the address is to be confirmed", || {
        let path = format!("/api/mailbox?to={}", person::email(name));
        let mails = admin.get(&path).expect(200);
        let is_one = |mail: &&Value| {
            mail["subject"]
                .as_str()
                .is_some_and(|subject| subject.contains("Confirm"))
        };
        mails["items"]
            .as_array()
            .expect("a page")
            .iter()
            .find(is_one)
            .cloned()
    });
    let mail = admin
        .get(&format!("/api/mailbox/{}", text(&mail["id"])))
        .expect(200);
    let (_, token) = mail["text"]
        .as_str()
        .expect("a text")
        .rsplit_once("/confirm-email#")
        .expect("a link");
    let token: String = token.chars().take(43).collect();
    gateway
        .post("/api/email/confirm", &json!({ "token": token }))
        .expect(202);
    eventually("the guest was told by mail", || {
        let path = format!("/api/mailbox?to={}", person::email(name));
        let mails = admin.get(&path).expect(200);
        let mut subjects = mails["items"]
            .as_array()
            .expect("a page")
            .iter()
            .map(|mail| mail["subject"].as_str());
        subjects
            .any(|subject| subject.is_some_and(|subject| subject.ends_with("is paid")))
            .then_some(())
    });
    let owner = gateway.with_token(&person::sign_in(&gateway, name));
    let id = &placed["id"];
    eventually("the order is theirs", || {
        let listed = owner.get("/api/orders").expect(200);
        listed["items"]
            .as_array()
            .expect("a page")
            .iter()
            .find(|order| order["id"] == *id)
            .map(drop)
    });
    let path = format!("/api/orders/{}", text(id));
    assert_eq!(
        opened(&gateway, placed).get(&path).expect(200)["user_id"],
        Value::Null
    );
    somebody.at(&gateway).get(&path).expect(404);
}

fn offer(staff: &Client) -> String {
    let sku = fresh("mug");
    let product = json!({ "name": "Mug", "variants": [{
        "sku": sku, "price": { "amount_minor": 1250, "currency": "USD" },
    }] });
    staff.post("/api/products", &product).expect(201);
    staff
        .put(&format!("/api/stock/{sku}"), &json!({ "on_hand": 100 }))
        .expect(200);
    sku
}

/// A guest who has something in the cart.
fn cart(gateway: &Client, sku: &str) -> Client {
    let made = gateway.post("/api/cart/items", &json!({ "sku": sku, "quantity": 1 }));
    assert_eq!(made.expect(200)["guest_token"], made.header("x-cart-token"));
    gateway.with("X-Cart-Token", made.header("x-cart-token"))
}

fn buy(guest: &Client, sku: &str, name: &str) -> Value {
    let body = json!({ "email": person::email(name), "items": [{ "sku": sku, "quantity": 1 }] });
    guest.post("/api/orders", &body).expect(201)
}

/// Whoever has an order's token.
fn opened(gateway: &Client, placed: &Value) -> Client {
    gateway.with_token(&text(&placed["guest_access_token"]))
}

fn becomes(client: &Client, id: &str, status: &str) -> Value {
    eventually(&format!("the order is {status}"), || {
        let order = client.get(&format!("/api/orders/{id}")).expect(200);
        (order["status"] == status).then_some(order)
    })
}

/// The statuses that a stream begins with.
fn first_events(client: &Client, path: &str, count: usize) -> Vec<String> {
    let mut stream = client.connect().expect("a connection");
    stream
        .write_all(client.request("GET", path, None).as_bytes())
        .expect("sent");
    let lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    let statuses = lines.filter_map(|line| Some(line.strip_prefix("event: ")?.trim().to_owned()));
    statuses.take(count).collect()
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(reply: &Reply) -> String {
    reply.expect(200);
    let set = reply.header("set-cookie");
    let (pair, rules) = set.split_once("; ").expect("a cookie with rules");
    assert!(pair.starts_with("stoa-cart=cart_"), "{set}");
    assert_eq!(rules, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    pair.to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
