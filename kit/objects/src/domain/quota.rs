//! A bucket's numbers, and whether there is room.

use kit_runtime::Timestamp;

use super::Refusal;

/// A bucket. All sizes are in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) quota_bytes: i64,
    pub(crate) object_bytes: i64,
    pub(crate) objects: i64,
    pub(crate) part_bytes: i64,
    pub(crate) created_at: Timestamp,
}

/// What a unit of work changes of a bucket's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) object_bytes: i64,
    pub(crate) objects: i64,
    pub(crate) part_bytes: i64,
}

impl Bucket {
    /// Whether `bytes` more fit beside what is stored and what others have reserved, where they replace
    /// `replaced` bytes. What does not grow always fits, also where the quota was made smaller.
    pub(crate) fn check_room(&self, reserved: i64, bytes: i64, replaced: i64) -> Result<(), Refusal> {
        let after = [self.object_bytes, self.part_bytes, reserved, bytes]
            .into_iter()
            .fold(-replaced, i64::saturating_add);
        if bytes <= replaced || after <= self.quota_bytes {
            return Ok(());
        }
        Err(Refusal::QuotaExceeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(quota_bytes: i64) -> Bucket {
        Bucket {
            name: "abc".to_owned(),
            quota_bytes,
            object_bytes: 50,
            objects: 1,
            part_bytes: 20,
            created_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn parts_and_reservations_count_and_what_is_replaced_does_not() {
        assert_eq!(bucket(100).check_room(10, 20, 0), Ok(()));
        assert_eq!(bucket(100).check_room(10, 21, 0), Err(Refusal::QuotaExceeded));
        assert_eq!(bucket(100).check_room(10, 70, 50), Ok(()));
        assert_eq!(bucket(100).check_room(10, 71, 50), Err(Refusal::QuotaExceeded));
        assert_eq!(
            bucket(100).check_room(0, i64::MAX, 0),
            Err(Refusal::QuotaExceeded)
        );
    }

    #[test]
    fn what_does_not_grow_fits_a_quota_that_was_made_smaller() {
        assert_eq!(bucket(10).check_room(0, 40, 50), Ok(()));
        assert_eq!(bucket(10).check_room(0, 0, 0), Ok(()));
        assert_eq!(bucket(10).check_room(0, 51, 50), Err(Refusal::QuotaExceeded));
    }
}
