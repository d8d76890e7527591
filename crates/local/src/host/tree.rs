//! Writes a rendered tree to disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use types::FileTree;

use super::{Error, Files};

/// Which paths below `directory` differ from `tree`, relative to it; none means "nothing to do". Changes nothing.
///
/// # Errors
/// When the directory cannot be read.
pub fn changes(directory: &Path, tree: &FileTree) -> Result<Vec<PathBuf>, Error> {
    let differs = |path: &str, content: &str| {
        !fs::read(directory.join(path)).is_ok_and(|old| old == content.as_bytes())
    };
    let new = tree
        .iter()
        .filter(|(path, content)| differs(path.as_str(), content));
    let mut changed: Vec<_> = new.map(|(path, _)| PathBuf::from(path.as_str())).collect();
    let stale = |old: &PathBuf| old.to_str().is_none_or(|path| tree.get(path).is_none());
    changed.extend(listed(directory, directory)?.into_iter().filter(stale));
    Ok(changed)
}

/// Makes `directory` hold exactly `tree`. Returns what [`changes`] had found.
///
/// # Errors
/// When a file cannot be written or an old one not be removed.
pub fn write(files: &Files, directory: &Path, tree: &FileTree) -> Result<Vec<PathBuf>, Error> {
    let changed = changes(directory, tree)?;
    for path in &changed {
        let target = directory.join(path);
        match path.to_str().and_then(|path| tree.get(path)) {
            Some(content) => files.file(&target, content.as_bytes())?,
            None => fs::remove_file(&target).map_err(Error::file("remove", target))?,
        }
    }
    Ok(changed)
}

fn listed(root: &Path, directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(Error::file("read", directory)(error)),
    };
    for entry in entries {
        let path = entry.map_err(Error::file("read", directory))?.path();
        if path.is_dir() {
            found.extend(listed(root, &path)?);
        } else if let Ok(relative) = path.strip_prefix(root) {
            found.push(relative.to_path_buf());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::RunAs;
    use super::*;

    #[test]
    fn the_directory_holds_exactly_the_tree_and_a_second_write_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(RunAs::Myself);
        let mut tree = FileTree::new();
        tree.insert("a/one", "1").unwrap();
        tree.insert("two", "2").unwrap();
        fs::write(dir.path().join("stale"), "old").unwrap();
        assert_eq!(write(&files, dir.path(), &tree).unwrap().len(), 3);
        assert!(!dir.path().join("stale").exists());
        assert_eq!(write(&files, dir.path(), &tree).unwrap(), Vec::<PathBuf>::new());
    }
}
