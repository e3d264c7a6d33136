//! The key pairs of the database, opened: which one signs, which ones are believed, and until when that holds.

use std::time::Duration;

use auth_api::{KeyState, KeyView};
use kit_runtime::Timestamp;
use kit_token::{Jwks, KeyRing, SigningKey};

use super::{Seal, SigningError};
use crate::store::StoredKey;

/// A verifier's clock may be off by this much, twice: when it reads and when it judges.
const LEEWAY: Duration = Duration::from_mins(1);

/// The rows as they were read, and the ring made of them.
pub(super) struct LoadedRing {
    rows: Vec<StoredKey>,
    views: Vec<KeyView>,
    ring: KeyRing,
    name: String,
    /// When time alone changes something: a key begins to sign, or its last token ends.
    until: Timestamp,
}

impl LoadedRing {
    pub(super) fn load(
        rows: &[StoredKey],
        seal: &Seal,
        token_life: Duration,
        now: Timestamp,
    ) -> Result<Self, SigningError> {
        let plan = plan(rows, token_life, now);
        let mut keys = Vec::new();
        let mut views = Vec::new();
        let mut active = None;
        for (row, state) in &plan.keys {
            let key = open(row, seal)?;
            views.push(KeyView {
                kid: row.kid.clone(),
                algorithm: key.algorithm().as_str().to_owned(),
                state: *state,
                created_at: row.created_at,
                active_from: row.active_from,
            });
            match state {
                KeyState::Active => active = Some(key),
                KeyState::Next | KeyState::Retired => keys.push(key),
                KeyState::Withdrawn => {}
            }
        }
        let ring = KeyRing::new(active.ok_or(SigningError::NoKey)?, keys)?;
        let kids: Vec<String> = ring
            .public_keys()
            .keys
            .into_iter()
            .filter_map(|key| key.kid)
            .collect();
        Ok(Self {
            rows: rows.to_vec(),
            views,
            ring,
            name: kids.join(" "),
            until: plan.until,
        })
    }

    pub(super) fn is_current(&self, rows: &[StoredKey], now: Timestamp) -> bool {
        self.rows == rows && now < self.until
    }

    /// Whether more has happened to the keys than these rows tell. Rows are only ever added, and withdrawn.
    pub(super) fn is_ahead_of(&self, rows: &[StoredKey]) -> bool {
        happened(&self.rows) > happened(rows)
    }

    pub(super) fn active(&self) -> &SigningKey {
        self.ring.active()
    }

    pub(super) fn public_keys(&self) -> Jwks {
        self.ring.public_keys()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn views(&self) -> Vec<KeyView> {
        self.views.clone()
    }
}

fn happened(rows: &[StoredKey]) -> usize {
    rows.len() + rows.iter().filter(|row| row.withdrawn_at.is_some()).count()
}

fn open(row: &StoredKey, seal: &Seal) -> Result<SigningKey, SigningError> {
    let pem = seal.open(&row.kid, &row.sealed_key);
    let pem = pem.ok_or_else(|| SigningError::Sealed { kid: row.kid.clone() })?;
    Ok(SigningKey::from_pem(pem.expose())?)
}

struct Plan<'r> {
    keys: Vec<(&'r StoredKey, KeyState)>,
    until: Timestamp,
}

/// What each key does at `now`: the newest that has begun signs, later ones are published, earlier ones stay
/// until their last token has ended. Rows come in the order in which they begin.
fn plan(rows: &[StoredKey], token_life: Duration, now: Timestamp) -> Plan<'_> {
    let usable: Vec<&StoredKey> = rows.iter().filter(|row| row.withdrawn_at.is_none()).collect();
    // Where none has begun yet, the first must do: there is always one that signs.
    let active = usable.iter().rposition(|row| row.active_from <= now).unwrap_or(0);
    let mut plan = Plan {
        keys: Vec::new(),
        until: Timestamp::from_micros(i64::MAX),
    };
    for row in rows.iter().filter(|row| row.withdrawn_at.is_some()) {
        plan.keys.push((row, KeyState::Withdrawn));
    }
    for (number, row) in usable.iter().enumerate() {
        let state = match number.cmp(&active) {
            std::cmp::Ordering::Equal => KeyState::Active,
            std::cmp::Ordering::Greater => {
                plan.until = plan.until.min(row.active_from);
                KeyState::Next
            }
            std::cmp::Ordering::Less => {
                let end = usable[number + 1].active_from.plus(token_life).plus(LEEWAY);
                if end <= now {
                    continue;
                }
                plan.until = plan.until.min(end);
                KeyState::Retired
            }
        };
        plan.keys.push((row, state));
    }
    plan.keys
        .sort_by(|(one, _), (two, _)| (one.active_from, &one.kid).cmp(&(two.active_from, &two.kid)));
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_hours(1);

    fn key(kid: &str, active_from: i64) -> StoredKey {
        StoredKey {
            kid: kid.to_owned(),
            sealed_key: String::new(),
            created_at: Timestamp::default(),
            active_from: Timestamp::from_seconds(active_from),
            withdrawn_at: None,
        }
    }

    fn states(rows: &[StoredKey], now: i64) -> Vec<(&str, KeyState)> {
        let plan = plan(rows, LIFE, Timestamp::from_seconds(now));
        plan.keys
            .into_iter()
            .map(|(row, state)| (row.kid.as_str(), state))
            .collect()
    }

    #[test]
    fn a_key_is_published_signs_retires_and_is_gone() {
        let rows = [key("old", 0), key("new", 1_000)];
        assert_eq!(
            states(&rows, 999),
            [("old", KeyState::Active), ("new", KeyState::Next)]
        );
        assert_eq!(
            states(&rows, 1_000),
            [("old", KeyState::Retired), ("new", KeyState::Active)]
        );
        assert_eq!(
            states(&rows, 1_000 + 3_659),
            [("old", KeyState::Retired), ("new", KeyState::Active)]
        );
        assert_eq!(states(&rows, 1_000 + 3_660), [("new", KeyState::Active)]);
    }

    #[test]
    fn the_plan_says_until_when_it_holds() {
        let rows = [key("old", 0), key("new", 1_000)];
        let until = |now| plan(&rows, LIFE, Timestamp::from_seconds(now)).until.as_seconds();
        assert_eq!(until(10), 1_000);
        assert_eq!(until(1_000), 4_660);
    }

    #[test]
    fn what_was_read_earlier_tells_less() {
        let [old, new] = [key("old", 0), key("new", 1_000)];
        let withdrawn = StoredKey {
            withdrawn_at: Some(Timestamp::from_seconds(500)),
            ..old.clone()
        };
        let history = [vec![old.clone()], vec![old, new.clone()], vec![withdrawn, new]];
        let counts: Vec<usize> = history.iter().map(|rows| happened(rows)).collect();
        assert_eq!(counts, [1, 2, 3]);
    }

    #[test]
    fn a_withdrawn_key_signs_nothing_and_the_next_one_begins_early() {
        let mut rows = [key("old", 0), key("new", 1_000)];
        rows[0].withdrawn_at = Some(Timestamp::from_seconds(500));
        assert_eq!(
            states(&rows, 500),
            [("old", KeyState::Withdrawn), ("new", KeyState::Active)]
        );
    }
}
