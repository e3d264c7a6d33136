//! Which bytes of which segments are a range of an object.

use std::ops::Range;

/// A stretch of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ByteRange {
    /// Which segment, from zero.
    pub(crate) index: usize,
    /// From where in it, in bytes.
    pub(crate) from: u64,
    /// How many bytes; never zero.
    pub(crate) length: u64,
}

/// What `range` is made of, where the object is segments of these sizes, in order.
pub(crate) fn slices(sizes: impl IntoIterator<Item = u64>, range: &Range<u64>) -> Vec<ByteRange> {
    let mut begin = 0;
    let mut slices = Vec::new();
    for (index, size) in sizes.into_iter().enumerate() {
        let end = begin + size;
        let (from, to) = (range.start.max(begin), range.end.min(end));
        if from < to {
            slices.push(ByteRange {
                index,
                from: from - begin,
                length: to - from,
            });
        }
        begin = end;
    }
    slices
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_slices_are_the_range(
            segments in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..6),
            ends in (0_usize..40, 0_usize..40),
        ) {
            let whole: Vec<u8> = segments.concat();
            let start = ends.0.min(whole.len());
            let end = (start + ends.1).min(whole.len());
            let sizes = segments.iter().map(|segment| segment.len() as u64);
            let slices = slices(sizes, &(start as u64..end as u64));
            let mut read = Vec::new();
            for slice in &slices {
                prop_assert!(slice.length > 0);
                let from = usize::try_from(slice.from).unwrap();
                let length = usize::try_from(slice.length).unwrap();
                read.extend_from_slice(&segments[slice.index][from..from + length]);
            }
            prop_assert_eq!(&read, &whole[start..end]);
        }
    }
}
