//! What only one side knows: shown, and decided about with `plimsoll gateway decide PHANTOM VERDICT --reason TEXT`.

use api::gateway::reconciliation::{
    DecisionRequest, MadeAgain, Phantom, PhantomKind, ReconciliationReport, Verdict,
};

use super::{
    args::{Decide, Decided},
    leader, print_json, words,
};
use crate::{
    args::Output,
    commands::table::table,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Of these many phantoms people are shown the names; programs get all.
const SHOWN_MAX: usize = 50;

/// Writes down what a person decided.
pub async fn decide(estate: &OpenEstate, request: &Decide, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let phantom = &request.phantom;
    let asked = DecisionRequest {
        integration: phantom.integration.clone(),
        id: phantom.id.clone(),
        verdict: match request.verdict {
            Decided::ReImport => Verdict::ReImport,
            Decided::Cancel => Verdict::Cancel,
            Decided::Accept => Verdict::Accept,
        },
        by: words::person(),
        why: request.reason.clone(),
    };
    let decided = leader.gateway.decide(&asked).await.map_err(leader::refused)?;
    match request.how.output {
        Output::Json => print_json(&decided),
        Output::Text => anstream::println!("{phantom}: {}", next(&decided)),
    }
    talk.say("`plimsoll gateway reconciliation --sign` keeps the decisions beside the evidence of drills");
    Ok(Exit::Done)
}

/// Lists them, those that somebody must decide about first.
pub fn tell(report: &ReconciliationReport, talk: &Talk) {
    if report.phantoms.is_empty() {
        return;
    }
    let mut rows = table([
        "phantom",
        "what",
        "partner",
        "document",
        "control number",
        "what to do",
    ]);
    let mut phantoms: Vec<&Phantom> = report.phantoms.iter().collect();
    phantoms.sort_by_key(|one| !one.is_open());
    for phantom in phantoms.iter().take(SHOWN_MAX) {
        rows.add_row(row(phantom));
    }
    anstream::println!("{rows}");
    let more = report.summary.phantoms.saturating_sub(SHOWN_MAX as u64);
    if more > 0 {
        talk.say(format_args!("and {more} more; `--output json` lists them"));
    }
    if report.open() > 0 {
        talk.say(
            "`plimsoll gateway decide PHANTOM re-import|cancel|accept --reason TEXT` writes a decision down",
        );
    }
}

fn row(phantom: &Phantom) -> [String; 6] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let what = match phantom.kind {
        PhantomKind::NotInJournal => "not in the journal",
        PhantomKind::OtherBody => "other body",
        PhantomKind::NotInErp => "not in the ERP",
    };
    let document = phantom.document.iter().chain(&phantom.reference);
    let document: Vec<&str> = document.map(String::as_str).collect();
    [
        format!("{}/{}", phantom.integration, phantom.id),
        what.to_owned(),
        or_dash(phantom.partner.clone()),
        or_dash((!document.is_empty()).then(|| document.join(" "))),
        or_dash(phantom.control_number.clone()),
        next(phantom),
    ]
}

/// What is left to do about it.
fn next(phantom: &Phantom) -> String {
    if let Some(again) = phantom.again.as_ref().filter(|again| again.settles) {
        return format!("nothing: the ERP has it again as {}", again.number);
    }
    if let Some(decision) = &phantom.decision {
        let (what, to_do) = match decision.verdict {
            Verdict::ReImport => ("re-import", "enter it into the ERP again"),
            Verdict::Cancel => ("cancel", "tell the partner that it does not hold"),
            Verdict::Accept => ("accept", "nothing"),
        };
        return format!("{what}, says {}: {}; {to_do}", decision.by, decision.why);
    }
    match (phantom.kind, &phantom.again) {
        (PhantomKind::NotInJournal, _) => {
            "ask the partner whether it holds: then accept it, else cancel its record in the ERP".to_owned()
        }
        (PhantomKind::OtherBody, _) => {
            "compare both with the partner: correct the ERP's record by hand, or accept it".to_owned()
        }
        (PhantomKind::NotInErp, Some(again)) => made_again(again),
        (PhantomKind::NotInErp, None) if phantom.sent.is_none() => {
            "it has not left and is kept back: accept sends it, cancel drops it".to_owned()
        }
        (PhantomKind::NotInErp, None) => {
            "enter it into the ERP again (re-import), or cancel it with the partner".to_owned()
        }
    }
}

fn made_again(again: &MadeAgain) -> String {
    let (number, how) = (
        &again.number,
        if again.same {
            "with the same lines"
        } else {
            "with other lines"
        },
    );
    let to_do = match again.same {
        true => "accept: the partner's holds for it; cancel: it is sent beside it",
        false => "accept or cancel: it is sent beside it",
    };
    format!("the ERP made {number} {how}, which is kept back; {to_do}")
}
