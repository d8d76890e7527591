//! Plimsoll's Odoo addons travel inside the program, so that program and addons always fit together.

use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;

use super::{Error, Files};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../addons"]
#[exclude = "*.pyc"]
#[exclude = "*/__pycache__/*"]
struct Embedded;

/// The addons, installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addons {
    /// Directory of the addons, for Odoo's `addons_path`.
    pub directory: PathBuf,
    /// The launcher.
    pub launcher: PathBuf,
    /// Changes whenever any file of the addons does, hexadecimal.
    pub fingerprint: String,
}

/// Puts the embedded addons under `parent`, in a directory named after their content.
///
/// # Errors
/// When a file cannot be written.
pub fn install(files: &Files, parent: &Path) -> Result<Addons, Error> {
    let fingerprint = fingerprint();
    let directory = parent.join(&fingerprint[..16]);
    // Written last: an interrupted installation is made anew.
    let complete = directory.join(".complete");
    if !complete.exists() {
        for name in Embedded::iter() {
            if let Some(file) = Embedded::get(&name) {
                files.file(&directory.join(name.as_ref()), &file.data)?;
            }
        }
        files.file(&complete, b"")?;
    }
    let launcher = directory.join("launcher/odoo_plimsoll.py");
    Ok(Addons {
        directory,
        launcher,
        fingerprint,
    })
}

fn fingerprint() -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut names: Vec<_> = Embedded::iter().collect();
    names.sort();
    for name in names {
        if let Some(file) = Embedded::get(&name) {
            context.update(name.as_bytes());
            context.update(&file.metadata.sha256_hash());
        }
    }
    hex::encode(context.finish())
}
