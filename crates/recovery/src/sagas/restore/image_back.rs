//! A release is bad and the former image can read its schema: that image runs again, over the same database.
//!
//! ```text
//!   note_release ─► put_image ─► see_it_serve ─► finish
//! ```
//!
//! Nothing of data moves, so nothing is held or fenced. Going back means that the bad release runs again.

use std::time::Duration;

use api::backup::{PutRelease, RunningRelease, TenantAct};
use driver::backup::RestorePorts;
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use types::Generation;

use crate::{
    decide::restore::ImagePlan,
    sagas::{failover::DoneAt, until_done, until_refused},
};

/// Kind of this saga in records.
pub const KIND: &str = "image-back";

/// Looking costs nothing; who does not answer by then is looked for by a person.
const LOOK_TIME_MAX: Duration = Duration::from_secs(300);
/// Pulling an image and starting every workload anew.
const SERVE_TIME_MAX: Duration = Duration::from_secs(1_800);

/// The saga; its parameters are an [`ImagePlan`].
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<RestorePorts>, InvalidDefinition> {
    Definition::new(
        KIND,
        vec![
            Node::new("note_release", note_release)
                .deadline(LOOK_TIME_MAX)
                .says("What runs must be the release that has to go, or already the former one: anything else is another case."),
            Node::new("put_image", put_image)
                .after(["note_release"])
                .undo(undo_put_image)
                .says("The former image runs again; it is refused when it cannot read the schema of the database."),
            Node::new("see_it_serve", see_it_serve)
                .after(["put_image"])
                .deadline(SERVE_TIME_MAX)
                .says("The tenant's database accepts writes under the former image; otherwise the release runs again."),
            Node::new("finish", finish)
                .after(["see_it_serve"])
                .says("Nothing is left to do but to keep the release out of the pipeline."),
        ],
    )
}

fn put(plan: &ImagePlan, generation: Generation, image: &str) -> PutRelease {
    PutRelease {
        act: TenantAct {
            tenant: plan.tenant.clone(),
            generation,
        },
        image: image.to_owned(),
    }
}

async fn note_release(ports: &RestorePorts, inputs: &Inputs) -> Result<RunningRelease, ActionError> {
    let plan: ImagePlan = inputs.params()?;
    let running = ports.releases.running(&plan.tenant).await.map_err(until_done)?;
    if running.image == plan.from || running.image == plan.to {
        Ok(running)
    } else {
        Err(ActionError::fail(format!("{} runs", running.image)))
    }
}

async fn put_image(ports: &RestorePorts, inputs: &Inputs) -> Result<RunningRelease, ActionError> {
    let plan: ImagePlan = inputs.params()?;
    let request = put(&plan, plan.generation, &plan.to);
    ports.releases.put(&request).await.map_err(until_refused)
}

async fn undo_put_image(ports: &RestorePorts, inputs: &Inputs) -> Result<RunningRelease, ActionError> {
    let plan: ImagePlan = inputs.params()?;
    let noted: RunningRelease = inputs.output("note_release")?;
    let request = put(&plan, plan.generation.next(), &noted.image);
    ports.releases.put(&request).await.map_err(until_refused)
}

async fn see_it_serve(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: ImagePlan = inputs.params()?;
    let running = ports.releases.running(&plan.tenant).await.map_err(until_done)?;
    let serving = ports.tenants.serving(&plan.tenant).await.map_err(until_done)?;
    if running.image == plan.to && serving.accepts {
        finish(ports, inputs).await
    } else {
        Err(ActionError::retry("the former image does not serve yet"))
    }
}

async fn finish(ports: &RestorePorts, _: &Inputs) -> Result<DoneAt, ActionError> {
    Ok(DoneAt {
        at: ports.clock.now(),
    })
}
