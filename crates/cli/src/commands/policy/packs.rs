//! Reads users' own packs: one directory per pack, with Rego modules in it and below.

use std::{fs, io::Read as _, path::Path};

use policy::Pack;

use super::refused;
use crate::failure::Failure;

/// A pack is text that people wrote.
const MODULE_BYTES_MAX: u64 = 1 << 20;
const MODULES_MAX: usize = 1000;
const DEPTH_MAX: usize = 8;

/// Loads every pack below a directory. A directory that holds modules itself is one pack.
pub fn load(directory: &Path) -> Result<Vec<Pack>, Failure> {
    let mut packs = Vec::new();
    if !modules_in(directory)?.is_empty() {
        packs.push(pack(directory)?);
    } else {
        for (path, kind) in entries(directory)? {
            if kind.is_dir() {
                packs.push(pack(&path)?);
            }
        }
    }
    if packs.is_empty() {
        return Err(
            Failure::no("PL0022", format!("{} holds no policy pack", directory.display())).hint(
                "a pack is a directory with `.rego` files; `plimsoll explain PL0022` shows a small one",
            ),
        );
    }
    Ok(packs)
}

fn pack(directory: &Path) -> Result<Pack, Failure> {
    let name = fs::canonicalize(directory)
        .map_err(unreadable(directory))?
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut modules = Vec::new();
    gather(directory, &mut modules, 0)?;
    Pack::new(name, modules).map_err(|error| refused(&[error]))
}

fn gather(directory: &Path, modules: &mut Vec<(String, String)>, depth: usize) -> Result<(), Failure> {
    for (path, kind) in entries(directory)? {
        if kind.is_dir() && depth < DEPTH_MAX {
            gather(&path, modules, depth + 1)?;
        } else if kind.is_file() && is_module(&path) {
            if modules.len() == MODULES_MAX {
                return Err(too_much(directory, &format!("more than {MODULES_MAX} modules")));
            }
            let mut text = String::new();
            fs::File::open(&path)
                .and_then(|file| file.take(MODULE_BYTES_MAX + 1).read_to_string(&mut text))
                .map_err(unreadable(&path))?;
            if text.len() as u64 > MODULE_BYTES_MAX {
                return Err(too_much(&path, &format!("more than {MODULE_BYTES_MAX} bytes")));
            }
            modules.push((path.display().to_string(), text));
        }
    }
    Ok(())
}

fn modules_in(directory: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    Ok(entries(directory)?
        .into_iter()
        .filter(|(path, kind)| kind.is_file() && is_module(path))
        .map(|(path, _)| path)
        .collect())
}

/// What is in a directory, by name. Links are not followed.
fn entries(directory: &Path) -> Result<Vec<(std::path::PathBuf, fs::FileType)>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let entry = entry.map_err(unreadable(directory))?;
        found.push((entry.path(), entry.file_type().map_err(unreadable(directory))?));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn is_module(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rego")
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| {
        Failure::machine("PL0022", format!("cannot read {path}"))
            .because(&error)
            .hint("name a directory that holds policy packs")
    }
}

fn too_much(path: &Path, what: &str) -> Failure {
    Failure::no("PL0022", format!("{} has {what}", path.display()))
        .hint("is it the right directory? packs are small files that people wrote")
}
