//! Whether a generation has read far enough to replace the live one.

use kit_bus::Lag;

/// How far the live generation's consumer was with each log when the new one was first looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target(Vec<(String, i64)>);

impl Target {
    /// Where a consumer is now.
    pub(crate) fn of(lags: &[Lag], consumer: &str) -> Self {
        let of_consumer = lags.iter().filter(|lag| lag.consumer == consumer);
        Self(
            of_consumer
                .map(|lag| (lag.source.clone(), lag.position))
                .collect(),
        )
    }

    /// Whether another consumer has read everything up to there, with nothing left that it will try again. It
    /// may know a log only by being at its end: a broker's positions do not compare.
    pub(crate) fn is_reached(&self, lags: &[Lag], consumer: &str) -> bool {
        self.0.iter().all(|(source, position)| {
            lags.iter().any(|lag| {
                let is_it = lag.consumer == consumer && lag.source == *source;
                let is_there = lag.rows == 0 || lag.position >= *position;
                is_it && is_there && lag.parked == lag.dead
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use kit_runtime::Timestamp;

    use super::*;

    fn lag(consumer: &str, position: i64, rows: u64, (parked, dead): (u64, u64)) -> Lag {
        Lag {
            consumer: consumer.to_owned(),
            source: "payments".to_owned(),
            position,
            rows,
            oldest: None,
            parked,
            dead,
            seen_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn who_has_read_as_far_is_ready() {
        let target = Target::of(&[lag("old", 7, 3, (0, 0)), lag("other", 9, 0, (0, 0))], "old");
        let reached = |lag: Lag| target.is_reached(&[lag], "new");
        assert!(reached(lag("new", 7, 2, (0, 0))));
        assert!(reached(lag("new", 1, 0, (0, 0))), "nothing is left to read");
        assert!(!reached(lag("new", 6, 1, (0, 0))));
        assert!(!reached(lag("new", 9, 0, (1, 0))), "something is tried again");
        assert!(reached(lag("new", 9, 0, (1, 1))), "nothing will try it again");
        assert!(!reached(lag("newer", 9, 0, (0, 0))));
        assert!(!target.is_reached(&[], "new"), "it has not begun");
    }

    #[test]
    fn where_nothing_was_read_there_is_nothing_to_wait_for() {
        assert!(Target::of(&[], "old").is_reached(&[], "new"));
    }
}
