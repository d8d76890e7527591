//! What a policy found.

use std::sync::Arc;

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Refuses.
    Error,
    /// Is told, and stops nothing.
    Warning,
}

impl Severity {
    /// As people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A line of a rendered file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file in the tree.
    pub path: String,
    /// Where the object begins, counted from one.
    pub line: u32,
}

/// One thing that a policy refuses or warns about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The policy's code, or one of [`code`](crate::code) for what the gate itself found.
    pub code: Arc<str>,
    /// From the policy.
    pub severity: Severity,
    /// The policy's title.
    pub title: Arc<str>,
    /// The pack it is from; `gate` for what the gate itself found.
    pub pack: Arc<str>,
    /// What it is about: `FILE`, `FILE#Kind/namespace/name`, `FILE#type.name`, or a path into the blueprint.
    /// Waivers name this.
    pub at: String,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Where that is in the rendered tree, if it is there.
    pub place: Option<Place>,
}

impl Finding {
    /// The order of reports: by place, then code.
    pub(crate) fn order(&self) -> (&str, &str, &str) {
        (&self.at, &self.code, &self.message)
    }
}
