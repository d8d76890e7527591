//! `plimsoll gateway show LANE`

use api::gateway::lanes::{Claim, Documents, Files, LaneDetail, SecretsStatus};

use super::{args::Show, leader, print_json, words};
use crate::{
    args::Output,
    commands::table::{age, table},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

pub async fn run(estate: &OpenEstate, request: &Show) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let lane = leader
        .gateway
        .lane(&request.lane)
        .await
        .map_err(leader::refused)?;
    match request.how.output {
        Output::Json => print_json(&lane),
        Output::Text => show(&lane),
    }
    Ok(Exit::Done)
}

fn documents(found: Option<&Documents>) -> String {
    found.map_or_else(
        || "-".to_owned(),
        |one| {
            let (unsent, unacknowledged, overdue) = (one.unsent, one.unacknowledged, one.overdue);
            let held = if one.held {
                "; held: the ERP has lost what was sent"
            } else {
                ""
            };
            format!("{unsent} not sent yet, {unacknowledged} not acknowledged yet, {overdue} overdue{held}")
        },
    )
}

fn files(found: Option<&Files>) -> String {
    let Some(one) = found else {
        return "-".to_owned();
    };
    let Files {
        place,
        taken,
        refused,
        waiting,
        ..
    } = one;
    let more = if one.more { " and more" } else { "" };
    let counts = format!("{place}: {taken} taken, {refused} put aside, {waiting}{more} waiting");
    match (&one.away, one.away_ms) {
        (Some(why), Some(since)) => format!("{counts}; not to be had for {}: {why}", age(since)),
        (Some(_), None) | (None, _) => counts,
    }
}

fn claim(claim: Option<&Claim>) -> String {
    claim.map_or_else(
        || "-".to_owned(),
        |one| {
            let waits = one.waits.map_or_else(String::new, |waits| {
                format!("; it waits for {}", words::waits(waits))
            });
            let share = words::share(one);
            format!(
                "priority `{}`, {share} of the ERP's time lately{waits}",
                one.priority.as_str()
            )
        },
    )
}

fn secrets(found: Option<&SecretsStatus>) -> String {
    let Some(found) = found else {
        return "-".to_owned();
    };
    let number = match found.secrets {
        1 => "1 is valid".to_owned(),
        several => format!("{several} are valid"),
    };
    let trouble = found.trouble.as_ref();
    let trouble = trouble.map_or_else(String::new, |why| format!("; {why}"));
    format!("{number}, read {} ago{trouble}", words::ago(found.since))
}

fn show(lane: &LaneDetail) {
    let status = &lane.status;
    anstream::println!("lane {}", status.integration);
    let rate = lane.rate_max.map_or_else(
        || "as many as the ERP takes".to_owned(),
        |rate| format!("at most {rate} a second"),
    );
    let order = lane.ordering.as_ref().map_or_else(
        || "messages may overtake each other".to_owned(),
        |pointer| format!("messages with the same `{pointer}` keep their order"),
    );
    for (what, value) in [
        ("delivery", words::delivery_with_reason(&status.delivery)),
        (
            "limits",
            format!(
                "{} calls at a time, up to {} messages in each now, {rate}",
                lane.concurrency, lane.call_messages
            ),
        ),
        ("claim", claim(status.claim.as_ref())),
        ("secrets", secrets(lane.secrets.as_ref())),
        ("order", order),
        (
            "messages",
            format!(
                "{} accepted, {} applied, {} pending ({} under way, {} parked), {} dead letters, {} set aside",
                status.accepted,
                status.delivered,
                status.pending,
                lane.under_way,
                status.parked,
                status.rejected,
                status.quarantined
            ),
        ),
        ("documents", documents(status.documents.as_ref())),
        (
            "sending",
            status
                .sending
                .as_ref()
                .map_or_else(|| "-".to_owned(), words::delivery_with_reason),
        ),
        ("files", files(status.files.as_ref())),
        (
            "oldest",
            status.oldest_pending_ms.map_or_else(|| "-".to_owned(), age),
        ),
        ("detail", status.detail.clone().unwrap_or_else(|| "-".to_owned())),
    ] {
        anstream::println!("  {what:<10}{value}");
    }
    if lane.stuck.is_empty() {
        return;
    }
    let mut rows = table([
        "stuck",
        "sequence",
        "attempts",
        "again in",
        "behind it",
        "last answer",
    ]);
    for one in &lane.stuck {
        rows.add_row([
            one.message_id.clone(),
            one.sequence.to_string(),
            one.attempts.to_string(),
            age(one.again_ms),
            one.behind.to_string(),
            one.last.clone().unwrap_or_default(),
        ]);
    }
    anstream::println!("\n{rows}");
}
