//! A rendered directory as a tree again, to judge what is there instead of what would be.

use std::{fs, io::Read as _, path::Path};

use types::{EstateName, FileTree};

use super::{Error, file, manifest::Manifest};

/// A rendered file is never longer than this.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Reads every file that the manifest names, as it is now; files of others are left out.
///
/// # Errors
/// When the directory is not a rendered one, or a file cannot be read.
pub fn read(directory: &Path, estate: &EstateName) -> Result<FileTree, Error> {
    let manifest =
        Manifest::load(directory, estate)?.ok_or_else(|| Error::Foreign(directory.to_path_buf()))?;
    let mut tree = FileTree::new();
    for path in manifest.files.keys() {
        let at = directory.join(path);
        let mut text = String::new();
        fs::File::open(&at)
            .and_then(|opened| opened.take(FILE_BYTES_MAX).read_to_string(&mut text))
            .map_err(file("read", &at))?;
        tree.insert(path.as_str(), text).map_err(|_| Error::Odd(at))?;
    }
    Ok(tree)
}
