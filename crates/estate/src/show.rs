//! Diagnostics as text for people.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{Diagnostic, Severity, code};

/// Longer labels' spans are cut at the end of their line, so that one mistake does not print half the file.
const SPAN_LINES_MAX: usize = 1;

/// Whether to use terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Escape sequences.
    Always,
    /// Plain text.
    Never,
}

/// Diagnostics of one source as text, each with its place in the source; ends with a newline unless there are none.
pub fn render_diagnostics(source_name: &str, text: &str, diagnostics: &[Diagnostic], color: Color) -> String {
    let renderer = match color {
        Color::Always => Renderer::styled(),
        Color::Never => Renderer::plain(),
    };
    let text = without_secrets(text, diagnostics);
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&[group(source_name, &text, diagnostic)]));
        out.push_str("\n\n");
    }
    if out.ends_with("\n\n") {
        out.pop();
    }
    out
}

/// The source with stars for what was found to look like a secret: what is shown ends up in logs of pipelines.
///
/// As many bytes as before, so that every other place stays where it was.
fn without_secrets<'t>(text: &'t str, diagnostics: &[Diagnostic]) -> Cow<'t, str> {
    let secrets = diagnostics
        .iter()
        .filter(|one| one.code == code::INLINE_SECRET)
        .filter_map(|one| one.labels.first());
    let mut shown = Cow::Borrowed(text);
    for label in secrets {
        let start = text.floor_char_boundary(label.span.start);
        let end = text.ceil_char_boundary(label.span.end).max(start);
        let stars: String = text[start..end]
            .bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { '*' })
            .collect();
        shown.to_mut().replace_range(start..end, &stars);
    }
    shown
}

fn group<'a>(source_name: &'a str, text: &'a str, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(
        level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.code.as_str()),
    );
    if !diagnostic.labels.is_empty() {
        let mut snippet = Snippet::source(text).path(source_name).line_start(1);
        for (index, label) in diagnostic.labels.iter().enumerate() {
            let kind = if index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let range = visible(text, label.span.start, label.span.end);
            snippet = snippet.annotation(kind.span(range).label(label.text.as_str()));
        }
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The range inside `text`, on character boundaries and not longer than the lines we show.
fn visible(text: &str, start: usize, end: usize) -> std::ops::Range<usize> {
    let start = text.floor_char_boundary(start);
    let end = text.ceil_char_boundary(end).max(start);
    let shown: usize = text[start..end]
        .split_inclusive('\n')
        .take(SPAN_LINES_MAX)
        .map(str::len)
        .sum();
    let range = &text[start..start + shown];
    start..start + range.trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_never_shown() {
        let secret = "kX9vQ2mLr8TzB4nWc7YdF1hJ6pSgA3eU";
        let text = format!(
            "apiVersion: plimsoll.dev/v1\nkind: Estate\nmetadata: {{ name: example }}\nspec:\n  secrets:\n    - {{ name: \
             pager, vaultKey: {secret}, unknown: é }}\n"
        );
        let found = crate::read("estate.yaml", &text).unwrap_err();
        assert!(
            found.iter().any(|one| one.code == code::INLINE_SECRET),
            "{found:?}"
        );
        // Another mistake on the same line shows the line too.
        assert!(
            found.iter().any(|one| one.code != code::INLINE_SECRET),
            "{found:?}"
        );
        let shown = render_diagnostics("estate.yaml", &text, &found, Color::Never);
        assert!(!shown.contains(secret), "{shown}");
        assert!(shown.contains("****"), "{shown}");
    }
}
