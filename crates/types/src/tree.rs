//! A rendered directory tree in memory.

use std::collections::BTreeMap;

/// Relative path inside a [`FileTree`]: `/`-separated, no `..`, no empty parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(String);

/// A path that could leave the tree.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a path inside a rendered tree")]
pub struct TreePathError(String);

impl TreePath {
    /// Checks and wraps a path.
    ///
    /// # Errors
    /// [`TreePathError`] for absolute paths, `.` and `..`, empty parts, and control characters.
    pub fn new(path: impl Into<String>) -> Result<Self, TreePathError> {
        let path = path.into();
        let fine = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && !part.contains(|c: char| c.is_control() || c == '\\')
        };
        if path.split('/').all(fine) {
            Ok(Self(path))
        } else {
            Err(TreePathError(path))
        }
    }

    /// The bare text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a renderer returns: paths to contents, in order, nothing written yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTree {
    files: BTreeMap<TreePath, String>,
}

impl FileTree {
    /// An empty tree.
    pub const fn new() -> Self {
        Self {
            files: BTreeMap::new(),
        }
    }

    /// Puts one file in.
    ///
    /// # Errors
    /// [`TreePathError`] when the path could leave the tree or is taken already: two renderers for one file is a bug.
    pub fn insert(
        &mut self,
        path: impl Into<String>,
        content: impl Into<String>,
    ) -> Result<(), TreePathError> {
        let path = TreePath::new(path)?;
        match self.files.entry(path) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(content.into());
                Ok(())
            }
            std::collections::btree_map::Entry::Occupied(taken) => Err(TreePathError(taken.key().0.clone())),
        }
    }

    /// The content of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(&TreePath(path.to_owned())).map(String::as_str)
    }

    /// All files in order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &str)> {
        self.files.iter().map(|(path, content)| (path, content.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_tree_and_none_is_written_twice() {
        let mut tree = FileTree::new();
        tree.insert("a/b.conf", "x").unwrap();
        for bad in ["/etc/passwd", "../up", "a//b", "a/./b", "", "a/b.conf"] {
            assert_eq!(tree.insert(bad, "y"), Err(TreePathError(bad.to_owned())));
        }
        assert_eq!(tree.get("a/b.conf"), Some("x"));
    }
}
