//! What is declared under which name, and whether a reference finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::{
    SourceSpan, code,
    field::{Given, List, Located},
    problems::{Problems, did_you_mean, list},
};

/// Things of one kind by name; unknown where the list could not be read: then it may well hold the name that somebody
/// refers to.
pub(super) struct Known {
    what: &'static str,
    names: Option<BTreeMap<String, SourceSpan>>,
    used: BTreeSet<String>,
    /// Whether somebody referred to something that could not be made out, and might have meant any of them.
    unclear: bool,
}

/// Whether a list that is not there at all was complained about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    Reported,
    Fine,
}

impl Known {
    /// Takes down what is declared; complains about names that are there twice.
    pub(super) fn of<D, T: Display>(
        what: &'static str,
        given: &Given<List<D>>,
        absence: Absence,
        name: impl Fn(&D) -> Option<&Located<T>>,
        problems: &mut Problems<'_>,
    ) -> Self {
        let list = match given {
            Given::Read(list) => list.value.as_slice(),
            Given::Absent if absence == Absence::Fine => &[],
            Given::Absent | Given::Broken => return Self::unknown(what),
        };
        let mut names = BTreeMap::new();
        let mut unreadable = false;
        for one in list {
            let Some(name) = name(&one.value) else {
                unreadable = true;
                continue;
            };
            let text = name.value.to_string();
            if let Some(first) = names.get(&text).copied() {
                problems
                    .error(
                        code::DUPLICATE_NAME,
                        name.span,
                        format!("two {} are called `{text}`", plural(what)),
                    )
                    .and(first, "the first one")
                    .done();
            } else {
                names.insert(text, name.span);
            }
        }
        // A name that could not be read may be the one that somebody means.
        let names = (!unreadable || !names.is_empty()).then_some(names);
        Self {
            names,
            ..Self::unknown(what)
        }
    }

    fn unknown(what: &'static str) -> Self {
        Self {
            what,
            names: None,
            used: BTreeSet::new(),
            unclear: false,
        }
    }

    /// Where it was declared.
    pub(super) fn place(&self, name: &str) -> Option<SourceSpan> {
        self.names.as_ref()?.get(name).copied()
    }

    /// Somebody referred to something that could not be made out.
    pub(super) const fn unclear(&mut self) {
        self.unclear = true;
    }

    /// Something is used under this name when it is declared, and needs not be.
    pub(super) fn use_default(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// Follows a reference; complains when it leads nowhere.
    pub(super) fn refer<T: Display>(&mut self, given: &Given<T>, problems: &mut Problems<'_>) {
        match given {
            Given::Read(name) => self.refer_to(name, problems),
            Given::Broken => self.unclear = true,
            Given::Absent => {}
        }
    }

    /// Follows a list of references.
    pub(super) fn refer_all<T: Display>(&mut self, given: &Given<List<T>>, problems: &mut Problems<'_>) {
        match given {
            Given::Read(list) => list.value.iter().for_each(|name| self.refer_to(name, problems)),
            Given::Broken => self.unclear = true,
            Given::Absent => {}
        }
    }

    pub(super) fn refer_to<T: Display>(&mut self, name: &Located<T>, problems: &mut Problems<'_>) {
        let Some(known) = &self.names else { return };
        let text = name.value.to_string();
        if known.contains_key(&text) {
            self.used.insert(text);
            return;
        }
        self.unclear = true;
        if problems.is_full() {
            return;
        }
        let names: Vec<&str> = known.keys().map(String::as_str).take(8).collect();
        let help = did_you_mean(&text, known.keys().map(String::as_str)).unwrap_or_else(|| {
            if names.is_empty() {
                format!("declare it under `{}`", plural(self.what))
            } else {
                format!("declared are {}", list(&names))
            }
        });
        problems
            .error(
                code::UNKNOWN_REFERENCE,
                name.span,
                format!("there is no {} `{text}`", self.what),
            )
            .help(help)
            .done();
    }

    /// Warns of what nothing refers to; `message` gets the name.
    pub(super) fn warn_unused(
        &self,
        help: &str,
        message: impl Fn(&str) -> String,
        problems: &mut Problems<'_>,
    ) {
        if self.unclear {
            return;
        }
        let names = self.names.iter().flatten();
        for (name, span) in names.filter(|(name, _)| !self.used.contains(*name)) {
            problems
                .warning(code::UNUSED, *span, message(name))
                .help(help)
                .done();
        }
    }
}

fn plural(what: &str) -> String {
    what.strip_suffix('y')
        .map_or_else(|| format!("{what}s"), |stem| format!("{stem}ies"))
}
