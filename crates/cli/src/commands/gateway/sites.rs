//! `plimsoll gateway sites`

use api::gateway::scans::SiteStatus;

use super::{args::Sites, leader, print_json};
use crate::{
    args::Output,
    commands::table::{age, table},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

pub async fn run(estate: &OpenEstate, request: &Sites) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let sites = leader.gateway.sites().await.map_err(leader::refused)?;
    match request.how.output {
        Output::Json => print_json(&sites),
        Output::Text if sites.is_empty() => anstream::println!("no site's scans come in"),
        Output::Text => {
            let mut rows = table([
                "site",
                "lane",
                "agent",
                "stored",
                "durable",
                "highest",
                "lacking",
                "held",
                "last scan",
                "lag",
                "clocks",
                "detail",
            ]);
            for site in &sites {
                rows.add_row(row(site));
            }
            anstream::println!("{rows}");
        }
    }
    Ok(Exit::Done)
}

fn row(site: &SiteStatus) -> [String; 12] {
    let last = site.last.as_ref();
    [
        site.site.to_string(),
        site.integration.to_string(),
        site.incarnation.clone().unwrap_or_else(|| "-".to_owned()),
        site.stored.to_string(),
        site.durable.to_string(),
        site.highest.to_string(),
        site.lacking.to_string(),
        site.held.to_string(),
        last.map_or_else(|| "-".to_owned(), |last| age(last.age_ms)),
        last.map_or_else(|| "-".to_owned(), |last| signed(last.lag_ms)),
        last.map_or("-", |last| clocks(last.skew_ms)).to_owned(),
        detail(site),
    ]
}

/// A lag below 0 is a clock that is ahead.
fn signed(ms: i64) -> String {
    let span = age(ms.unsigned_abs());
    if ms < 0 { format!("-{span}") } else { span }
}

/// A clock that is ahead shows at once; one that is behind looks like a link that was down.
const fn clocks(skew_ms: i64) -> &'static str {
    match skew_ms {
        ..=-2_000 => "ahead",
        -1_999..60_000 => "right",
        _ => "behind, or late",
    }
}

/// What a person should know, the first gap first.
fn detail(site: &SiteStatus) -> String {
    let mut parts = Vec::new();
    if let Some(gap) = site.gaps.first() {
        let numbers = if gap.from == gap.to {
            gap.from.to_string()
        } else {
            format!("{} to {}", gap.from, gap.to)
        };
        let more = if site.gaps.len() > 1 { " and more" } else { "" };
        parts.push(format!("{numbers}{more} did not arrive"));
    }
    if site.passed > 0 {
        parts.push(format!("{} not waited for any more", site.passed));
    }
    if site.incarnations > 1 {
        parts.push(format!("agent number {}", site.incarnations));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use api::gateway::scans::{Gap, LastScan};

    use super::*;

    #[test]
    fn a_row_tells_what_lacks_and_which_clock_is_wrong() {
        let site = SiteStatus {
            site: "north".parse().unwrap(),
            integration: "north-scans".parse().unwrap(),
            incarnations: 2,
            incarnation: Some("agent-2".to_owned()),
            since: None,
            stored: 3,
            durable: 2,
            highest: 9,
            gaps: vec![Gap { from: 4, to: 5 }, Gap { from: 8, to: 8 }],
            lacking: 3,
            held: 1,
            passed: 2,
            last: Some(LastScan {
                sequence: 9,
                device: "MC-12".to_owned(),
                age_ms: 4_000,
                lag_ms: -5_000,
                skew_ms: -5_000,
            }),
        };
        let row = row(&site);
        assert_eq!(row[9], format!("-{}", age(5_000)));
        assert_eq!(row[10], "ahead");
        assert_eq!(
            row[11],
            "4 to 5 and more did not arrive; 2 not waited for any more; agent number 2"
        );
    }
}
