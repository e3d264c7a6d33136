//! Which RSA keys are safe to believe.

use crate::KeyError;

const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// FIPS 186-5 asks for an exponent above 2^16; smaller ones forgive errors of the padding check.
const LEAST_EXPONENT: u64 = 65_537;
/// What every verifier can do; a longer one only costs time.
const EXPONENT_BYTES: usize = 4;

/// The odd primes that make up the smallest modulus of the weak generator; see [`is_roca`].
const ROCA_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Both numbers big-endian and without leading zeros.
pub(crate) fn check(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyError> {
    let bits = bits(modulus);
    if !MODULUS_BITS.contains(&bits) {
        return Err(KeyError::RsaSize { bits });
    }
    if modulus.last().is_none_or(|last| last % 2 == 0) {
        return Err(KeyError::Malformed);
    }
    if exponent.len() > EXPONENT_BYTES {
        return Err(KeyError::RsaExponent);
    }
    let exponent = exponent.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    if exponent < LEAST_EXPONENT || exponent % 2 == 0 {
        return Err(KeyError::RsaExponent);
    }
    if is_roca(modulus) {
        return Err(KeyError::RsaRoca);
    }
    Ok(())
}

fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// Whether the modulus has the fingerprint of CVE-2017-15361 (ROCA): the faulty generator's primes are all
/// `k·M + (65537^a mod M)`, with `M` a product of the first primes, so that modulo each of these the modulus is
/// a power of 65537. By chance that happens to one modulus in 2^150.
fn is_roca(modulus: &[u8]) -> bool {
    ROCA_PRIMES.iter().all(|&prime| {
        let rest = modulus
            .iter()
            .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let generator = 65_537 % prime;
        let powers = std::iter::successors(Some(1), |power| {
            let next = power * generator % prime;
            (next != 1).then_some(next)
        });
        powers.into_iter().any(|power| power == rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An odd number of `bits` bits that is no power of 65537 modulo 3 (it is a multiple).
    fn modulus(bits: usize) -> Vec<u8> {
        let mut number = vec![0; bits.div_ceil(8)];
        number[0] = 1 << ((bits - 1) % 8);
        let rest = number
            .iter()
            .fold(0_u32, |rest, byte| (rest * 256 + u32::from(*byte)) % 3);
        let last = number.last_mut().unwrap();
        // Odd, and it makes the sum a multiple of three.
        *last = [3, 5, 1][rest as usize];
        number
    }

    #[test]
    fn the_modulus_has_a_least_and_a_greatest_length() {
        assert_eq!(check(&modulus(2048), &[1, 0, 1]), Ok(()));
        assert_eq!(check(&modulus(8192), &[1, 0, 1]), Ok(()));
        for bits in [1024, 2047, 8193] {
            assert_eq!(check(&modulus(bits), &[1, 0, 1]), Err(KeyError::RsaSize { bits }));
        }
        assert_eq!(check(&[], &[1, 0, 1]), Err(KeyError::RsaSize { bits: 0 }));
    }

    #[test]
    fn the_exponent_is_odd_and_neither_tiny_nor_huge() {
        for exponent in [&[1][..], &[3], &[], &[1, 0, 0], &[1, 0, 2], &[1, 0, 0, 0, 1]] {
            assert_eq!(check(&modulus(2048), exponent), Err(KeyError::RsaExponent));
        }
        assert_eq!(check(&modulus(2048), &[1, 0, 3]), Ok(()));
    }

    #[test]
    fn an_even_modulus_is_refused() {
        let mut even = modulus(2048);
        *even.last_mut().unwrap() -= 1;
        assert_eq!(check(&even, &[1, 0, 1]), Err(KeyError::Malformed));
    }

    #[test]
    fn a_power_of_the_weak_generator_has_the_fingerprint() {
        // 65537^128 has 2049 bits and is the plainest number of that form.
        let mut power = vec![1_u8];
        for _ in 0..128 {
            power = times_65537(&power);
        }
        assert_eq!(check(&power, &[1, 0, 1]), Err(KeyError::RsaRoca));
        *power.last_mut().unwrap() += 2;
        assert_eq!(check(&power, &[1, 0, 1]), Ok(()));
    }

    /// `number · 2^16 + number`.
    fn times_65537(number: &[u8]) -> Vec<u8> {
        let mut sum = [&[0], number, &[0, 0]].concat();
        let mut carry = 0;
        for (at, byte) in sum.iter_mut().rev().enumerate() {
            let other = number.len().checked_sub(at + 1).map_or(0, |at| number[at]);
            let total = u16::from(*byte) + u16::from(other) + carry;
            *byte = total.to_le_bytes()[0];
            carry = total >> 8;
        }
        let zeros = sum.iter().take_while(|byte| **byte == 0).count();
        sum.split_off(zeros)
    }
}
