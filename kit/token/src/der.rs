//! The little of DER (X.690) that keys are wrapped in.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The member that is numbered 0, around an element of its own.
const EXPLICIT_0: u8 = 0xA0;

/// A reader over a run of DER elements; every method answers `None` for what is not there in its one
/// canonical form.
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn sequence(&mut self) -> Option<Self> {
        self.element(SEQUENCE).map(Self)
    }

    pub(crate) fn object_identifier(&mut self) -> Option<&'a [u8]> {
        self.element(OBJECT_IDENTIFIER)
    }

    /// A number that is not negative, big-endian and without leading zeros.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.element(INTEGER)? {
            [0] => Some(&[]),
            [0, rest @ ..] => (rest[0] >= 0x80).then_some(rest),
            [first, ..] if *first >= 0x80 => None,
            [] => None,
            number => Some(number),
        }
    }

    /// A bit string of whole bytes.
    pub(crate) fn bit_string(&mut self) -> Option<&'a [u8]> {
        match self.element(BIT_STRING)? {
            [0, bytes @ ..] => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn octet_string(&mut self) -> Option<&'a [u8]> {
        self.element(OCTET_STRING)
    }

    pub(crate) fn explicit_0(&mut self) -> Option<Self> {
        self.element(EXPLICIT_0).map(Self)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn element(&mut self, expected: u8) -> Option<&'a [u8]> {
        let (&[tag, length], rest) = self.0.split_first_chunk()?;
        if tag != expected {
            return None;
        }
        let (length, rest) = match length {
            0..=0x7F => (usize::from(length), rest),
            0x81 => {
                let (&[length], rest) = rest.split_first_chunk()?;
                (usize::from(length), rest)
            }
            0x82 => {
                let (&length, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(length)), rest)
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        let read = |bytes: &'static [u8]| Der::new(bytes).unsigned();
        assert_eq!(read(&[2, 1, 0x7F]), Some(&[0x7F][..]));
        assert_eq!(read(&[2, 2, 0, 0x80]), Some(&[0x80][..]));
        assert_eq!(read(&[2, 1, 0]), Some(&[][..]));
        for other in [
            &[2, 1, 0x80][..],
            &[2, 2, 0, 0x7F],
            &[2, 0],
            &[2, 2, 1],
            &[2],
            &[3, 1, 1],
            &[],
        ] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        assert!(Der::new(&[0x30, 0x82, 0xFF, 0xFF, 1]).sequence().is_none());
        assert!(Der::new(&[0x30, 0x80, 0, 0]).sequence().is_none());
        assert!(Der::new(&[0x30, 0x82, 1]).sequence().is_none());
    }
}
