//! Evidence that nobody can change, reorder or take out of the middle unnoticed.
//!
//! ```text
//!   chain.jsonl     one envelope per line
//!     envelope      DSSE: payload and its ed25519 signature
//!       statement   in-toto v1: digests of the files it vouches for
//!         entry     what was done, and the digest of the statement before it
//! ```
//!
//! Formats: DSSE v1 (`PAE("DSSEv1", type, payload)` is what is signed) and in-toto Statement v1, so that the tools of the
//! supply chain world can read them too. Verification needs the directory and the public key, and no network.
//!
//! What a chain cannot show by itself is that its end was cut off: whoever audits keeps the head, which every
//! verification prints, and asks for it the next time.

use std::collections::BTreeMap;

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use types::{EstateName, Redacted, Timestamp};

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://plimsoll.dev/evidence/v1";
/// An entry is a few hundred bytes and some digests.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Bytes of an ed25519 public key.
const KEY_BYTES: usize = 32;

/// Why evidence cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key file does not hold an ed25519 key.
    #[error("this is no ed25519 private key in PKCS#8")]
    BadKey,
    /// No key could be made.
    #[error("no key could be made")]
    NoKey,
    /// The chain that would be continued is broken.
    #[error("line {line} of the chain is not what it should be; nothing is appended to a broken chain")]
    BrokenChain {
        /// Counted from one.
        line: usize,
    },
    /// An entry could not be written as JSON.
    #[error("an entry cannot be written as JSON")]
    Json,
}

/// What a chain is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A drill.
    Drill,
    /// A comparison of the journal with the ERP.
    Reconciliation,
    /// What partners were to be told.
    Notice,
    /// What people took upon themselves: data given up, a move begun by one of them alone.
    Decision,
    /// A release.
    Release,
    /// Access that was granted or used.
    Access,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Whose.
    pub estate: EstateName,
    /// Of which kind.
    pub kind: Kind,
    /// Identity of the drill, release or grant.
    pub id: String,
    /// In a line for people: `region-loss, 3 runs: promises kept`.
    pub what: String,
    /// When it ended.
    pub at: Timestamp,
    /// 1, 2, …
    pub sequence: u64,
    /// SHA-256 of the payload before it, in hexadecimal; absent in the first entry.
    pub previous: Option<String>,
}

/// A new entry, before its place in the chain is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Whose.
    pub estate: EstateName,
    /// Of which kind.
    pub kind: Kind,
    /// Identity.
    pub id: String,
    /// In a line for people.
    pub what: String,
    /// When it ended.
    pub at: Timestamp,
    /// Files it vouches for: path relative to the chain, and content digest.
    pub files: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Entry,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

/// A private key that signs evidence.
pub struct Signer(Ed25519KeyPair);

/// The other half: what an auditor keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

/// One entry whose signature, place and digests are right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// What was done.
    pub entry: Entry,
    /// Files it vouches for, with their SHA-256 in hexadecimal.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of its payload: what the next entry names, and what an auditor keeps of the last one.
    pub digest: String,
}

/// What is wrong with a line of a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Broken {
    /// Counted from one.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// SHA-256 in hexadecimal.
pub fn digest_of(content: &[u8]) -> String {
    hex::encode(digest(&SHA256, content))
}

/// The line that continues a chain.
///
/// # Errors
/// When the chain is not one that this key signed: a forged past must not be vouched for.
pub fn append(chain: &str, signer: &Signer, new: NewEntry) -> Result<String, SignError> {
    let past =
        verify(chain, &signer.public()).map_err(|broken| SignError::BrokenChain { line: broken.line })?;
    let entry = Entry {
        estate: new.estate,
        kind: new.kind,
        id: new.id,
        what: new.what,
        at: new.at,
        sequence: past.len() as u64 + 1,
        previous: past.last().map(|last| last.digest.clone()),
    };
    let subject = new.files.into_iter().map(|(name, digest)| Subject {
        name,
        digest: BTreeMap::from([("sha256".to_owned(), digest)]),
    });
    let statement = Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: subject.collect(),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: entry,
    };
    let payload = serde_json::to_vec(&statement).map_err(|_| SignError::Json)?;
    let envelope = Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![Signature {
            keyid: signer.public().id(),
            sig: BASE64.encode(signer.0.sign(&signed_bytes(&payload))),
        }],
        payload: BASE64.encode(payload),
    };
    let line = serde_json::to_string(&envelope).map_err(|_| SignError::Json)?;
    Ok(line + "\n")
}

