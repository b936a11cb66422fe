//! Ids as the whole platform writes them: a prefix and the 26 lowercase Crockford base32 characters
//! of a `UUIDv7`, so that they are readable, sort by creation and fit in a URL.

use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new id, e.g. `ord_01jd5m8z7w9xv2t4p6r8s0abcd` for the prefix `ord`.
#[must_use]
pub fn new_id(prefix: &str) -> String {
    let bits = Uuid::now_v7().as_u128();
    let mut id = String::with_capacity(prefix.len() + 27);
    id.push_str(prefix);
    id.push('_');
    id.extend((0..26_u32).rev().filter_map(|place| {
        let digit = usize::try_from((bits >> (place * 5)) & 31).ok()?;
        ALPHABET.get(digit).map(|&byte| char::from(byte))
    }));
    id
}

#[cfg(test)]
mod tests {
    use super::new_id;

    #[test]
    fn ids_are_prefixed_unique_and_sort_by_creation() {
        let ids: Vec<String> = (0..1000).map(|_| new_id("ord")).collect();
        assert!(ids.iter().all(|id| id.len() == 30 && id.starts_with("ord_0")));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
