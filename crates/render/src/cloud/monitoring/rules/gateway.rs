//! The gateway: is every message in two places, and does each lane move?
//!
//! A lane's limits come from the gateway itself (it knows them), so one rule serves all lanes of all tenants.

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::{Stamp, Watched};
use crate::cloud::runbooks::{Page, Scenario};

const INFO: &str = "plimsoll_gateway_lane_info";
const COMPONENT: Page = Page::Section(Scenario::ComponentLoss, "gateway");

/// Messages an hour, a week ago, above which silence means something.
const EXPECTED_PER_HOUR: u32 = 20;

/// How bad an outage of a lane is, as the estate says, and who hears of it.
const CRITICALITIES: [(&str, Severity); 3] = [
    ("critical", Severity::Page),
    ("important", Severity::Ticket),
    ("deferrable", Severity::Log),
];

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = Vec::new();
    if let Some(stamp) = watched.stamps.iter().find(|stamp| stamp.gateways > 0) {
        alerts.extend([
            copies(watched, stamp),
            unwatched(stamp),
            poisoned(watched, stamp),
            fills(watched, stamp),
        ]);
        for (criticality, severity) in CRITICALITIES {
            let severity = watched.at_most(severity);
            alerts.extend([
                blocked(stamp, criticality, severity),
                buffer_used(stamp, criticality, severity),
                silent(stamp, criticality, severity.max(Severity::Ticket)),
            ]);
        }
        alerts.extend([dead_letters(stamp), quarantined(stamp), phantoms(stamp)]);
        if watched.production {
            alerts.push(held(stamp));
        }
    }
    RuleFile {
        name: "gateway",
        about: "The gateway: is every message in two places, and does each lane move?",
        needs: &["plan"],
        records: records(),
        alerts,
    }
}

fn records() -> Vec<Record> {
    vec![
        Record::new(
            "plimsoll:lane:info",
            format!("max by (stamp, lane, tenant, partner, criticality, owner) ({INFO})"),
        ),
        Record::new(
            "plimsoll:lane:oldest_pending_seconds",
            "max by (stamp, lane) (plimsoll_gateway_oldest_pending_age_seconds)",
        ),
        Record::new(
            "plimsoll:lane:buffer_used:ratio",
            "plimsoll:lane:oldest_pending_seconds / on (stamp, lane) max by (stamp, lane) (plimsoll_gateway_lane_outage_max_seconds)",
        ),
        Record::new(
            "plimsoll:lane:accepted:increase1h",
            "sum by (stamp, lane) (increase(plimsoll_gateway_messages_accepted_total[1h]))",
        ),
        Record::new(
            "plimsoll:lane:delivered:rate5m",
            "sum by (stamp, lane) (rate(plimsoll_gateway_messages_delivered_total[5m]))",
        ),
        Record::new(
            "plimsoll:stamp:journal_copies",
            "min by (stamp) (plimsoll_gateway_journal_copies)",
        ),
        Record::new(
            "plimsoll:stamp:accepted:rate5m",
            "sum by (stamp) (rate(plimsoll_gateway_messages_accepted_total[5m]))",
        ),
    ]
}

/// Completes an expression by lane with what the gateway says about the lane.
fn with_info(expr: &str, criticality: &str) -> String {
    let info = series("plimsoll:lane:info", [("criticality", criticality)]);
    format!("({expr}) * on (stamp, lane) group_left (tenant, partner, owner) {info}")
}

fn stamp_series(name: &str, stamp: &Stamp) -> String {
    series(name, [("stamp", stamp.name.as_str())])
}

fn lane(name: &str, stamp: &Stamp) -> String {
    series(name, [("stamp", stamp.name.as_str()), ("lane", "acme-edi")])
}

fn lane_case(case: Case, stamp: &Stamp, criticality: &str) -> Case {
    let info = [
        ("stamp", stamp.name.as_str()),
        ("lane", "acme-edi"),
        ("tenant", "one"),
        ("partner", "acme"),
        ("criticality", criticality),
        ("owner", "integrations"),
    ];
    case.always(series(INFO, info), 1)
}

fn lane_labels<'a>(stamp: &'a Stamp, criticality: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("stamp", stamp.name.as_str()),
        ("lane", "acme-edi"),
        ("tenant", "one"),
        ("partner", "acme"),
        ("criticality", criticality),
        ("owner", "integrations"),
    ]
}

