//! Secrets that somebody wrote into the file, whichever key they stand under.
//!
//! An estate file is kept in a repository and read by many. So this looks at every text of it, known keys or not, and
//! says where, never what.

use crate::{
    code,
    node::{Node, Value},
    problems::Problems,
};

/// What secrets of well-known makers begin with, and how long they are at least.
const PREFIXES: &[(&str, usize, &str)] = &[
    ("-----BEGIN ", 0, "a private key or certificate"),
    ("ghp_", 36, "an access token of GitHub"),
    ("gho_", 36, "an access token of GitHub"),
    ("github_pat_", 40, "an access token of GitHub"),
    ("glpat-", 20, "an access token of GitLab"),
    ("xoxb-", 20, "a token of Slack"),
    ("xoxp-", 20, "a token of Slack"),
    ("sk_live_", 20, "a key of a payment provider"),
    ("AKIA", 20, "an access key of a cloud provider"),
    ("eyJ", 60, "a signed token"),
];
/// Parts of connection strings and addresses that carry secrets.
const PARTS: &[(&str, &str)] = &[
    ("accountkey=", "the key of a storage account"),
    ("sharedaccesskey=", "a shared access key"),
    ("sharedaccesssignature=", "a shared access signature"),
    ("password=", "a password"),
    ("pwd=", "a password"),
    ("secret=", "a secret"),
    ("api_key=", "a key"),
    ("apikey=", "a key"),
    ("access_token=", "a token"),
    ("&sig=", "a shared access signature"),
    ("?sig=", "a shared access signature"),
];
/// Random letters of this length are no word of any language.
const RANDOM_LENGTH_MIN: usize = 32;
/// Letters change their kind at least this often in a hundred; words do seldom.
const CHANGES_PERCENT_MIN: usize = 30;

pub(crate) fn check(node: &Node, problems: &mut Problems<'_>) {
    match &node.value {
        Value::Text(text) => check_text(node, text, problems),
        Value::List(items) => items.iter().for_each(|item| check(item, problems)),
        Value::Map(pairs) => {
            for (key, value) in pairs {
                check(key, problems);
                check(value, problems);
            }
        }
        Value::Null | Value::Bool(_) | Value::Whole(_) | Value::Number => {}
    }
}

fn check_text(node: &Node, text: &str, problems: &mut Problems<'_>) {
    // Nearly all texts are short words.
    if text.len() < 12 {
        return;
    }
    if let Some(what) = looks_like(text) {
        problems
            .error(code::INLINE_SECRET, node.span, format!("this looks like {what}"))
            .help("take it out, replace it where it is used, and name it under `secrets`: its value belongs into the vault")
            .done();
    }
}

fn looks_like(text: &str) -> Option<&'static str> {
    let prefix = PREFIXES
        .iter()
        .find(|(prefix, length, _)| text.len() >= *length && text.starts_with(prefix));
    if let Some((_, _, what)) = prefix {
        return Some(what);
    }
    let lower = text.to_ascii_lowercase();
    if let Some((_, what)) = PARTS.iter().find(|(part, _)| lower.contains(part)) {
        return Some(what);
    }
    if has_credentials(text) {
        return Some("an address with a password");
    }
    is_random(text).then_some("a key or a password")
}

/// `scheme://name:password@host`.
fn has_credentials(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let credentials = authority.rsplit_once('@').map(|(credentials, _)| credentials);
    credentials.is_some_and(|credentials| {
        credentials
            .split_once(':')
            .is_some_and(|(_, password)| !password.is_empty())
    })
}

/// Letters of both cases and digits, mixed up without spaces. Digests say what they are, and are hexadecimal.
fn is_random(text: &str) -> bool {
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-.~".contains(&b);
    if text.len() < RANDOM_LENGTH_MIN || !text.bytes().all(alphabet) {
        return false;
    }
    let kinds: [fn(u8) -> bool; 3] = [
        |b| b.is_ascii_lowercase(),
        |b| b.is_ascii_uppercase(),
        |b| b.is_ascii_digit(),
    ];
    let kind_of = |b: u8| kinds.iter().position(|kind| kind(b));
    let all_kinds = kinds.iter().all(|kind| text.bytes().any(kind));
    let changes = text
        .as_bytes()
        .windows(2)
        .filter(|pair| kind_of(pair[0]) != kind_of(pair[1]))
        .count();
    all_kinds && changes * 100 >= text.len() * CHANGES_PERCENT_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_seen_and_words_are_not() {
        for text in [
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
            "postgres://odoo:hunter2@db.example.com/erp",
            "Server=tcp:db;User=odoo;Password=hunter2",
            "https://files.example.net/in?sv=2024&sig=abc",
            "kX9vQ2mLr8TzB4nWc7YdF1hJ6pSgA3eU",
        ] {
            assert!(looks_like(text).is_some(), "{text}");
        }
        for text in [
            "sha256:6b1f0c2a4d5e7f8091a2b3c4d5e6f70819a2b3c4d5e6f70819a2b3c4d5e6f708",
            "distribution-center-northern-region-2",
            "https://erp.example.com/in/acme-edi",
            "the password is in the vault, ask the service desk",
            "operations.northern.region@distribution.example.com",
            "EXAMPLE-CONTRACT-LOGISTICS-CONTROL-ROOM-1",
        ] {
            assert_eq!(looks_like(text), None, "{text}");
        }
    }
}
