//! Which parts of a group's work this process owns.
//!
//! What is shared has a scope, such as a group's partitions of the logs, a group's queue at a broker, or the
//! relay of an outbox, and a number of leases. Each lease is a row with a holder, an epoch and an end. A process
//! takes those that are free up to its fair share: the leases divided by the processes that are alive, which it
//! knows from a row that each of them renews. Whoever has more than its share gives some back.
//!
//! Invariant: what keeps two processes from doing the same is not the clock but the epoch. It grows with each
//! holder, and every transaction of a processor first looks whether its own is still the one in the table, holding
//! the row until it ends. A process that was paused past its lease cannot commit anything.
//!
//! On SQLite one process owns the folder and with it everything: it takes all at once, without asking when they
//! end, and renews nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use fail::fail_point;
use kit_db::{Db, Dialect, PARTITIONS, Row, StoreError, Tx, sql};
use kit_runtime::{Clock, Stop, TaskError, Timestamp};
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;

/// The pause before a lease that went wrong is taken again.
const TAKE_AGAIN: Duration = Duration::from_millis(100);

/// The end of a lease that lasts for as long as its process.
const FOR_EVER: Timestamp = Timestamp::from_micros(i64::MAX - 1);

/// Later than the end of every lease.
const AFTER_ALL: Timestamp = Timestamp::from_micros(i64::MAX);

/// A lease that this process has.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) epoch: i64,
    /// It is to be given back: finish what runs.
    pub(crate) is_closing: bool,
    /// Who uses it.
    pub(crate) users: TaskTracker,
}

/// The leases that this process has, by number.
pub(crate) type Holds = BTreeMap<i64, Hold>;

/// The leases of one scope, for those who work under them.
#[derive(Clone)]
pub(crate) struct Leases {
    holds: Arc<watch::Sender<Holds>>,
    /// A processor found that it is superseded, or went wrong.
    look: Arc<Notify>,
}

impl Leases {
    pub(crate) fn new() -> Self {
        Self {
            holds: Arc::new(watch::Sender::new(Holds::new())),
            look: Arc::new(Notify::new()),
        }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Holds> {
        self.holds.subscribe()
    }

    /// A processor under this epoch is over: the lease needs a new epoch, if it is still ours.
    pub(crate) fn let_go(&self, number: i64, epoch: i64) {
        self.holds.send_if_modified(|holds| {
            let known = holds.get(&number).is_some_and(|hold| hold.epoch == epoch);
            if known {
                holds.remove(&number);
            }
            known
        });
        self.look.notify_one();
    }

    /// Looks at the table now.
    pub(crate) fn look_now(&self) {
        self.look.notify_one();
    }

    /// The same for somebody who is not to keep them.
    pub(crate) fn look(&self) -> Weak<Notify> {
        Arc::downgrade(&self.look)
    }
}

/// All partitions that keys are spread over ([`kit_db::partition_of`]), by number.
pub fn partitions() -> std::ops::Range<i64> {
    0..i64::try_from(PARTITIONS).unwrap_or(i64::MAX)
}

/// The scope of a group's partitions.
pub(crate) fn scope_of(group: &str) -> String {
    format!("bus/{group}")
}

pub(crate) fn lease_name(scope: &str, number: i64) -> String {
    format!("{scope}/{number:02}")
}

fn member_prefix(scope: &str) -> String {
    format!("{scope}/member/")
}

/// Takes and renews the leases of one scope.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub(crate) scope: String,
    /// How many leases it has.
    pub(crate) count: i64,
    pub(crate) holder: String,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) span: Duration,
    pub(crate) leases: Leases,
    /// On SQLite, whether this process has begun.
    pub(crate) is_new: bool,
}

/// What a look at the table brought.
struct Looked {
    /// Ours, with their epochs.
    owned: HashMap<i64, i64>,
    members: u64,
}

