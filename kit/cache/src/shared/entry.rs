//! How a copy lies in Redis: a head of fixed width, which the scripts compare, and the value as JSON.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | `v`: a value; `m`: only what is known of it |
//! | 21 | the version, from the smallest to the largest in 20 digits, and 1 for one that was deleted, else 0 |
//! | 16 | the fence: what was loaded up to then, in microseconds of Redis's clock, is out of date whatever its version |
//! | 16 | when the load of the value began, by the same clock |
//!
//! Digits of one width compare as text as they do as numbers, and Lua's numbers would not hold every version.

use std::ops::Range;

use crate::change::{Known, Presence};

const VERSION: Range<usize> = 1..21;
const PRESENCE: Range<usize> = 21..22;
const BEGAN: Range<usize> = 38..54;
const HEAD: usize = 54;

/// A value, and since when it is surely no older.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) version: i64,
    /// In microseconds of Redis's clock.
    pub(super) began: i64,
    pub(super) value: &'a [u8],
}

/// What lies under a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lying<'a> {
    Value(Entry<'a>),
    /// Only a mark.
    Mark,
    /// Nobody here wrote this.
    Odd,
}

/// What is known, so that the later one is the larger text.
pub(super) fn stamp(known: Known) -> String {
    let presence = match known.presence {
        Presence::Present => 0,
        Presence::Gone => 1,
    };
    // The sign bit turned over: the smallest is 0.
    let version = known.version.cast_unsigned() ^ (1 << 63);
    format!("{version:020}{presence}")
}

pub(super) fn read(lying: &[u8]) -> Lying<'_> {
    let Some((head, value)) = lying.split_at_checked(HEAD) else {
        return Lying::Odd;
    };
    let number = |range: Range<usize>| std::str::from_utf8(&head[range]).ok()?.parse::<u64>().ok();
    match (head[0], number(VERSION), number(PRESENCE), number(BEGAN)) {
        (b'm', Some(_), Some(_), Some(_)) => Lying::Mark,
        (b'v', Some(version), Some(0), Some(began)) => Lying::Value(Entry {
            version: (version ^ (1 << 63)).cast_signed(),
            began: i64::try_from(began).unwrap_or(i64::MAX),
            value,
        }),
        _ => Lying::Odd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn known(version: i64, presence: Presence) -> Known {
        Known { version, presence }
    }

    #[test]
    fn stamps_compare_as_what_they_stand_for() {
        let inputs = [
            known(i64::MIN, Presence::Present),
            known(i64::MIN, Presence::Gone),
            known(-1, Presence::Present),
            known(0, Presence::Present),
            known(0, Presence::Gone),
            known(9, Presence::Gone),
            known(10, Presence::Present),
            known(1_770_000_000_000_001, Presence::Present),
            known(i64::MAX, Presence::Gone),
        ];
        for pair in inputs.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(stamp(pair[0]) < stamp(pair[1]), "{pair:?}");
        }
        assert!(inputs.iter().all(|known| stamp(*known).len() == 21));
    }

    #[test]
    fn a_value_is_read_as_it_was_written() {
        for version in [i64::MIN, -7, 0, 1_770_000_000_000_001, i64::MAX] {
            let stamp = stamp(known(version, Presence::Present));
            let lying = format!("v{stamp}{:016}{:016}[1]", 3, 1_770_000_000_000_000_u64);
            let entry = Entry {
                version,
                began: 1_770_000_000_000_000,
                value: b"[1]",
            };
            assert_eq!(read(lying.as_bytes()), Lying::Value(entry));
            let mark = format!("m{}", &lying[1..HEAD]);
            assert_eq!(read(mark.as_bytes()), Lying::Mark);
        }
    }

    #[test]
    fn what_others_wrote_is_odd() {
        let right = format!("v{}{:032}1", stamp(known(1, Presence::Present)), 0);
        assert!(matches!(read(right.as_bytes()), Lying::Value(_)));
        let gone = format!("v{}{:032}1", stamp(known(1, Presence::Gone)), 0);
        for odd in [
            "",
            "v",
            "1",
            &right[..53],
            &right.replace('v', "w"),
            &right.replace('9', "x"),
            &gone,
        ] {
            assert_eq!(read(odd.as_bytes()), Lying::Odd, "{odd}");
        }
        assert_eq!(read(&[0xff; 60]), Lying::Odd);
    }
}
