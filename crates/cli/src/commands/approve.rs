//! `plimsoll approve`: authorise what somebody else declared.

use api::moves::{ApproveRequest, MoveDecision};

use super::{accepted, moves};
use crate::{
    args::Approve,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub async fn run(estate: &OpenEstate, request: &Approve, talk: &Talk) -> Result<Exit, Failure> {
    let controller = estate.controller()?;
    let asked = ApproveRequest {
        by: moves::person(request.by.as_deref()),
    };
    let plan = controller.approve_move(&request.id, &asked).await;
    let plan = plan.map_err(|error| {
        let failure = Failure::from(error);
        match failure.hint {
            None => failure
                .hint("declare it again: `plimsoll switchover`, `failback` or `failover` prints its id"),
            Some(_) => failure,
        }
    })?;
    if plan.saga.is_none()
        && plan.decision == MoveDecision::Proceed
        && plan.approved_by.len() < plan.approvals_needed
    {
        talk.say(format_args!(
            "authorised by {}; {} more needed",
            plan.approved_by.join(", "),
            plan.approvals_needed - plan.approved_by.len()
        ));
        return Ok(Exit::Done);
    }
    let how = accepted::How { emergency: false };
    accepted::keep(estate, &plan, how, talk);
    moves::follow(&controller, &plan, request.timeout, request.json, talk).await
}
