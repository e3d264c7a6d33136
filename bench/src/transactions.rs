//! Transactions of users: `POST /api/transactions` through the gateway, by many users at once, each on a connection
//! of its own. One counts once it is answered, which is after its commit is synced.
//!
//! On SQLite it is the whole platform, statistics included, as `stoa up` runs it. On PostgreSQL the gateway, auth
//! and payments run in one process, so that the server does what pgbench beside it has done too: the same
//! statements in the same tables, for other users. Each is told with as many connections as pgbench has then:
//! those that a service writes on by default, and as many as there are users.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use crate::call;
use crate::database::Database;
use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::{Talker, talk};
use crate::pgbench::pgbench;
use crate::program::{Running, Under, free_address};
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;
use crate::scene::{Embedded, Hashing, embedded, register, set};

/// Who makes transactions, and how many of them at once.
const USERS: usize = 32;

/// Connections for writing that a service has by default.
const DEFAULT_WRITERS: usize = 3;

/// One cent: nobody comes to the limit. pgbench takes what follows a colon for a variable, also in a text.
const SCRIPT: &str = r#"\set person random(1, 32)
BEGIN;
INSERT INTO payments.spending AS spending (user_id, transactions, created_minor, unpaid_minor)
    VALUES ('bench-' || CAST(:person AS TEXT), 1, 1, 1) ON CONFLICT (user_id) DO UPDATE
    SET transactions = spending.transactions + 1,
        created_minor = spending.created_minor + excluded.created_minor,
        unpaid_minor = spending.unpaid_minor + excluded.unpaid_minor
    WHERE spending.created_minor <= 99999
    RETURNING transactions AS number, gen_random_uuid() AS posting \gset
INSERT INTO payments.transactions (id, user_id, number, amount_minor, description, status, created_at)
    VALUES (gen_random_uuid(), 'bench-' || CAST(:person AS TEXT), :number, 1, 'books', 'pending', 0);
INSERT INTO payments.ledger_transactions (id, kind, reference, posted_at)
    VALUES (:posting, 'transaction_created', gen_random_uuid(), 0);
INSERT INTO payments.ledger_entries (ledger_transaction_id, line, account_id, amount_minor)
    VALUES (CAST(:posting AS TEXT), 1, concat_ws(chr(58), 'receivable', 'bench-' || CAST(:person AS TEXT), 'USD'), 1), (CAST(:posting AS TEXT), 2, concat_ws(chr(58), 'revenue', 'USD'), -1);
INSERT INTO payments.outbox (event_id, topic, key, partition, type, payload, headers, created_at)
    VALUES (gen_random_uuid(), 'transactions', 'bench-' || CAST(:person AS TEXT), 3, 'transaction.created',
            '{"transaction_id":"txn_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c","user_id":"usr_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c","amount":0.01,"description":"books","timestamp":"2026-01-31T12:00:00.000000Z"}',
            '{"ce_specversion":"1.0","ce_id":"0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c","ce_type":"transaction.created","ce_source":"/payments","ce_time":"2026-01-31T12:00:00.000000Z"}', 0);
COMMIT;
"#;

/// The accounts of pgbench's users.
const ACCOUNTS: &str = "INSERT INTO payments.accounts (id, kind, user_id, currency)
    SELECT 'receivable:bench-' || person || ':USD', 'receivable', 'bench-' || person, 'USD'
    FROM generate_series(1, 32) AS person";

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let platform = embedded(folders, &folders.fresh("transactions")?, Hashing::Cheap)?;
    let open = Open::start(platform)?;
    let measured = open.measure(effort, || Ok(None))?;
    measured.add_rows("SQLite, the whole platform", report);
    open.process.stop()?;
    for connections in [DEFAULT_WRITERS, USERS] {
        let database = Database::create(folders)?;
        let folder = folders.fresh("transactions")?;
        let open = Open::start(on_postgres(folders, &folder, &database, connections)?)?;
        database.change(ACCOUNTS)?;
        let measured = open.measure(effort, || {
            pgbench(&database.url(), connections, (&folder, SCRIPT), effort.span)
        })?;
        measured.add_rows(&format!("PostgreSQL, connections: {connections}"), report);
        open.process.stop()?;
    }
    Ok(())
}

