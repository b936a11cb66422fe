//! Identifiers: a prefix that says what is meant, and 26 characters of Crockford base32 over a
//! UUIDv7, so that text order is creation order. To add one, add a line to `ids!`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Text that is not an identifier of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    prefix: &'static str,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected an id that begins with {}_", self.prefix)
    }
}

impl std::error::Error for InvalidId {}

/// 26 lowercase Crockford base32 characters of the 128 bits, most significant first.
fn encode(uuid: Uuid) -> [u8; 26] {
    let bits = uuid.as_u128();
    let mut out = [b'0'; 26];
    // Numbers that a register holds: twelve digits of each, two of the first.
    let words = [bits >> 120, bits >> 60, bits].map(|word| u64::try_from(word & u128::from(u64::MAX)).unwrap_or(0));
    let (first, rest) = out.split_at_mut(2);
    let (second, third) = rest.split_at_mut(12);
    for (mut word, slots) in words.into_iter().zip([first, second, third]) {
        for slot in slots.iter_mut().rev() {
            let digit = usize::try_from(word & 31).unwrap_or(0);
            *slot = ALPHABET.get(digit).copied().unwrap_or(b'0');
            word >>= 5;
        }
    }
    out
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != 26 || !text.starts_with(|c: char| ('0'..='7').contains(&c)) {
        return None;
    }
    text.bytes()
        .try_fold(0_u128, |bits, byte| {
            let digit = ALPHABET.iter().position(|&known| known == byte)?;
            Some((bits << 5) | u128::try_from(digit).ok()?)
        })
        .map(Uuid::from_u128)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// What `to_string` gives, without the machinery of formatting: the gateway writes one for each call.
            #[must_use]
            pub fn text(self) -> String {
                let digits = encode(self.0);
                [concat!($prefix, "_"), std::str::from_utf8(&digits).unwrap_or_default()].concat()
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        #[cfg(feature = "sqlx")]
        impl<DB: sqlx::Database> sqlx::Type<DB> for $name
        where
            Uuid: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <Uuid as sqlx::Type<DB>>::type_info()
            }

            fn compatible(ty: &DB::TypeInfo) -> bool {
                <Uuid as sqlx::Type<DB>>::compatible(ty)
            }
        }

        #[cfg(feature = "sqlx")]
        impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name
        where
            Uuid: sqlx::Encode<'q, DB>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut <DB as sqlx::Database>::ArgumentBuffer<'q>,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                self.0.encode_by_ref(buffer)
            }
        }

        #[cfg(feature = "sqlx")]
        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name
        where
            Uuid: sqlx::Decode<'r, DB>,
        {
            fn decode(
                value: <DB as sqlx::Database>::ValueRef<'r>,
            ) -> Result<Self, sqlx::error::BoxDynError> {
                <Uuid as sqlx::Decode<'r, DB>>::decode(value).map(Self)
            }
        }

        #[cfg(feature = "utoipa")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .build()
                    .into()
            }
        }

        #[cfg(feature = "utoipa")]
        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// A person.
    UserId = "usr";
    /// The organisation that subscribes.
    TenantId = "ten";
    InvitationId = "ivt";
    ServiceId = "svc";
    ProductId = "prd";
    /// A plan, whatever its version.
    PlanId = "pln";
    /// One immutable version of a plan: what a subscriber has.
    PlanVersionId = "plv";
    SubscriptionId = "sub";
    ApplicationId = "app";
    ApiKeyId = "key";
    /// A personal access token of the REST API.
    TokenId = "tok";
    SessionId = "ses";
    JobId = "job";
    AuditId = "aud";
    MailId = "mai";
    NotificationId = "ntf";
    StepId = "stp";
    /// A batch of usage records, handed from the gateway to the control plane exactly once.
    SegmentId = "seg";
    RequestId = "req";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_wrote() {
        let id = TenantId(Uuid::from_u128(0x0192_f0c1_2345_7abc_8def_0123_4567_89ab));
        let text = id.to_string();
        assert_eq!(text.len(), 30);
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_or_beyond_128_bits_is_refused() {
        let id = TenantId(Uuid::from_u128(1)).to_string();
        assert!(id.replace("ten_", "usr_").parse::<TenantId>().is_err());
        assert!("ten_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<TenantId>().is_err());
        assert!("ten_0000000000000000000000000U".parse::<TenantId>().is_err());
    }

    #[test]
    fn text_order_is_creation_order() {
        let (early, late) = (UserId(Uuid::from_u128(31)), UserId(Uuid::from_u128(32)));
        assert!(early.to_string() < late.to_string());
    }
}
