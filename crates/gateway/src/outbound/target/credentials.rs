//! How we prove to a partner who we are: the counterpart of what the gateway checks of those who post to it.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use types::{
    Redacted, Timestamp,
    settings::{IntegrationSettings, ProofSettings, SignatureScheme},
};

/// How Standard Webhooks marks a key that is written in base64.
const ENCODED_KEY: &str = "whsec_";

/// How we prove to a partner who we are.
pub enum Credentials {
    /// Not at all.
    None,
    /// `Authorization`.
    Authorization(Redacted<String>),
    /// A keyed hash of what is sent.
    Signature(Box<Signature>),
}

/// See [`Credentials::Signature`].
pub struct Signature {
    header: String,
    scheme: SignatureScheme,
    key: hmac::Key,
}

impl Credentials {
    /// With the first line of the secret: where several hold, the first one is ours.
    ///
    /// # Errors
    /// What is wrong with it, in words without it.
    pub fn open(settings: &IntegrationSettings, secret: &str) -> Result<Self, &'static str> {
        let secret = secret.lines().map(str::trim).find(|line| !line.is_empty());
        let secret = secret.ok_or("its secret is empty")?;
        Ok(match &settings.proof {
            ProofSettings::Bearer => Self::Authorization(Redacted::new(format!("Bearer {secret}"))),
            ProofSettings::Basic => {
                let both = if secret.contains(':') {
                    secret.to_owned()
                } else {
                    format!("{}:{secret}", settings.name)
                };
                Self::Authorization(Redacted::new(format!("Basic {}", STANDARD.encode(both))))
            }
            ProofSettings::Signature { header, scheme } => {
                let header = header.to_ascii_lowercase();
                if *scheme == SignatureScheme::StandardWebhooks && !header.ends_with("signature") {
                    return Err("the header of Standard Webhooks ends in `signature`");
                }
                let key = match secret.strip_prefix(ENCODED_KEY) {
                    Some(encoded) => STANDARD.decode(encoded).map_err(|_| "its key is not base64")?,
                    None => secret.as_bytes().to_vec(),
                };
                Self::Signature(Box::new(Signature {
                    header,
                    scheme: *scheme,
                    key: hmac::Key::new(hmac::HMAC_SHA256, &key),
                }))
            }
            ProofSettings::Unavailable | ProofSettings::MutualTls => {
                return Err("the gateway cannot prove itself that way");
            }
        })
    }

    /// Headers of one message: signed anew for each try, because partners refuse a signature that is minutes old.
    pub fn headers(&self, id: &str, body: &[u8], now: Timestamp) -> Vec<(String, String)> {
        match self {
            Self::None => Vec::new(),
            Self::Authorization(value) => vec![("authorization".to_owned(), value.expose().clone())],
            Self::Signature(signature) => signature.headers(id, body, now),
        }
    }
}

impl Signature {
    fn headers(&self, id: &str, body: &[u8], now: Timestamp) -> Vec<(String, String)> {
        let seconds = now.as_micros().div_euclid(1_000_000).to_string();
        match self.scheme {
            SignatureScheme::Body => {
                let value = format!("sha256={}", hex::encode(self.sign("", body)));
                vec![(self.header.clone(), value)]
            }
            SignatureScheme::Timestamped => {
                let signed = hex::encode(self.sign(&format!("{seconds}."), body));
                vec![(self.header.clone(), format!("t={seconds},v1={signed}"))]
            }
            SignatureScheme::StandardWebhooks => {
                let stem = self.header.strip_suffix("signature").unwrap_or_default();
                let signed = STANDARD.encode(self.sign(&format!("{id}.{seconds}."), body));
                vec![
                    (format!("{stem}id"), id.to_owned()),
                    (format!("{stem}timestamp"), seconds),
                    (self.header.clone(), format!("v1,{signed}")),
                ]
            }
        }
    }

    fn sign(&self, before: &str, body: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(before.as_bytes());
        context.update(body);
        context.sign()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::ingest::Proof;

    #[test]
    fn what_we_send_is_what_we_would_let_in() {
        let now = Timestamp::from_micros(1_760_000_000_000_000);
        let signed = |scheme, header: &str| ProofSettings::Signature {
            header: header.to_owned(),
            scheme,
        };
        for (proof, secret) in [
            (ProofSettings::Bearer, "a token"),
            (ProofSettings::Basic, "a password"),
            (signed(SignatureScheme::Body, "X-Signature"), "a key"),
            (signed(SignatureScheme::Timestamped, "X-Signature"), "a key"),
            (
                signed(SignatureScheme::StandardWebhooks, "webhook-signature"),
                "whsec_YSBrZXk=",
            ),
        ] {
            let settings = serde_json::json!({
                "name": "acme", "proof": proof, "secret_file": "none", "idempotency": { "header": "K" },
                "kind": "x", "body_max": "1MiB", "concurrency": 1,
                "lane": { "retry": { "first": "1s", "longest": "1s", "give_up": "1s" }, "outage": "1s", "criticality": "critical" },
            });
            let settings = serde_json::from_value(settings).unwrap();
            let headers = Credentials::open(&settings, &format!("{secret}\nolder\n")).unwrap();
            let headers = headers.headers("e-1", b"{}", now);
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::try_from(name).unwrap(),
                        HeaderValue::try_from(value).unwrap(),
                    )
                })
                .collect();
            let theirs = Proof::open(&settings, secret.as_bytes()).unwrap();
            assert!(theirs.check_head(&headers).is_ok(), "{proof:?}");
            assert!(theirs.check_body(&headers, b"{}", now).is_ok(), "{proof:?}");
            if matches!(proof, ProofSettings::Signature { .. }) {
                assert!(theirs.check_body(&headers, b"{ }", now).is_err(), "{proof:?}");
            }
        }
    }
}
