//! Rules as values: what is recorded, what is alarmed, and the cases that prove each alarm.
//!
//! One model, three forms: plain rule files (the source that `promtool` reads), the same groups as a custom resource,
//! and the test cases. An alarm without a case in which it fires and one in which it keeps silent is not finished.

use std::collections::BTreeMap;

use types::Span;

use crate::cloud::runbooks::Page;

/// Labels by name, in the order of their names.
pub(super) type Labels = BTreeMap<String, String>;

/// Makes labels from pairs.
pub(super) fn labels<K: Into<String>, V: Into<String>, const N: usize>(pairs: [(K, V); N]) -> Labels {
    pairs
        .into_iter()
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}

/// Who hears of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Somebody is woken.
    Page,
    /// Somebody works through it in office hours.
    Ticket,
    /// It is only shown.
    Log,
}

impl Severity {
    /// As it is written in labels.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::Log => "log",
        }
    }
}

/// What an alert is about. Alarms of an upper layer silence their consequences in lower ones; `business` is never
/// silenced, because it says what customers feel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// A capability: what customers feel.
    Business,
    /// A region as a whole, or who may write.
    Recovery,
    /// A part of a stamp.
    Stamp,
    /// What stamps run on.
    Platform,
    /// A stream of messages.
    Integration,
    /// Proof that something would work.
    Proof,
    /// A place where people work.
    Site,
}

impl Layer {
    /// As it is written in labels.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Recovery => "recovery",
            Self::Stamp => "stamp",
            Self::Platform => "platform",
            Self::Integration => "integration",
            Self::Proof => "proof",
            Self::Site => "site",
        }
    }
}

/// A file of rules with one group.
#[derive(Clone, Debug)]
pub(super) struct RuleFile {
    /// Name of the file and the group.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) about: &'static str,
    /// Files whose recordings it uses.
    pub(super) needs: &'static [&'static str],
    /// In the order of evaluation.
    pub(super) records: Vec<Record>,
    /// After the recordings.
    pub(super) alerts: Vec<Alert>,
}

/// A recorded expression.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Its name: `level:metric:operations`.
    pub(super) name: String,
    /// What is recorded.
    pub(super) expr: String,
    /// Added to what the expression returns.
    pub(super) labels: Labels,
}

impl Record {
    /// A recorded expression.
    pub(super) fn new(name: impl Into<String>, expr: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            expr: expr.into(),
            labels: Labels::new(),
        }
    }

    /// A number from the plan as a series, so that one rule serves everything that has such a number.
    pub(super) fn constant<const N: usize>(name: &str, value: u64, pairs: [(&str, &str); N]) -> Self {
        Self {
            name: name.to_owned(),
            expr: format!("vector({value})"),
            labels: labels(pairs),
        }
    }
}

/// An alarm.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    /// Its name.
    pub(super) name: &'static str,
    /// Fires where this returns something.
    pub(super) expr: String,
    /// For this long.
    pub(super) lasting: Span,
    /// Who hears of it.
    pub(super) severity: Severity,
    /// What it is about.
    pub(super) layer: Layer,
    /// Who answers for it; `None` where the expression returns a label `owner`.
    pub(super) owner: Option<String>,
    /// Further labels that are always the same.
    pub(super) labels: Labels,
    /// In one line.
    pub(super) summary: String,
    /// What it means and what is at stake, in plain words.
    pub(super) description: String,
    /// What to do.
    pub(super) page: Page,
    /// Cases that prove it.
    pub(super) cases: Vec<Case>,
}

/// Owner of everything that no capability or lane owns.
pub(super) const PLATFORM: &str = "platform";

impl Alert {
    /// An alarm; [`Alert::when`] and [`Alert::says`] complete it.
    pub(super) fn new(name: &'static str, severity: Severity, layer: Layer, page: Page) -> Self {
        Self {
            name,
            expr: String::new(),
            lasting: Span::default(),
            severity,
            layer,
            owner: Some(PLATFORM.to_owned()),
            labels: Labels::new(),
            summary: String::new(),
            description: String::new(),
            page,
            cases: Vec::new(),
        }
    }

