//! Waivers: somebody takes the blame for a finding, by name, with a reason, until a day.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Error, Finding, Policy, Position, Severity, Waived, code, date, report::GATE};

/// A waiver lasts a year at most; whoever still needs it then says so again.
const DAYS_MAX: i64 = 366;

/// Somebody accepts a finding for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Code of the policy.
    pub policy: String,
    /// What it is about: exactly as a finding says, or everything below with `…/*`, or with `…#*` everything in a file.
    pub at: String,
    /// Who answers for it.
    pub person: String,
    /// Why it is acceptable.
    pub reason: String,
    /// The last day it counts.
    pub expires: Date,
}

/// What became of a waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WaiverState {
    /// It counts until its day is over.
    Valid,
    /// Its day is over.
    Expired,
}

impl Waiver {
    /// Whether it still counts on a day.
    pub fn state(&self, today: Date) -> WaiverState {
        if today <= self.expires {
            WaiverState::Valid
        } else {
            WaiverState::Expired
        }
    }

    /// Whether it is about a finding.
    pub(crate) fn covers(&self, code: &str, at: &str) -> bool {
        if self.policy != code {
            return false;
        }
        match self.at.strip_suffix('*') {
            Some(beginning) => at.starts_with(beginning),
            None => at == self.at,
        }
    }

    /// What is wrong with how it is written.
    pub(crate) fn check(&self, today: Date) -> Result<(), Error> {
        let bad = |message: String, hint: &str| {
            Err(Error::new(
                code::BAD_WAIVER,
                format!("the waiver of {} at `{}` {message}", self.policy, self.at),
            )
            .hint(hint))
        };
        for (name, text) in [("person", &self.person), ("reason", &self.reason)] {
            if text.trim().is_empty() {
                return bad(
                    format!("names no {name}"),
                    "somebody must answer for it, and say why",
                );
            }
        }
        let beginning = self.at.strip_suffix('*');
        if beginning.is_some_and(|beginning| !beginning.ends_with(['/', '#']))
            || beginning.unwrap_or(&self.at).contains('*')
        {
            return bad(
                "is about a pattern that cannot be".to_owned(),
                "write the place as the finding says it, or end it with `/*` or `#*`",
            );
        }
        let days = date::days_between(today, self.expires);
        if days > DAYS_MAX {
            return bad(
                format!("expires in {days} days, which is more than a year"),
                "let it expire within a year, and decide again then",
            );
        }
        Ok(())
    }
}

/// Divides findings into those that count and those that are waived, and adds what is wrong with the waivers.
pub(crate) fn judge_waivers(
    mut found: Vec<Finding>,
    waivers: &[Waiver],
    policies: &BTreeMap<Arc<str>, Policy>,
    today: Date,
) -> (Vec<Finding>, Vec<Waived>) {
    found.sort_by(|a, b| a.order().cmp(&b.order()));
    found.dedup();
    let (mut own, mut valid) = (Vec::new(), Vec::new());
    for waiver in waivers {
        if !policies.contains_key(waiver.policy.as_str()) {
            let message = format!(
                "{} waives `{}`, and there is no such policy",
                waiver.person, waiver.policy
            );
            own.push(about(
                waiver,
                code::UNKNOWN_POLICY,
                Severity::Error,
                message,
                "correct its code, or remove the waiver",
            ));
        } else if let Err(error) = waiver.check(today) {
            let hint = error.hint.unwrap_or_default();
            own.push(about(
                waiver,
                code::BAD_WAIVER,
                Severity::Error,
                error.message,
                &hint,
            ));
        } else if waiver.state(today) == WaiverState::Expired {
            let message = format!(
                "the waiver of {} by {} expired on {}",
                waiver.policy, waiver.person, waiver.expires
            );
            own.push(about(
                waiver,
                code::EXPIRED_WAIVER,
                Severity::Error,
                message,
                "repair what it waived, or decide again, and remove it",
            ));
        } else {
            valid.push((waiver, false));
        }
    }
    let (mut findings, mut waived) = (Vec::new(), Vec::new());
    for finding in found {
        // The narrowest waiver is the one that was meant.
        let waiver = valid
            .iter_mut()
            .filter(|(waiver, _)| waiver.covers(&finding.code, &finding.at))
            .max_by_key(|(waiver, _)| waiver.at.len());
        match waiver {
            Some((waiver, used)) => {
                *used = true;
                waived.push(Waived {
                    finding,
                    waiver: (*waiver).clone(),
                });
            }
            None => findings.push(finding),
        }
    }
    for (waiver, _) in valid.iter().filter(|(_, used)| !used) {
        let message = format!(
            "the waiver of {} by {} waives nothing",
            waiver.policy, waiver.person
        );
        own.push(about(
            waiver,
            code::UNUSED_WAIVER,
            Severity::Warning,
            message,
            "remove it, or correct its place",
        ));
    }
    findings.extend(own);
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    (findings, waived)
}

