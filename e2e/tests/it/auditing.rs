//! What is done by a role, wherever it is done, stands in the one audit log.

use e2e::{Client, Person, Stoa, eventually};
use serde_json::{Value, json};

/// Action, subject and actor of the log's newest lines that services other than auth wrote.
fn done_elsewhere(admin: &Client) -> Vec<[String; 3]> {
    let page = admin.get("/api/admin/audit?limit=100").expect(200);
    let text = |line: &Value, member: &str| line[member].as_str().expect("a text").to_owned();
    let lines = page["items"].as_array().expect("a list").iter();
    lines
        .map(|line| ["action", "subject", "actor"].map(|member| text(line, member)))
        .filter(|[action, ..]| action.starts_with("catalog.") || action.starts_with("users."))
        .collect()
}

every_topology! {
    fn staff_are_accountable(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let admin = gateway.with_token(&stoa.admin_token());
        let root = admin.get("/api/me").expect(200)["user_id"].as_str().expect("an id").to_owned();
        let ada = Person::join(&gateway, "ada");
        ada.make_profile(&gateway, "Reads.");
        // What ada does herself is her own affair; what an admin does to her is not.
        let profile = format!("/users/{}", ada.id);
        let own = ada.at(&gateway).put(&format!("/api{profile}"), &json!({ "bio": "Writes." }));
        own.expect(200);
        admin.put(&format!("/api{profile}"), &json!({ "bio": "" })).expect(200);
        let sku = e2e::person::fresh("mug");
        let product = json!({ "name": "Mug", "variants": [{
            "sku": sku, "price": { "amount_minor": 1250, "currency": "USD" },
        }] });
        admin.post("/api/products", &product).expect(201);
        admin.put(&format!("/api/stock/{sku}"), &json!({ "on_hand": 3 })).expect(200);

        let line = |action: &str, subject: &str| [action.to_owned(), subject.to_owned(), root.clone()];
        let expected = [
            line("catalog.set_stock", &format!("/stock/{sku}")),
            line("catalog.create_product", "/products"),
            line("users.update_user", &profile),
        ];
        eventually("the log has it", || (done_elsewhere(&admin) == expected).then_some(()));
    }
}
