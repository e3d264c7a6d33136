//! Many ask at once, also of several processes.

use futures::future::join_all;
use http::Method;
use kit_adapter::{AdapterFault, OperationState, Progress};
use kit_testing::on_both_databases;
use serde_json::json;

use crate::asked::{NAMES, Platform, provision_body};
use crate::fixture::{Host, MemoryAdapter, becomes, instance, operation, soon};

on_both_databases! {
    async fn fifty_who_ask_for_one_instance_get_one(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let hosts = [Host::start(fixture, &adapter).await, Host::start(fixture, &adapter).await];
        let clients = [hosts[0].client(), hosts[1].client()];
        let a = instance("a");
        let asked = join_all((0..50).map(|turn: usize| clients[turn % 2].provision(&a, soon()))).await;
        let operations: Vec<_> = asked.into_iter().map(|asked| asked.expect("it is accepted")).collect();
        let mut names: Vec<_> = operations.into_iter().filter_map(operation).collect();
        names.dedup();
        assert!(names.len() <= 1, "{names:?}");
        becomes(&clients[0], &a, OperationState::Succeeded).await;
        let bound = join_all((0..10).map(|turn: usize| clients[turn % 2].bind(&a, "b", soon()))).await;
        let shown = bound.iter().filter(|bound| matches!(bound, Ok(Some(_)))).count();
        assert_eq!(shown, 1, "{bound:?}");
        let told: Vec<_> = bound.into_iter().filter_map(Result::err).collect();
        assert!(told.iter().all(|fault| matches!(fault, AdapterFault::NotNow(_))), "{told:?}");
        let gone = join_all((0..50).map(|turn: usize| clients[turn % 2].deprovision(&a, soon()))).await;
        assert!(gone.iter().all(Result::is_ok), "{gone:?}");
        becomes(&clients[1], &a, OperationState::Gone).await;
        assert_eq!(adapter.done(), ["provision", "bind", "deprovision"]);
    }

    async fn of_two_who_change_an_instance_one_comes_again(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let host = Host::start(fixture, &adapter).await;
        let (platform, client, a) = (Platform::of(&host), host.client(), instance("a"));
        let binding = "/v2/service_instances/a/service_bindings/b";
        let body = json!({ "service_id": "shelf", "plan_id": "SMALL" });
        adapter.things().waits = true;
        platform.put("a", provision_body()).await.expect(202);
        adapter.has_begun().await;
        platform.put("a", provision_body()).await.expect(202);
        for refused in [
            platform.delete("a").await,
            platform.send(Method::PUT, binding, body).await,
            platform.get("/ext/v1/service_instances/a/usage").await,
            platform.send(Method::POST, "/ext/v1/service_instances/a/suspend", json!({})).await,
        ] {
            assert_eq!(refused.expect(422)["error"], "ConcurrencyError");
        }
        let last = platform.get(&format!("/v2/service_instances/a/last_operation?{NAMES}")).await.expect(200);
        assert_eq!(last, json!({ "state": "in progress" }));
        adapter.go_on();
        becomes(&client, &a, OperationState::Succeeded).await;
        // What is done at once keeps others away as well.
        adapter.things().waits = true;
        let (suspending, others) = (client.suspend(&a, soon()), async {
            adapter.has_begun().await;
            assert!(matches!(client.deprovision(&a, soon()).await, Err(AdapterFault::NotNow(_))));
            assert!(matches!(client.resume(&a, soon()).await, Err(AdapterFault::NotNow(_))));
            assert_eq!(client.provision(&a, soon()).await, Ok(Progress::Done));
            adapter.go_on();
        });
        let (suspended, ()) = futures::join!(suspending, others);
        assert_eq!(suspended, Ok(()));
        assert_eq!(client.resume(&a, soon()).await, Ok(()));
        assert_eq!(adapter.done(), ["provision", "suspend", "resume"]);
    }
}
