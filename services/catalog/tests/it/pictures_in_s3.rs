//! Pictures in an object store that speaks S3, which may be away.

use kit_testing::db::TestTarget;
use kit_testing::{
    AppBuilder, Client, Fixture, MinIoServer, PrivateMinIo, Reply, minio_server, on_both_databases,
};
use serde_json::{Value, json};

use crate::app::{Clerk as _, builder, path_of, start};
use crate::images::{add, form, own, png, read, send};

/// Catalog whose pictures are kept in a bucket.
fn with_store(fixture: &Fixture, store: &MinIoServer) -> AppBuilder {
    builder(fixture).set_all(&[
        ("catalog.pictures.endpoint", &store.endpoint),
        ("catalog.pictures.bucket", &store.bucket),
        ("catalog.pictures.key_id", &store.key_id),
        ("catalog.pictures.secret", &store.secret),
        ("catalog.pictures.time_limit", "2s"),
    ])
}

fn is_away(reply: &Reply) {
    reply.expect_error(503, "Catalog service unavailable");
    assert!(!reply.header("retry-after").is_empty());
}

async fn pictures_of(client: &Client, product: &Value) -> usize {
    let shown = client.get(&path_of("products", product)).await.expect(200);
    shown["images"].as_array().map_or(0, Vec::len)
}

on_both_databases! {
    async fn a_picture_is_kept_in_the_bucket_in_all_its_sizes(fixture: &Fixture) {
        let store = minio_server();
        let (one, other) = (with_store(fixture, &store).start().await, with_store(fixture, &store).start().await);
        let clerk = one.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        let file = png(900, 6);
        // The same file twice is two pictures.
        let images = [add(&clerk, &product, &file).await, add(&clerk, &product, &file).await];
        assert_ne!(images[0]["key"], images[1]["key"]);
        // Any process shows them, since none keeps them.
        for image in &images {
            for (query, width) in [("", 900), ("?w=400", 400), ("?w=800", 800), ("?w=1600", 900)] {
                let reply = other.stranger().get(&format!("{}{query}", own(image))).await;
                assert_eq!((reply.status.as_u16(), read(&reply).width()), (200, width), "{query}");
            }
        }
        assert!(!fixture.data().join("images").exists(), "nothing is in a folder");
        let path = format!("{}/images/{}", path_of("products", &product), crate::app::text(&images[0]["key"]));
        clerk.client.delete(&path).await.expect(200);
        one.stranger().get(&own(&images[0])).await.expect(404);
        assert_eq!(read(&one.stranger().get(&own(&images[1])).await).width(), 900);
        // What is refused leaves nothing, and is refused as with a folder.
        send(&clerk, &product, form(&[("file", b"<svg/>")])).await.expect(400);
        let nobody = json!({ "id": "prd_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c" });
        send(&clerk, &nobody, form(&[("file", &file)])).await.expect_error(404, "Product not found");
        send(&one.sign_up("eve"), &product, form(&[("file", &file)])).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_store_catalog_sells_on_and_asks_to_come_back_for_pictures() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let mut store = PrivateMinIo::start().await;
        let app = with_store(fixture, &store.server()).start().await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        let product = clerk.create_simple("Mug", "mug").await;
        let image = add(&clerk, &product, &png(500, 3)).await;
        let upload = form(&[("file", &png(500, 3))]);
        for is_silent in [false, true] {
            if is_silent {
                store.stop();
            } else {
                store.kill().await;
            }
            is_away(&send(&clerk, &product, upload.clone()).await);
            is_away(&anyone.get(&own(&image)).await);
            assert_eq!(
                pictures_of(&anyone, &product).await,
                1,
                "what was not written is not shown"
            );
            assert!(app.process.readiness.report().await.ready);
            clerk.set_stock("mug", 5).await;
            if is_silent {
                store.go_on();
            } else {
                store.start_again().await;
            }
            assert_eq!(read(&anyone.get(&own(&image)).await).width(), 500);
        }
        send(&clerk, &product, upload).await.expect(201);
        assert_eq!(pictures_of(&anyone, &product).await, 2);
        // A picture that is taken away while the store is away is gone all the same.
        store.kill().await;
        let path = format!(
            "{}/images/{}",
            path_of("products", &product),
            crate::app::text(&image["key"])
        );
        clerk.client.delete(&path).await.expect(200);
        store.start_again().await;
        anyone.get(&own(&image)).await.expect(404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_no_picture_that_is_missing() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let wrong = MinIoServer {
            secret: "another-secret".to_owned(),
            ..minio_server()
        };
        let app = with_store(fixture, &wrong).start().await;
        let clerk = app.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        is_away(&send(&clerk, &product, form(&[("file", &png(3, 3))])).await);
        assert_eq!(pictures_of(&app.stranger(), &product).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_whose_row_was_not_written_are_shown_to_nobody() {
    Fixture::run(TestTarget::postgres().await, async |fixture: &Fixture| {
        // The database goes away between the two, as in a crash.
        let (app, proxy) = builder(fixture).start_behind_proxy().await;
        let clerk = app.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        proxy.cut();
        is_away(&send(&clerk, &product, form(&[("file", &png(3, 3))])).await);
        proxy.mend();
        let folder = fixture.data().join("images");
        let left = std::fs::read_dir(folder).map_or(0, Iterator::count);
        assert_eq!(left, 1, "its bytes are there");
        assert_eq!(pictures_of(&app.stranger(), &product).await, 0);
        add(&clerk, &product, &png(3, 3)).await;
        assert_eq!(pictures_of(&app.stranger(), &product).await, 1);
        // Beside it, everything is as ever after a start.
        app.stop().await;
        let app = start(fixture).await;
        assert_eq!(pictures_of(&app.stranger(), &product).await, 1);
    })
    .await;
}
