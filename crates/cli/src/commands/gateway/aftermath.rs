//! What a recovery left out of the ERP's numbers, and which jobs it holds.

use api::gateway::reconciliation::{Aftermath, BurnedNumbers, ReconciliationReport};

use crate::{commands::table::table, talk::Talk};

/// Tells it, where a recovery may have lost something.
pub fn tell(report: &ReconciliationReport, talk: &Talk) {
    let Some(aftermath) = &report.aftermath else {
        return;
    };
    if let Some(line) = loss(aftermath) {
        anstream::println!("{line}");
    }
    if !aftermath.numbers.is_empty() {
        anstream::println!("{}", left_out(aftermath));
    }
    for line in gaps(aftermath) {
        anstream::println!("{line}");
    }
    for burned in aftermath.problems() {
        let why = burned.problem.as_deref().unwrap_or_default();
        talk.say(format_args!(
            "PL0440: nothing was left out of `{}`: {why}; look at its next number",
            burned.name
        ));
    }
    let held = aftermath.held().count();
    if held > 0 {
        talk.say(format_args!(
            "{held} jobs of the ERP are held since the recovery; `plimsoll jobs list` names them"
        ));
    }
}

/// Whether anything may be lost, and why that is thought, where the ERP tells it.
fn loss(aftermath: &Aftermath) -> Option<String> {
    let because = aftermath.because.as_deref()?;
    Some(if aftermath.complete {
        format!("nothing is lost, so no number is left out: {because}")
    } else {
        format!("something may be lost, so numbers are left out: {because}")
    })
}

fn left_out(aftermath: &Aftermath) -> comfy_table::Table {
    let mut rows = table([
        "numbers left out",
        "of",
        "from",
        "to",
        "count",
        "given in the window",
    ]);
    for burned in &aftermath.numbers {
        rows.add_row(row(burned));
    }
    rows
}

/// A sentence for each gap in numbers that by law or rule have none: for the books.
pub fn gaps(aftermath: &Aftermath) -> Vec<String> {
    let gapless = aftermath
        .numbers
        .iter()
        .filter(|one| one.gapless && one.count > 0);
    gapless
        .map(|one| {
            format!(
                "{}: the numbers {} to {} ({}) are not given, because of the recovery of {} from a loss of data; documents \
                 with these numbers may have existed and are not in the books",
                one.name, one.first, one.last, one.count, aftermath.began_at
            )
        })
        .collect()
}

fn row(burned: &BurnedNumbers) -> [String; 6] {
    let none = burned.problem.is_some();
    let or_none = |text: &str| if none { "NONE".to_owned() } else { text.to_owned() };
    [
        burned.kind.clone(),
        burned.name.clone(),
        or_none(&burned.first),
        or_none(&burned.last),
        burned.count.to_string(),
        burned.issued.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;

    #[test]
    fn only_numbers_that_have_no_gaps_are_explained_for_the_books() {
        let numbers = |name: &str, gapless, count| BurnedNumbers {
            kind: "invoice".to_owned(),
            name: name.to_owned(),
            issued: 3,
            first: "INV/2026/00005".to_owned(),
            last: "INV/2026/00024".to_owned(),
            count,
            gapless,
            problem: (count == 0).then(|| "unreadable".to_owned()),
        };
        let aftermath = Aftermath {
            incarnation: String::new(),
            predecessor: String::new(),
            generation: 2,
            began_at: Timestamp::from_micros(1_795_255_200_000_000),
            newest_at: None,
            window_s: 3600,
            lost_s: 0,
            safety_percent: 200,
            complete: false,
            because: Some("west does not answer".to_owned()),
            numbers: vec![
                numbers("Sales", true, 20),
                numbers("Orders", false, 20),
                numbers("Broken", true, 0),
            ],
            jobs: Vec::new(),
        };
        assert_eq!(
            gaps(&aftermath),
            [
                "Sales: the numbers INV/2026/00005 to INV/2026/00024 (20) are not given, because of the recovery of \
              2026-11-21T10:00:00.000Z from a loss of data; documents with these numbers may have existed and are not in \
              the books"
            ]
        );
        assert_eq!(aftermath.problems().count(), 1);
        let told = "something may be lost, so numbers are left out: west does not answer";
        assert_eq!(loss(&aftermath).as_deref(), Some(told));
    }
}
