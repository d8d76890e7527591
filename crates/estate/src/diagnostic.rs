//! What a person is told about an estate.

use serde::Serialize;

use crate::Code;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing is planned or started.
    Error,
    /// Allowed, but probably not meant.
    Warning,
}

/// A stretch of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceSpan {
    /// First byte.
    pub start: usize,
    /// One after the last byte.
    pub end: usize,
    /// Line of the first byte, counted from 1.
    pub line: usize,
    /// Column of the first byte in characters, counted from 1.
    pub column: usize,
}

/// A place and what is remarkable about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The place.
    pub span: SourceSpan,
    /// What is remarkable; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code with a page in `docs/errors/`.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Name of the file.
    pub source: String,
    /// Where; the first label is the place itself, the others explain it.
    pub labels: Vec<Label>,
    /// What to do, when we can tell.
    pub help: Option<String>,
}
