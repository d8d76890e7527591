//! Signs what a drill left and continues the chain beside it.

use std::{collections::BTreeMap, fs, io, path::Path};

use recovery::evidence::chain::{self, NewEntry, SignError, Signer, digest_of};
use types::Redacted;

use super::{CHAIN, PUBLIC_KEY, private_key, unreadable};
use crate::{failure::Failure, open_estate::OpenEstate};

/// Vouches for every file of `directory`, in the chain of its parent.
pub fn sign(estate: &OpenEstate, directory: &Path, entry: NewEntry) -> Result<(), Failure> {
    let Some((parent, name)) = directory.parent().zip(directory.file_name()) else {
        return Ok(());
    };
    let files = estate.home.files();
    let signer = signer(estate)?;
    let path = parent.join(CHAIN);
    // Two drills that end together must not both follow the same entry.
    let lock_path = parent.join(".chain.lock");
    let lock = fs::File::create(&lock_path).map_err(Failure::file("create", &lock_path))?;
    lock.lock().map_err(Failure::file("lock", &lock_path))?;
    let chain = match fs::read_to_string(&path) {
        Ok(chain) => chain,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let entry = NewEntry {
        files: digests(directory, &name.to_string_lossy())?,
        ..entry
    };
    let line = chain::append(&chain, &signer, entry).map_err(|error| refused(&path, error))?;
    files.file(
        &parent.join(PUBLIC_KEY),
        format!("{}\n", signer.public()).as_bytes(),
    )?;
    files.file(&path, (chain + &line).as_bytes())?;
    Ok(())
}

/// The estate's key; made when it is needed first.
fn signer(estate: &OpenEstate) -> Result<Signer, Failure> {
    let path = private_key(estate);
    let document = match fs::read(&path) {
        Ok(document) => Redacted::new(document),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let made = Signer::generate().map_err(|error| refused(&path, error))?;
            estate.home.files().secret(&path, made.expose())?;
            made
        }
        Err(error) => return Err(unreadable(&path, &error)),
    };
    Signer::from_pkcs8(document.expose()).map_err(|error| refused(&path, error))
}

fn digests(directory: &Path, name: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(Failure::file("list", directory))? {
        let path = entry.map_err(Failure::file("list", directory))?.path();
        if let Some(file) = path.file_name().filter(|_| path.is_file()) {
            let content = fs::read(&path).map_err(Failure::file("read", &path))?;
            files.insert(format!("{name}/{}", file.to_string_lossy()), digest_of(&content));
        }
    }
    Ok(files)
}

fn refused(path: &Path, error: SignError) -> Failure {
    Failure::machine(
        "PL0025",
        format!("the evidence cannot be signed ({})", path.display()),
    )
    .because(&error)
    .hint("the evidence itself is complete; `plimsoll evidence verify` tells what is wrong with its chain")
}