/// Checks every signature and every link. Whether files still have their digests is for the caller, who can read them.
///
/// # Errors
/// At the first line that is not right: nothing after it can be trusted.
pub fn verify(chain: &str, key: &PublicKey) -> Result<Vec<Verified>, Broken> {
    let (past, broken) = proven(chain, key);
    broken.map_or(Ok(past), Err)
}

/// The entries before the first line that is not right, and what is wrong with that line.
pub fn proven(chain: &str, key: &PublicKey) -> (Vec<Verified>, Option<Broken>) {
    let mut past: Vec<Verified> = Vec::new();
    for (index, line) in chain.lines().enumerate() {
        match verify_line(line, key, past.last()) {
            Ok(verified) => past.push(verified),
            Err(why) => return (past, Some(Broken { line: index + 1, why })),
        }
    }
    if chain.is_empty() || chain.ends_with('\n') {
        return (past, None);
    }
    let broken = Broken {
        line: past.len(),
        why: "it has no end: it was cut off while being written, or later",
    };
    past.pop();
    (past, Some(broken))
}

fn verify_line(line: &str, key: &PublicKey, before: Option<&Verified>) -> Result<Verified, &'static str> {
    if line.len() > LINE_BYTES_MAX {
        return Err("it is too long for an entry");
    }
    let envelope: Envelope = serde_json::from_str(line).map_err(|_| "it is no envelope")?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err("its payload is not an in-toto statement");
    }
    let payload = BASE64
        .decode(&envelope.payload)
        .map_err(|_| "its payload is not base64")?;
    let bytes = signed_bytes(&payload);
    let signed = envelope.signatures.iter().any(|signature| {
        signature.keyid == key.id()
            && BASE64.decode(&signature.sig).is_ok_and(|sig| {
                UnparsedPublicKey::new(&ED25519, key.0)
                    .verify(&bytes, &sig)
                    .is_ok()
            })
    });
    if !signed {
        return Err("this key did not sign it, or it was changed since");
    }
    let statement: Statement = serde_json::from_slice(&payload).map_err(|_| "its payload is no statement")?;
    if statement.statement_type != STATEMENT_TYPE || statement.predicate_type != PREDICATE_TYPE {
        return Err("its statement is of another type or version");
    }
    let entry = statement.predicate;
    if entry.previous.as_ref() != before.map(|before| &before.digest) {
        return Err("it does not follow the entry before it: one was taken out, put in or moved");
    }
    if entry.sequence != before.map_or(1, |before| before.entry.sequence + 1) {
        return Err("its number does not follow the one before it");
    }
    let mut files = BTreeMap::new();
    for subject in statement.subject {
        let digest = subject
            .digest
            .get("sha256")
            .ok_or("it names a file without a SHA-256")?;
        files.insert(subject.name, digest.clone());
    }
    Ok(Verified {
        entry,
        files,
        digest: digest_of(&payload),
    })
}

/// DSSE's pre-authentication encoding.
fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

// === impl Signer ===

impl Signer {
    /// A new private key, as PKCS#8.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn generate() -> Result<Redacted<Vec<u8>>, SignError> {
        Ed25519KeyPair::generate()
            .and_then(|pair| pair.to_pkcs8v1())
            .map(|document| Redacted::new(document.as_ref().to_vec()))
            .map_err(|_| SignError::NoKey)
    }

    /// Reads a private key.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, SignError> {
        Ed25519KeyPair::from_pkcs8(document)
            .map(Self)
            .map_err(|_| SignError::BadKey)
    }

    /// The other half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; KEY_BYTES];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.public().id())
    }
}

