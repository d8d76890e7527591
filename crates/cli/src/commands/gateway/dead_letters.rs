//! `plimsoll gateway dead-letters [LANE]`

use api::gateway::lanes::{DeadCause, DeadLetter};

use super::{args::DeadLetters, leader, print_json, words};
use crate::{
    args::Output,
    commands::table::table,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub async fn run(estate: &OpenEstate, request: &DeadLetters, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let found = leader.gateway.dead_letters(request.lane.as_ref()).await;
    let found = found.map_err(leader::refused)?;
    match request.how.output {
        Output::Json => print_json(&found),
        Output::Text if found.letters.is_empty() => talk.say("there are no dead letters"),
        Output::Text => {
            let mut rows = table([
                "lane", "message", "sequence", "since", "attempts", "cause", "reason",
            ]);
            for letter in &found.letters {
                rows.add_row(row(letter));
            }
            anstream::println!("{rows}");
            let more = found.all - found.letters.len() as u64;
            if more > 0 {
                talk.say(format_args!("and {more} more"));
            }
        }
    }
    Ok(Exit::Done)
}

fn row(letter: &DeadLetter) -> [String; 7] {
    [
        letter.integration.to_string(),
        letter.message_id.clone(),
        letter.sequence.to_string(),
        format!("{} ago", words::ago(letter.since)),
        letter.attempts.to_string(),
        cause(letter.cause).to_owned(),
        letter.why.clone(),
    ]
}

/// Why a message is dead, in a word.
pub const fn cause(cause: DeadCause) -> &'static str {
    match cause {
        DeadCause::Refused => "refused",
        DeadCause::GaveUp => "given up",
        DeadCause::Conflict => "other body",
        DeadCause::File => "bad file",
    }
}