fn copies(watched: &Watched, stamp: &Stamp) -> Alert {
    // Without a second region one copy is the plan, and only a gateway that has none is below it.
    let too_few = stamp.journal_copies - 1;
    Alert::new("JournalCopyLost", watched.worst(), Layer::Stamp, COMPONENT)
        .when("plimsoll:stamp:journal_copies < on (stamp) plimsoll:plan:journal_copies", 1)
        .says(
            "{{ $labels.stamp }} acknowledges messages with fewer copies than promised",
            "Partners are told that a message is safe while fewer places than planned have it. The loss of this region now could lose acknowledged documents.",
        )
        .fires(
            Case::at(5, "the copy is gone").always(stamp_series("plimsoll_gateway_journal_copies", stamp), too_few),
            [("stamp", stamp.name.as_str())],
        )
        .silent(
            Case::at(5, "all copies are there")
                .always(stamp_series("plimsoll_gateway_journal_copies", stamp), stamp.journal_copies),
        )
}

fn unwatched(stamp: &Stamp) -> Alert {
    Alert::new("GatewayUnwatched", Severity::Ticket, Layer::Proof, COMPONENT)
        .when(
            "plimsoll:plan:gateways unless on (stamp) (count by (stamp) (plimsoll_gateway_journal_copies) >= on (stamp) plimsoll:plan:gateways)",
            5,
        )
        .says(
            "Not every gateway of {{ $labels.stamp }} is measured",
            "Fewer leading gateways than planned report how many copies their journal has: every other alarm about the missing ones is blind.",
        )
        .fires(Case::at(10, "no report"), [("stamp", stamp.name.as_str())])
        .silent((0..stamp.gateways).fold(Case::at(10, "all report"), |case, number| {
            let gateway = format!("gateway-{number}");
            let labels = [("stamp", stamp.name.as_str()), ("pod", gateway.as_str())];
            case.always(series("plimsoll_gateway_journal_copies", labels), 2)
        }))
}

fn poisoned(watched: &Watched, stamp: &Stamp) -> Alert {
    let of = series(
        "plimsoll_gateway_journal_poisoned",
        [("stamp", stamp.name.as_str()), ("region", watched.a_region())],
    );
    let labels = [("stamp", stamp.name.as_str()), ("region", watched.a_region())];
    Alert::new("JournalPoisoned", watched.worst(), Layer::Stamp, COMPONENT)
        .when("max by (stamp, region) (plimsoll_gateway_journal_poisoned) == 1", 0)
        .says(
            "The journal of {{ $labels.stamp }} in {{ $labels.region }} refuses to write",
            "The disk failed to sync. The gateway acknowledges nothing any more, on purpose: it does not know what is on the disk.",
        )
        .fires(Case::at(3, "a sync failed").always(&of, 1), labels)
        .silent(Case::at(3, "all is well").always(&of, 0))
}

fn fills(watched: &Watched, stamp: &Stamp) -> Alert {
    let disk = series(
        "plimsoll_gateway_journal_free_bytes",
        [("stamp", stamp.name.as_str()), ("region", watched.a_region())],
    );
    let labels = [("stamp", stamp.name.as_str()), ("region", watched.a_region())];
    Alert::new("JournalFills", watched.worst(), Layer::Stamp, Page::Section(Scenario::Capacity, "a-disk-fills"))
        .when("min by (stamp, region) (predict_linear(plimsoll_gateway_journal_free_bytes[1h], 4 * 3600)) < 0", 10)
        .says(
            "The journal of {{ $labels.stamp }} in {{ $labels.region }} is full within four hours",
            "At this rate the disk is full in four hours, and then partners are refused. Most often the ERP or a partner takes nothing.",
        )
        .fires(Case::at(60, "a gigabyte a minute").series(&disk, "100000000000-1000000000x65"), labels)
        .silent(Case::at(60, "nothing changes").always(&disk, "100000000000"))
}

fn blocked(stamp: &Stamp, criticality: &str, severity: Severity) -> Alert {
    let open = lane("plimsoll_gateway_breaker_open", stamp);
    Alert::new("LaneBlocked", severity, Layer::Integration, Page::Lane)
        .when(with_info("max by (stamp, lane) (plimsoll_gateway_breaker_open) == 1", criticality), 5)
        .says(
            "{{ $labels.lane }} delivers nothing",
            "The other side of lane {{ $labels.lane }} (partner {{ $labels.partner }}) has failed so often that the gateway has stopped trying for a while. Messages are kept, none is lost.",
        )
        .owned_by_series()
        .label("criticality", criticality)
        .fires(
            lane_case(Case::at(10, "the other side is down").always(&open, 1), stamp, criticality),
            lane_labels(stamp, criticality),
        )
        .silent(lane_case(Case::at(10, "it delivers").always(&open, 0), stamp, criticality))
}

