//! The Open Service Broker API 2.17, as an adapter answers it: every status of the specification.

use bytes::Bytes;
use http::Method;
use kit_adapter::{AdapterError, OperationState};
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::asked::{NAMES, Platform, provision_body, provision_body_with};
use crate::fixture::{Host, MemoryAdapter, becomes, instance};

on_both_databases! {
    async fn whoever_is_not_known_or_speaks_otherwise_is_let_in_nowhere(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let host = Host::start(fixture, &adapter).await;
        for path in ["/v2/catalog", "/v2/service_instances/a", "/ext/v1/health", "/ext/v1/service_instances/a/usage"] {
            for password in ["Basic c3RvYTp3cm9uZw==", "Bearer c3RvYTpzZWNyZXQ=", ""] {
                let refused = Platform::with(&host, "authorization", password).get(path).await;
                refused.expect(401);
                assert_eq!(refused.header("www-authenticate"), "Basic realm=\"adapter\"");
            }
        }
        for version in ["3.0", "1.0", "2", "2.1", "two", ""] {
            let refused = Platform::with(&host, "x-broker-api-version", version).get("/v2/catalog").await.expect(412);
            assert!(refused["description"].is_string(), "{version}");
        }
        for version in ["2.13", "2.17", "2.99"] {
            Platform::with(&host, "x-broker-api-version", version).get("/v2/catalog").await.expect(200);
        }
        host.process.client(host.address).get("/v2/catalog").await.expect(401);
        assert_eq!(adapter.done(), Vec::<String>::new());
    }

    async fn the_catalog_names_one_service_and_what_can_be_begun_with(fixture: &Fixture) {
        let host = Host::start(fixture, &MemoryAdapter::default()).await;
        let catalog = Platform::of(&host).get("/v2/catalog").await.expect(200);
        let plan = |id: &str| json!({ "id": id, "name": id, "description": "A place on the shelf" });
        assert_eq!(catalog, json!({ "services": [{
            "id": "shelf", "name": "shelf", "description": "Places on a shelf", "bindable": true,
            "instances_retrievable": true, "bindings_retrievable": false, "plans": [plan("SMALL"), plan("LARGE")],
        }] }));
    }

    async fn an_instance_is_made_found_and_taken_away(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let host = Host::start(fixture, &adapter).await;
        let platform = Platform::of(&host);
        let path = "/v2/service_instances/a";
        platform.get(path).await.expect(404);
        platform.get(&format!("{path}/last_operation")).await.expect(404);
        platform.delete("a").await.expect(410);
        let accepted = platform.put("a", provision_body()).await.expect(202);
        let asked = format!("{path}/last_operation?operation={}&{NAMES}", accepted["operation"].as_str().expect("a name"));
        becomes(&host.client(), &instance("a"), OperationState::Succeeded).await;
        assert_eq!(platform.get(&asked).await.expect(200), json!({ "state": "succeeded" }));
        platform.get(&format!("{path}/last_operation?operation=another")).await.expect(400);
        // The same again is done; other attributes are another instance.
        platform.put("a", provision_body()).await.expect(200);
        for (member, value) in [
            ("plan_id", json!("LARGE")),
            ("context", json!({ "platform": "stoa", "user_id": "v", "username": "ada" })),
            ("parameters", json!({ "sku": "SMALL", "price": { "amount_minor": 1, "currency": "USD" }, "duration_days": 30 })),
        ] {
            platform.put("a", provision_body_with(member, value)).await.expect(409);
        }
        let found = platform.get(path).await.expect(200);
        assert_eq!((&found["plan_id"], &found["parameters"]["duration_days"]), (&json!("SMALL"), &json!(30)));
        platform.send(Method::PATCH, path, json!({ "service_id": "shelf", "plan_id": "SMALL" })).await.expect(200);
        platform.send(Method::PATCH, path, json!({ "service_id": "shelf", "plan_id": "LARGE" })).await.expect(422);
        platform.send(Method::PATCH, path, json!({ "service_id": "shelf", "parameters": {} })).await.expect(422);
        platform.send(Method::PATCH, "/v2/service_instances/b", json!({ "service_id": "shelf" })).await.expect(404);
        platform.delete("a").await.expect(202);
        becomes(&host.client(), &instance("a"), OperationState::Gone).await;
        platform.delete("a").await.expect(410);
        platform.get(path).await.expect(404);
        platform.get(&format!("{path}/last_operation?{NAMES}")).await.expect(410);
        assert_eq!(adapter.done(), ["provision", "deprovision"]);
        // An identifier may be used again: an orphan that was taken away is asked for anew.
        platform.put("a", provision_body_with("plan_id", json!("LARGE"))).await.expect(202);
    }

    async fn what_is_not_a_request_changes_nothing(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let host = Host::start(fixture, &adapter).await;
        let platform = Platform::of(&host);
        let long = "x".repeat(101);
        for id in ["a%20b", "a%2Fb", "%00", "%2E%2E", &*long] {
            platform.put(id, provision_body()).await.expect(400);
            platform.delete(id).await.expect(400);
        }
        for body in [
            json!([]), json!({}), provision_body_with("service_id", json!("other")), provision_body_with("plan_id", json!("NONE")),
            provision_body_with("plan_id", json!("OLD")), provision_body_with("plan_id", json!(7)), provision_body_with("context", Value::Null),
            provision_body_with("parameters", json!({ "sku": "no sku", "price": { "amount_minor": 1, "currency": "USD" }, "duration_days": 30 })),
        ] {
            let refused = platform.put("a", body.clone()).await.expect(400);
            assert!(refused["description"].is_string(), "{body}");
        }
        let path = "/v2/service_instances/a?accepts_incomplete=true";
        platform.send_raw(Method::PUT, path, Bytes::from("{")).await.expect(400);
        platform.send_raw(Method::PUT, path, Bytes::from("x".repeat(70_000))).await.expect(400);
        for path in ["/v2/service_instances/a", "/v2/service_instances/a?accepts_incomplete=false"] {
            let refused = platform.send(Method::PUT, path, provision_body()).await.expect(422);
            assert_eq!(refused["error"], "AsyncRequired");
        }
        let refused = platform.delete_at(&format!("/v2/service_instances/a?{NAMES}")).await.expect(422);
        assert_eq!(refused["error"], "AsyncRequired");
        for query in ["accepts_incomplete=true", "accepts_incomplete=true&service_id=shelf", "accepts_incomplete=true&service_id=x&plan_id=SMALL"] {
            platform.delete_at(&format!("/v2/service_instances/a?{query}")).await.expect(400);
        }
        assert_eq!(adapter.done(), Vec::<String>::new());
        platform.get("/v2/service_instances/a").await.expect(404);
    }

    async fn credentials_are_shown_once_and_taken_away(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let host = Host::start(fixture, &adapter).await;
        let platform = Platform::of(&host);
        let (path, gone) = ("/v2/service_instances/a/service_bindings/b", "/v2/service_instances/c/service_bindings/b");
        let body = json!({ "service_id": "shelf", "plan_id": "SMALL", "bind_resource": {} });
        platform.send(Method::PUT, path, body.clone()).await.expect(404);
        platform.delete_at(&format!("{gone}?{NAMES}")).await.expect(410);
        host.provision(&instance("a")).await;
        let made = platform.send(Method::PUT, path, body.clone()).await.expect(201);
        assert_eq!(made, json!({ "credentials": { "key": "of the shelf" } }));
        assert_eq!(platform.send(Method::PUT, path, body.clone()).await.expect(200), json!({}));
        platform.send(Method::PUT, path, json!({ "service_id": "shelf", "plan_id": "LARGE" })).await.expect(409);
        platform.send(Method::PUT, path, json!({ "service_id": "shelf" })).await.expect(400);
        platform.send(Method::PUT, path, json!({ "service_id": "x", "plan_id": "SMALL" })).await.expect(400);
        platform.send(Method::PUT, "/v2/service_instances/a/service_bindings/b%20", body).await.expect(400);
        platform.get(path).await.expect(404);
        platform.delete_at(path).await.expect(400);
        platform.delete_at(&format!("{path}?{NAMES}")).await.expect(200);
        platform.delete_at(&format!("{path}?{NAMES}")).await.expect(410);
        assert_eq!(adapter.done(), ["provision", "bind", "unbind"]);
    }

    async fn what_the_adapter_cannot_do_is_said_by_its_status(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let host = Host::start(fixture, &adapter).await;
        let platform = Platform::of(&host);
        let body = json!({ "service_id": "shelf", "plan_id": "SMALL" });
        let (binding, extension) = ("/v2/service_instances/a/service_bindings/b", "/ext/v1/service_instances/a");
        adapter.things().faults = vec![AdapterError::Rejected("the shelf is full".to_owned())];
        platform.put("a", provision_body()).await.expect(202);
        let failed = OperationState::Failed { description: "the shelf is full".to_owned() };
        becomes(&host.client(), &instance("a"), failed).await;
        let refused = platform.send(Method::PUT, binding, body.clone()).await.expect(422);
        assert_eq!(refused, json!({ "description": "the instance has failed" }));
        // Asked again it is tried again.
        host.provision(&instance("a")).await;
        let say = |fault| adapter.things().faults.push(fault);
        say(AdapterError::Rejected("no more keys".to_owned()));
        assert_eq!(platform.send(Method::PUT, binding, body.clone()).await.expect(422)["description"], "no more keys");
        say(AdapterError::Unavailable("a secret of the adapter's".to_owned()));
        let broken = platform.send(Method::PUT, binding, body.clone()).await.expect(500);
        assert_eq!(broken["description"], "the adapter failed");
        platform.send(Method::PUT, binding, body).await.expect(201);
        say(AdapterError::Unavailable("nobody measures".to_owned()));
        let away = platform.get(&format!("{extension}/usage")).await;
        away.expect(503);
        assert_eq!(away.header("retry-after"), "1");
        say(AdapterError::Unavailable("it burns".to_owned()));
        platform.get("/ext/v1/health").await.expect(503);
        assert_eq!(platform.get("/ext/v1/health").await.expect(200), json!({ "status": "ok" }));
        let usage = platform.get(&format!("{extension}/usage")).await.expect(200);
        assert_eq!((&usage["bytes"], &usage["objects"]), (&json!(7), &json!(1)));
        for what in ["suspend", "resume"] {
            platform.send(Method::POST, &format!("{extension}/{what}"), json!({})).await.expect(200);
            platform.send(Method::POST, &format!("/ext/v1/service_instances/c/{what}"), json!({})).await.expect(404);
        }
        platform.get("/ext/v1/service_instances/c/usage").await.expect(404);
        platform.delete("a").await.expect(202);
        becomes(&host.client(), &instance("a"), OperationState::Gone).await;
        platform.get(&format!("{extension}/usage")).await.expect(410);
        platform.send(Method::POST, &format!("{extension}/suspend"), json!({})).await.expect(410);
    }
}
