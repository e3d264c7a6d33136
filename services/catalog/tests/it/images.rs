//! Pictures of products.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::io::Cursor;

use bytes::Bytes;
use futures::future::join_all;
use http::Method;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder as _, ImageFormat, ImageReader, Rgb, RgbImage, RgbaImage};
use kit_testing::{Person, Reply, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, path_of, pointers, start, text};

const BOUNDARY: &str = "a-line-that-is-in-no-picture";
const MULTIPART: &str = "multipart/form-data; boundary=a-line-that-is-in-no-picture";

/// A form of parts, each a name and what it holds.
pub(crate) fn form(parts: &[(&str, &[u8])]) -> Bytes {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let file = if *name == "file" {
            "; filename=\"../../etc/passwd\""
        } else {
            ""
        };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend(head.bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body.into()
}

pub(crate) async fn send(person: &Person, product: &Value, body: Bytes) -> Reply {
    let path = format!("{}/images", path_of("products", product));
    person
        .client
        .send_raw(Method::POST, &path, Some(MULTIPART), body)
        .await
}

pub(crate) async fn add(person: &Person, product: &Value, file: &[u8]) -> Value {
    send(person, product, form(&[("file", file), ("alt", b"A mug")]))
        .await
        .expect(201)
}

fn written(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    written(RgbImage::new(width, height), ImageFormat::Png)
}

/// Where a picture is on the service's own port.
pub(crate) fn own(image: &Value) -> String {
    text(&image["url"]).strip_prefix("/api").unwrap().to_owned()
}

pub(crate) fn read(reply: &Reply) -> DynamicImage {
    let reader = ImageReader::new(Cursor::new(reply.body.clone())).with_guessed_format();
    reader.unwrap().decode().unwrap()
}

on_both_databases! {
    async fn a_picture_is_shown_with_its_product_and_kept_for_ever(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        let image = add(&clerk, &product, &png(900, 6)).await;
        assert!(text(&image["key"]).starts_with("img_"));
        assert_eq!(image, json!({ "key": image["key"], "url": format!("/api/images/{}", text(&image["key"])), "alt": "A mug" }));
        let stranger = app.stranger();
        let shown = stranger.get(&path_of("products", &product)).await;
        assert_eq!(shown.expect(200)["images"], json!([image]));
        assert_eq!(shown.header("etag"), "\"2\"");
        assert_eq!(stranger.get("/products?q=mug").await.expect(200)["items"][0]["images"], json!([image]));
        for (query, width, tag) in [("", 900, "\"whole\""), ("?w=400", 400, "\"400\""), ("?w=800", 800, "\"800\""), ("?w=1600", 900, "\"1600\"")] {
            let reply = stranger.get(&format!("{}{query}", own(&image))).await;
            assert_eq!((reply.status.as_u16(), read(&reply).width()), (200, width), "{query}");
            assert_eq!(reply.header("content-type"), "image/jpeg");
            assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert_eq!(reply.header("etag"), tag);
            let again = stranger.with("if-none-match", tag).get(&format!("{}{query}", own(&image))).await;
            assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        }
        stranger.get(&format!("{}?w=500", own(&image))).await.expect(400);
        for nowhere in ["/images/img_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "/images/nothing", "/images/..%2f..%2fetc"] {
            stranger.get(nowhere).await.expect(404);
        }
        // After a restart it is still there.
        app.stop().await;
        let app = start(fixture).await;
        assert_eq!(read(&app.stranger().get(&own(&image)).await).width(), 900);
    }

    async fn nothing_of_the_original_is_kept_but_what_is_to_be_seen(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        // Two pixels, the left one red; the camera was turned, so that it belongs on top. And it knows a place.
        let picture = RgbImage::from_fn(16, 8, |x, _| if x < 8 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend(b"GPS 52.5163 13.3777");
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new(&mut file);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.encode_image(&picture).unwrap();
        file.extend(b"<script>alert(1)</script>");
        let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(contains(&file, b"GPS 52"));
        let image = add(&clerk, &product, &file).await;
        let reply = app.stranger().get(&own(&image)).await;
        assert!(!contains(&reply.body, b"GPS") && !contains(&reply.body, b"<script>") && !contains(&reply.body, b"Exif"));
        let shown = read(&reply).into_rgb8();
        assert_eq!(shown.dimensions(), (8, 16));
        let (top, bottom) = (shown.get_pixel(4, 2).0, shown.get_pixel(4, 13).0);
        assert!(top[0] > 200 && top[2] < 60, "{top:?}");
        assert!(bottom[2] > 200 && bottom[0] < 60, "{bottom:?}");
    }

    async fn what_can_be_looked_through_stays_so(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let image = add(&clerk, &product, &written(RgbaImage::new(8, 8), format)).await;
            let reply = app.stranger().get(&own(&image)).await;
            assert_eq!(reply.header("content-type"), "image/png");
            assert_eq!(read(&reply).into_rgba8().get_pixel(3, 3).0[3], 0);
        }
    }

    async fn what_is_no_picture_of_a_product_changes_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        let good = png(8, 8);
        for (body, code, wrong) in [
            (form(&[("file", b"<svg/>")]), "validation_failed", &["/file"][..]),
            (form(&[("file", &good[..40])]), "validation_failed", &["/file"]),
            (form(&[("file", b"")]), "validation_failed", &["/file"]),
            (form(&[("alt", b"A mug")]), "validation_failed", &["/file"]),
            (form(&[("file", &good), ("file", &good)]), "validation_failed", &["/file"]),
            (form(&[("file", &good), ("alt", &[b'x'; 501])]), "validation_failed", &["/alt"]),
            (form(&[("file", &good), ("colour", b"blue")]), "invalid_form", &[]),
            (form(&[("file", &good), ("alt", b"\xff")]), "validation_failed", &["/alt"]),
            (Bytes::from_static(b"nothing"), "invalid_form", &[]),
        ] {
            let refused = send(&clerk, &product, body).await.expect(400);
            assert_eq!((&refused["code"], pointers(&refused)), (&json!(code), wrong.iter().map(ToString::to_string).collect()), "{refused}");
        }
        let path = format!("{}/images", path_of("products", &product));
        clerk.client.post(&path, &json!({})).await.expect_error(415, "the content type must be `multipart/form-data`");
        let nobody = json!({ "id": "prd_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c" });
        send(&clerk, &nobody, form(&[("file", &good)])).await.expect_error(404, "Product not found");
        assert_eq!(app.count("SELECT key FROM images").await, 0);
        let kept = std::fs::read_dir(fixture.data().join("images")).unwrap();
        let files = kept.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
        assert_eq!(files.count(), 0, "what was refused is in nobody's folder");
    }

    async fn a_product_has_twenty_pictures_however_many_come_at_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let product = clerk.create_simple("Mug", "mug").await;
        let body = form(&[("file", &png(2, 2))]);
        // Fewer at once than wait for their turn.
        let mut replies = join_all((0..12).map(|_| send(&clerk, &product, body.clone()))).await;
        replies.extend(join_all((0..12).map(|_| send(&clerk, &product, body.clone()))).await);
        let added = replies.iter().filter(|reply| reply.status == 201).count();
        let refused: Vec<_> = replies.iter().filter(|reply| reply.status != 201).collect();
        assert_eq!((added, refused.len()), (20, 4));
        for reply in refused {
            assert_eq!(reply.expect(409)["code"], "too_many_images");
        }
        let shown = app.stranger().get(&path_of("products", &product)).await.expect(200);
        assert_eq!(shown["images"].as_array().map(Vec::len), Some(20));
    }

    async fn a_picture_is_taken_away(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let (mug, cup) = (clerk.create_simple("Mug", "mug").await, clerk.create_simple("Cup", "cup").await);
        let (first, second) = (add(&clerk, &mug, &png(3, 3)).await, add(&clerk, &mug, &png(4, 4)).await);
        let path = |product: &Value, image: &Value| format!("{}/images/{}", path_of("products", product), text(&image["key"]));
        clerk.client.delete(&path(&cup, &first)).await.expect_error(404, "Image not found");
        assert_eq!(clerk.client.delete(&path(&mug, &first)).await.expect(200), first);
        clerk.client.delete(&path(&mug, &first)).await.expect(404);
        app.stranger().get(&own(&first)).await.expect(404);
        let shown = app.stranger().get(&path_of("products", &mug)).await.expect(200);
        assert_eq!(shown["images"], json!([second]));
        let third = add(&clerk, &mug, &png(5, 5)).await;
        let shown = app.stranger().get(&path_of("products", &mug)).await.expect(200);
        assert_eq!(shown["images"], json!([second, third]));
    }
}
