//! Reports for people, programs and code hosts.

pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod tests;
pub(crate) mod text;

/// Whether to use terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Escape sequences.
    Always,
    /// Plain text.
    Never,
}
