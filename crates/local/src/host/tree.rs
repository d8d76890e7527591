//! Writes a rendered tree to disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use types::FileTree;

use super::{Error, Files};

/// Makes `directory` hold exactly `tree`. Returns the paths that changed, relative to it; none means "nothing to do".
///
/// # Errors
/// When a file cannot be written or an old one not be removed.
pub fn write(files: &Files, directory: &Path, tree: &FileTree) -> Result<Vec<PathBuf>, Error> {
    let mut changed = Vec::new();
    for (path, content) in tree.iter() {
        let target = directory.join(path.as_str());
        if fs::read(&target).is_ok_and(|old| old == content.as_bytes()) {
            continue;
        }
        files.file(&target, content.as_bytes())?;
        changed.push(PathBuf::from(path.as_str()));
    }
    for old in listed(directory, directory)? {
        if old.to_str().is_none_or(|path| tree.get(path).is_none()) {
            let path = directory.join(&old);
            fs::remove_file(&path).map_err(Error::file("remove", path))?;
            changed.push(old);
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
