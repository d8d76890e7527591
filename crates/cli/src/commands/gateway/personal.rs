//! `plimsoll gateway personal export|erase`: what messages hold of a person.

use api::gateway::personal::{EraseRequest, Erasure, Found, SearchRequest};

use super::{
    args::{Erase, Export, Personal, Subject},
    leader::{self, Leader},
    print_json, words,
};
use crate::{
    args::{Output, Which},
    commands::{moves::confirmed, table::table},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Messages in one request to the gateway.
const AT_ONCE: usize = 100;

pub async fn run(
    request: &Personal,
    open: impl Fn(&Which) -> Result<OpenEstate, Failure>,
    talk: &Talk,
) -> Result<Exit, Failure> {
    match request {
        Personal::Export(request) => export(&open(&request.which)?, request, talk).await,
        Personal::Erase(request) => erase(&open(&request.how.which)?, request, talk).await,
    }
}

async fn export(estate: &OpenEstate, request: &Export, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let found = find(&leader, &request.subject).await?;
    print_json(&found);
    talk.say(format!("{} messages", found.len()));
    Ok(Exit::Done)
}

async fn erase(estate: &OpenEstate, request: &Erase, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let found = find(&leader, &request.subject).await?;
    let ids: Vec<String> = found.into_iter().map(|one| one.message_id).collect();
    talk.say(format!("{}: {}", request.subject.lane, ids.join(", ")));
    if !confirmed(format!("{} messages unreadable for good", ids.len()), request.yes)? {
        return Ok(Exit::No);
    }
    let mut erasures: Vec<Erasure> = Vec::new();
    for messages in ids.chunks(AT_ONCE) {
        let asked = EraseRequest {
            integration: request.subject.lane.clone(),
            messages: messages.to_vec(),
            by: words::person(),
            why: request.reason.clone(),
        };
        let some = leader
            .gateway
            .erase_personal(&asked)
            .await
            .map_err(leader::refused)?;
        erasures.extend(some);
    }
    match request.how.output {
        Output::Json => print_json(&erasures),
        Output::Text => tell(&erasures),
    }
    let left = erasures.iter().filter(|one| !one.erased).count();
    if left == 0 {
        return Ok(Exit::Done);
    }
    Err(Failure::no(
        "PL0787",
        format!("{left} of {} messages are not erased yet", erasures.len()),
    )
    .hint("what is written down is done as soon as it can be; the others must be asked for again"))
}

async fn find(leader: &Leader, subject: &Subject) -> Result<Vec<Found>, Failure> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let asked = SearchRequest {
            integration: subject.lane.clone(),
            messages: subject.messages.clone(),
            text: subject.subject.clone(),
            after,
        };
        let answer = leader
            .gateway
            .search_personal(&asked)
            .await
            .map_err(leader::refused)?;
        found.extend(answer.found);
        match answer.next_after {
            Some(next) => after = next,
            None => break,
        }
    }
    if found.is_empty() {
        let message = format!("nothing of that is in the messages of {}", subject.lane);
        return Err(
            Failure::no("PL0786", message).hint("only whole words are found, as the partner wrote them")
        );
    }
    Ok(found)
}

fn tell(erasures: &[Erasure]) {
    let mut rows = table(["message", "erased", "why not"]);
    for one in erasures {
        rows.add_row([
            one.message_id.clone(),
            if one.erased { "in both regions" } else { "not yet" }.to_owned(),
            one.why.clone().unwrap_or_default(),
        ]);
    }
    anstream::println!("{rows}");
}
