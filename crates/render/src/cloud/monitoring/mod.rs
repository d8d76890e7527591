//! The folder `monitoring/` of the rendered tree.

use plan::cloud::Blueprint;
use types::FileTree;

use crate::Error;

/// Renders the folder.
pub(super) fn render(_blueprint: &Blueprint, _tree: &mut FileTree) -> Result<(), Error> {
    Ok(())
}
