//! `plimsoll gateway replay MESSAGE…` and `--all-dead LANE`

use api::gateway::lanes::{ReplayRequest, ReplayWhich, Reveal};

use super::{args::Replay, find, leader, print_json, words};
use crate::{
    args::Output,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub async fn run(estate: &OpenEstate, request: &Replay, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let which = match &request.all_dead {
        Some(lane) => ReplayWhich::AllOf(lane.clone()),
        None => {
            let mut messages = Vec::new();
            for name in &request.messages {
                let found = find::message(&leader, name, Reveal::Shape).await?;
                messages.push((found.integration, found.message_id));
            }
            ReplayWhich::Messages(messages)
        }
    };
    let by = words::person();
    let answer = leader.gateway.replay(&ReplayRequest { by, which }).await;
    let answer = answer.map_err(leader::refused)?;
    match request.how.output {
        Output::Json => print_json(&answer),
        Output::Text => {
            for name in &answer.replayed {
                anstream::println!("{name}: delivered again, behind live messages");
            }
            for (name, why) in &answer.left {
                anstream::println!("{name}: left as it is: {why}");
            }
            if answer.replayed.is_empty() && answer.left.is_empty() {
                talk.say("there is nothing to deliver again");
            }
        }
    }
    if answer.left.is_empty() {
        return Ok(Exit::Done);
    }
    Err(
        Failure::no("PL0608", "some of these messages are no dead letters")
            .hint("`plimsoll gateway trace MESSAGE` tells what became of one"),
    )
}
