//! The document is judged and drawn as people will read it.

use super::*;

const T0: i64 = 1_795_000_000_000_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(T0 + millis * 1_000)
}

fn capability(name: &str) -> CapabilityName {
    CapabilityName::new(name).unwrap()
}

pub(super) fn run(number: u32, accepted_ms: i64) -> Run {
    let probed = |name, rto, accepted| {
        CapabilityResult::probed(capability(name), Span::from_secs(rto), at(0), Some(at(accepted)))
    };
    Run {
        number,
        seed: 40 + u64::from(number),
        fault: "SIGKILL to every process of west".to_owned(),
        fault_after_ms: 4_210,
        from: RegionName::new("west").unwrap(),
        to: RegionName::new("north").unwrap(),
        generation: Generation::new(u64::from(number) + 1),
        saga: "0199".to_owned(),
        reason: "nothing was heard from the active region for 1s600ms".to_owned(),
        estimated_loss: Some(EstimatedLoss {
            wal_bytes: 4_096,
            seen_ms_ago: 1_600,
            unfit_ms: 0,
        }),
        fault_at: at(0),
        clocks: RecoveryTimeline {
            detected: Some(at(900)),
            decided: Some(at(1_650)),
            fenced: Some(at(3_540)),
            promoted: Some(at(3_720)),
            routed: Some(at(3_760)),
            first_write: Some(at(4_050)),
            reconciled: Some(at(5_900)),
        },
        capabilities: vec![
            probed("order-capture", 10, accepted_ms),
            probed("picking", 6, 5_120),
            CapabilityResult::not_probed(capability("reporting"), Span::from_secs(14_400)),
        ],
        documents: Documents {
            posted: 120,
            acknowledged: 118,
            lost: 0,
            duplicated: 0,
        },
        wal: Some(WalLost {
            commits: 3,
            seconds: 0.21,
        }),
        moved: None,
        rebuilt: None,
        disturbed: None,
    }
}

pub(super) fn evidence(runs: Vec<Run>) -> Evidence {
    Evidence {
        schema: SCHEMA,
        id: "drill-1".to_owned(),
        estate: EstateName::new("two-warehouse").unwrap(),
        tenant: TenantName::new("acme").unwrap(),
        scenario: "region-loss".to_owned(),
        simulated: false,
        seed: 7,
        started: at(-60_000),
        finished: at(60_000),
        host: HostFacts {
            system: "Debian 12".to_owned(),
            kernel: "6.1".to_owned(),
            cpus: 2,
            memory_bytes: 24 << 30,
        },
        versions: BTreeMap::from([("postgres".to_owned(), "15.14".to_owned())]),
        runs,
        summary: None,
    }
    .conclude()
}

#[test]
fn percentiles_are_values_that_were_measured() {
    let values: Vec<u64> = (1..=20).collect();
    assert_eq!(
        spread(&values),
        Some(Spread {
            p50: 10,
            p95: 19,
            max: 20
        })
    );
    assert_eq!(
        spread(&[7]),
        Some(Spread {
            p50: 7,
            p95: 7,
            max: 7
        })
    );
    assert_eq!(spread(&[]), None);
    assert_eq!(percentile(&[3, 1, 2], 0), Some(1));
}

#[test]
fn a_drill_in_which_everything_was_kept_says_so() {
    let summary = evidence(vec![run(1, 4_300), run(2, 4_900)]).summary.unwrap();
    assert_eq!(summary.verdict, Verdict::Kept);
    assert_eq!(
        summary.capabilities[0],
        CapabilitySummary {
            capability: capability("order-capture"),
            rto: Span::from_secs(10),
            probed: 2,
            kept: 2,
            measured: Some(Spread {
                p50: 4_300,
                p95: 4_900,
                max: 4_900
            }),
        }
    );
    assert_eq!(
        summary.capabilities[2].probed, 0,
        "what was not tried is not claimed"
    );
    assert_eq!(summary.documents.acknowledged, 236);
    let fence = &summary.phases[2];
    assert_eq!(
        (fence.phase.as_str(), fence.length),
        (
            "fence",
            Some(Spread {
                p50: 1_890,
                p95: 1_890,
                max: 1_890
            })
        )
    );
}

