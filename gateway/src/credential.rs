//! Who calls: `Authorization: Basic` or `Bearer` (RFC 7617, RFC 6750). An unknown id and a wrong
//! secret take the same steps and get the same answer.

use std::sync::Arc;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::header;
use mintreu_model::credential::{client_id_is_wellformed, secret_is_wellformed};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    grant::{Entry, Moment, Wanted},
    header::single,
    message::Fields,
    problem::{Code, Problem},
    state::Core,
    token::{TokenRefused, Verified},
};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// More than an id and a secret ever need.
const LONGEST: usize = 512;

/// A caller that proved who it is; what it may do is not decided yet.
pub(crate) struct Caller {
    pub(crate) entry: Arc<Entry>,
    pub(crate) token: Option<Arc<Verified>>,
}

/// What a call says of who makes it.
pub(crate) enum Credential<'a> {
    /// An id that no key has is `None`.
    Secret(Option<Wanted<'a>>, &'a str),
    Token(&'a str),
}

impl<'a> Credential<'a> {
    /// Reads it, and begins to look for the grant.
    pub(crate) fn read(core: &Core, fields: &'a Fields, decoded: &'a mut [u8; LONGEST]) -> Result<Self, Problem> {
        let line = single(fields, &header::AUTHORIZATION)
            .map_err(|()| Problem::malformed("Authorization stands more than once."))?
            .ok_or(Code::CredentialsMissing)?;
        let text = line.to_str().map_err(|_| Code::CredentialsInvalid)?;
        let (scheme, value) = text.split_once(' ').ok_or(Code::CredentialsInvalid)?;
        if scheme.eq_ignore_ascii_case("basic") {
            let (id, secret) = basic(value, decoded).ok_or(Code::CredentialsInvalid)?;
            Ok(Self::Secret(core.grants.want(id), secret))
        } else if scheme.eq_ignore_ascii_case("bearer") {
            Ok(Self::Token(value.trim()))
        } else {
            Err(Code::CredentialsInvalid.into())
        }
    }

    /// Goes on looking for the grant, so that it is there when it is needed.
    pub(crate) fn bring(&self, core: &Core) {
        if let Self::Secret(Some(wanted), _) = self {
            core.grants.bring(*wanted);
        }
    }

    pub(crate) async fn identify(self, core: &Core, now: Moment) -> Result<Caller, Problem> {
        match self {
            Self::Secret(wanted, secret) => Ok(Caller { entry: by_secret(core, wanted, secret, now).await?, token: None }),
            Self::Token(token) => by_token(core, token, now).await,
        }
    }
}

/// Id and secret of a Basic credential.
pub(crate) fn basic<'a>(value: &str, decoded: &'a mut [u8; LONGEST]) -> Option<(&'a str, &'a str)> {
    let length = BASE64.decode_slice(value.trim(), decoded).ok()?;
    let decoded = decoded.get(..length)?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    std::str::from_utf8(decoded).ok()?.split_at_checked(colon).map(|(id, secret)| (id, secret.get(1..).unwrap_or_default()))
}

pub(crate) fn buffer() -> [u8; LONGEST] {
    [0; LONGEST]
}

/// The entry whose secret this is. Nobody is asked about junk.
pub(crate) async fn by_secret(core: &Core, wanted: Option<Wanted<'_>>, secret: &str, now: Moment) -> Result<Arc<Entry>, Problem> {
    let entry = match wanted {
        Some(wanted) => {
            let may_exist = || client_id_is_wellformed(wanted.client_id) && secret_is_wellformed(secret);
            core.grants.find(wanted, may_exist, now).await.map_err(|_| Code::ServiceUnavailable)?
        }
        None => None,
    };
    // Now, while the processor brings the rest of the entry.
    let digest: [u8; 32] = Sha256::digest(secret).into();
    let expected = entry.as_ref().map_or([0; 32], |entry| entry.grant.secret_sha256);
    let equal = bool::from(expected.ct_eq(&digest));
    let entry = entry.filter(|_| equal).ok_or(Code::CredentialsInvalid)?;
    entry.check_key(now.0)?;
    Ok(entry)
}

async fn by_token(core: &Core, token: &str, now: Moment) -> Result<Caller, Problem> {
    let verified = core.tokens.verify(&core.signer, &core.settings.issuer, token).map_err(|refused| match refused {
        TokenRefused::Invalid => Code::CredentialsInvalid,
        TokenRefused::Expired => Code::CredentialsExpired,
    })?;
    let wanted = core.grants.want(&verified.client_id).ok_or(Code::CredentialsInvalid)?;
    let entry = core.grants.find(wanted, || true, now).await.map_err(|_| Code::ServiceUnavailable)?.ok_or(Code::CredentialsInvalid)?;
    entry.check_key(now.0)?;
    Ok(Caller { entry, token: Some(verified) })
}
