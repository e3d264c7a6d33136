//! What statements give back, and that both databases give the same.

use kit_db::{Db, Dialect, Reader, Row, Session, StoreError, Tx, UnitError, WriteError, sql};
use kit_runtime::{Ids, Timestamp};
use kit_testing::both_databases;

use crate::shop::{MIGRATIONS, ids, insert, save};

kit_values::typed_id! {
    /// For the tests.
    struct AccountId("acc_");
}

async fn rows(db: &Db, text: &'static str) -> Vec<Row> {
    db.read(async move |reader: &mut Reader| sql(text).all(reader).await)
        .await
        .unwrap()
}

/// What a unit of one statement fails with.
async fn failure(db: &Db, text: &'static str) -> StoreError {
    let failed = db.write(async move |tx: &mut Tx| sql(text).execute(tx).await);
    match failed.await {
        Err(WriteError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

both_databases! {
    migrations = MIGRATIONS;

    async fn every_type_survives_its_column(db: Db) {
        let id = AccountId::from(Ids::system().uuid());
        let created = Timestamp::from_micros(1_700_000_000_123_456);
        let row = db.write(async move |tx: &mut Tx| {
            sql("INSERT INTO accounts (id, username, email, active, balance, avatar, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 RETURNING id, username, email, active, balance, avatar, created_at")
            .bind(id.to_string())
            .bind("Zoë 🦊")
            .bind(Option::<&str>::None)
            .bind(false)
            .bind(i64::MAX)
            .bind(vec![0, 255, 10])
            .bind(created)
            .one(tx)
            .await
        });
        let row = row.await.unwrap();
        assert_eq!(row.parse::<AccountId>("id").unwrap(), id);
        assert_eq!(row.get::<String>("username").unwrap(), "Zoë 🦊");
        assert_eq!(row.get::<Option<String>>("email").unwrap(), None);
        assert_eq!(row.parse_optional::<AccountId>("email").unwrap(), None);
        assert!(!row.get::<bool>("active").unwrap());
        assert_eq!(row.get::<i64>("balance").unwrap(), i64::MAX);
        assert_eq!(row.get::<i64>(4).unwrap(), i64::MAX);
        assert_eq!(row.get::<Vec<u8>>("avatar").unwrap(), [0, 255, 10]);
        assert_eq!(row.get::<Timestamp>("created_at").unwrap(), created);
    }

    async fn nulls_of_every_type_are_read_as_none(db: Db) {
        let row = db.write(async |tx: &mut Tx| {
            sql("INSERT INTO accounts (id, username, email, avatar) VALUES ($1, $2, $3, $4) \
                 RETURNING email, avatar, CAST(NULL AS BIGINT) AS count")
            .bind("a")
            .bind("a")
            .bind(Option::<String>::None)
            .bind(Option::<Vec<u8>>::None)
            .one(tx)
            .await
        });
        let row = row.await.unwrap();
        assert_eq!(row.get::<Option<String>>("email").unwrap(), None);
        assert_eq!(row.get::<Option<Vec<u8>>>("avatar").unwrap(), None);
        assert_eq!(row.get::<Option<i64>>("count").unwrap(), None);
        assert_eq!(row.get::<Option<Timestamp>>("count").unwrap(), None);
        assert_eq!(row.get::<Option<bool>>("count").unwrap(), None);
        assert!(matches!(row.get::<i64>("count"), Err(StoreError::Column { .. })));
        assert!(matches!(row.get::<bool>("count"), Err(StoreError::Column { .. })));
    }

    async fn a_column_that_is_not_there_or_holds_something_else_is_an_error(db: Db) {
        save(&db, "a").await.unwrap();
        let row = rows(&db, "SELECT id, balance + 7 AS seven FROM accounts").await.remove(0);
        let missing = row.get::<i64>("nothing").unwrap_err();
        assert!(missing.to_string().contains("`nothing`"), "{missing}");
        assert!(row.get::<i64>("id").is_err());
        assert!(row.get::<String>("seven").is_err());
        assert!(row.get::<bool>("seven").is_err(), "7 is no flag");
        assert_eq!(row.get::<u16>("seven").unwrap(), 7);
        assert!(row.parse::<AccountId>("id").is_err());
    }

    async fn each_kind_of_violation_is_told_apart_by_name(db: Db) {
        save(&db, "a").await.unwrap();
        let unique = failure(&db, "INSERT INTO accounts (id, username) VALUES ('b', 'a')").await;
        assert!(matches!(unique, StoreError::Unique(_)), "{unique:?}");
        assert!(unique.violates("accounts_username_key", "accounts.username"), "{unique:?}");
        assert!(!unique.violates("accounts_pkey", "accounts.id"));

        let check = failure(&db, "UPDATE accounts SET balance = -1").await;
        assert!(matches!(check, StoreError::Check(_)), "{check:?}");
        assert!(check.violates("accounts_balance_check", "accounts_balance_check"), "{check:?}");

        let foreign = failure(&db, "INSERT INTO orders (id, account_id) VALUES ('o', 'nobody')").await;
        assert!(matches!(foreign, StoreError::ForeignKey(_)), "{foreign:?}");
        assert!(foreign.violates("orders_account_id_fkey", ""), "{foreign:?}");

        let null = failure(&db, "INSERT INTO accounts (id, username) VALUES ('c', NULL)").await;
        assert!(matches!(null, StoreError::NotNull(_)), "{null:?}");
        assert!(null.violates("accounts.username", "accounts.username"), "{null:?}");
        assert_eq!(ids(&db).await, ["a"]);
    }

    async fn a_defect_in_a_statement_is_a_database_error(db: Db) {
        let defect = failure(&db, "SELECT nonsense FROM nowhere").await;
        assert!(matches!(defect, StoreError::Database(_)), "{defect:?}");
        let read = db.read(async |reader: &mut Reader| sql("SELECT nonsense").all(reader).await);
        assert!(read.await.is_err());
        assert!(ids(&db).await.is_empty(), "the reader works on");
    }

    async fn a_value_is_never_text_of_the_statement(db: Db) {
        let evil = "'); DROP TABLE accounts; --";
        save(&db, evil).await.unwrap();
        assert_eq!(ids(&db).await, [evil]);
    }

    async fn optional_parts_number_their_values(db: Db) {
        for id in ["a", "b", "c", "d"] {
            save(&db, id).await.unwrap();
        }
        let found = db.read(async |reader: &mut Reader| {
            sql("SELECT id FROM accounts WHERE active = $1")
                .bind(true)
                .push(" AND id IN ")
                .push_list(["a", "c", "d"])
                .push(" AND id > ")
                .push_bind("a")
                .push(" ORDER BY id LIMIT ")
                .push_bind(1_i64)
                .all(reader)
                .await
        });
        let found = found.await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].get::<String>("id").unwrap(), "c");
        let none = db.read(async |reader: &mut Reader| {
            let nobody = Vec::<String>::new();
            sql("SELECT id FROM accounts WHERE id IN ").push_list(nobody).all(reader).await
        });
        assert!(none.await.unwrap().is_empty());
    }

    async fn one_row_means_exactly_one(db: Db) {
        let none = db.read(async |reader: &mut Reader| sql("SELECT id FROM accounts").one(reader).await);
        assert!(matches!(none.await.map(|_| ()), Err(StoreError::RowCount { found: 0 })));
        save(&db, "a").await.unwrap();
        save(&db, "b").await.unwrap();
        let two = db.read(async |reader: &mut Reader| sql("SELECT id FROM accounts").optional(reader).await);
        assert!(matches!(two.await.map(|_| ()), Err(StoreError::RowCount { found: 2 })));
    }

    async fn ids_sort_by_bytes_and_page_by_key(db: Db) {
        for id in ["b", "B", "a", "Z", "ä", "_"] {
            save(&db, id).await.unwrap();
        }
        assert_eq!(ids(&db).await, ["B", "Z", "_", "a", "b", "ä"]);
        let page = db.read(async |reader: &mut Reader| {
            sql("SELECT id FROM accounts WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT 2")
                .bind(0_i64)
                .bind("Z")
                .all(reader)
                .await
        });
        let page: Vec<String> = page.await.unwrap().iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(page, ["_", "a"]);
    }

    async fn sums_and_upserts_are_one_text(db: Db) {
        let sum = db.write(async |tx: &mut Tx| {
            for amount in [3_i64, 4] {
                sql("INSERT INTO accounts (id, username, balance) VALUES ('a', 'a', $1) \
                     ON CONFLICT (id) DO UPDATE SET balance = accounts.balance + excluded.balance")
                .bind(amount)
                .execute(tx)
                .await?;
            }
            let sum = sql("SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM accounts").one(tx).await?;
            sum.get::<i64>(0)
        });
        assert_eq!(sum.await.unwrap(), 7);
        let kept = db.write(async |tx: &mut Tx| {
            sql("INSERT INTO accounts (id, username) VALUES ('a', 'a') ON CONFLICT DO NOTHING").execute(tx).await
        });
        assert_eq!(kept.await.unwrap(), 0);
    }

    async fn json_is_read_out_of_text(db: Db) {
        let row = rows(&db, "SELECT CAST('[1,2,3]' AS TEXT) AS list, CAST('[' AS TEXT) AS broken").await.remove(0);
        assert_eq!(row.json::<Vec<i64>>("list").unwrap(), [1, 2, 3]);
        assert!(row.json::<Vec<i64>>("broken").is_err());
    }

    async fn a_store_function_serves_transactions_and_readers(db: Db) {
        async fn count(on: &mut impl Session) -> Result<i64, StoreError> {
            let row = sql("SELECT CAST(COUNT(*) AS BIGINT) FROM accounts").one(on).await?;
            row.get(0)
        }
        let inside = db.write(async |tx: &mut Tx| {
            insert(tx, "a").await?;
            Ok::<_, UnitError<()>>(count(tx).await?)
        });
        assert_eq!(inside.await.unwrap(), 1);
        let outside = db.read(async |reader: &mut Reader| {
            assert!(matches!(reader.dialect(), Dialect::Sqlite | Dialect::Postgres));
            count(reader).await
        });
        assert_eq!(outside.await.unwrap(), 1);
    }
}
