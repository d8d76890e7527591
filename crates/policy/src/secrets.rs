//! What looks like a secret in a text that must not hold one.
//!
//! Three nets, from fine to coarse: forms that only secrets have (private keys, tokens with a known beginning,
//! connection strings), names that only secrets have with a literal beside them, and values that look random under such
//! a name. A reference, such as `${…}`, a path, or a `secretKeyRef`, is no secret.

use std::sync::LazyLock;

use regex::Regex;

use crate::document::line_of;

/// One find.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) line: u32,
    pub(crate) kind: &'static str,
}

/// Forms that only secrets have.
const FORMS: [(&str, &str); 9] = [
    ("private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    (
        "storage account key",
        r"(?i)\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}={0,2}",
    ),
    ("shared access signature", r"[?&]sig=[A-Za-z0-9%+/]{30,}"),
    (
        "token of a code host",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,})",
    ),
    ("cloud access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("client secret", r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{34}"),
    ("chat token", r"\bxox[abpsr]-[A-Za-z0-9-]{10,}"),
    (
        "signed token",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    (
        "password in an address",
        r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\x22${}<]+:[^\s/:@'\x22${}<]+@",
    ),
];

/// A name that only secrets have, and what is written beside it.
const NAMED: &str = r#"(?im)^[\s"'-]*[\w.-]*?(password|passwd|secret|token|api_?key|access_?key|private_?key|passphrase)(?:_wo|_value|_text)?["']?\s*[:=]\s*("[^"\n]*"|'[^'\n]*'|[^\s#,]+)[ \t]*,?[ \t]*$"#;

static SHAPES: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    FORMS
        .iter()
        .filter_map(|(kind, form)| Some((*kind, Regex::new(form).ok()?)))
        .collect()
});
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAMED).ok());

/// Shorter values under a telling name are words such as `true` or a type.
const VALUE_CHARS_MIN: usize = 8;
/// Bits per character from which eight and more characters look random; English words have about 2.5, keys above 3.5.
const BITS_PER_CHAR_MIN: f64 = 3.0;

/// What looks like a secret, by line.
pub(crate) fn find(text: &str) -> Vec<Secret> {
    let mut found: Vec<Secret> = Vec::new();
    for (kind, shape) in SHAPES.iter() {
        found.extend(shape.find_iter(text).map(|place| Secret {
            line: line_of(text, place.start()),
            kind,
        }));
    }
    if let Some(names) = NAMES.as_ref() {
        for captures in names.captures_iter(text) {
            let Some((name, value)) = captures.get(1).zip(captures.get(2)) else {
                continue;
            };
            if is_literal_secret(value.as_str().trim_matches(['"', '\''])) {
                let line = line_of(text, name.start());
                found.push(Secret {
                    line,
                    kind: "literal beside a secret's name",
                });
            }
        }
    }
    found.sort_by_key(|secret| secret.line);
    found.dedup_by_key(|secret| secret.line);
    found
}

fn is_literal_secret(value: &str) -> bool {
    let reference = value.contains(['$', '/', '{', '<', ' ', '(', '*', '[', '|'])
        || value.contains("azurerm_")
        || value.starts_with("var.")
        || value.starts_with("local.")
        || value.starts_with("data.");
    // `odoo-database-password` names a secret; a name is words.
    let words = value
        .split(['-', '_', '.', ':'])
        .all(|word| word.len() < 16 && word.chars().all(|c| c.is_ascii_lowercase()));
    let title = value.split(['-', '_', '.']).all(|word| {
        word.len() < 16
            && word.chars().skip(1).all(|c| c.is_ascii_lowercase())
            && word.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
    });
    !reference
        && !words
        && !title
        && value.len() >= VALUE_CHARS_MIN
        && bits_per_char(value) >= BITS_PER_CHAR_MIN
}

/// Shannon's entropy of the characters.
fn bits_per_char(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        find(text).into_iter().map(|secret| secret.kind).collect()
    }

    #[test]
    fn every_form_is_known_and_finds_its_example() {
        assert_eq!(SHAPES.len(), FORMS.len());
        assert!(NAMES.is_some());
        // Put together here, so that no scanner takes this file for a leak.
        let long = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5";
        for (kind, text) in [
            ("private key", format!("-----BEGIN {} KEY-----", "EC PRIVATE")),
            (
                "storage account key",
                format!("AccountName=a;Account{}={long}==", "Key"),
            ),
            (
                "shared access signature",
                format!("https://a/b?sv=1&{}={long}", "sig"),
            ),
            ("token of a code host", format!("x: ghp_{}", &long[..36])),
            ("cloud access key", format!("{}ABCDEFGHIJKLMNOP", "AKIA")),
            ("client secret", format!("abc{}{}", "8Q~", &long[..34])),
            ("chat token", format!("xoxb-{}", &long[..12])),
            ("signed token", format!("eyJ{0}.eyJ{0}.{0}", &long[..12])),
            (
                "password in an address",
                "postgres://odoo:hunter2@db/erp".to_owned(),
            ),
            (
                "literal beside a secret's name",
                "  db_password = \"Tr0ub4dor&3\"".to_owned(),
            ),
            (
                "literal beside a secret's name",
                "clientSecret: Zx81-qqP0-77ab".to_owned(),
            ),
            (
                "literal beside a secret's name",
                "administrator_password_wo = \"Zx81-qqP0-77ab\"".to_owned(),
            ),
            (
                "literal beside a secret's name",
                "\"api_key\": \"9f8e7d6c5b4a\",".to_owned(),
            ),
        ] {
            assert_eq!(kinds(&text), [kind], "{text}");
        }
    }

    #[test]
    fn references_names_and_words_are_no_secrets() {
        for text in [
            "password = var.password",
            "password = azurerm_key_vault_secret.x.value",
            "admin_password = \"${random_password.admin.result}\"",
            "  secretName: odoo-database-password",
            "passwordSecretRef:",
            "secret: false",
            "token_file = /var/run/secrets/token",
            "requirepass-file: /etc/redis/secret",
            "api_key:",
            "https://plimsoll.example/path@home",
            "postgres://odoo@db/erp",
            "postgres://odoo:${PASSWORD}@db/erp",
            "secret: <from the vault>",
            "automountServiceAccountToken: false",
            "shared_access_key_enabled = false",
            "tokenRequests: Disabled",
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }

    #[test]
    fn the_line_is_the_one_it_stands_on() {
        let text = "a: 1\nb: 2\n  password: Tr0ub4dor-and-3\n";
        assert_eq!(find(text)[0].line, 3);
    }
}
