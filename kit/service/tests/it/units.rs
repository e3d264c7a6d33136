//! Units of work that are done once for each idempotency key.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use http::{Method, StatusCode};
use kit_db::{Migrations, Reader, Tx, sql};
use kit_http::extract::{Json, Path};
use kit_http::{Access, Guard, Handlers, Route, RouteTable};
use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::Ids;
use kit_service::{Call, Failure, JsonAnswer, Units};
use kit_testing::db::TestTarget;
use kit_testing::{Client, Fixture, Identity, open_database};
use kit_values::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::failing::OrdersRefusal;

const MIGRATIONS: Migrations = Migrations::new(&[(
    "0001_notes.sql",
    "CREATE TABLE notes (id TEXT PRIMARY KEY, shelf TEXT NOT NULL, body TEXT NOT NULL);",
)]);

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
}

#[derive(Serialize)]
struct NoteView {
    id: String,
    text: String,
}

async fn add(
    State(units): State<Units>,
    call: Call,
    Path(shelf): Path<String>,
    Json(note): Json<Note>,
) -> Result<JsonAnswer<NoteView>, Failure<OrdersRefusal>> {
    let (id, asked) = (units.new_id::<Uuid>().to_string(), note.clone());
    let unit = async move |tx: &mut Tx| {
        if note.text.is_empty() {
            return Err(Failure::Refused(OrdersRefusal::CartEmpty));
        }
        sql("INSERT INTO notes (id, shelf, body) VALUES ($1, $2, $3)")
            .bind(&id)
            .bind(&shelf)
            .bind(&note.text)
            .execute(tx)
            .await?;
        Ok(NoteView { id, text: note.text })
    };
    units.once(&call, &asked, unit).await
}

/// Adds a note and declines; without a text it is refused.
async fn decline(
    State(units): State<Units>,
    call: Call,
    Json(note): Json<Note>,
) -> Result<JsonAnswer<NoteView>, Failure<OrdersRefusal>> {
    let (id, asked) = (units.new_id::<Uuid>().to_string(), note.clone());
    let work = async {
        if note.text.is_empty() {
            return Err(Failure::Refused(OrdersRefusal::CartEmpty));
        }
        let view = NoteView {
            id: id.clone(),
            text: note.text,
        };
        let unit = async move |tx: &mut Tx| {
            let insert = sql("INSERT INTO notes (id, shelf, body) VALUES ($1, 'a', 'b')").bind(&id);
            insert.execute(tx).await?;
            Ok::<_, Failure<OrdersRefusal>>(())
        };
        units.unit(&call, unit).await?;
        Ok((StatusCode::PAYMENT_REQUIRED, view))
    };
    units.once_with_calls(&call, &asked, work).await
}

async fn notes(fixture: &Fixture) -> (Units, Client) {
    let process = fixture.process();
    let db = open_database(
        &process,
        ("notes", process.clock()),
        fixture.target(),
        &MIGRATIONS,
    )
    .await;
    let units = Units::new(db, process.clock(), Ids::system());
    let route = Route::new(Method::POST, "/shelves/{shelf}", "add_note", Access::User)
        .answer::<String>(StatusCode::CREATED, json!({}))
        .idempotent();
    let declining = Route::new(Method::POST, "/decline", "decline", Access::User)
        .answer::<String>(StatusCode::OK, json!({}))
        .idempotent();
    let guard = Guard::new(process.verifier.clone());
    let router: Router = Handlers::new(RouteTable::new("notes", vec![route, declining]), guard)
        .on("add_note", add)
        .on("decline", decline)
        .finish(units.clone())
        .unwrap();
    let address = process.serve(router).await;
    let client = process.client_of(address, &Identity::customer("ada"));
    (units, client)
}

async fn count(units: &Units) -> usize {
    let read = async |reader: &mut Reader| sql("SELECT id FROM notes").all(reader).await;
    units.read(read).await.unwrap().len()
}

kit_testing::on_both_databases! {
    async fn a_key_is_for_one_operation_path_and_body(fixture: &Fixture) {
        let (units, client) = notes(fixture).await;
        let keyed = client.with("idempotency-key", "key");
        let first = keyed.post("/shelves/a", &json!({ "text": "x" })).await;
        first.expect(201);
        let again = keyed.post("/shelves/a", &json!({ "text": "x" })).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "to the byte");
        assert_eq!(again.header("content-type"), "application/json");
        for (path, text) in [("/shelves/b", "x"), ("/shelves/a", "y")] {
            let other = keyed.post(path, &json!({ "text": text })).await;
            other.expect_error(422, "`Idempotency-Key` was used for another request");
        }
        assert_eq!(count(&units).await, 1);
        client.post("/shelves/a", &json!({ "text": "x" })).await.expect(201);
        assert_eq!(count(&units).await, 2);
    }

    async fn an_answer_of_several_units_is_kept_with_its_status(fixture: &Fixture) {
        let (units, client) = notes(fixture).await;
        let keyed = client.with("idempotency-key", "key");
        keyed.post("/decline", &json!({ "text": "" })).await.expect_error(409, "the cart is empty");
        let first = keyed.post("/decline", &json!({ "text": "x" })).await;
        first.expect(402);
        let sent = (0..20).map(|_| async { keyed.post("/decline", &json!({ "text": "x" })).await });
        for again in futures::future::join_all(sent).await {
            assert_eq!((again.status, &again.body), (first.status, &first.body));
        }
        keyed.post("/decline", &json!({ "text": "y" })).await.expect(422);
        assert_eq!(count(&units).await, 1);
        client.post("/decline", &json!({ "text": "x" })).await.expect(402);
        assert_eq!(count(&units).await, 2);
    }

    async fn a_refusal_is_not_kept(fixture: &Fixture) {
        let (units, client) = notes(fixture).await;
        let keyed = client.with("idempotency-key", "key");
        keyed.post("/shelves/a", &json!({ "text": "" })).await.expect_error(409, "the cart is empty");
        keyed.post("/shelves/a", &json!({ "text": "x" })).await.expect(201);
        assert_eq!(count(&units).await, 1);
    }
}

/// Nobody could tell one guest's keys from another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_owner_a_key_means_nothing() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let (units, _) = notes(fixture).await;
        let context = CallContext::new(Actor::Anonymous, Deadline::after(Duration::from_secs(20)));
        let call = Call::by_contract(&context.with_idempotency_key("key"), "add");
        let add = async |call: &Call<Actor>| {
            let id = units.new_id::<Uuid>().to_string();
            let unit = async move |tx: &mut Tx| {
                let insert = sql("INSERT INTO notes (id, shelf, body) VALUES ($1, 'a', 'b')").bind(&id);
                insert.execute(tx).await?;
                Ok::<_, Failure<OrdersRefusal>>(())
            };
            units.once(call, &(), unit).await.unwrap();
            count(&units).await
        };
        assert_eq!([add(&call).await, add(&call).await], [1, 2]);
        let owned = call.with_key_owner("guest");
        assert_eq!([add(&owned).await, add(&owned).await], [3, 3]);
    })
    .await;
}
