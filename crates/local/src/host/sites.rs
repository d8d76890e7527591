//! Where an estate's sites are: told once, remembered, and known to everybody who starts a program later.

use std::{fs, path::Path};

use types::host::{Layout, Sites};

use super::{Error, Files};

/// The sites as told, or as remembered where nothing was told.
///
/// # Errors
/// When what is remembered cannot be read or written.
pub fn ensure(files: &Files, layout: &Layout, told: Option<Sites>) -> Result<Sites, Error> {
    let remembered = read(layout)?;
    let Some(told) = told.filter(|told| *told != remembered) else {
        return Ok(remembered);
    };
    let text = serde_json::to_vec_pretty(&told).unwrap_or_default();
    files.file(&layout.sites(), &text)?;
    Ok(told)
}

/// The sites as remembered: on the loopback address, when nobody ever told.
///
/// # Errors
/// When the file cannot be read.
pub fn read(layout: &Layout) -> Result<Sites, Error> {
    let path = layout.sites();
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Sites::default()),
        Err(error) => return Err(Error::file("read", &path)(error)),
    };
    parse(&path, &text)
}

fn parse(path: &Path, text: &[u8]) -> Result<Sites, Error> {
    serde_json::from_slice(text).map_err(|error| Error::Damaged {
        path: path.to_path_buf(),
        why: error.to_string(),
    })
}
