//! Finding the message somebody means.

use api::gateway::lanes::{MessageTrace, Reveal};
use types::IntegrationName;

use super::leader::{self, Leader};
use crate::failure::{Exit, Failure};

/// The message with this key, or with `LANE/KEY`.
///
/// A key may have slashes itself: what stands before the first one is a lane only if there is such a lane.
pub async fn message(leader: &Leader, name: &str, reveal: Reveal) -> Result<MessageTrace, Failure> {
    let lanes: Vec<&IntegrationName> = leader.status.lanes.iter().map(|lane| &lane.integration).collect();
    let split = name
        .split_once('/')
        .and_then(|(lane, key)| Some((*lanes.iter().find(|known| known.as_str() == lane)?, key)));
    if let Some((lane, key)) = split {
        return leader
            .gateway
            .trace(lane, key, reveal)
            .await
            .map_err(leader::refused);
    }
    let mut found = Vec::new();
    for lane in lanes {
        match leader.gateway.trace(lane, name, Reveal::Shape).await {
            Ok(_) => found.push(lane),
            Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {}
            Err(error) => return Err(leader::refused(error)),
        }
    }
    match found.as_slice() {
        [lane] => leader
            .gateway
            .trace(lane, name, reveal)
            .await
            .map_err(leader::refused),
        [] => Err(
            Failure::no("PL0607", format!("no lane has a message with the key `{name}`"))
                .hint("upper and lower case count; a message that was never acknowledged is in no journal"),
        ),
        several => {
            let names: Vec<String> = several.iter().map(|lane| format!("{lane}/{name}")).collect();
            Err(Failure {
                exit: Exit::Usage,
                ..Failure::no(
                    "PL0607",
                    format!("several lanes have a message with the key `{name}`"),
                )
            }
            .hint(format!("say which: {}", names.join(", "))))
        }
    }
}