fn buffer_used(stamp: &Stamp, criticality: &str, severity: Severity) -> Alert {
    let (age, limit) = (
        lane("plimsoll_gateway_oldest_pending_age_seconds", stamp),
        lane("plimsoll_gateway_lane_outage_max_seconds", stamp),
    );
    Alert::new("LaneBufferHalfUsed", severity, Layer::Integration, Page::Lane)
        .when(with_info("plimsoll:lane:buffer_used:ratio > 0.5", criticality), 2)
        .says(
            "{{ $labels.lane }} has used half of the outage it was sized for",
            "The oldest message of lane {{ $labels.lane }} waits longer than half of the outage that its buffer was planned for. After twice this time messages may be refused.",
        )
        .owned_by_series()
        .label("criticality", criticality)
        .fires(
            lane_case(Case::at(10, "half of it").always(&age, 5_000).always(&limit, 7_200), stamp, criticality),
            lane_labels(stamp, criticality),
        )
        .silent(lane_case(Case::at(10, "a little").always(&age, 60).always(&limit, 7_200), stamp, criticality))
}

fn silent(stamp: &Stamp, criticality: &str, severity: Severity) -> Alert {
    let accepted = lane("plimsoll_gateway_messages_accepted_total", stamp);
    let expr = format!(
        "plimsoll:lane:accepted:increase1h == 0 and on (stamp, lane) plimsoll:lane:accepted:increase1h offset 1w > {EXPECTED_PER_HOUR}"
    );
    Alert::new("LaneSilent", severity, Layer::Integration, Page::Lane)
        .when(with_info(&expr, criticality), 30)
        .says(
            "{{ $labels.lane }} receives nothing, and a week ago it did",
            "No message has arrived on lane {{ $labels.lane }} for an hour, while at this time a week ago there were many. The partner may have a problem it has not noticed.",
        )
        .owned_by_series()
        .label("criticality", criticality)
        .fires(
            lane_case(Case::at_half_hour(350, "silence after a busy week").series(&accepted, "0+60x340 20400+0x20"), stamp, criticality),
            lane_labels(stamp, criticality),
        )
        .silent(lane_case(Case::at_half_hour(350, "it was silent a week ago too").series(&accepted, "0+0x360"), stamp, criticality))
}

fn dead_letters(stamp: &Stamp) -> Alert {
    lane_gauge(
        stamp,
        "DeadLetters",
        "plimsoll_gateway_dead_letters",
        (
            "{{ $labels.lane }} has given up on messages",
            "Messages of lane {{ $labels.lane }} failed until their time was over and wait for a person. A document is missing in the ERP or at the partner until somebody decides.",
        ),
    )
}

fn quarantined(stamp: &Stamp) -> Alert {
    lane_gauge(
        stamp,
        "MessagesQuarantined",
        "plimsoll_gateway_quarantined",
        (
            "{{ $labels.lane }} has messages that contradict each other",
            "Two messages of lane {{ $labels.lane }} have the same key and different content. Neither is dropped; a person must ask the partner which one holds.",
        ),
    )
}

fn phantoms(stamp: &Stamp) -> Alert {
    lane_gauge(
        stamp,
        "PhantomsFound",
        "plimsoll_gateway_phantoms",
        (
            "{{ $labels.lane }} sent things that the ERP does not know any more",
            "After a recovery, labels, EDI documents or mails of lane {{ $labels.lane }} are outside whose records were lost. They are never sent again; people must enter what they stand for.",
        ),
    )
}

fn lane_gauge(
    stamp: &Stamp,
    name: &'static str,
    metric: &str,
    (summary, description): (&str, &str),
) -> Alert {
    let of = lane(metric, stamp);
    let labels = [("stamp", stamp.name.as_str()), ("lane", "acme-edi")];
    Alert::new(name, Severity::Ticket, Layer::Integration, Page::Lane)
        .when(format!("max by (stamp, lane) ({metric}) > 0"), 1)
        .says(summary, description)
        .fires(Case::at(5, "there are three").always(&of, 3), labels)
        .silent(Case::at(5, "there are none").always(&of, 0))
}

fn held(stamp: &Stamp) -> Alert {
    lane_gauge(
        stamp,
        "OutboundHeld",
        "plimsoll_gateway_outbound_held",
        (
            "{{ $labels.lane }} is held",
            "What the ERP sends over lane {{ $labels.lane }} is kept until somebody releases it. After a recovery that is right until reconciliation is done; longer than that, partners and carriers wait.",
        ),
    )
}
