//! What a pack says about its policies: a table `policies`, read from the evaluated Rego.
//!
//! A table of values is used rather than `# METADATA` comments, because the interpreter drops comments.

use std::sync::Arc;

use regorus::Value;
use serde::Serialize;

use crate::{Error, Severity, code};

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Stable, unique among all packs.
    pub code: Arc<str>,
    /// The pack it is from.
    pub pack: Arc<str>,
    /// A short sentence of what must hold.
    pub title: Arc<str>,
    /// Whether breaking it refuses.
    pub severity: Severity,
    /// What goes wrong without it.
    pub why: String,
    /// How an estate or a renderer keeps it; the hint of findings that bring none.
    pub fix: String,
}

/// Reads `policies["CODE"] := {"title": …, "severity": …, "why": …, "fix": …}`.
pub(crate) fn read_policies(pack: &str, table: &Value) -> Result<Vec<Policy>, Vec<Error>> {
    let bad = |message: String| {
        Error::new(code::BAD_PACK, format!("pack `{pack}`: {message}")).hint(
            "write `policies[\"CODE\"] := {\"title\": …, \"severity\": \"error\" or \"warning\", \"why\": …, \"fix\": …}`",
        )
    };
    let Ok(table) = table.as_object() else {
        return Err(vec![bad("it has no table `policies`".to_owned())]);
    };
    let (mut policies, mut errors) = (Vec::new(), Vec::new());
    for (code, entry) in table.iter_sorted() {
        let Ok(code) = code.as_string() else {
            errors.push(bad(format!("{code} is not a code")));
            continue;
        };
        if !is_code(code) {
            errors.push(bad(format!("`{code}` is not a code such as `ACME0101`")));
        }
        let field = |name: &str| match entry[name].as_string() {
            Ok(text) if !text.trim().is_empty() => Ok(text.clone()),
            _ => Err(bad(format!("`{code}` needs the text `{name}`"))),
        };
        let severity = field("severity").and_then(|text| match text.as_ref() {
            "error" => Ok(Severity::Error),
            "warning" => Ok(Severity::Warning),
            other => Err(bad(format!(
                "`{code}` has the severity `{other}`, which is neither `error` nor `warning`"
            ))),
        });
        match (field("title"), severity, field("why"), field("fix")) {
            (Ok(title), Ok(severity), Ok(why), Ok(fix)) => policies.push(Policy {
                code: code.clone(),
                pack: pack.into(),
                title,
                severity,
                why: why.as_ref().to_owned(),
                fix: fix.as_ref().to_owned(),
            }),
            (title, severity, why, fix) => {
                errors.extend(
                    [title.err(), severity.err(), why.err(), fix.err()]
                        .into_iter()
                        .flatten(),
                );
            }
        }
    }
    if errors.is_empty() {
        Ok(policies)
    } else {
        Err(errors)
    }
}

/// Two to eight capital letters and four digits.
fn is_code(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = &text[letters..];
    (2..=8).contains(&letters) && digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_letters_and_four_digits() {
        for good in ["PL0810", "ACME0001"] {
            assert!(is_code(good), "{good}");
        }
        for bad in [
            "",
            "P0001",
            "pl0810",
            "PL081",
            "PL08100",
            "LOGISTICSX0001",
            "PL08é1",
        ] {
            assert!(!is_code(bad), "{bad}");
        }
    }
}
