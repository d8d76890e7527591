//! A release is bad and the former image cannot read its schema: database and image go back together.
//!
//! As [`super::corruption`], with `put_former_image` between `fence` and `swap`: while nothing accepts writes, it does
//! not matter that the image and the database that is about to go do not fit.

use api::backup::{PutRelease, RunningRelease, TenantAct};
use driver::backup::RestorePorts;
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};

use super::{
    corruption::{open_again, side_by_side},
    steps::{act, act_back, fence, hold_outbound, plan, swap},
};
use crate::sagas::{until_done, until_refused};

/// Kind of this saga in records.
pub const KIND: &str = "bad-release";

/// The saga; its parameters are a [`crate::decide::restore::RestorePlan`] with an image.
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<RestorePorts>, InvalidDefinition> {
    let mut nodes = vec![
        Node::new("note_release", note_release).says("What runs is written down, for the way back."),
        hold_outbound().after(["note_release"]),
    ];
    nodes.extend(side_by_side("hold_outbound"));
    nodes.extend([
        fence().after(["await_approval"]),
        Node::new("put_former_image", put_former_image)
            .after(["fence"])
            .undo(undo_put_former_image)
            .says("The former image is what runs from now on; nobody works with it before its database is in place."),
        swap().after(["put_former_image"]),
    ]);
    nodes.extend(open_again("swap"));
    Definition::new(KIND, nodes)
}

async fn note_release(ports: &RestorePorts, inputs: &Inputs) -> Result<RunningRelease, ActionError> {
    let plan = plan(inputs)?;
    if plan.image.is_none() {
        return Err(ActionError::fail("the plan names no image"));
    }
    ports.releases.running(&plan.tenant).await.map_err(until_done)
}

async fn put(ports: &RestorePorts, act: TenantAct, image: String) -> Result<RunningRelease, ActionError> {
    let request = PutRelease { act, image };
    ports.releases.put(&request).await.map_err(until_refused)
}

async fn put_former_image(ports: &RestorePorts, inputs: &Inputs) -> Result<RunningRelease, ActionError> {
    let plan = plan(inputs)?;
    let image = plan.image.clone().unwrap_or_default();
    put(ports, act(&plan), image).await
}

async fn undo_put_former_image(ports: &RestorePorts, inputs: &Inputs) -> Result<RunningRelease, ActionError> {
    let noted: RunningRelease = inputs.output("note_release")?;
    put(ports, act_back(&plan(inputs)?), noted.image).await
}
