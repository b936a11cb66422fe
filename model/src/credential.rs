//! Client ids and secrets of API keys, and what makes their text well formed.
//!
//! A secret ends in a checksum so that junk is refused without a look-up, and so that a scanner
//! can tell a leaked secret from noise. Randomness is passed in: this crate owns no source of it.
//! To change a length, change the constants; what was issued before stays valid only if
//! `*_is_wellformed` still accepts it.

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CLIENT_ID_PREFIX: &str = "mci_";
const SECRET_PREFIX: &str = "mcs_";
/// 128 bits in 5-bit digits.
const CLIENT_ID_DIGITS: usize = 26;
pub const CLIENT_ID_LENGTH: usize = CLIENT_ID_PREFIX.len() + CLIENT_ID_DIGITS;
/// 160 bits in 5-bit digits.
const SECRET_DIGITS: usize = 32;
/// CRC-32 in 5-bit digits.
const CHECKSUM_DIGITS: usize = 7;

/// `count` Crockford characters of `bytes`, read as one number, most significant first.
fn digits(bytes: &[u8], count: usize) -> impl Iterator<Item = char> {
    let padding = (count * 5).saturating_sub(bytes.len() * 8);
    let bit = move |position: usize| {
        let position = position.checked_sub(padding)?;
        Some((bytes.get(position / 8)? >> (7 - position % 8)) & 1)
    };
    (0..count).map(move |digit| {
        let value = (digit * 5..digit * 5 + 5).fold(0_u8, |value, position| (value << 1) | bit(position).unwrap_or(0));
        ALPHABET.get(usize::from(value)).copied().map_or('0', char::from)
    })
}

fn is_crockford(text: &str) -> bool {
    // Without a branch: the gateway asks this for each call.
    let known = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z');
    text.bytes().fold(1, |all, byte| all & u8::from(known(byte))) == 1
}

/// `mci_` and 26 Crockford characters of 128 bits. Public: it names a key, it does not prove one.
#[must_use]
pub fn generate_client_id(random: [u8; 16]) -> String {
    let mut text = String::with_capacity(CLIENT_ID_PREFIX.len() + CLIENT_ID_DIGITS);
    text.push_str(CLIENT_ID_PREFIX);
    text.extend(digits(&random, CLIENT_ID_DIGITS));
    text
}

/// `mcs_`, 32 Crockford characters of 160 bits, and 7 of their CRC-32.
#[must_use]
pub fn generate_secret(random: [u8; 20]) -> String {
    let mut text = String::with_capacity(SECRET_PREFIX.len() + SECRET_DIGITS + CHECKSUM_DIGITS);
    text.push_str(SECRET_PREFIX);
    text.extend(digits(&random, SECRET_DIGITS));
    let checksum = crc32fast::hash(text.as_bytes());
    text.extend(digits(&checksum.to_be_bytes(), CHECKSUM_DIGITS));
    text
}

#[must_use]
pub fn client_id_is_wellformed(text: &str) -> bool {
    text.strip_prefix(CLIENT_ID_PREFIX).is_some_and(|digits| digits.len() == CLIENT_ID_DIGITS && is_crockford(digits))
}

/// Says nothing about whether the secret is anybody's.
#[must_use]
pub fn secret_is_wellformed(text: &str) -> bool {
    let length = SECRET_PREFIX.len() + SECRET_DIGITS;
    let Some((body, checksum)) = text.split_at_checked(length) else {
        return false;
    };
    if !body.starts_with(SECRET_PREFIX) || checksum.len() != CHECKSUM_DIGITS {
        return false;
    }
    let mut expected = crc32fast::hash(body.as_bytes());
    // From the last digit to the first.
    checksum.bytes().rev().all(|given| {
        let digit = ALPHABET.get((expected & 31) as usize);
        expected >>= 5;
        digit == Some(&given)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_generated_is_well_formed_and_carries_every_bit() {
        assert_eq!(generate_client_id([0; 16]), format!("mci_{}", "0".repeat(26)));
        assert_eq!(generate_client_id([255; 16]), format!("mci_7{}", "z".repeat(25)));
        let secret = generate_secret([0xa5; 20]);
        assert_eq!(secret.len(), 43);
        assert!(secret_is_wellformed(&secret));
        assert!(client_id_is_wellformed(&generate_client_id([3; 16])));
        assert_ne!(secret, generate_secret([0xa4; 20]));
    }

    #[test]
    fn one_wrong_character_is_noticed() {
        let secret = generate_secret([7; 20]);
        for position in 0..secret.len() {
            let mut bytes = secret.clone().into_bytes();
            bytes[position] = if bytes[position] == b'0' { b'1' } else { b'0' };
            assert!(!secret_is_wellformed(&String::from_utf8(bytes).unwrap()), "{position}");
        }
        assert!(!secret_is_wellformed(""));
        assert!(!secret_is_wellformed("mcs_é"));
        assert!(!client_id_is_wellformed("mci_short"));
    }
}
