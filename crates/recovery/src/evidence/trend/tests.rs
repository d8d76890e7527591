//! What is said of many drills, and what is not.

use types::{CapabilityName, EstateName, Span};

use super::*;
use crate::evidence::{
    CapabilityResult,
    tests::{evidence, run},
};

const DAY_US: i64 = 86_400_000_000;

fn estate() -> EstateName {
    EstateName::new("two-warehouse").unwrap()
}

/// A drill on a day, whose runs took so long for orders; `None` did not come back.
fn drill(day: i64, orders: &[Option<i64>]) -> Proven {
    let runs = orders.iter().zip(1..).map(|(accepted, number)| {
        let mut run = run(number, accepted.unwrap_or_default());
        if accepted.is_none() {
            let name = CapabilityName::new("order-capture").unwrap();
            run.capabilities[0] = CapabilityResult::probed(name, Span::from_secs(10), run.fault_at, None);
        }
        run
    });
    let mut evidence = evidence(runs.collect());
    evidence.id = format!("drill-{day}");
    evidence.finished = Timestamp::from_micros(DAY_US * day);
    Proven {
        sequence: u64::try_from(day).unwrap(),
        evidence,
    }
}

fn of(drills: Vec<Proven>) -> Trend {
    trend(&estate(), Timestamp::from_micros(DAY_US * 20), drills, Vec::new())
}

fn change_of(medians: &[Option<i64>]) -> Change {
    let drills = medians
        .iter()
        .zip(1..)
        .map(|(median, day)| drill(day, &[*median]));
    of(drills.collect()).scenarios[0].capabilities[0].change
}

fn same(medians: &[i64]) -> Vec<Option<i64>> {
    medians.iter().copied().map(Some).collect()
}

#[test]
fn every_drill_is_a_point_with_its_own_promise() {
    let mut stricter = drill(9, &[Some(4_000), Some(5_000), None]);
    for run in &mut stricter.evidence.runs {
        run.capabilities[0].rto = Span::from_secs(7);
        run.documents.lost = 1;
    }
    let trend = of(vec![drill(3, &[Some(4_300), Some(4_900)]), stricter]);
    let scenario = &trend.scenarios[0];
    assert_eq!(
        (trend.scenarios.len(), scenario.scenario.as_str()),
        (1, "region-loss")
    );
    assert_eq!(scenario.since_last_ms, 11 * 86_400_000, "from the last drill");
    assert_eq!(age(scenario.since_last_ms), "11 days");
    assert_eq!(scenario.drills[0].documents.lost, 0);
    assert_eq!(scenario.drills[1].documents.lost, 3);
    assert!(matches!(&scenario.drills[1].verdict, Verdict::Broken { because } if because.len() == 4));

    let orders = &scenario.capabilities[0];
    assert_eq!(orders.capability.as_str(), "order-capture");
    let [first, second] = orders.points.as_slice() else {
        panic!("two drills")
    };
    assert_eq!(
        (first.rto_ms, first.kept, first.probed, first.not_back),
        (10_000, 2, 2, 0)
    );
    assert_eq!(
        (second.rto_ms, second.kept, second.probed, second.not_back),
        (7_000, 2, 3, 1)
    );
    assert!(first.is_kept() && !second.is_kept());
    assert_eq!(
        first.measured_ms.map(|spread| (spread.p50, spread.max)),
        Some((4_300, 4_900))
    );
    // Two of three came back, so that the middle one of all did.
    assert_eq!(second.median_ms, Some(5_000));
    assert_eq!(orders.change, Change::TooFew { drills: 2, needed: 6 });
}

#[test]
fn a_capability_nobody_tried_is_named_and_has_no_points() {
    let trend = of(vec![drill(1, &[Some(4_300)])]);
    assert_eq!(trend.never_measured, [CapabilityName::new("reporting").unwrap()]);
    let drawn: Vec<_> = trend.scenarios[0]
        .capabilities
        .iter()
        .map(|series| series.capability.as_str())
        .collect();
    assert_eq!(drawn, ["order-capture", "picking"]);
}

#[test]
fn a_change_is_told_by_the_rule_and_only_with_enough_drills() {
    let medians = |before, recent| Medians {
        before_ms: before,
        recent_ms: recent,
    };
    assert_eq!(
        change_of(&same(&[1_000, 1_000, 9_000, 9_000, 9_000])),
        Change::TooFew { drills: 5, needed: 6 }
    );
    // A tenth is none yet; one outlier on either side changes no median.
    assert_eq!(
        change_of(&same(&[1_000, 9_000, 1_000, 1_100, 1_100, 9_000])),
        Change::Steady(medians(Some(1_000), Some(1_100)))
    );
    assert_eq!(
        change_of(&same(&[1_000, 1_000, 1_000, 1_101, 1_000, 1_200])),
        Change::Slower(medians(Some(1_000), Some(1_101)))
    );
    assert_eq!(
        change_of(&same(&[1_000, 1_000, 1_000, 1_000, 899, 800, 899])),
        Change::Faster(medians(Some(1_000), Some(899)))
    );
}

#[test]
fn not_coming_back_is_slower_than_any_time() {
    let before = same(&[1_000, 1_000, 1_000]);
    let slower = change_of(&[&before[..], &[None, Some(1_000), None]].concat());
    assert!(
        matches!(slower, Change::Slower(Medians { recent_ms: None, .. })),
        "{slower:?}"
    );
    assert_eq!(
        slower.to_string(),
        "slower: not back in the last 3 drills, 1.00 s before"
    );
    assert!(matches!(change_of(&[None; 6]), Change::Steady(_)));
    let faster = change_of(&[&[None; 3][..], &before].concat());
    assert!(matches!(faster, Change::Faster(_)), "{faster:?}");
}

