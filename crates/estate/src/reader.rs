//! Collecting complaints while walking a tree.

use std::collections::BTreeMap;

use crate::{
    Code, Diagnostic, Label, Severity, SourceSpan, code,
    field::{Field, Located},
    node::{Node, Value},
};

/// More findings than this help nobody; the rest is counted, not listed.
const PROBLEMS_MAX: usize = 200;

/// All that was found so far.
pub(crate) struct Problems<'a> {
    source_name: &'a str,
    text: &'a str,
    line_starts: Vec<usize>,
    found: Vec<Diagnostic>,
}

/// A finding being written.
#[must_use = "call done()"]
pub(crate) struct Complaint<'p, 'a> {
    problems: &'p mut Problems<'a>,
    diagnostic: Diagnostic,
}

impl Complaint<'_, '_> {
    /// Says what is remarkable about the place itself.
    pub(crate) fn here(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.diagnostic.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Points at another place that explains this one.
    pub(crate) fn and(mut self, span: SourceSpan, text: impl Into<String>) -> Self {
        self.diagnostic.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what to do.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.diagnostic.help = Some(text.into());
        self
    }

    /// Says what to do when we know.
    pub(crate) fn maybe_help(mut self, text: Option<String>) -> Self {
        self.diagnostic.help = self.diagnostic.help.or(text);
        self
    }

    /// Files it.
    pub(crate) fn done(self) {
        if self.problems.found.len() < PROBLEMS_MAX {
            self.problems.found.push(self.diagnostic);
        }
    }
}

impl<'a> Problems<'a> {
    pub(crate) fn new(source_name: &'a str, text: &'a str) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            source_name,
            text,
            line_starts,
            found: Vec::new(),
        }
    }

    pub(crate) fn error(
        &mut self,
        code: Code,
        span: SourceSpan,
        message: impl Into<String>,
    ) -> Complaint<'_, 'a> {
        self.complaint(Severity::Error, code, span, message.into())
    }

    pub(crate) fn warning(
        &mut self,
        code: Code,
        span: SourceSpan,
        message: impl Into<String>,
    ) -> Complaint<'_, 'a> {
        self.complaint(Severity::Warning, code, span, message.into())
    }

    fn complaint(
        &mut self,
        severity: Severity,
        code: Code,
        span: SourceSpan,
        message: String,
    ) -> Complaint<'_, 'a> {
        let diagnostic = Diagnostic {
            code,
            severity,
            message,
            source: self.source_name.to_owned(),
            labels: vec![Label {
                span,
                text: String::new(),
            }],
            help: None,
        };
        Complaint {
            problems: self,
            diagnostic,
        }
    }

    /// In the order of the file.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        let place = |one: &Diagnostic| one.labels.first().map(|label| label.span);
        self.found
            .sort_by(|a, b| (place(a), a.code).cmp(&(place(b), b.code)));
        self.found
    }

    /// The place between two bytes.
    pub(crate) fn span_at(&self, start: usize, end: usize) -> SourceSpan {
        let start = self.text.floor_char_boundary(start);
        let end = self.text.ceil_char_boundary(end).max(start);
        let line = self.line_starts.partition_point(|begin| *begin <= start);
        let begin = self.line_starts[line.saturating_sub(1)];
        let column = self.text[begin..start].chars().count() + 1;
        SourceSpan {
            start,
            end,
            line,
            column,
        }
    }

    /// From a byte to the end of its line.
    pub(crate) fn line_from(&self, start: usize) -> SourceSpan {
        let start = self.text.floor_char_boundary(start);
        let rest = self.text[start..].lines().next().unwrap_or_default();
        self.span_at(start, start + rest.trim_end().len())
    }

    /// What was written there.
    pub(crate) fn written(&self, span: SourceSpan) -> &'a str {
        &self.text[span.start..span.end]
    }
}

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

/// The keys of one mapping, already checked for unknown and duplicate ones.
pub(crate) struct Keys<'n> {
    /// Where a missing key is reported.
    span: SourceSpan,
    what: &'static str,
    entries: BTreeMap<&'n str, (SourceSpan, &'n Node)>,
}

impl<'n> Keys<'n> {
    /// Reads a mapping that may hold these keys alone.
    pub(crate) fn of(
        node: &'n Node,
        what: &'static str,
        known: &[&str],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let Value::Map(pairs) = &node.value else {
            wrong_type(node, &format!("{what}: a mapping with {}", list(known)), problems);
            return None;
        };
        let mut entries: BTreeMap<&str, (SourceSpan, &Node)> = BTreeMap::new();
        for (key, value) in pairs {
            let Value::Text(name) = &key.value else {
                wrong_type(key, "a key made of letters", problems);
                continue;
            };
            if let Some((first, _)) = entries.get(name.as_str()) {
                let first = *first;
                problems
                    .error(
                        code::DUPLICATE_KEY,
                        key.span,
                        format!("the key `{name}` is there twice"),
                    )
                    .and(first, "first written here")
                    .done();
            } else if known.contains(&name.as_str()) {
                entries.insert(name, (key.span, value));
            } else {
                problems
                    .error(
                        code::UNKNOWN_KEY,
                        key.span,
                        format!("{what} has no key `{}`", clip(name)),
                    )
                    .maybe_help(did_you_mean(name, known.iter().copied()))
                    .help_or(|| format!("it may have {}", list(known)))
                    .done();
            }
        }
        Some(Self {
            span: node.span,
            what,
            entries,
        })
    }

    /// Reads one value; a missing or broken one has been reported when `None` comes back for a required key.
    pub(crate) fn take<T: Field>(
        &self,
        key: &str,
        need: Need,
        problems: &mut Problems<'_>,
    ) -> Option<Located<T>> {
        let Some((key_span, node)) = self.entries.get(key) else {
            if need == Need::Required {
                problems
                    .error(
                        code::MISSING_KEY,
                        self.span,
                        format!("{} needs the key `{key}`", self.what),
                    )
                    .maybe_help(
                        T::example().map(|example| format!("write, for instance, `{key}: {example}`")),
                    )
                    .done();
            }
            return None;
        };
        if matches!(node.value, Value::Null) {
            // An empty value has no place of its own.
            let empty = Node {
                span: *key_span,
                value: Value::Null,
            };
            return T::read(&empty, problems).map(|value| Located {
                value,
                span: *key_span,
            });
        }
        T::read(node, problems).map(|value| Located {
            value,
            span: node.span,
        })
    }
}

impl Complaint<'_, '_> {
    fn help_or(self, text: impl FnOnce() -> String) -> Self {
        if self.diagnostic.help.is_some() {
            self
        } else {
            self.help(text())
        }
    }
}

/// Complains about a value of the wrong type.
pub(crate) fn wrong_type(node: &Node, expected: &str, problems: &mut Problems<'_>) {
    problems
        .error(
            code::WRONG_TYPE,
            node.span,
            format!("expected {expected}, found {}", node.value.describe()),
        )
        .done();
}

/// "did you mean", when something known is close.
pub(crate) fn did_you_mean<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let squash = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let written = squash(&clip(written));
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&written, &squash(candidate)), candidate))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

/// `a`, `b` and `c`.
pub(crate) fn list(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => format!("`{one}`"),
        [first @ .., last] => format!("`{}` and `{last}`", first.join("`, `")),
    }
}

/// What a person wrote, short enough to repeat in a message.
pub(crate) fn clip(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let clean: String = text.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect();
    if text.chars().count() > CHARS_MAX {
        format!("{clean}…")
    } else {
        clean
    }
}