impl Keeper {
    /// Keeps the leases until the process wants to stop, then gives them back.
    pub(crate) async fn run(mut self, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            let wait = match self.keep().await {
                Ok(()) => self.renewal(),
                Err(error) => {
                    tracing::warn!(scope = self.scope, %error, "leases cannot be kept");
                    self.span / 10
                }
            };
            let leases = self.leases.clone();
            tokio::select! {
                () = stop.requested() => {}
                () = tokio::time::sleep(wait) => {}
                () = leases.look.notified() => {
                    stop.sleep(TAKE_AGAIN).await;
                }
            }
        }
        let all = self.leases.holds.borrow().keys().copied().collect();
        self.give_back(all).await?;
        self.leave().await?;
        Ok(())
    }

    fn renewal(&self) -> Duration {
        match self.db.dialect() {
            // Nobody else takes them.
            Dialect::Sqlite => Duration::from_hours(24),
            Dialect::Postgres => self.span / 3,
        }
    }

    /// One look: renews, takes what is free, gives back what is too much.
    async fn keep(&mut self) -> Result<(), StoreError> {
        fail_point!("bus::renew", |_| Ok(()));
        let looked = self.renew().await?;
        let share = self.count.unsigned_abs().div_ceil(looked.members.max(1));
        let share = usize::try_from(share).unwrap_or(usize::MAX);
        let mut owned = looked.owned;
        self.leases.holds.send_if_modified(|holds| {
            let before = holds.len();
            holds.retain(|number, hold| owned.get(number) == Some(&hold.epoch));
            holds.len() != before
        });
        // Ours by the table, but let go by its processor: under a new epoch.
        let held: Vec<i64> = self.leases.holds.borrow().keys().copied().collect();
        let lost: Vec<i64> = owned
            .keys()
            .filter(|owned| !held.contains(owned))
            .copied()
            .collect();
        owned.retain(|number, _| !lost.contains(number));
        owned.extend(self.take(lost, usize::MAX, AFTER_ALL).await?);
        if owned.len() < share {
            let others = (0..self.count)
                .filter(|number| !owned.contains_key(number))
                .collect();
            owned.extend(self.take(others, share - owned.len(), self.dead_before()).await?);
        }
        self.is_new = false;
        self.show(&owned);
        if owned.len() > share {
            let mut extra: Vec<i64> = owned.keys().copied().collect();
            extra.sort_unstable();
            self.give_back(extra.split_off(share)).await?;
        }
        Ok(())
    }

    fn show(&self, owned: &HashMap<i64, i64>) {
        self.leases.holds.send_if_modified(|holds| {
            let mut changed = false;
            for (number, epoch) in owned {
                holds.entry(*number).or_insert_with(|| {
                    changed = true;
                    Hold {
                        epoch: *epoch,
                        is_closing: false,
                        users: TaskTracker::new(),
                    }
                });
            }
            changed
        });
    }

    fn end(&self) -> Timestamp {
        match self.db.dialect() {
            Dialect::Sqlite => FOR_EVER,
            Dialect::Postgres => self.clock.now().plus(self.span),
        }
    }

    /// Says that this process lives, prolongs its leases, and looks who else lives.
    async fn renew(&self) -> Result<Looked, StoreError> {
        let (scope, holder, count) = (self.scope.clone(), self.holder.clone(), self.count);
        let (dead, end) = (self.dead_before(), self.end());
        let looked = self.db.write(async move |tx: &mut Tx| {
            let prefix = member_prefix(&scope);
            // The sign after the slash ends the range of names that begin so.
            let after = format!("{scope}/member0");
            sql(
                "INSERT INTO leases (name, holder, epoch, expires_at) VALUES ($1, $2, 1, $3) \
                 ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at",
            )
            .bind(format!("{prefix}{holder}"))
            .bind(&holder)
            .bind(end)
            .execute(tx)
            .await?;
            sql("DELETE FROM leases WHERE name > $1 AND name < $2 AND expires_at < $3 AND holder <> $4")
                .bind(&prefix)
                .bind(&after)
                .bind(dead)
                .bind(&holder)
                .execute(tx)
                .await?;
            let members = sql("SELECT COUNT(*) FROM leases WHERE name > $1 AND name < $2")
                .bind(&prefix)
                .bind(&after)
                .one(tx)
                .await?;
            let rows = sql("UPDATE leases SET expires_at = $2 WHERE holder = $1 AND name IN ")
                .bind(&holder)
                .bind(end)
                .push_list((0..count).map(|number| lease_name(&scope, number)))
                .push(" RETURNING name, epoch")
                .all(tx)
                .await?;
            Ok::<_, StoreError>(Looked {
                owned: epochs(&rows)?,
                members: members.get(0)?,
            })
        });
        Ok(looked.await?)
    }

    /// A lease that ends earlier is nobody's. A new process on SQLite is alone, so all are.
    fn dead_before(&self) -> Timestamp {
        match self.db.dialect() {
            Dialect::Sqlite if self.is_new => AFTER_ALL,
            Dialect::Sqlite | Dialect::Postgres => self.clock.now(),
        }
    }

    /// Takes so many of these leases as end before a moment; their new epochs. One that is in use by a
    /// transaction is passed over: whoever holds it may be stuck.
    async fn take(
        &self,
        numbers: Vec<i64>,
        most: usize,
        before: Timestamp,
    ) -> Result<HashMap<i64, i64>, StoreError> {
        if numbers.is_empty() || most == 0 {
            return Ok(HashMap::new());
        }
        let names: Vec<String> = numbers
            .iter()
            .map(|number| lease_name(&self.scope, *number))
            .collect();
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let (holder, end) = (self.holder.clone(), self.end());
        let taken = self.db.write(async move |tx: &mut Tx| {
            make_rows(tx, &names).await?;
            let free = sql("SELECT name FROM leases WHERE expires_at < $1 AND name IN ")
                .bind(before)
                .push_list(names.iter())
                .push(" ORDER BY name LIMIT ")
                .push_bind(most)
                .for_update_skip_locked()
                .all(tx)
                .await?;
            let free: Vec<String> = free.iter().map(|row| row.get("name")).collect::<Result<_, _>>()?;
            let rows =
                sql("UPDATE leases SET holder = $1, epoch = epoch + 1, expires_at = $2 WHERE name IN ")
                    .bind(&holder)
                    .bind(end)
                    .push_list(free.iter())
                    .push(" RETURNING name, epoch")
                    .all(tx)
                    .await?;
            epochs(&rows)
        });
        Ok(taken.await?)
    }

    /// Lets processors finish, then frees their leases.
    async fn give_back(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        let mut closing = Vec::new();
        self.leases.holds.send_modify(|holds| {
            for number in &numbers {
                if let Some(hold) = holds.get_mut(number) {
                    hold.is_closing = true;
                    hold.users.close();
                    closing.push(hold.users.clone());
                }
            }
        });
        let finished = async {
            for users in closing {
                users.wait().await;
            }
        };
        if tokio::time::timeout(self.span / 3, finished).await.is_err() {
            tracing::warn!(
                scope = self.scope,
                "leases are given back before their handlers have ended"
            );
        }
        let holder = self.holder.clone();
        let names: Vec<String> = numbers
            .iter()
            .map(|number| lease_name(&self.scope, *number))
            .collect();
        let freed = self.db.write(async move |tx: &mut Tx| {
            // The epoch grows, so that a handler that is late cannot commit.
            sql(
                "UPDATE leases SET holder = '', epoch = epoch + 1, expires_at = 0 \
                 WHERE holder = $1 AND name IN ",
            )
            .bind(&holder)
            .push_list(names.iter())
            .execute(tx)
            .await
        });
        let freed = freed.await;
        self.leases.holds.send_modify(|holds| {
            for number in &numbers {
                holds.remove(number);
            }
        });
        freed?;
        Ok(())
    }

    async fn leave(&self) -> Result<(), StoreError> {
        let name = format!("{}{}", member_prefix(&self.scope), self.holder);
        let left = self.db.write(async move |tx: &mut Tx| {
            sql("DELETE FROM leases WHERE name = $1")
                .bind(&name)
                .execute(tx)
                .await
        });
        left.await?;
        Ok(())
    }
}

/// Makes the rows of leases that nobody ever had.
async fn make_rows(tx: &mut Tx, names: &[String]) -> Result<(), StoreError> {
    let insert = sql("INSERT INTO leases (name, holder, epoch, expires_at) VALUES ")
        .push_rows(names, |row, name| row.bind(name).bind("").bind(0_i64).bind(0_i64));
    insert.push(" ON CONFLICT (name) DO NOTHING").execute(tx).await?;
    Ok(())
}

fn epochs(rows: &[Row]) -> Result<HashMap<i64, i64>, StoreError> {
    rows.iter()
        .map(|row| Ok((number(&row.get::<String>("name")?), row.get("epoch")?)))
        .collect()
}

/// The number in a lease's name.
fn number(name: &str) -> i64 {
    let (_, number) = name.rsplit_once('/').unwrap_or_default();
    number.parse().unwrap_or(-1)
}
