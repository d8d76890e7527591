//! Why the gate could not do its work; what policies find is a [`Finding`](crate::Finding) instead.

use std::fmt;

use serde::Serialize;

use crate::code;

/// Longer messages of the interpreter are cut.
const MESSAGE_BYTES_MAX: usize = 300;

/// Where in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Path, as the caller gave it.
    pub path: String,
    /// Counted from one.
    pub line: u32,
    /// Counted from one.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// The gate could not do its work: its packs or waivers are wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{message}", position.as_ref().map(|at| format!("{at}: ")).unwrap_or_default())]
pub struct Error {
    /// Stable code; has a page in `docs/errors/`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, if it has a place.
    pub position: Option<Position>,
    /// What to do, if we know.
    pub hint: Option<String>,
}

impl Error {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            position: None,
            hint: None,
        }
    }

    pub(crate) fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Reads what the interpreter complained about: its text holds the place and the message.
    pub(crate) fn from_rego(code: &'static str, error: &anyhow::Error) -> Self {
        if let Some(limit) = error.downcast_ref::<regorus::LimitError>() {
            return Self::new(code::LIMIT, brief_limit(limit))
                .hint("make the rule cheaper: look things up by key instead of comparing everything with everything");
        }
        let text = format!("{error:#}");
        let (position, message) = split_rego(&text);
        Self::new(code, message).at(position)
    }
}

fn brief_limit(limit: &regorus::LimitError) -> String {
    match limit {
        regorus::LimitError::TimeLimitExceeded { .. } => {
            format!("the rules took more than {} steps", crate::engine::STEPS_MAX)
        }
        other => other.to_string(),
    }
}

/// `--> file:line:column`, a drawing of the line, and `error: message`.
fn split_rego(text: &str) -> (Option<Position>, String) {
    let position = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("--> "))
        .and_then(|place| {
            let mut parts = place.rsplitn(3, ':');
            let column = parts.next()?.trim().parse().ok()?;
            let line = parts.next()?.parse().ok()?;
            Some(Position {
                path: parts.next()?.to_owned(),
                line,
                column,
            })
        });
    let message = text
        .lines()
        .find_map(|line| line.strip_prefix("error: "))
        .map_or_else(|| text.trim().replace('\n', " "), str::to_owned);
    (position, clip(message))
}

/// The interpreter adds all its variables to some messages.
fn clip(mut message: String) -> String {
    if message.len() > MESSAGE_BYTES_MAX {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreters_drawing_becomes_a_place_and_a_sentence() {
        let text = "\n--> packs/a.rego:3:7\n  |\n3 | x := \n  |     ^\nerror: expecting expression";
        let (position, message) = split_rego(text);
        assert_eq!(position.unwrap().to_string(), "packs/a.rego:3:7");
        assert_eq!(message, "expecting expression");
        assert_eq!(
            split_rego("not a valid rule path"),
            (None, "not a valid rule path".to_owned())
        );
    }
}
