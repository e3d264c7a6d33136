//! The cards that the sandbox knows.
//!
//! It takes no others, so that nobody's real card is ever sent to it. Their numbers are those that developers know from
//! other providers.

/// What becomes of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardBehavior {
    Approve,
    /// Declined, with what the payer is shown.
    Decline(&'static str),
    /// The payer has to confirm it on the sandbox's page.
    RequireAction,
    /// Charged, and the answer is lost.
    LoseAnswer,
    /// Another amount is charged than was asked for.
    ChargeMore,
}

/// A test card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TestCard {
    pub behavior: CardBehavior,
    /// The last four digits.
    pub last_digits: &'static str,
}

const CARDS: [(&str, TestCard); 7] = [
    ("4242424242424242", TestCard::USUAL),
    ("5555555555554444", TestCard::of("4444", CardBehavior::Approve)),
    (
        "4000000000000002",
        TestCard::of("0002", CardBehavior::Decline("Your card was declined.")),
    ),
    (
        "4000000000009995",
        TestCard::of("9995", CardBehavior::Decline("Your card has insufficient funds.")),
    ),
    (
        "4000000000003220",
        TestCard::of("3220", CardBehavior::RequireAction),
    ),
    ("4000000000000341", TestCard::of("0341", CardBehavior::LoseAnswer)),
    ("4000000000000259", TestCard::of("0259", CardBehavior::ChargeMore)),
];

impl TestCard {
    /// The one that is charged where none is named.
    pub(crate) const USUAL: Self = Self::of("4242", CardBehavior::Approve);

    const fn of(last_digits: &'static str, behavior: CardBehavior) -> Self {
        Self {
            behavior,
            last_digits,
        }
    }

    /// Reads a number, with or without blanks and hyphens.
    pub(crate) fn parse(number: &str) -> Result<Self, &'static str> {
        let digits: String = number.chars().filter(|sign| !matches!(sign, ' ' | '-')).collect();
        if !is_card_number(&digits) {
            return Err("must be a card's number");
        }
        let known = CARDS.iter().find(|(number, _)| *number == digits);
        known.map(|(_, card)| *card).ok_or(
            "must be one of the sandbox's test cards, such as 4242 4242 4242 4242; real cards are not taken",
        )
    }
}

/// ISO/IEC 7812-1: 12 to 19 digits, the last of which checks the others (Luhn).
fn is_card_number(digits: &str) -> bool {
    let is_formed = (12..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(
            |(position, byte)| match (position % 2, u32::from(byte.wrapping_sub(b'0'))) {
                (0, digit) => digit,
                (_, digit @ 0..=4) => digit * 2,
                (_, digit) => digit * 2 - 9,
            },
        )
        .sum();
    is_formed && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_has_a_good_number_that_ends_as_it_says() {
        for (number, card) in CARDS {
            assert!(is_card_number(number), "{number}");
            assert!(number.ends_with(card.last_digits));
            assert_eq!(TestCard::parse(number), Ok(card));
        }
        assert_eq!(TestCard::parse("4242 4242-4242 4242"), Ok(TestCard::USUAL));
    }

    #[test]
    fn what_is_no_card_or_not_known_is_refused() {
        for number in [
            "",
            "4242424242424241",
            "42424242424242424242",
            "4242",
            "pm_card_visa",
            "４２４２４２４２４２４２４２４２",
        ] {
            assert_eq!(
                TestCard::parse(number),
                Err("must be a card's number"),
                "{number}"
            );
        }
        assert!(
            TestCard::parse("4000056655665556")
                .unwrap_err()
                .contains("test cards")
        );
    }
}
