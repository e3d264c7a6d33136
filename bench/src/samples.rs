//! Repeated measurements of one thing, and percentiles of many.

/// Measurements of one thing, ascending; never empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Measures `repeats` times.
    pub(crate) fn take(
        repeats: usize,
        mut measure: impl FnMut() -> anyhow::Result<f64>,
    ) -> anyhow::Result<Self> {
        (0..repeats.max(1))
            .map(|_| measure())
            .collect::<anyhow::Result<Vec<_>>>()
            .map(Self::of)
    }

    /// What was measured elsewhere. Nothing at all counts as one zero.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        if values.is_empty() {
            values.push(0.0);
        }
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// A thing that is the same every time.
    pub(crate) fn one(value: f64) -> Self {
        Self::of(vec![value])
    }

    pub(crate) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len() % 2 == 1 {
            self.0[middle]
        } else {
            f64::midpoint(self.0[middle - 1], self.0[middle])
        }
    }

    pub(crate) fn low(&self) -> f64 {
        self.0[0]
    }

    pub(crate) fn high(&self) -> f64 {
        self.0[self.0.len() - 1]
    }
}

/// The value that this share of all values does not exceed (nearest rank); 0 where there is none.
pub(crate) fn percentile(ascending: &[u32], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among far fewer than 2^52 values, never negative"
    )]
    let rank = (share * ascending.len() as f64).ceil() as usize;
    ascending
        .get(rank.saturating_sub(1))
        .copied()
        .map_or(0.0, f64::from)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(Samples::of(vec![9.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Samples::of(vec![4.0, 1.0, 9.0, 2.0]).median(), 3.0);
        let samples = Samples::of(vec![9.0, 1.0, 2.0]);
        assert_eq!((samples.low(), samples.high()), (1.0, 9.0));
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let values: Vec<u32> = (1..=200).collect();
        assert_eq!(percentile(&values, 0.99), 198.0);
        assert_eq!(percentile(&values, 0.5), 100.0);
        assert_eq!(percentile(&values, 1.0), 200.0);
        assert_eq!(percentile(&[], 0.99), 0.0);
    }

    #[test]
    fn a_failed_measurement_is_not_left_out() {
        let mut count = 0;
        let taken = Samples::take(3, || {
            count += 1;
            anyhow::ensure!(count < 3, "broken");
            Ok(1.0)
        });
        assert!(taken.is_err());
    }
}
