//! `plimsoll abort`: stop a saga before its point of no return, after saying what is taken back.

use api::moves::AbortRequest;

use super::moves;
use crate::{
    args::Abort,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub async fn run(estate: &OpenEstate, request: &Abort, talk: &Talk) -> Result<Exit, Failure> {
    let controller = estate.controller()?;
    let mut asked = AbortRequest {
        by: moves::person(request.by.as_deref()),
        reason: request.reason.clone().unwrap_or_default(),
        dry_run: true,
    };
    let plan = controller.abort(&request.id, &asked).await?;
    let undone = if plan.undone.is_empty() {
        "nothing: no step that began changed anything".to_owned()
    } else {
        plan.undone.join(", ")
    };
    talk.say(format_args!(
        "{} at {}: would be taken back, in this order: {undone}",
        plan.saga.kind,
        plan.saga.at_nodes.join(", ")
    ));
    if request.dry_run {
        return Ok(Exit::Done);
    }
    if !moves::confirmed("abort", request.yes)? {
        return Ok(Exit::No);
    }
    asked.dry_run = false;
    controller.abort(&request.id, &asked).await?;
    talk.say("asked; the saga goes back at its next step, unless that is the point of no return");
    Ok(Exit::Done)
}