#[test]
fn every_broken_promise_is_named() {
    let mut late = run(2, 10_400);
    late.documents.lost = 1;
    late.documents.duplicated = 2;
    late.capabilities[1] = CapabilityResult::probed(capability("picking"), Span::from_secs(6), at(0), None);
    late.clocks.reconciled = None;
    let because = [
        "run 2: 1 acknowledged documents lost",
        "run 2: 2 documents duplicated",
        "run 2: order-capture worked again after 10.400 s, promised 10s",
        "run 2: picking did not work again in the time of the drill",
        "run 2: the reconciliation was not seen to end",
    ];
    assert_eq!(
        evidence(vec![run(1, 4_300), late]).summary.unwrap().verdict,
        Verdict::Broken {
            because: because.map(str::to_owned).to_vec()
        }
    );
}

#[test]
fn a_simulated_drill_proves_nothing() {
    let simulated = Evidence {
        simulated: true,
        ..evidence(vec![run(1, 4_300)])
    }
    .conclude();
    assert_eq!(simulated.summary.as_ref().unwrap().verdict, Verdict::Nothing);
    assert!(html(&simulated).contains("Nothing is proven"));
}

#[test]
fn the_document_survives_being_written_and_read() {
    let written = evidence(vec![run(1, 4_300)]);
    let text = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), written);
}

#[test]
fn a_planned_move_has_no_fault_and_nothing_to_notice() {
    let planned = Run {
        fault: "planned switchover of west".to_owned(),
        reason: "a window".to_owned(),
        estimated_loss: None,
        wal: None,
        moved: Some(Moved {
            order_wait_ms: 400,
            order_gap_ms: 900,
            orders_in_erp: 9,
            click_wait_ms: 900,
            clicks: 9,
            clicks_refused: 0,
            sessions: 1,
            sessions_kept: 1,
            gap_promised_ms: 2_000,
        }),
        ..run(1, 4_300)
    };
    let words = |run: &Run| clocks(run).iter().map(|clock| clock.name).collect::<Vec<_>>();
    let end = ["promoted", "routed", "first write", "reconciled"];
    assert_eq!(
        words(&planned),
        [&["asked for", "decided", "released"][..], &end[..]].concat()
    );
    let lost = run(1, 4_300);
    assert_eq!(
        words(&lost),
        [&["fault", "detected", "decided", "fenced"][..], &end[..]].concat()
    );

    let page = html(&evidence(vec![planned]));
    for never in [
        "detected",
        "after the fault",
        "fenced",
        "the lost region has not told",
    ] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.contains("t3 released") && page.contains("after the move was asked for"));
    assert!(html(&evidence(vec![lost])).contains("t1 detected: 0.90 s after the fault"));
}

#[test]
fn the_page_is_self_contained_and_escaped() {
    let mut hostile = run(1, 4_300);
    hostile.fault = "<script>alert('x')</script> & \"more\"".to_owned();
    let page = html(&evidence(vec![hostile, run(2, 10_400)]));
    for part in [
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;",
        "A promise was broken",
        "west → north · generation 2",
        ">4.30 s<",
        "<td>3.72 s</td>",
        "not measured",
        "10.40 s, late</text>",
        "aria-label=\"Timeline of run 2: order-capture 10.40 s, late; ",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for never in ["<script", "http://", "https://", "url(", "@import", " src="] {
        assert!(!page.contains(never), "{never}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert_eq!(page.matches("<article").count(), 2);
}

#[test]
fn where_no_return_was_timed_the_page_tells_findings_and_draws_nothing() {
    let mut disturbed = run(1, 4_300);
    disturbed.capabilities = vec![CapabilityResult::not_probed(
        capability("order-capture"),
        Span::from_secs(10),
    )];
    disturbed.disturbed = Some(Disturbed {
        what: "outage of <acme>".to_owned(),
        lengths: vec![Length {
            name: "away".to_owned(),
            ms: Some(29_760),
        }],
        findings: vec![Finding {
            what: "the lane stops trying".to_owned(),
            held: true,
            seen: "stopped".to_owned(),
        }],
    });
    let page = html(&evidence(vec![disturbed]));
    for part in [
        "every finding below held",
        "What was measured",
        "outage of &lt;acme&gt;: away",
        "29.76 s",
        "</span> the lane stops trying: stopped",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for never in ["<svg", "dashed line", "not measured", "capability was back"] {
        assert!(!page.contains(never), "{never}");
    }
}
