//! Packs: named sets of Rego modules.

use crate::{Error, builtin, code};

/// Files that end so hold tests of policies, and no policies.
const TEST_SUFFIX: &str = "_test.rego";

/// One Rego file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its path, for messages.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Module {
    /// Whether it holds tests.
    pub fn is_test(&self) -> bool {
        self.path.ends_with(TEST_SUFFIX)
    }
}

/// A named set of modules. Its policies live in the package `plimsoll.policies.NAME`, or below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    name: String,
    modules: Vec<Module>,
    builtin: bool,
}

impl Pack {
    /// A pack of one's own.
    ///
    /// # Errors
    /// When the name is not made of small letters, digits and `_`, or is a built-in pack's.
    pub fn new(
        name: impl Into<String>,
        modules: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let name = name.into();
        let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !fine {
            return Err(
                Error::new(code::BAD_PACK, format!("`{name}` cannot be the name of a pack"))
                    .hint("use small letters, digits and `_`; it is a part of a Rego package"),
            );
        }
        if builtin::NAMES.contains(&name.as_str()) {
            return Err(
                Error::new(code::BAD_PACK, format!("`{name}` is the name of a built-in pack"))
                    .hint("rename the directory, and the package in its files"),
            );
        }
        let mut modules: Vec<_> = modules
            .into_iter()
            .map(|(path, text)| Module { path, text })
            .collect();
        modules.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self {
            name,
            modules,
            builtin: false,
        })
    }

    /// The packs that come with Plimsoll, by name.
    pub fn builtin() -> Vec<Self> {
        builtin::NAMES
            .iter()
            .map(|name| Self {
                name: (*name).to_owned(),
                modules: builtin::modules_of(name),
                builtin: true,
            })
            .collect()
    }

    /// Some of the packs that come with Plimsoll.
    ///
    /// # Errors
    /// When there is no such pack.
    pub fn builtin_named(names: &[&str]) -> Result<Vec<Self>, Error> {
        let packs = Self::builtin();
        names
            .iter()
            .map(|name| {
                packs
                    .iter()
                    .find(|pack| pack.name == *name)
                    .cloned()
                    .ok_or_else(|| {
                        Error::new(
                            code::UNKNOWN_POLICY,
                            format!("there is no built-in pack `{name}`"),
                        )
                        .hint(format!("there are {}", builtin::NAMES.join(", ")))
                    })
            })
            .collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its files, by path.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    pub(crate) const fn is_builtin(&self) -> bool {
        self.builtin
    }
}