fn about(waiver: &Waiver, code: &str, severity: Severity, message: String, hint: &str) -> Finding {
    Finding {
        code: code.into(),
        severity,
        title: "Waivers name a person, a reason and an end, and are needed".into(),
        pack: GATE.into(),
        at: waiver.at.clone(),
        message,
        hint: hint.to_owned(),
        place: None,
    }
}

/// Reads a file of waivers: a YAML list with `policy`, `at`, `person`, `reason` and `expires`.
///
/// # Errors
/// When it is not such a list; the position names `path`.
pub fn read_waivers(path: &str, text: &str) -> Result<Vec<Waiver>, Error> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let position = error.location().map(|place| Position {
            path: path.to_owned(),
            line: u32::try_from(place.line()).unwrap_or(u32::MAX),
            column: u32::try_from(place.column()).unwrap_or(u32::MAX),
        });
        let message = error.to_string();
        Error::new(code::BAD_WAIVER, message.lines().next().unwrap_or_default())
            .at(position)
            .hint(
                "a waiver has `policy`, `at`, `person`, `reason` and `expires: YYYY-MM-DD`, and nothing else",
            )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiver(at: &str, expires: &str) -> Waiver {
        Waiver {
            policy: "PL0810".to_owned(),
            at: at.to_owned(),
            person: "Erika Example".to_owned(),
            reason: "the image moves next week".to_owned(),
            expires: expires.parse().unwrap(),
        }
    }

    #[test]
    fn a_waiver_covers_its_place_or_what_lies_below() {
        for (at, covered, not) in [
            ("a.yaml#Pod/x", "a.yaml#Pod/x", "a.yaml#Pod/x/c"),
            ("a.yaml#Pod/x/*", "a.yaml#Pod/x/c", "a.yaml#Pod/xy"),
            ("k/*", "k/a.yaml#Pod/x", "kk/a.yaml"),
            ("a.yaml#*", "a.yaml#Pod/x", "a.yaml"),
        ] {
            let waiver = waiver(at, "2026-12-01");
            assert!(waiver.covers("PL0810", covered), "{at} {covered}");
            assert!(!waiver.covers("PL0810", not), "{at} {not}");
            assert!(!waiver.covers("PL0811", covered), "{at}");
        }
    }

    #[test]
    fn a_waiver_needs_a_person_a_reason_and_an_end_within_a_year() {
        let today = "2026-11-21".parse().unwrap();
        assert_eq!(waiver("k/*", "2027-11-21").check(today), Ok(()));
        assert!(waiver("k/*", "2027-11-23").check(today).is_err());
        assert!(waiver("k*", "2026-12-01").check(today).is_err());
        assert!(waiver("*/k/*", "2026-12-01").check(today).is_err());
        let mut nobody = waiver("k/*", "2026-12-01");
        nobody.person = " ".to_owned();
        assert!(nobody.check(today).is_err());
        assert_eq!(waiver("k", "2026-11-21").state(today), WaiverState::Valid);
        assert_eq!(waiver("k", "2026-11-20").state(today), WaiverState::Expired);
    }

    #[test]
    fn a_file_of_waivers_is_read_or_refused_with_its_place() {
        let text =
            "- policy: PL0810\n  at: k/*\n  person: Erika Example\n  reason: soon\n  expires: 2026-12-01\n";
        assert_eq!(
            read_waivers("w.yaml", text).unwrap()[0].expires,
            "2026-12-01".parse().unwrap()
        );
        assert_eq!(read_waivers("w.yaml", "\n").unwrap(), []);
        let error = read_waivers("w.yaml", &text.replace("  reason: soon\n", "")).unwrap_err();
        assert_eq!(error.code, code::BAD_WAIVER);
        assert!(error.message.contains("reason"), "{error}");
        assert!(read_waivers("w.yaml", &format!("{text}  until: x\n")).is_err());
        assert!(read_waivers("w.yaml", &text.replace("2026-12-01", "soon")).is_err());
    }
}
