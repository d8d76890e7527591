//! YAML out of a serializer, with a comment that says what the file is.

use serde::Serialize;
use types::FileTree;

use crate::Error;

/// Puts a YAML file into the tree.
pub(super) fn insert(
    tree: &mut FileTree,
    path: &str,
    about: &str,
    document: &impl Serialize,
) -> Result<(), Error> {
    // Long expressions stay on one line: folded text is valid, and hard to compare.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(document, options).map_err(|error| Error::Yaml {
        path: path.to_owned(),
        why: error.to_string(),
    })?;
    Ok(tree.insert(
        path,
        format!("# Rendered by Plimsoll. Changes are overwritten.\n# {about}\n{text}"),
    )?)
}