#[test]
fn what_proves_nothing_is_named_and_never_counts() {
    let simulated = |day| {
        let mut drill = drill(day, &[Some(1)]);
        drill.evidence.simulated = true;
        drill
    };
    let mut newer = drill(2, &[Some(1)]);
    newer.evidence.schema = 99;
    let mut foreign = drill(3, &[Some(1)]);
    foreign.evidence.estate = EstateName::new("another").unwrap();
    let trend = of(vec![
        simulated(1),
        newer,
        foreign,
        drill(4, &[]),
        drill(5, &[Some(4_300)]),
    ]);
    assert_eq!(trend.scenarios[0].drills.len(), 1);
    assert_eq!(trend.scenarios[0].drills[0].drill, "drill-5");
    let left: Vec<_> = trend.left_out.iter().map(|left| left.what.as_str()).collect();
    assert_eq!(
        left,
        ["drill drill-1", "drill drill-2", "drill drill-3", "drill drill-4"]
    );
    assert!(trend.left_out[0].why.contains("simulated"));
    assert_eq!(of(vec![simulated(1)]).scenarios, []);
}

#[test]
fn scenarios_are_not_mixed() {
    let mut planned = drill(2, &[Some(900)]);
    planned.evidence.scenario = "switchover".to_owned();
    let trend = of(vec![drill(1, &[Some(4_300)]), planned, drill(3, &[Some(4_400)])]);
    let told: Vec<_> = trend
        .scenarios
        .iter()
        .map(|scenario| {
            (
                scenario.scenario.as_str(),
                scenario.drills.len(),
                scenario.capabilities[0].points.len(),
            )
        })
        .collect();
    assert_eq!(told, [("region-loss", 2, 2), ("switchover", 1, 1)]);
}

#[test]
fn the_page_is_self_contained_and_escaped() {
    let mut drills: Vec<_> = (1..=6)
        .map(|day| drill(day, &[Some(4_000), Some(4_500)]))
        .collect();
    for late in &mut drills[3..] {
        for run in &mut late.evidence.runs {
            run.capabilities[0].measured_ms = Some(11_000);
            run.capabilities[0].kept = Some(false);
        }
    }
    drills[5].evidence.scenario = "region-loss".to_owned();
    let left_out = LeftOut {
        what: "line 7".to_owned(),
        why: "<script>alert(1)</script>".to_owned(),
        suspect: true,
    };
    let trend = trend(
        &estate(),
        Timestamp::from_micros(DAY_US * 20),
        drills,
        vec![left_out],
    );
    let page = html(&trend);
    for part in [
        "region-loss, order-capture: slower: 11.00 s in the last 3 drills, 4.00 s before",
        "2 promises were broken in the last drill",
        "Never measured",
        "line 7: &lt;script&gt;",
        "0 of 2",
        "class=\"target\"",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for never in [
        "<script", "http://", "https://", "url(", "@import", " src=", "NaN",
    ] {
        assert!(!page.contains(never), "{never}");
    }
    assert_eq!(page.matches("<svg").count(), 2);
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    // A point for each drill that measured it.
    assert_eq!(page.matches("<circle").count(), 12);
}

#[test]
fn a_promise_far_above_what_was_measured_does_not_flatten_the_points() {
    let mut far = drill(1, &[Some(4_300)]);
    far.evidence.runs[0].capabilities[0].rto = Span::from_hours(4);
    let page = html(&of(vec![far]));
    assert!(page.contains("RTO 4h ↑"));
    assert!(page.contains("RTO 6s<"), "the other one lies in the picture");
    assert_eq!(page.matches("class=\"target\"").count(), 1);
}

#[test]
fn the_line_is_interrupted_where_a_capability_was_not_back() {
    let drills = [Some(4_000), Some(4_100), None, Some(4_200)];
    let drills = drills.iter().zip(1..).map(|(median, day)| drill(day, &[*median]));
    let page = html(&of(drills.collect()));
    let (_, line) = page.split_once("<path class=\"line\" d=\"").unwrap();
    let (line, _) = line.split_once('"').unwrap();
    assert_eq!(
        (line.matches('M').count(), line.matches('L').count()),
        (2, 1),
        "{line}"
    );
    assert!(page.contains(">not back<"));
    assert!(page.contains("1 of 1") && page.contains("0 of 1"));
}

#[test]
fn programs_read_a_form_with_a_version() {
    let value = serde_json::to_value(of(vec![drill(1, &[Some(4_300)])])).unwrap();
    assert_eq!(value["schema"], SCHEMA);
    let orders = &value["scenarios"][0]["capabilities"][0];
    assert_eq!(orders["change"]["is"], "too-few");
    assert_eq!(orders["points"][0]["measuredMs"]["p95"], 4_300);
    assert_eq!(orders["points"][0]["rtoMs"], 10_000);
    assert_eq!(value["neverMeasured"][0], "reporting");
    let slower = Change::Slower(Medians {
        before_ms: Some(1),
        recent_ms: None,
    });
    assert_eq!(
        serde_json::to_value(slower).unwrap(),
        serde_json::json!({ "is": "slower", "beforeMs": 1, "recentMs": null })
    );
}
