//! `plimsoll gateway pause LANE --reason TEXT` and `resume LANE`

use api::gateway::{
    PeerState,
    lanes::{HoldAnswer, HoldRequest},
};

use super::{
    args::{How, Pause, Resume},
    leader::{self, Leader},
    print_json, words,
};
use crate::{
    args::Output,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub async fn pause(estate: &OpenEstate, request: &Pause, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let hold = HoldRequest {
        by: words::person(),
        why: request.reason.clone(),
    };
    let answer = leader.gateway.pause(&request.lane, &hold).await;
    tell(&leader, &answer.map_err(leader::refused)?, &request.how, talk);
    Ok(Exit::Done)
}

pub async fn resume(estate: &OpenEstate, request: &Resume, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let hold = HoldRequest {
        by: words::person(),
        why: String::new(),
    };
    let answer = leader.gateway.resume(&request.lane, &hold).await;
    tell(&leader, &answer.map_err(leader::refused)?, &request.how, talk);
    Ok(Exit::Done)
}

fn tell(leader: &Leader, answer: &HoldAnswer, how: &How, talk: &Talk) {
    match how.output {
        Output::Json => print_json(answer),
        Output::Text => anstream::println!("{}", words::delivery_with_reason(&answer.delivery)),
    }
    if answer.copies < 2 && leader.status.peer.state != PeerState::None {
        talk.say(
            "only the active region knows it yet: a failover at this moment would forget it; the other region is told as soon as it answers",
        );
    }
}
