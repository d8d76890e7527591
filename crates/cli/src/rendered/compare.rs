//! What would change on disk. Reads, and changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use types::{EstateName, FileTree};

use super::{
    Error, file,
    manifest::{Digest, Manifest, digest_of},
};

/// What happens to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is not there yet.
    Add,
    /// It is there with what was rendered earlier.
    Replace,
    /// It is no longer rendered.
    Remove,
}

/// What would change on disk, all paths relative to the directory.
#[derive(Debug)]
pub struct Update {
    /// What changes, by path.
    pub changes: BTreeMap<String, Change>,
    /// How many files stay as they are.
    pub same: usize,
    /// Files that a person changed or made, and that a change would overwrite or remove.
    pub by_hand: BTreeSet<String>,
    /// An earlier run was killed.
    pub(super) under_way: bool,
    pub(super) before: BTreeMap<String, BTreeSet<Digest>>,
    pub(super) after: BTreeMap<String, Digest>,
}

impl Update {
    /// Whether the directory holds what was rendered, and nothing else of ours.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Compares a tree with a directory.
///
/// # Errors
/// When the directory is not ours, or cannot be read.
pub fn compare(directory: &Path, estate: &EstateName, tree: &FileTree) -> Result<Update, Error> {
    let (under_way, before) = Manifest::load(directory, estate)?
        .map_or_else(Default::default, |manifest| (manifest.under_way, manifest.files));
    let mut update = Update {
        changes: BTreeMap::new(),
        same: 0,
        by_hand: BTreeSet::new(),
        after: BTreeMap::new(),
        before,
        under_way,
    };
    for (path, content) in tree.iter() {
        let path = path.as_str();
        update
            .after
            .insert(path.to_owned(), digest_of(content.as_bytes()));
        match on_disk(&directory.join(path))? {
            None => {
                update.changes.insert(path.to_owned(), Change::Add);
            }
            Some(found) if found == content.as_bytes() => update.same += 1,
            // The beginning of it, from a run that was killed: nothing in it is a person's.
            Some(found) if under_way && content.as_bytes().starts_with(&found) => {
                update.changes.insert(path.to_owned(), Change::Replace);
            }
            Some(found) => update.touch(path, &found, Change::Replace),
        }
    }
    let gone: Vec<String> = update
        .before
        .keys()
        .filter(|path| !update.after.contains_key(*path))
        .cloned()
        .collect();
    for path in gone {
        if let Some(found) = on_disk(&directory.join(&path))? {
            update.touch(&path, &found, Change::Remove);
        }
    }
    Ok(update)
}

impl Update {
    fn touch(&mut self, path: &str, found: &[u8], change: Change) {
        let ours = self
            .before
            .get(path)
            .is_some_and(|digests| digests.contains(&digest_of(found)));
        if !ours {
            self.by_hand.insert(path.to_owned());
        }
        self.changes.insert(path.to_owned(), change);
    }
}

/// The content of a regular file. A link could lead out of the directory, so it is not followed.
fn on_disk(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => fs::read(path).map(Some).map_err(file("read", path)),
        Ok(_) => Err(Error::Odd(path.to_path_buf())),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(file("look at", path)(error)),
    }
}
