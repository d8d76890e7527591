//! How partners prove who they are: a token, a name and a password, a signature over what they send, or a client
//! certificate.
//!
//! Secrets are compared by hashes or keyed hashes in constant time. Several may hold at once, so that a partner can
//! change from one to the next.

use std::time::{Duration, SystemTime};

use api::{Problem, tls::Partners};
use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderName, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use journal::body_hash;
use subtle::{Choice, ConstantTimeEq as _};
use tokio_rustls::rustls::pki_types::CertificateDer;
use types::{
    Timestamp,
    settings::{IntegrationSettings, ProofSettings, SignatureScheme},
};

use crate::refusal;

/// A signature that carries a time may be so old, or so far ahead: clocks differ, and a webhook is sent again soon.
const AGE_MAX: Duration = Duration::from_secs(300);
/// Signatures in one header; partners send two while they change their keys.
const SIGNATURES_MAX: usize = 8;
/// How Standard Webhooks marks a key that is written in base64.
const ENCODED_KEY: &str = "whsec_";

/// What one integration's partner proves itself by.
pub struct Proof {
    kind: Kind,
}

enum Kind {
    /// `Authorization` with this scheme, and what follows it by its SHA-256: hashes have one length, so that comparing
    /// them tells nothing of the secret's.
    Credentials {
        scheme: &'static str,
        hashes: Vec<[u8; 32]>,
    },
    Signature(Box<Signature>),
    Certificates(Partners),
    Unavailable,
}

struct Signature {
    header: HeaderName,
    scheme: SignatureScheme,
    /// Of Standard Webhooks alone: the headers with the message's id and with its time.
    beside: Option<(HeaderName, HeaderName)>,
    keys: Vec<hmac::Key>,
}

