//! `plimsoll gateway lanes`

use api::gateway::{
    LaneStatus,
    lanes::{Claim, Delivery},
};

use super::{args::Lanes, leader, print_json, words};
use crate::{
    args::Output,
    commands::table::{age, table},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

pub async fn run(estate: &OpenEstate, request: &Lanes) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let lanes = &leader.status.lanes;
    match request.how.output {
        Output::Json => print_json(lanes),
        Output::Text => {
            let mut rows = table([
                "lane",
                "priority",
                "share",
                "delivery",
                "waits for",
                "accepted",
                "applied",
                "pending",
                "parked",
                "oldest",
                "dead",
                "aside",
                "detail",
            ]);
            for lane in lanes {
                rows.add_row(row(lane));
            }
            anstream::println!("{rows}");
            let load = leader.gateway.erp().await.map_err(leader::refused)?;
            anstream::println!("{}", words::load(&load));
        }
    }
    Ok(Exit::Done)
}

fn row(lane: &LaneStatus) -> [String; 13] {
    let claim = |tell: fn(&Claim) -> String| lane.claim.as_ref().map_or_else(|| "-".to_owned(), tell);
    [
        lane.integration.to_string(),
        claim(|one| one.priority.as_str().to_owned()),
        claim(words::share),
        words::delivery(&lane.delivery).to_owned(),
        claim(|one| one.waits.map_or("-", words::waits).to_owned()),
        lane.accepted.to_string(),
        lane.delivered.to_string(),
        lane.pending.to_string(),
        lane.parked.to_string(),
        lane.oldest_pending_ms.map_or_else(|| "-".to_owned(), age),
        lane.rejected.to_string(),
        lane.quarantined.to_string(),
        detail(lane),
    ]
}

/// Why delivery does not go on; else why nothing leaves, or no files are fetched.
fn detail(lane: &LaneStatus) -> String {
    let files = || {
        let away = lane.files.as_ref()?.away.as_ref()?;
        Some(format!("no files: {away}"))
    };
    let sending = || match lane.sending.as_ref()? {
        Delivery::Open { why, .. } | Delivery::Probation { why, .. } => {
            Some(format!("nothing leaves: {why}"))
        }
        Delivery::Elsewhere | Delivery::Closed | Delivery::Paused(_) => None,
    };
    lane.detail
        .clone()
        .or_else(sending)
        .or_else(files)
        .unwrap_or_default()
}
