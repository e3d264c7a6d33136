//! kill −9 in the middle of writes. What a client was told is done is done; what it was not told is done whole
//! or not at all.

use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::person::{credentials, fresh, registration};
use e2e::waiting::within;
use e2e::{Client, Person, Stoa, patience};
use kit_runtime::Ids;
use serde_json::{Value, json};

const WRITERS: usize = 4;
const ROUNDS: usize = 4;
const CHANGES: u64 = 4;

/// What one client was told, and the last thing it was not.
#[derive(Default)]
struct Answered {
    accounts: Vec<Account>,
    doubtful_name: Option<String>,
}

struct Account {
    name: String,
    /// The last change of the profile that was acknowledged.
    changed: Option<u64>,
    /// The last one that was asked for.
    wanted: Option<u64>,
}

/// Writes until an answer fails to come, counting what is acknowledged.
fn write(gateway: &Client, acknowledged: &AtomicUsize) -> Answered {
    let mut told = Answered::default();
    loop {
        let name = fresh("crash");
        let Some(_) = answer(gateway, "POST", "/api/register", &registration(&name)) else {
            told.doubtful_name = Some(name);
            return told;
        };
        acknowledged.fetch_add(1, Ordering::Relaxed);
        let mut account = Account {
            name,
            changed: None,
            wanted: None,
        };
        let wrote = change(gateway, &mut account, acknowledged);
        told.accounts.push(account);
        if wrote.is_none() {
            return told;
        }
    }
}

fn change(gateway: &Client, account: &mut Account, acknowledged: &AtomicUsize) -> Option<()> {
    let session = answer(gateway, "POST", "/api/login", &credentials(&account.name))?;
    let signed_in = gateway.with_token(session["token"].as_str()?);
    for change in 1..=CHANGES {
        account.wanted = Some(change);
        answer(&signed_in, "PUT", "/api/profile", &profile(change))?;
        account.changed = Some(change);
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    Some(())
}

/// Both members are of one write, so they must always be of one write.
fn profile(change: u64) -> Value {
    json!({ "full_name": format!("name {change}"), "bio": format!("bio {change}") })
}

/// An acknowledgement. Behind a gateway that lives on, the death of a service is a 502 or a 503.
pub(crate) fn answer(client: &Client, method: &str, path: &str, body: &Value) -> Option<Value> {
    let reply = client.try_send(method, path, Some(body)).ok()?;
    match reply.status.as_u16() {
        200 => Some(reply.json()),
        502 | 503 => None,
        _ => panic!("{method} {path}: {reply:?}"),
    }
}

fn check(gateway: &Client, told: &Answered) {
    for account in &told.accounts {
        let session = gateway
            .post("/api/login", &credentials(&account.name))
            .expect(200);
        let signed_in = gateway.with_token(session["token"].as_str().unwrap_or_default());
        let found = signed_in.get("/api/profile");
        if account.changed.is_none() && found.status.as_u16() == 404 {
            continue;
        }
        let found = found.expect(200);
        let (least, most) = (account.changed.unwrap_or(1), account.wanted.unwrap_or(0));
        let seen = (least..=most).find(|change| {
            let wrote = profile(*change);
            found["bio"] == wrote["bio"] && found["full_name"] == wrote["full_name"]
        });
        assert!(
            seen.is_some(),
            "acknowledged {least}, asked for {most}, found {found}"
        );
    }
    if let Some(name) = &told.doubtful_name {
        let signed_in = gateway.post("/api/login", &credentials(name));
        if signed_in.status.as_u16() == 401 {
            gateway.post("/api/register", &registration(name)).expect(200);
        } else {
            signed_in.expect(200);
        }
    }
}

every_topology! {
    fn nothing_acknowledged_is_lost_and_nothing_is_half_done(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let mut all = Vec::new();
        for round in 0..ROUNDS {
            let acknowledged = AtomicUsize::new(0);
            let [random] = Ids::system().random::<1>();
            let moment = 3 + usize::from(random) % 60;
            std::thread::scope(|scope| {
                let writers: Vec<_> = (0..WRITERS)
                    .map(|_| scope.spawn(|| write(&gateway, &acknowledged)))
                    .collect();
                // Killed in any case: writers go on for as long as they are answered.
                let busy = within(patience(), || {
                    (acknowledged.load(Ordering::Relaxed) >= moment).then_some(())
                });
                // The gateway lives on where it is a process of its own.
                for service in ["auth", "users"] {
                    if stoa.node(service).is_alive() {
                        stoa.node_mut(service).kill();
                    }
                }
                assert!(busy.is_some(), "only {acknowledged:?} writes in {:?}", patience());
                all.extend(writers.into_iter().map(|writer| writer.join().expect("a log of writes")));
            });
            for service in ["auth", "users"] {
                if !stoa.node(service).is_alive() {
                    stoa.node_mut(service).start_again();
                }
            }
            // Also what earlier rounds left.
            for told in &all {
                check(&gateway, told);
            }
            assert!(all.len() == WRITERS * (round + 1));
        }
        // It is not only that nothing happened.
        let accounts: usize = all.iter().map(|told| told.accounts.len()).sum();
        assert!(accounts > ROUNDS, "{accounts}");
        Person::join(&gateway, "after").make_profile(&gateway, "all is well");
    }
}
