//! Makes a directory hold what was rendered.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use types::{EstateName, FileTree};

use super::{Change, Error, Update, file, manifest::Manifest};

/// Applies an update that [`super::compare`] found; files changed by hand are overwritten, so ask before.
///
/// # Errors
/// When the machine refuses. What was written until then is known to the manifest, and a further run goes on.
pub fn apply(directory: &Path, estate: &EstateName, tree: &FileTree, update: &Update) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(file("create", directory))?;
    if !update.is_empty() {
        write_manifest(directory, estate, true, both(update))?;
    }
    let mut directories = Directories::new(directory);
    for (path, change) in &update.changes {
        let target = directory.join(path);
        match change {
            Change::Add => {
                directories.ensure_parent_of(path)?;
                write(&target, tree, path, add)?;
            }
            Change::Replace => write(&target, tree, path, replace)?,
            Change::Remove => {
                fs::remove_file(&target).map_err(file("remove", &target))?;
                remove_empty_parents(directory, path);
            }
        }
    }
    let after = update
        .after
        .iter()
        .map(|(path, digest)| (path.clone(), BTreeSet::from([digest.clone()])))
        .collect();
    if !update.is_empty() || update.under_way || update.before != after {
        write_manifest(directory, estate, false, after)?;
    }
    Ok(())
}

/// The tree is what the update was made from, so it has the file.
fn write(
    target: &Path,
    tree: &FileTree,
    path: &str,
    how: fn(&Path, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    tree.get(path)
        .map_or(Ok(()), |content| how(target, content.as_bytes()))
}

/// Old and new contents, both ours.
fn both(update: &Update) -> BTreeMap<String, BTreeSet<String>> {
    let mut files = update.before.clone();
    for (path, digest) in &update.after {
        files.entry(path.clone()).or_default().insert(digest.clone());
    }
    files
}

fn write_manifest(
    directory: &Path,
    estate: &EstateName,
    under_way: bool,
    files: BTreeMap<String, BTreeSet<String>>,
) -> Result<(), Error> {
    let path = Manifest::path(directory);
    let text = serde_json::to_vec(&Manifest::of(estate.clone(), under_way, files)).map_err(|source| {
        Error::Manifest {
            path: path.clone(),
            source,
        }
    })?;
    replace(&path, &text)
}

/// A file that nobody reads yet is written in its place: half the work for ten thousands of them. What is left of one
/// when we are killed is the beginning of it, by which [`super::compare`] knows it.
fn add(path: &Path, content: &[u8]) -> Result<(), Error> {
    fs::File::create_new(path)
        .and_then(|mut created| created.write_all(content))
        .map_err(file("write", path))
}

/// Readers see the old file or the new one, never a half. Not synced: after a power cut one renders again.
fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".plimsoll-new");
    let temporary = path.with_file_name(name);
    fs::write(&temporary, content).map_err(file("write", &temporary))?;
    fs::rename(&temporary, path).map_err(file("replace", path))
}

/// Directories that are known to be there, so that ten thousand files do not ask ten thousand times.
struct Directories<'d> {
    root: &'d Path,
    known: BTreeSet<PathBuf>,
}

impl<'d> Directories<'d> {
    const fn new(root: &'d Path) -> Self {
        Self {
            root,
            known: BTreeSet::new(),
        }
    }

    fn ensure_parent_of(&mut self, path: &str) -> Result<(), Error> {
        let Some(parent) = Path::new(path).parent() else {
            return Ok(());
        };
        if self.known.contains(parent) {
            return Ok(());
        }
        let mut at = self.root.to_path_buf();
        for part in parent.components() {
            at.push(part);
            match fs::create_dir(&at) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    // A link in the place of a directory could lead out of the tree.
                    let found = fs::symlink_metadata(&at).map_err(file("look at", &at))?;
                    if !found.is_dir() {
                        return Err(Error::Odd(at));
                    }
                }
                Err(error) => return Err(file("create", &at)(error)),
            }
        }
        self.known.insert(parent.to_path_buf());
        Ok(())
    }
}

/// Directories that held nothing else. One that holds something stays, which is no error.
fn remove_empty_parents(root: &Path, path: &str) {
    let mut parent = Path::new(path).parent();
    while let Some(relative) = parent.filter(|relative| !relative.as_os_str().is_empty()) {
        if fs::remove_dir(root.join(relative)).is_err() {
            return;
        }
        parent = relative.parent();
    }
}
