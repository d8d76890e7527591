//! Data of a tenant is wrong: it goes back to the last proven point before the damage.

use driver::backup::RestorePorts;
use saga::{Definition, InvalidDefinition, Node};

use super::steps::{
    await_approval, fence, finish, hold_outbound, incarnate, list_phantoms, open_jobs, open_lanes,
    open_people, prove_copy, replay, restore_copy, swap,
};

/// Kind of this saga in records.
pub const KIND: &str = "corruption";

/// The saga; its parameters are a [`crate::decide::restore::RestorePlan`].
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<RestorePorts>, InvalidDefinition> {
    let mut nodes = vec![hold_outbound()];
    nodes.extend(side_by_side("hold_outbound"));
    nodes.extend([fence().after(["await_approval"]), swap().after(["fence"])]);
    nodes.extend(open_again("swap"));
    Definition::new(KIND, nodes)
}

/// A proven copy that people agreed to, beside a database that still serves.
pub(super) fn side_by_side(after: &'static str) -> [Node<RestorePorts>; 3] {
    [
        restore_copy().after([after]),
        prove_copy().after(["restore_copy"]),
        await_approval().after(["prove_copy"]),
    ]
}

/// From the copy in its place to everybody working with it.
pub(super) fn open_again(after: &'static str) -> [Node<RestorePorts>; 7] {
    [
        incarnate().after([after]),
        replay().after(["incarnate"]),
        list_phantoms().after(["replay"]),
        open_people().after(["list_phantoms"]),
        open_jobs().after(["open_people"]),
        open_lanes().after(["open_jobs"]),
        finish().after(["open_lanes"]),
    ]
}