    /// Fires where the expression returns something for this many minutes.
    pub(super) fn when(mut self, expr: impl Into<String>, minutes: u64) -> Self {
        self.expr = expr.into();
        self.lasting = Span::from_secs(minutes * 60);
        self
    }

    /// What people read.
    pub(super) fn says(mut self, summary: impl Into<String>, description: impl Into<String>) -> Self {
        self.summary = summary.into();
        self.description = description.into();
        self
    }

    /// The expression says who answers.
    pub(super) fn owned_by_series(mut self) -> Self {
        self.owner = None;
        self
    }

    /// A label that is always the same.
    pub(super) fn label(mut self, name: &str, value: impl Into<String>) -> Self {
        self.labels.insert(name.to_owned(), value.into());
        self
    }

    /// A case in which it fires, with these labels beside its own.
    pub(super) fn fires<const N: usize>(mut self, case: Case, with: [(&str, &str); N]) -> Self {
        self.cases.push(Case {
            fires: Some(labels(with)),
            ..case
        });
        self
    }

    /// A case in which it keeps silent.
    pub(super) fn silent(mut self, case: Case) -> Self {
        self.cases.push(case);
        self
    }

    /// All labels that are always the same.
    pub(super) fn fixed_labels(&self, environment: &str) -> Labels {
        let mut all = self.labels.clone();
        all.insert("environment".to_owned(), environment.to_owned());
        all.insert("severity".to_owned(), self.severity.as_str().to_owned());
        all.insert("layer".to_owned(), self.layer.as_str().to_owned());
        if let Some(owner) = &self.owner {
            all.insert("owner".to_owned(), owner.clone());
        }
        all
    }
}

/// One case of an alarm: what is seen, and whether it fires.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// In a few words.
    pub(super) name: &'static str,
    /// Series and their values, a sample a step.
    pub(super) series: Vec<(String, String)>,
    /// Steps after which it is looked at.
    pub(super) step: u64,
    /// Labels with which it fires; `None` where it keeps silent.
    pub(super) fires: Option<Labels>,
    /// Whether it spans more than a week: then a step is half an hour, else a minute.
    pub(super) by_the_half_hour: bool,
}

impl Case {
    /// A case that is looked at after so many minutes.
    pub(super) fn at(minute: u64, name: &'static str) -> Self {
        Self {
            name,
            series: Vec::new(),
            step: minute,
            fires: None,
            by_the_half_hour: false,
        }
    }

    /// A case that is looked at after so many half hours.
    pub(super) fn at_half_hour(half_hour: u64, name: &'static str) -> Self {
        Self {
            by_the_half_hour: true,
            ..Self::at(half_hour, name)
        }
    }

    /// A series that has this value all the time.
    pub(super) fn always(self, series: impl Into<String>, value: impl std::fmt::Display) -> Self {
        let values = format!("{value}+0x{}", self.step + 5);
        self.series(series, values)
    }

    /// A counter or gauge that grows by so much with every sample.
    pub(super) fn growing(self, series: impl Into<String>, step: impl std::fmt::Display) -> Self {
        let values = format!("0+{step}x{}", self.step + 5);
        self.series(series, values)
    }

    /// A series in the notation of `promtool`.
    pub(super) fn series(mut self, series: impl Into<String>, values: impl Into<String>) -> Self {
        self.series.push((series.into(), values.into()));
        self
    }
}

/// A series or selector with quoted values: `name{key="value"}`.
pub(super) fn series<'v>(name: &str, pairs: impl AsRef<[(&'v str, &'v str)]>) -> String {
    let inside: Vec<String> = pairs
        .as_ref()
        .iter()
        .map(|(key, value)| format!("{key}=\"{}\"", quoted(value)))
        .collect();
    format!("{name}{{{}}}", inside.join(","))
}

/// Text inside double quotes, as PromQL and the notation of `promtool` read it.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_quotes() {
        assert_eq!(
            series("up", [("job", "a\"} or vector(1)\n\\")]),
            r#"up{job="a\"} or vector(1)\n\\"}"#
        );
    }
}
