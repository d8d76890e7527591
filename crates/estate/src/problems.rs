//! All that was found so far, and the words in which it is told.

use crate::{Code, Diagnostic, Label, Severity, SourceSpan, code, node::Node};

/// More findings than this of one severity help nobody.
const PROBLEMS_MAX: usize = 200;

/// All that was found so far.
pub(crate) struct Problems<'a> {
    source_name: &'a str,
    text: &'a str,
    line_starts: Vec<usize>,
    found: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
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
        // Each severity by itself: many warnings must never hide the one error.
        let count = match self.diagnostic.severity {
            Severity::Error => &mut self.problems.errors,
            Severity::Warning => &mut self.problems.warnings,
        };
        if *count < PROBLEMS_MAX {
            *count += 1;
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
            errors: 0,
            warnings: 0,
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
        let mut found = std::mem::take(&mut self.found);
        for label in found.iter_mut().flat_map(|one| &mut one.labels) {
            label.span = self.located(label.span);
        }
        found.sort_by_key(|one| (one.labels.first().map(|label| label.span), one.code));
        found
    }

    /// The place between two bytes, without its line and column: those are counted for the few places that are shown,
    /// because counting them for every node of a file with one long line would take hours.
    pub(crate) fn span_at(&self, start: usize, end: usize) -> SourceSpan {
        let start = self.text.floor_char_boundary(start);
        let end = self.text.ceil_char_boundary(end).max(start);
        SourceSpan {
            start,
            end,
            line: 0,
            column: 0,
        }
    }

    fn line_index(&self, start: usize) -> usize {
        self.line_starts
            .partition_point(|begin| *begin <= start)
            .saturating_sub(1)
    }

    fn located(&self, span: SourceSpan) -> SourceSpan {
        let index = self.line_index(span.start);
        let column = self.text[self.line_starts[index]..span.start].chars().count() + 1;
        let end = span.start + self.text[span.start..span.end].trim_end().len();
        SourceSpan {
            start: span.start,
            end,
            line: index + 1,
            column,
        }
    }

    /// The place that the YAML parser means; it does not always know bytes.
    pub(crate) fn place_of(&self, location: &serde_saphyr::Location) -> SourceSpan {
        let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let span = location.span();
        if let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) {
            return self.span_at(number(start), number(start).saturating_add(number(length)));
        }
        let line = number(location.line()).clamp(1, self.line_starts.len());
        let begin = self.line_starts[line - 1];
        let before = number(location.column()).saturating_sub(1);
        let start: usize = self.text[begin..]
            .chars()
            .take(before)
            .take_while(|c| *c != '\n')
            .map(char::len_utf8)
            .sum();
        self.span_at(begin + start, begin + start)
    }

    /// From a byte to the end of its line.
    pub(crate) fn line_from(&self, start: usize) -> SourceSpan {
        let start = self.text.floor_char_boundary(start);
        let next = self.line_starts.get(self.line_index(start) + 1);
        self.span_at(start, next.copied().unwrap_or(self.text.len()))
    }

    /// Whether more errors would only be dropped: then there is no use in thinking about hints.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= PROBLEMS_MAX
    }

    /// What was written there.
    pub(crate) fn written(&self, span: SourceSpan) -> &'a str {
        &self.text[span.start..span.end]
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
    nearest(written, known).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Below this, guesses confuse more than they help.
const SIMILARITY_MIN: f64 = 0.8;

/// What was probably meant; letter case and the kind of hyphens do not matter.
pub(crate) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let squash = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let written = squash(&clip(written));
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&written, &squash(candidate)), candidate))
        .filter(|(score, _)| *score >= SIMILARITY_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
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
