//! What Plimsoll wrote into a directory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use types::EstateName;

use super::{Error, file};

/// Name of the manifest in the directory.
const NAME: &str = ".plimsoll-rendered.json";
const FORMAT: u32 = 1;

/// Digest of a file's content, in hexadecimal.
pub(super) type Digest = String;

pub(super) fn digest_of(content: &[u8]) -> Digest {
    hex::encode(digest(&SHA256, content))
}

/// What Plimsoll wrote into a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    estate: EstateName,
    /// A run was begun, and has not ended: files may be there in part.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) under_way: bool,
    /// By path: digests of contents that are ours. Two while a run is under way.
    pub(super) files: BTreeMap<String, BTreeSet<Digest>>,
}

impl Manifest {
    pub(super) const fn of(
        estate: EstateName,
        under_way: bool,
        files: BTreeMap<String, BTreeSet<Digest>>,
    ) -> Self {
        Self {
            format: FORMAT,
            estate,
            under_way,
            files,
        }
    }

    pub(super) fn path(directory: &Path) -> PathBuf {
        directory.join(NAME)
    }

    /// The manifest of a directory; `None` when there is none and the directory is empty or absent.
    pub(super) fn load(directory: &Path, estate: &EstateName) -> Result<Option<Self>, Error> {
        let path = Self::path(directory);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if is_empty(directory)? {
                    Ok(None)
                } else {
                    Err(Error::Foreign(directory.to_path_buf()))
                };
            }
            Err(error) => return Err(file("read", &path)(error)),
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|source| Error::Manifest {
            path: path.clone(),
            source,
        })?;
        if manifest.format != FORMAT {
            return Err(Error::OtherManifest {
                path,
                found: format!("format {}", manifest.format),
                wanted: format!("format {FORMAT}"),
            });
        }
        if manifest.estate != *estate {
            return Err(Error::OtherManifest {
                path,
                found: format!("estate {}", manifest.estate),
                wanted: format!("estate {estate}"),
            });
        }
        Ok(Some(manifest))
    }
}

fn is_empty(directory: &Path) -> Result<bool, Error> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(file("list", directory)(error)),
    }
}