// === impl PublicKey ===

impl PublicKey {
    /// Reads what [`fmt::Display`](std::fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.trim().strip_prefix("ed25519:")?).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// A short name for people and envelopes: the first half of its SHA-256.
    pub fn id(&self) -> String {
        let mut id = digest_of(&self.0);
        id.truncate(KEY_BYTES);
        id
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ed25519:{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        // Keys are made of a seed here so that a failure can be repeated.
        Signer(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap())
    }

    fn entry(number: u64) -> NewEntry {
        NewEntry {
            estate: EstateName::new("example").unwrap(),
            kind: Kind::Drill,
            id: format!("drill-{number}"),
            what: "region-loss, 1 run: promises kept".to_owned(),
            at: Timestamp::from_micros(1_000_000 * i64::try_from(number).unwrap()),
            files: BTreeMap::from([(format!("{number}/evidence.json"), digest_of(b"{}"))]),
        }
    }

    fn chain(length: u64) -> String {
        (1..=length).fold(String::new(), |chain, number| {
            let line = append(&chain, &signer(), entry(number)).unwrap();
            chain + &line
        })
    }

    fn broken_at(chain: &str) -> usize {
        verify(chain, &signer().public()).unwrap_err().line
    }

    #[test]
    fn a_chain_is_verified_with_the_public_key_alone() {
        let key = PublicKey::parse(&signer().public().to_string()).unwrap();
        let verified = verify(&chain(3), &key).unwrap();
        assert_eq!(verified.len(), 3);
        assert_eq!(verified[2].entry.previous, Some(verified[1].digest.clone()));
        assert_eq!(verified[2].files["3/evidence.json"], digest_of(b"{}"));
        assert_eq!(verify("", &key).unwrap(), []);
    }

    #[test]
    fn every_way_of_changing_the_past_is_noticed() {
        let whole = chain(4);
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        // Taken out, moved, repeated.
        assert_eq!(broken_at(&[lines[0], lines[2], lines[3]].concat()), 2);
        assert_eq!(broken_at(&[lines[0], lines[2], lines[1], lines[3]].concat()), 2);
        assert_eq!(broken_at(&[lines[0], lines[0]].concat()), 2);
        assert_eq!(broken_at(&[lines[1], lines[2]].concat()), 1);
        // Cut in the middle of a line.
        assert_eq!(broken_at(whole.trim_end()), 4);
        // What lies before is still proven, and no more.
        let key = signer().public();
        let (before, broken) = proven(&[lines[0], lines[1], lines[3]].concat(), &key);
        assert_eq!((before.len(), broken.unwrap().line), (2, 3));
        assert_eq!(proven(whole.trim_end(), &key).0.len(), 3);
        assert_eq!(proven(&whole, &key).1, None);
        // Any single byte.
        for at in (0..lines[0].len() - 1).step_by(7) {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            if let Ok(changed) = String::from_utf8(bytes)
                && changed != whole
            {
                assert_eq!(broken_at(&changed), 1, "byte {at}");
            }
        }
    }

    #[test]
    fn another_key_signs_nothing_of_ours() {
        let other = Signer(Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap());
        assert!(verify(&chain(1), &other.public()).is_err());
        assert_eq!(
            append(&chain(2), &other, entry(3)),
            Err(SignError::BrokenChain { line: 1 })
        );
    }

    #[test]
    fn the_signed_bytes_are_those_of_the_dsse_specification() {
        // PAE = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body
        assert_eq!(
            signed_bytes(b"hello"),
            b"DSSEv1 28 application/vnd.in-toto+json 5 hello"
        );
    }

    #[test]
    fn a_private_key_survives_its_file() {
        let document = Signer::generate().unwrap();
        let signer = Signer::from_pkcs8(document.expose()).unwrap();
        let line = append("", &signer, entry(1)).unwrap();
        assert_eq!(verify(&line, &signer.public()).unwrap().len(), 1);
        assert!(Signer::from_pkcs8(b"not a key").is_err());
    }
}
