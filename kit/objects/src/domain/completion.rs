//! What an upload in parts becomes.

use super::{Algorithm, ChecksumKind, Checksums, Refusal, Segment, combine};

/// The most parts of an upload.
pub(crate) const MOST_PARTS: i64 = 10_000;
/// Every part but the last is at least so large.
const LEAST_PART_BYTES: i64 = 5 * 1024 * 1024;

/// A part as the client lists it.
#[derive(Clone, Debug)]
pub(crate) struct ListedPart {
    pub(crate) number: i64,
    /// Without quotes; none where the client left it out.
    pub(crate) etag: Option<String>,
    /// None where the client left them out.
    pub(crate) checksums: Checksums,
}

/// The object that an upload becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// In bytes.
    pub(crate) size: i64,
    pub(crate) etag: String,
    pub(crate) checksums: Checksums,
    pub(crate) parts: i64,
    /// Of all parts, used or not, in bytes.
    pub(crate) part_bytes: i64,
    /// The numbers of parts that were uploaded and are not listed.
    pub(crate) unused: Vec<i64>,
}

/// Decides what the listed parts of those that are stored come to. Both are in the order of their numbers, or the
/// list is refused.
pub(crate) fn complete(
    listed: &[ListedPart],
    stored: &[Segment],
    checksum: Option<(Algorithm, ChecksumKind)>,
) -> Result<Completion, Refusal> {
    if listed.is_empty() {
        return Err(Refusal::InvalidArgument(
            "an upload is completed with one part at least",
        ));
    }
    if !listed.is_sorted_by(|one, next| one.number < next.number) {
        return Err(Refusal::InvalidPartOrder);
    }
    let mut used = Vec::with_capacity(listed.len());
    for part in listed {
        let found = stored.binary_search_by_key(&part.number, |segment| segment.number);
        let found = found.ok().and_then(|index| stored.get(index));
        used.push(
            found
                .filter(|segment| is_same(part, segment))
                .ok_or(Refusal::InvalidPart)?,
        );
    }
    let before_last = used.split_last().map_or(&[][..], |(_, before)| before);
    if before_last.iter().any(|segment| segment.size < LEAST_PART_BYTES) {
        return Err(Refusal::EntityTooSmall);
    }
    let is_unused = |number: &i64| listed.binary_search_by_key(number, |part| part.number).is_err();
    Ok(Completion {
        size: used.iter().map(|segment| segment.size).sum(),
        etag: etag_of(&used).ok_or(Refusal::Internal)?,
        checksums: checksum
            .map(|checksum| checksums_of(&used, checksum))
            .unwrap_or_default(),
        parts: i64::try_from(used.len()).map_err(|_| Refusal::InvalidPart)?,
        part_bytes: stored.iter().map(|segment| segment.size).sum(),
        unused: stored
            .iter()
            .map(|segment| segment.number)
            .filter(is_unused)
            .collect(),
    })
}

fn is_same(part: &ListedPart, segment: &Segment) -> bool {
    let tag = part.etag.as_ref().is_none_or(|etag| *etag == segment.etag);
    let sums = part.checksums.sums.iter().all(|(algorithm, sum)| {
        let stored = segment.checksums.get(*algorithm);
        stored.is_none_or(|stored| stored == sum)
    });
    tag && sums
}

/// The MD5 of the parts' MD5s, and their number.
fn etag_of(parts: &[&Segment]) -> Option<String> {
    use s3s::crypto::{Checksum as _, Md5};

    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&hex::decode(&part.etag).ok()?);
    }
    Some(format!("{}-{}", hex::encode(md5.finalize()), parts.len()))
}

fn checksums_of(parts: &[&Segment], (algorithm, kind): (Algorithm, ChecksumKind)) -> Checksums {
    let sums = parts.iter().map(|part| {
        let size = u64::try_from(part.size).unwrap_or_default();
        (part.checksums.get(algorithm).unwrap_or_default(), size)
    });
    match combine(algorithm, kind, sums) {
        Some(sum) => Checksums {
            sums: vec![(algorithm, sum)],
            kind: Some(kind),
        },
        None => Checksums::default(),
    }
}

#[cfg(test)]
mod tests {
    use kit_runtime::Timestamp;

    use super::*;
    use crate::domain::Piece;

    fn segment(number: i64, size: i64) -> Segment {
        Segment {
            content_id: "upload".to_owned(),
            number,
            size,
            piece: Piece::Unread,
            etag: format!("{number:032x}"),
            checksums: Checksums::default(),
            modified_at: Timestamp::from_seconds(0),
        }
    }

    fn listed(number: i64) -> ListedPart {
        ListedPart {
            number,
            etag: Some(format!("{number:032x}")),
            checksums: Checksums::default(),
        }
    }

    #[test]
    fn unlisted_parts_are_not_part_of_it() {
        let stored = [segment(1, LEAST_PART_BYTES), segment(2, 7), segment(5, 3)];
        let completion = complete(&[listed(1), listed(5)], &stored, None).unwrap();
        assert_eq!(completion.size, LEAST_PART_BYTES + 3);
        assert_eq!(completion.part_bytes, LEAST_PART_BYTES + 10);
        assert_eq!(completion.unused, [2]);
        assert!(completion.etag.ends_with("-2"), "{}", completion.etag);
    }

    #[test]
    fn a_list_that_does_not_fit_is_refused() {
        let stored = [segment(1, 9), segment(2, 9)];
        let refusal = |parts: &[ListedPart]| complete(parts, &stored, None).unwrap_err();
        assert_eq!(refusal(&[listed(2), listed(1)]), Refusal::InvalidPartOrder);
        assert_eq!(refusal(&[listed(1), listed(1)]), Refusal::InvalidPartOrder);
        assert_eq!(refusal(&[listed(3)]), Refusal::InvalidPart);
        assert_eq!(refusal(&[listed(1), listed(2)]), Refusal::EntityTooSmall);
        let other = ListedPart {
            etag: Some("other".to_owned()),
            ..listed(1)
        };
        assert_eq!(refusal(&[other]), Refusal::InvalidPart);
    }
}
