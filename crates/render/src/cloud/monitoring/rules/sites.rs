//! Warehouses: is there a link, and how long can they go on without one?

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::{Pack, Scans, Site, Watched};
use crate::cloud::runbooks::{Page, Scenario};

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = watched
        .sites
        .first()
        .map(|site| vec![silent(site), running_out(watched, site), print_queue(site)])
        .unwrap_or_default();
    alerts.extend(watched.packs.first().map(pack_old));
    alerts.extend(watched.scans.as_ref().map(passed_over));
    RuleFile {
        name: "sites",
        about: "Warehouses: is there a link, and how long can they go on without one?",
        needs: &["plan"],
        records: vec![Record::new(
            "plimsoll:site:offline_seconds",
            "time() - max by (site) (plimsoll_edge_last_contact_timestamp_seconds)",
        )],
        alerts,
    }
}

fn contact(site: &Site) -> String {
    series(
        "plimsoll_edge_last_contact_timestamp_seconds",
        [("site", site.name.as_str())],
    )
}

fn silent(site: &Site) -> Alert {
    Alert::new("SiteSilent", Severity::Ticket, Layer::Site, Page::Scenario(Scenario::SiteCutOff))
        .when("plimsoll:plan:site_offline_max_seconds unless on (site) (plimsoll:site:offline_seconds < 300)", 2)
        .says(
            "{{ $labels.site }} has no link",
            "The edge agent has not been heard of for five minutes, or never. The site goes on working on its own, for a while.",
        )
        .fires(Case::at(10, "silent since before").always(contact(site), 0), [("site", site.name.as_str())])
        .fires(Case::at(10, "never heard of"), [("site", site.name.as_str())])
        .silent(Case::at(10, "heard of every minute").growing(contact(site), 60))
}

fn running_out(watched: &Watched, site: &Site) -> Alert {
    let seconds = site.offline.as_millis() / 1_000;
    Alert::new("SiteRunsOutOfTime", watched.worst(), Layer::Site, Page::Scenario(Scenario::SiteCutOff))
        .when("plimsoll:site:offline_seconds > on (site) (0.5 * plimsoll:plan:site_offline_max_seconds)", 0)
        .says(
            "{{ $labels.site }} has used half of the time it can work without a link",
            "When the time is over, scanners and printers there stop. Prepare paper now, and tell the people at the site.",
        )
        .fires(
            Case::at(10, "three quarters are used").always(contact(site), format!("-{}", seconds * 3 / 4)),
            [("site", site.name.as_str())],
        )
        .silent(Case::at(10, "heard of every minute").growing(contact(site), 60))
}

fn print_queue(site: &Site) -> Alert {
    let labels = [("site", site.name.as_str()), ("device", "label-printer")];
    let age = series("plimsoll_edge_print_oldest_age_seconds", labels);
    Alert::new(
        "LabelsNotPrinted",
        Severity::Ticket,
        Layer::Site,
        Page::Section(Scenario::SiteCutOff, "labels-are-not-printed"),
    )
    .when(
        "max by (site, device) (plimsoll_edge_print_oldest_age_seconds) > 300",
        2,
    )
    .says(
        "{{ $labels.device }} at {{ $labels.site }} prints nothing",
        "A label has been waiting for five minutes. Parcels without labels stop at the dock.",
    )
    .fires(Case::at(5, "ten minutes").always(&age, 600), labels)
    .silent(Case::at(5, "a few seconds").always(&age, 3))
}

/// A timer makes a pack when the last one is as old as it may be; half an hour more, and it does not run or does not succeed.
fn pack_old(pack: &Pack) -> Alert {
    let labels = [("site", pack.site.as_str())];
    let made = series("plimsoll_fallback_pack_timestamp_seconds", labels);
    let seconds = pack.age.as_millis() / 1_000;
    Alert::new("FallbackPackOld", Severity::Ticket, Layer::Site, Page::Scenario(Scenario::SiteCutOff))
        .when(
            "plimsoll:plan:fallback_pack_age_max_seconds unless on (site) (time() - max by (site) (plimsoll_fallback_pack_timestamp_seconds) <= on (site) (plimsoll:plan:fallback_pack_age_max_seconds + 1800))",
            2,
        )
        .says(
            "{{ $labels.site }} has no fresh pack to work with on paper",
            "Nothing has made a fallback pack for {{ $labels.site }} for longer than the estate allows, or ever. If the ERP is lost now, people there work with an old one, or with none.",
        )
        .fires(Case::at(10, "never made"), labels)
        .fires(
            Case::at(10, "made long ago").always(&made, format!("-{}", seconds + 3_600)),
            labels,
        )
        .silent(Case::at(10, "made every minute").growing(&made, 60))
}

/// The gateway tells of it as long as a number lacks, however old: a scan that is lost stays lost until somebody said so.
fn passed_over(scans: &Scans) -> Alert {
    let labels = [
        ("stamp", scans.stamp.as_str()),
        ("lane", scans.lane.as_str()),
        ("site", scans.site.as_str()),
    ];
    let passed = series("plimsoll_gateway_site_passed", labels);
    Alert::new("ScansPassedOver", Severity::Ticket, Layer::Site, Page::Lane)
        .when("max by (stamp, lane, site) (plimsoll_gateway_site_passed) > 0", 1)
        .says(
            "Scans of {{ $labels.site }} lack, and those behind them went on without",
            "Numbers lack in what the agent of {{ $labels.site }} has sent over {{ $labels.lane }}, for longer than scans behind them wait. Until they arrive or are said to be void, stock may be wrong where they were made.",
        )
        .fires(Case::at(5, "two are passed over").always(&passed, 2), labels)
        .silent(Case::at(5, "none lacks").always(&passed, 0))
}
