//! Signed addresses, listings, and pages of the platform's own origin.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use bytes::Bytes;
use http::Method;
use kit_testing::{Client, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Customer as _, Shop, presign, put, soon, target};
use crate::back_ends::on_both_back_ends;

async fn write(ada: &Client, s3: &Client, key: &str) -> Value {
    let signed = presign(ada, "PUT", key).await;
    assert_eq!(signed.header("cache-control"), "no-store");
    let signed = signed.expect(200);
    let written = put(s3, &signed, &format!("the bytes of {key}")).await;
    assert_eq!(written.status, 200, "{written:?}");
    signed
}

on_both_back_ends! {
    async fn objects_go_in_and_out_by_signed_addresses(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let person = shop.sign_up("ada");
        shop.serve(&person, "a").await;
        let (ada, s3) = (&person.client, shop.s3(&person).await);
        // A MinIO takes no empty part of a key.
        let keys = ["a b/ü.txt", "a b/~!*'().txt", back_end.pick("dir//x", "dir/x"), "plus+and%20"];
        for key in keys {
            write(ada, &s3, key).await;
            let signed = presign(ada, "GET", key).await.expect(200);
            let read = s3.get(&target(&signed)).await;
            assert_eq!((read.status.as_u16(), &read.body), (200, &Bytes::from(format!("the bytes of {key}"))));
            let other = s3.delete(&target(&signed)).await;
            assert_eq!(other.status, 403, "it is signed for reading");
            assert_eq!(signed["headers"], json!({}));
        }
        let usage = &ada.service().await["usage"];
        let bytes: usize = keys.iter().map(|key| "the bytes of ".len() + key.len()).sum();
        assert_eq!((&usage["objects"], &usage["bytes"]), (&json!(keys.len()), &json!(bytes)));

        let first = ada.get("/service/objects?limit=3").await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        let last = ada.get(&format!("/service/objects?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!(last["next_cursor"], json!(null));
        let listed = first["items"].as_array().unwrap().iter().chain(last["items"].as_array().unwrap());
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        assert_eq!(listed.map(|object| object["key"].as_str().unwrap()).collect::<Vec<_>>(), sorted);
        let object = &ada.get("/service/objects?prefix=dir/").await.expect(200)["items"][0];
        let content_type = back_end.pick(json!("text/plain"), json!(null));
        assert_eq!((&object["key"], &object["content_type"]), (&json!(keys[2]), &content_type));
    }

    async fn an_address_is_dead_after_a_rotation_and_while_the_service_is_suspended(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let person = shop.sign_up("ada");
        let (instance, _) = shop.serve(&person, "a").await;
        let (ada, s3, adapter) = (&person.client, shop.s3(&person).await, shop.adapter());
        write(ada, &s3, "x").await;
        let read = async |signed: &Value| s3.get(&target(signed)).await.status.as_u16();
        let first = presign(ada, "GET", "x").await.expect(200);
        assert_eq!(read(&first).await, 200);
        ada.rotate().await.expect(200);
        assert_eq!(read(&first).await, 403, "signed before the rotation");
        let second = presign(ada, "GET", "x").await.expect(200);
        assert_eq!(read(&second).await, 200);
        adapter.suspend(&instance, soon()).await.unwrap();
        assert_eq!(read(&second).await, 403, "suspended");
        adapter.resume(&instance, soon()).await.unwrap();
        assert_eq!(read(&second).await, 200, "resumed");
        adapter.unbind(&instance, &instance.id, soon()).await.unwrap();
        assert_eq!(read(&second).await, 403, "unbound");
        shop.deprovision(&instance).await;
        assert_eq!(read(&second).await, 403, "gone");
    }
}

on_both_databases! {
    async fn pages_of_the_platform_alone_may_use_them(fixture: &Fixture) {
        let shop = Shop::start_now(fixture).await.with("a").await;
        let person = shop.sign_up("ada");
        shop.serve(&person, "a").await;
        let s3 = shop.s3(&person).await;
        let signed = write(&person.client, &s3, "x").await;
        let own = s3.with("origin", "http://127.0.0.1:8080");
        let asking = own
            .with("access-control-request-method", "PUT")
            .with("access-control-request-headers", "content-type");
        let allowed = asking.send(Method::OPTIONS, &target(&signed), None).await;
        assert_eq!(allowed.status, 204);
        assert_eq!(allowed.header("access-control-allow-origin"), "http://127.0.0.1:8080");
        assert_eq!(allowed.header("access-control-allow-headers"), "content-type");
        assert!(allowed.header("access-control-allow-methods").contains("PUT"));
        let written = put(&own, &signed, "own").await;
        assert_eq!(written.status, 200);
        assert_eq!(written.header("access-control-allow-origin"), "http://127.0.0.1:8080");
        assert!(written.header("access-control-expose-headers").contains("etag"));
        assert_eq!(written.header("vary"), "origin");
        let foreign = s3.with("origin", "http://127.0.0.1:8081");
        let written = put(&foreign, &signed, "foreign").await;
        assert_eq!((written.status.as_u16(), written.header("access-control-allow-origin")), (200, ""));
        let asking = foreign.with("access-control-request-method", "PUT");
        assert_ne!(asking.send(Method::OPTIONS, &target(&signed), None).await.status, 204);
        assert!(shop.process.metrics.encode().contains("stoa_storage_s3_requests_total"));
    }
}
