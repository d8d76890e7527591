//! The folder `runbooks/` of the rendered tree: what people do at three in the morning.

mod page;

use plan::cloud::Blueprint;
use types::FileTree;

use crate::Error;

pub(super) use page::{Page, Scenario};

/// Renders the folder.
pub(super) fn render(_blueprint: &Blueprint, _tree: &mut FileTree) -> Result<(), Error> {
    Ok(())
}
