//! Settings of our own programs, as JSON.

use serde::Serialize;
use types::FileTree;

use crate::Error;

pub(crate) fn insert(tree: &mut FileTree, path: &str, settings: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(settings).map_err(|source| Error::Json {
        path: path.to_owned(),
        source,
    })?;
    Ok(tree.insert(path, text + "\n")?)
}