/// Those who make transactions and nobody who counts them, in one process.
fn on_postgres(
    folders: &Folders,
    folder: &Path,
    database: &Database,
    writers: usize,
) -> anyhow::Result<Embedded> {
    let mut platform = embedded(folders, folder, Hashing::Cheap)?;
    let program = &mut platform.program;
    program.args = ["run", "--services", "gateway,auth,payments"]
        .map(str::to_owned)
        .to_vec();
    set(&mut program.settings, "DATABASE__URL", &database.url());
    set(&mut program.settings, "DATABASE__WRITERS", &writers);
    // The gateway wants to know where everybody is; these are never asked.
    for absent in ["PEERS__USERS", "PEERS__ANALYTICS"] {
        set(
            &mut program.settings,
            absent,
            &format!("http://{}", free_address()?),
        );
    }
    Ok(platform)
}

/// The platform at work, and its users.
struct Open {
    process: Running,
    gateway: SocketAddr,
    tokens: Vec<String>,
}

impl Open {
    fn start(Embedded { mut program, gateway }: Embedded) -> anyhow::Result<Self> {
        set(&mut program.settings, "AUTH__TOKEN_ON_REGISTER", &"true");
        let process = program.start(Under::Nothing)?;
        let tokens = (0..USERS)
            .map(|number| sign_up(gateway, number))
            .collect::<Result<_, _>>()?;
        process.settle()?;
        Ok(Self {
            process,
            gateway,
            tokens,
        })
    }

    fn measure(
        &self,
        effort: &Effort,
        peer: impl Fn() -> anyhow::Result<Option<f64>>,
    ) -> anyhow::Result<Measured> {
        let (mut rates, mut slowest, mut peers) = (Vec::new(), Vec::new(), Vec::new());
        talk(self.gateway, self.buyers(), effort.warm_up)?;
        for _ in 0..effort.repeats {
            let (outcome, _) = talk(self.gateway, self.buyers(), effort.span)?;
            rates.push(outcome.rate());
            slowest.push(outcome.ninety_ninth());
            peers.extend(peer()?);
        }
        Ok(Measured {
            rates: Samples::of(rates),
            slowest: Samples::of(slowest),
            peer: (!peers.is_empty()).then(|| Samples::of(peers)),
        })
    }

    fn buyers(&self) -> Vec<Buyer> {
        self.tokens.iter().map(|token| Buyer::new(token)).collect()
    }
}

struct Measured {
    rates: Samples,
    /// In milliseconds.
    slowest: Samples,
    peer: Option<Samples>,
}

impl Measured {
    fn add_rows(&self, what: &str, report: &mut Report) {
        let what = format!("{what}, {USERS} at once");
        let row = Row::new("transactions", what.clone(), "transactions/s", &self.rates);
        report.add(match &self.peer {
            Some(peer) => row.against("pgbench", peer).reach(Reach::RatioAtLeast(0.7)),
            None => row,
        });
        report.add(Row::new(
            "transactions",
            format!("{what}, p99"),
            "ms",
            &self.slowest,
        ));
    }
}

fn sign_up(gateway: SocketAddr, number: usize) -> anyhow::Result<String> {
    let account = register(gateway, &format!("payer{number}"))?;
    let token = account["token"].as_str();
    token.map(str::to_owned).context("a registration without a token")
}

/// Somebody who makes the same transaction again and again.
struct Buyer(Vec<u8>);

impl Buyer {
    fn new(token: &str) -> Self {
        let body = json!({ "amount": 0.01, "description": "books" });
        Self(call::post_request("/api/transactions", Some(token), &body))
    }
}

impl Talker for Buyer {
    fn request(&self) -> &[u8] {
        &self.0
    }

    fn receive(&mut self, _: &[u8]) -> anyhow::Result<()> {
        Ok(())
    }
}
