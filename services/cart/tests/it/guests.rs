//! Guests, who have nothing but a token.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_testing::on_both_databases;

use crate::app::{CARTS, Shop, Shopper as _, guest_with, lines, named, unknown_token};

on_both_databases! {
    async fn a_guests_first_line_makes_a_cart_and_its_token(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let made = shop.stranger().send_add("mug", 2).await;
        let cart = made.expect(200);
        let token = made.header("x-cart-token").to_owned();
        assert_eq!(cart["guest_token"], token.as_str());
        assert!(token.starts_with("cart_") && token.len() == 48, "{token}");
        let guest = shop.stranger().with("x-cart-token", &token);
        assert_eq!(guest.lines().await, named(&[("mug", 2)]));
        // It is shown once.
        let again = guest.send_add("mug", 1).await;
        assert_eq!(lines(&again.expect(200)), named(&[("mug", 3)]));
        assert_eq!((again.header("x-cart-token"), &again.json()["guest_token"]), ("", &serde_json::Value::Null));
        guest.set("mug", 4).await;
        assert_eq!(guest.lines().await, named(&[("mug", 4)]));
        assert_eq!(shop.count(CARTS).await, 1);
    }

    async fn a_token_is_stored_as_a_hash_only(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let (_, token) = guest_with(&shop, "mug", 1).await;
        let owner: String = shop.rows(CARTS).await[0].get("owner").unwrap();
        assert!(owner.starts_with("guest:") && owner.len() == 70, "{owner}");
        assert!(!owner.contains(token.trim_start_matches("cart_")), "{owner}");
    }

    async fn a_token_that_nobody_knows_opens_nothing(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let (guest, token) = guest_with(&shop, "mug", 1).await;
        let longer = format!("{token}A");
        let shouted = token.to_uppercase();
        let unknown = unknown_token();
        for bad in [unknown.as_str(), "cart_", "", "rubbish", "Bearer x", &longer, &shouted, &token[5..]] {
            let client = shop.stranger().with("x-cart-token", bad);
            assert_eq!(client.lines().await, [], "{bad}");
            client.send_set("mug", 2).await.expect_error(404, "Item not found");
            client.send_remove("mug").await.expect_error(404, "Item not found");
            client.delete("/cart").await.expect(200);
            // No client chooses its token: others could choose it for them.
            let made = client.add("mug", 2).await;
            assert_ne!(made["guest_token"], bad);
            assert_eq!(lines(&made), named(&[("mug", 2)]), "{bad}");
        }
        assert_eq!(guest.lines().await, named(&[("mug", 1)]), "and touches nobody's");
        assert_eq!(shop.count(CARTS).await, 9);
    }

    async fn a_token_given_twice_is_none(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let (_, token) = guest_with(&shop, "mug", 1).await;
        let request = format!("GET /cart HTTP/1.1\r\nhost: a\r\nx-cart-token: {token}\r\nx-cart-token: {token}\r\nconnection: close\r\n\r\n");
        let answer = exchange(shop.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"items\":[]"), "{answer}");
    }

    async fn beside_a_users_token_a_guests_is_not_looked_at(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let (guest, token) = guest_with(&shop, "mug", 1).await;
        let ada = shop.sign_up("ada").client.with("x-cart-token", &token);
        assert_eq!(ada.lines().await, []);
        let added = ada.send_add("mug", 3).await;
        assert_eq!(lines(&added.expect(200)), named(&[("mug", 3)]));
        assert_eq!(added.header("x-cart-token"), "");
        assert_eq!(guest.lines().await, named(&[("mug", 1)]));
    }

    async fn a_bad_access_token_does_not_make_somebody_a_guest(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let (guest, _) = guest_with(&shop, "mug", 1).await;
        let client = guest.with_token("rubbish");
        client.get("/cart").await.expect_error(401, "Invalid or expired token");
        client.send_add("mug", 1).await.expect_error(401, "Invalid or expired token");
        assert_eq!(guest.lines().await, named(&[("mug", 1)]));
    }

    async fn a_guests_cart_is_there_as_long_as_something_is_in_it(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let (guest, token) = guest_with(&shop, "mug", 1).await;
        guest.remove("mug").await;
        assert_eq!(shop.count(CARTS).await, 0);
        let made = guest.add("mug", 1).await;
        assert_ne!(made["guest_token"], token.as_str());
        assert!(made["guest_token"].is_string());
        // A refused first line makes none.
        shop.stranger().send_add("nope", 1).await.expect(404);
        shop.stranger().send_add("mug", 99).await.expect(409);
        assert_eq!(shop.count(CARTS).await, 1);
    }
}

/// Sends bytes, and reads the answer to its end.
async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