impl Proof {
    /// Takes the secrets of an integration, one in each line.
    ///
    /// # Errors
    /// What is wrong with them, in words without any of them.
    pub fn open(settings: &IntegrationSettings, secrets: &[u8]) -> Result<Self, &'static str> {
        if settings.only_leaves() {
            return Ok(Self {
                kind: Kind::Unavailable,
            });
        }
        if settings.proof == ProofSettings::MutualTls {
            let kind = Kind::Certificates(Partners::open(secrets)?);
            return Ok(Self { kind });
        }
        let text = std::str::from_utf8(secrets).map_err(|_| "its secret is not text")?;
        let secrets: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        if secrets.is_empty() && settings.proof != ProofSettings::Unavailable {
            return Err("its secret is empty");
        }
        let kind = match &settings.proof {
            ProofSettings::Bearer => Kind::Credentials {
                scheme: "bearer",
                hashes: secrets.iter().map(|token| body_hash(token.as_bytes())).collect(),
            },
            ProofSettings::Basic => Kind::Credentials {
                scheme: "basic",
                hashes: secrets.iter().map(|secret| basic(settings, secret)).collect(),
            },
            ProofSettings::Signature { header, scheme } => {
                Kind::Signature(Box::new(Signature::open(header, *scheme, &secrets)?))
            }
            ProofSettings::MutualTls | ProofSettings::Unavailable => Kind::Unavailable,
        };
        Ok(Self { kind })
    }

    /// Nobody is let in.
    pub const fn nobody() -> Self {
        Self {
            kind: Kind::Unavailable,
        }
    }

    /// Whether the certificate of the connection decides.
    pub const fn is_by_certificate(&self) -> bool {
        matches!(self.kind, Kind::Certificates(_))
    }

    /// What the certificate of whoever sends a request tells.
    ///
    /// # Errors
    /// [`refusal::unauthorised`].
    pub fn check_certificate(&self, chain: &[CertificateDer<'_>], now: SystemTime) -> Result<(), Problem> {
        match &self.kind {
            Kind::Certificates(partners) if partners.admit(chain, now) => Ok(()),
            Kind::Certificates(_) | Kind::Credentials { .. } | Kind::Signature(_) | Kind::Unavailable => {
                Err(refusal::unauthorised("client certificate"))
            }
        }
    }

    /// What the head of a request tells already; a signature is only there, and checked with the body.
    ///
    /// # Errors
    /// [`refusal::unauthorised`].
    pub fn check_head(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match &self.kind {
            Kind::Credentials { scheme, hashes } => {
                let given = given(headers, scheme).ok_or_else(|| refusal::unauthorised(scheme))?;
                // Every one is compared: which of them it is must not show either.
                let right = hashes
                    .iter()
                    .fold(Choice::from(0), |right, hash| right | hash.ct_eq(&given));
                authorised(right, scheme)
            }
            Kind::Signature(signature) if headers.contains_key(&signature.header) => Ok(()),
            Kind::Signature(_) => Err(refusal::unauthorised("signature")),
            Kind::Certificates(_) => Err(refusal::unauthorised("client certificate")),
            Kind::Unavailable => Err(refusal::proof_unavailable()),
        }
    }

    /// Whether the head alone decided.
    pub const fn is_in_head(&self) -> bool {
        !matches!(self.kind, Kind::Signature(_) | Kind::Certificates(_))
    }

    /// What the whole request tells.
    ///
    /// # Errors
    /// [`refusal::unauthorised`].
    pub fn check_body(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Problem> {
        match &self.kind {
            Kind::Credentials { .. } | Kind::Certificates(_) | Kind::Unavailable => Ok(()),
            Kind::Signature(signature) => {
                let right = signature.check(headers, body, now);
                authorised(right.unwrap_or(Choice::from(0)), "signature")
            }
        }
    }
}

fn authorised(right: Choice, what: &str) -> Result<(), Problem> {
    if bool::from(right) {
        Ok(())
    } else {
        Err(refusal::unauthorised(what))
    }
}

/// The hash of what comes with this scheme, decoded where it is encoded.
fn given(headers: &HeaderMap, scheme: &str) -> Option<[u8; 32]> {
    let (name, rest) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    if !name.eq_ignore_ascii_case(scheme) {
        return None;
    }
    match scheme {
        "basic" => Some(body_hash(&STANDARD.decode(rest.trim()).ok()?)),
        _ => Some(body_hash(rest.trim().as_bytes())),
    }
}

fn basic(settings: &IntegrationSettings, secret: &str) -> [u8; 32] {
    if secret.contains(':') {
        body_hash(secret.as_bytes())
    } else {
        body_hash(format!("{}:{secret}", settings.name).as_bytes())
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

impl Signature {
    fn open(header: &str, scheme: SignatureScheme, secrets: &[&str]) -> Result<Self, &'static str> {
        let lower = header.to_ascii_lowercase();
        let name = |text: &str| HeaderName::try_from(text).map_err(|_| "its header is not one");
        let beside = match scheme {
            SignatureScheme::Body | SignatureScheme::Timestamped => None,
            SignatureScheme::StandardWebhooks => {
                let stem = lower
                    .strip_suffix("signature")
                    .ok_or("the header of Standard Webhooks ends in `signature`")?;
                Some((name(&format!("{stem}id"))?, name(&format!("{stem}timestamp"))?))
            }
        };
        let keys = secrets.iter().map(|secret| {
            let key = match secret.strip_prefix(ENCODED_KEY) {
                Some(encoded) => STANDARD.decode(encoded).map_err(|_| "its key is not base64")?,
                None => secret.as_bytes().to_vec(),
            };
            Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
        });
        Ok(Self {
            header: name(&lower)?,
            scheme,
            beside,
            keys: keys.collect::<Result<_, &'static str>>()?,
        })
    }

    /// `None`: it is not written as it must be.
    fn check(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Choice> {
        let given = text(headers, &self.header)?;
        let (before, signatures) = match (self.scheme, &self.beside) {
            (SignatureScheme::Body, _) => (String::new(), vec![bytes(given)?]),
            (SignatureScheme::Timestamped, _) => timestamped(given, now)?,
            (SignatureScheme::StandardWebhooks, Some((id, time))) => {
                let (id, seconds) = (text(headers, id)?, recent(text(headers, time)?, now)?);
                let signatures = given.split(' ').filter_map(|one| bytes(one.strip_prefix("v1,")?));
                let signatures = signatures.take(SIGNATURES_MAX).collect();
                (format!("{id}.{seconds}."), signatures)
            }
            (SignatureScheme::StandardWebhooks, None) => return None,
        };
        let mut right = Choice::from(0);
        for key in &self.keys {
            let mut context = hmac::Context::with_key(key);
            context.update(before.as_bytes());
            context.update(body);
            let expected = context.sign();
            for signature in &signatures {
                right |= expected.as_ref().ct_eq(signature);
            }
        }
        Some(right)
    }
}

/// `t=SECONDS,v1=HEX`, with several `v1` while keys change; what else is in it is of no concern here.
fn timestamped(given: &str, now: Timestamp) -> Option<(String, Vec<[u8; 32]>)> {
    let parts = || given.split(',').filter_map(|part| part.trim().split_once('='));
    let (_, seconds) = parts().find(|(name, _)| *name == "t")?;
    let seconds = recent(seconds, now)?;
    let signatures = parts().filter(|(name, _)| *name == "v1");
    let signatures = signatures.filter_map(|(_, hex)| bytes(hex));
    Some((format!("{seconds}."), signatures.take(SIGNATURES_MAX).collect()))
}

/// Seconds since 1970, as they were written, if they are near enough to now.
fn recent(text: &str, now: Timestamp) -> Option<&str> {
    let seconds: i64 = text.parse().ok()?;
    let then = Timestamp::from_micros(seconds.checked_mul(1_000_000)?);
    (now.since(then) <= AGE_MAX && then.since(now) <= AGE_MAX).then_some(text)
}

/// 32 bytes in hexadecimal or base64, with or without a prefix such as `sha256=`.
fn bytes(text: &str) -> Option<[u8; 32]> {
    const HEX: usize = 64;
    const BASE64: usize = 44;
    let prefix = text
        .len()
        .checked_sub(HEX)
        .filter(|at| text.is_char_boundary(*at));
    let decoded = match prefix.map(|at| text.split_at(at)) {
        Some((prefix, rest)) if prefix.is_empty() || prefix.ends_with('=') => hex::decode(rest).ok(),
        _ => None,
    };
    let decoded = decoded.or_else(|| {
        let at = text
            .len()
            .checked_sub(BASE64)
            .filter(|at| text.is_char_boundary(*at))?;
        let (prefix, rest) = text.split_at(at);
        (prefix.is_empty() || prefix.ends_with('=')).then(|| STANDARD.decode(rest).ok())?
    });
    decoded?.try_into().ok()
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
