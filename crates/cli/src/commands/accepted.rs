//! What people took upon themselves: data that they gave up, or a move that one of them began alone.
//!
//! The controller writes both into its audit log. An auditor reads the chain of evidence, so it stands there too, signed as
//! soon as the saga has begun: a command that is ended while it watches leaves the entry.

use std::{collections::BTreeMap, fs};

use api::moves::{MoveDecision, MoveKind, MovePlan};
use recovery::evidence::chain::{Kind, NewEntry};

use super::{drill::now, evidence::sign};
use crate::{failure::Failure, open_estate::OpenEstate, talk::Talk};

const DOCUMENT: &str = "move.json";

/// How a move came to begin.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// By one person alone, where two are needed.
    pub emergency: bool,
}

/// Continues the chain of evidence with a move that began, where somebody took something upon themselves.
///
/// A recovery is not held up by evidence that cannot be written: that is told, and the audit log has it.
pub fn keep(estate: &OpenEstate, plan: &MovePlan, how: How, talk: &Talk) {
    let Some(what) = what(plan, how) else { return };
    match write(estate, plan, what) {
        Ok(path) => talk.say(format_args!("signed  {path}")),
        Err(failure) => talk.error(&failure),
    }
}

/// One line for the chain; `None` where nobody took anything upon themselves, or nothing began.
fn what(plan: &MovePlan, how: How) -> Option<String> {
    plan.saga.as_ref()?;
    let people: Vec<&str> = std::iter::once(&plan.declared_by)
        .chain(&plan.approved_by)
        .map(String::as_str)
        .collect();
    let people = people.join(" and ");
    if plan.accepts_loss {
        return Some(format!(
            "{}, a loss accepted by {people}: loses {}",
            plan.kind, plan.loss
        ));
    }
    how.emergency.then(|| {
        format!(
            "{}, begun as an emergency by {people}, without another person",
            plan.kind
        )
    })
}

fn write(estate: &OpenEstate, plan: &MovePlan, what: String) -> Result<String, Failure> {
    let id = format!("move-{}", plan.id);
    let directory = estate.layout.evidence().join(&id);
    fs::create_dir_all(&directory).map_err(Failure::file("make the directory", &directory))?;
    let document = serde_json::to_vec_pretty(plan)
        .map_err(|error| Failure::machine("PL0011", "cannot write the evidence as JSON").because(&error))?;
    let path = directory.join(DOCUMENT);
    estate.home.files().file(&path, &document)?;
    let entry = NewEntry {
        estate: estate.controller.estate.clone(),
        kind: Kind::Decision,
        id,
        what,
        at: now(),
        files: BTreeMap::new(),
    };
    sign(estate, &directory, entry)?;
    Ok(path.display().to_string())
}

/// A failover that is refused because its standby is not fit has a page of its own, which says what people may do.
pub fn refused(plan: &MovePlan) -> Option<Failure> {
    if plan.kind != MoveKind::Failover || plan.decision != MoveDecision::Refuse {
        return None;
    }
    let asked = plan.checks.first()?;
    let failure = Failure::no(
        "PL0414",
        format!("the failover may not begin: {}", plan.because.join("; ")),
    );
    Some(match asked.verdict {
        MoveDecision::Proceed => failure.hint(
            "if the other region is lost for good, two people may go on without what the standby lacks: \
             plimsoll failover --accept-loss --reason TEXT",
        ),
        MoveDecision::Wait | MoveDecision::Refuse => failure.hint(format!(
            "nobody may accept that: {}",
            asked.found.trim_start_matches("no: ")
        )),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(accepts: bool, began: bool) -> MovePlan {
        let saga = json!({
            "id": "s", "kind": "failover", "state": "running", "started": "2026-11-21T10:00:00Z", "ended": null,
            "at_nodes": [],
        });
        serde_json::from_value(json!({
            "id": "m", "kind": "failover", "from": "west", "to": "north", "generation": 2, "decision": "proceed",
            "because": [], "checks": [], "loss": "everything since noon", "expected": null, "steps": [],
            "declared_by": "Ines", "approved_by": ["Omar"], "approvals_needed": 1, "accepts_loss": accepts,
            "saga": began.then_some(saga),
        }))
        .unwrap()
    }

    #[test]
    fn the_chain_names_who_gave_up_what_and_nothing_else() {
        let alone = How { emergency: true };
        let usual = How { emergency: false };
        assert_eq!(
            what(&plan(true, true), usual).as_deref(),
            Some("failover, a loss accepted by Ines and Omar: loses everything since noon")
        );
        assert_eq!(
            what(&plan(false, true), alone).as_deref(),
            Some("failover, begun as an emergency by Ines and Omar, without another person")
        );
        assert_eq!(what(&plan(false, true), usual), None);
        assert_eq!(what(&plan(true, false), alone), None, "it has not begun");
    }

    #[test]
    fn a_refusal_says_whether_two_people_may_go_on() {
        let refused_for = |verdict: &str, found: &str| {
            let mut plan = plan(false, false);
            plan.decision = MoveDecision::Refuse;
            plan.because = vec!["the standby is not fit".to_owned()];
            let check = json!({ "question": "q", "found": found, "verdict": verdict });
            plan.checks = vec![serde_json::from_value(check).unwrap()];
            let failure = refused(&plan).unwrap();
            (failure.code, failure.hint.unwrap())
        };
        let (code, hint) = refused_for("proceed", "yes");
        assert!(code == "PL0414" && hint.contains("--accept-loss"), "{hint}");
        let (_, hint) = refused_for("refuse", "no: west is heard");
        assert_eq!(hint, "nobody may accept that: west is heard");
        assert!(refused(&plan(false, false)).is_none(), "it may begin");
    }
}
