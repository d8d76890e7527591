//! Rules and dashboards of a small environment made by hand: does everything parse, say what it must, and have cases?

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::parser::{Expr, parse};
use types::{FileTree, Span};

use super::model::{RuleFile, Severity};
use super::watched::{Capability, Check, Database, Pack, Scans, Site, Stamp, Tier, Watched};
use super::{dashboards, rules, write};

fn tier(name: &str, rto_seconds: u64, rpo_seconds: u64, support: &'static str) -> Tier {
    Tier {
        rto: Span::from_secs(rto_seconds),
        rpo: Span::from_secs(rpo_seconds),
        name: name.to_owned(),
        support,
        automatic: rto_seconds < 60,
    }
}

fn capability(name: &str, tier: &Tier, every_minutes: Option<u64>) -> Capability {
    Capability {
        name: name.to_owned(),
        tier: tier.name.clone(),
        support: tier.support,
        owner: "Warehouse \"North\" team".to_owned(),
        rto: tier.rto,
        checks: every_minutes
            .into_iter()
            .flat_map(|minutes| {
                ["main", "shared"].map(|stamp| Check {
                    stamp: stamp.to_owned(),
                    every: Span::from_secs(minutes * 60),
                })
            })
            .collect(),
    }
}

fn stamp(name: &str) -> Stamp {
    Stamp {
        name: name.to_owned(),
        namespace: format!("stamp-{name}"),
        replicated: true,
        gateways: 2,
        journal_copies: 2,
        tenant_database_bytes: 50 << 30,
        tenant_objects_bytes: 200 << 30,
        backup_age_max: Span::from_secs(26 * 3_600),
        backup_repositories: 2,
        listen_queue: vec![("web", 4), ("integration", 2)],
    }
}

/// Two regions, two stamps, a tier for every way in which people are told.
pub(super) fn example(pages: bool) -> Watched {
    let tiers = vec![
        tier("critical", 10, 0, "always"),
        tier("warehouse", 1_800, 5, "warehouse-hours"),
        tier("deferrable", 14_400, 3_600, "office-hours"),
    ];
    let database = |stamp: &str, region: &str| Database {
        stamp: stamp.to_owned(),
        region: region.to_owned(),
        engine: "cloud-native-pg",
        connections_max: 200,
    };
    Watched {
        environment: if pages { "production" } else { "staging" }.to_owned(),
        pages,
        production: pages,
        capabilities: vec![
            capability("order-capture", &tiers[0], Some(1)),
            capability("picking", &tiers[1], Some(15)),
            capability("invoicing", &tiers[2], Some(60)),
            capability("reporting", &tiers[2], None),
        ],
        strictest: tiers[0].clone(),
        tiers,
        stamps: vec![stamp("main"), stamp("shared")],
        databases: vec![
            database("main", "westeurope"),
            database("main", "northeurope"),
            database("shared", "westeurope"),
        ],
        scans: Some(Scans {
            stamp: "main".to_owned(),
            lane: "north-scans".to_owned(),
            site: "north".to_owned(),
        }),
        sites: vec![Site {
            name: "warehouse-north".to_owned(),
            offline: Span::from_secs(8 * 3_600),
        }],
        packs: vec![Pack {
            site: "warehouse-north".to_owned(),
            age: Span::from_hours(2),
        }],
        time_zone: "Europe/Lisbon".to_owned(),
        regions: vec!["westeurope".to_owned(), "northeurope".to_owned()],
    }
}

/// The same without anything that can be left out.
fn smallest() -> Watched {
    let mut one = example(true);
    one.capabilities.clear();
    one.tiers.clear();
    one.stamps.clear();
    one.databases.clear();
    one.sites.clear();
    one.packs.clear();
    one.regions.truncate(1);
    one
}

fn everything() -> Vec<(&'static str, Vec<RuleFile>)> {
    vec![
        ("production", rules::all(&example(true))),
        ("staging", rules::all(&example(false))),
        ("smallest", rules::all(&smallest())),
    ]
}

/// Every expression of rules and dashboards, with Grafana's variables filled in.
fn expressions() -> Vec<String> {
    let mut found = Vec::new();
    for (_, files) in everything() {
        for file in files {
            found.extend(file.records.into_iter().map(|one| one.expr));
            found.extend(file.alerts.into_iter().map(|one| one.expr));
        }
    }
    found.extend(
        panels()
            .into_iter()
            .flat_map(|(_, panel)| strings(&panel["targets"], "expr")),
    );
    found
        .into_iter()
        .map(|one| one.replace("$__rate_interval", "5m").replace("$__range", "7d"))
        .collect()
}

fn dashboards() -> Vec<serde_json::Value> {
    let mut tree = FileTree::new();
    dashboards::insert(&mut tree, "d", &example(true)).unwrap();
    tree.iter()
        .map(|(_, text)| serde_json::from_str(text).unwrap())
        .collect()
}

fn panels() -> Vec<(String, serde_json::Value)> {
    let of = |one: &serde_json::Value| {
        let uid = one["uid"].as_str().unwrap().to_owned();
        let panels = one["panels"].as_array().unwrap().clone();
        panels
            .into_iter()
            .map(move |panel| (uid.clone(), panel))
            .collect::<Vec<_>>()
    };
    dashboards().iter().flat_map(of).collect()
}

fn strings(list: &serde_json::Value, key: &str) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| Some(one[key].as_str()?.to_owned()))
        .collect()
}

/// Names of the metrics that an expression reads.
fn metrics(expr: &Expr, into: &mut BTreeSet<String>) {
    match expr {
        Expr::VectorSelector(one) => into.extend(one.name.clone()),
        Expr::MatrixSelector(one) => into.extend(one.vs.name.clone()),
        Expr::Aggregate(one) => metrics(&one.expr, into),
        Expr::Unary(one) => metrics(&one.expr, into),
        Expr::Paren(one) => metrics(&one.expr, into),
        Expr::Subquery(one) => metrics(&one.expr, into),
        Expr::Binary(one) => {
            metrics(&one.lhs, into);
            metrics(&one.rhs, into);
        }
        Expr::Call(one) => one.args.args.iter().for_each(|arg| metrics(arg, into)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn read_metrics() -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    for one in expressions() {
        metrics(&parse(&one).unwrap(), &mut read);
    }
    read
}

fn recorded() -> BTreeSet<String> {
    everything()
        .into_iter()
        .flat_map(|(_, files)| files)
        .flat_map(|file| file.records)
        .map(|one| one.name)
        .collect()
}

#[test]
fn every_expression_of_rules_and_dashboards_parses() {
    let all = expressions();
    assert!(all.len() > 150, "{}", all.len());
    for one in all {
        if let Err(why) = parse(&one) {
            panic!("{one}\n{why}");
        }
    }
}

#[test]
fn what_is_recorded_exists_before_it_is_read() {
    let recorded = recorded();
    let missing: Vec<String> = read_metrics()
        .into_iter()
        .filter(|name| name.contains(':') && !recorded.contains(name))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_metric_is_part_of_the_documented_contract() {
    let page = include_str!("../../../../../docs/reference/monitoring.md");
    let missing: Vec<String> = read_metrics()
        .into_iter()
        .filter(|name| !name.contains(':') && !page.contains(&format!("`{name}")))
        .collect();
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "not in docs/reference/monitoring.md"
    );
}

#[test]
fn what_is_recorded_is_documented() {
    let page = include_str!("../../../../../docs/reference/monitoring.md");
    // Windows depend on the estate: `rate5m`, `rate1h15m`.
    let stem = |name: &str| {
        let windows = [
            "plimsoll:capability:failure_ratio:rate",
            "plimsoll:capability:failures:increase",
        ];
        windows
            .iter()
            .find(|one| name.starts_with(**one))
            .map_or_else(|| name.to_owned(), |one| (*one).to_owned())
    };
    let missing: BTreeSet<String> = recorded()
        .iter()
        .map(|name| stem(name))
        .filter(|name| !page.contains(&format!("`{name}")))
        .collect();
    assert_eq!(missing, BTreeSet::new(), "not in docs/reference/monitoring.md");
}

#[test]
fn every_alarm_says_what_it_means_and_has_cases_for_and_against() {
    for (which, files) in everything() {
        for alert in files.iter().flat_map(|file| &file.alerts) {
            let name = alert.name;
            assert!(
                !alert.expr.is_empty() && alert.summary.len() > 10,
                "{which} {name}"
            );
            assert!(
                alert.description.ends_with(['.', '!']),
                "{which} {name}: {}",
                alert.description
            );
            assert!(
                !alert.summary.ends_with('.'),
                "{which} {name}: a summary is a heading"
            );
            assert!(
                alert.cases.iter().any(|case| case.fires.is_some()),
                "{which} {name} never fires"
            );
            let silent = alert.cases.iter().any(|case| case.fires.is_none());
            assert!(
                silent || name == rules::WATCHDOG,
                "{which} {name} is never silent"
            );
        }
    }
}

#[test]
fn labels_in_texts_are_labels_of_the_alert() {
    for (which, files) in everything() {
        for alert in files.iter().flat_map(|file| &file.alerts) {
            let texts = [alert.summary.clone(), alert.description.clone(), alert.page.url()];
            let used = texts.iter().flat_map(|text| text.split("$labels.").skip(1));
            let fixed = alert.fixed_labels("e");
            for label in used.map(|rest| rest.split(' ').next().unwrap()) {
                let firing = alert.cases.iter().filter_map(|case| case.fires.as_ref());
                for with in firing {
                    assert!(
                        with.contains_key(label) || fixed.contains_key(label),
                        "{which} {} has no label {label}",
                        alert.name
                    );
                }
            }
        }
    }
}

#[test]
fn alarms_of_one_name_differ_in_their_labels() {
    for (which, files) in everything() {
        let mut seen = BTreeMap::new();
        for alert in files.iter().flat_map(|file| &file.alerts) {
            let before = seen.insert((alert.name, alert.fixed_labels("e")), ());
            assert!(before.is_none(), "{which} {} twice", alert.name);
        }
    }
}

#[test]
fn outside_of_production_nobody_is_woken() {
    let severities = |files: Vec<RuleFile>| -> BTreeSet<Severity> {
        files
            .iter()
            .flat_map(|file| &file.alerts)
            .map(|alert| alert.severity)
            .collect()
    };
    assert!(severities(rules::all(&example(true))).contains(&Severity::Page));
    assert!(!severities(rules::all(&example(false))).contains(&Severity::Page));
}

#[test]
fn the_number_of_alarms_does_not_grow_with_stamps_and_tenants() {
    let count = |watched: &Watched| {
        rules::all(watched)
            .iter()
            .map(|file| file.alerts.len())
            .sum::<usize>()
    };
    let mut many = example(true);
    many.stamps = (0..100).map(|number| stamp(&format!("stamp-{number}"))).collect();
    assert_eq!(count(&many), count(&example(true)));
}

#[test]
fn without_scanners_nobody_is_told_of_scans() {
    let told = |watched: &Watched| {
        let files = rules::all(watched);
        let mut alerts = files.iter().flat_map(|file| &file.alerts);
        alerts.any(|alert| alert.name == "ScansPassedOver")
    };
    let none = Watched {
        scans: None,
        ..example(true)
    };
    assert_eq!((told(&example(true)), told(&none)), (true, false));
}

#[test]
fn panels_have_numbers_of_their_own_and_do_not_overlap() {
    for dashboard in dashboards() {
        let panels = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = panels.iter().map(|one| one["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len());
        let mut taken = BTreeSet::new();
        for panel in panels {
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{}", panel["title"]);
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(taken.insert((x, y)), "{} overlaps", panel["title"]);
                }
            }
        }
    }
}

#[test]
fn annotations_and_variables_parse_too() {
    for dashboard in dashboards() {
        let annotations = strings(&dashboard["annotations"]["list"], "expr");
        assert_eq!(annotations.len(), 3);
        for one in annotations {
            parse(&one).unwrap();
        }
    }
}

#[test]
fn the_same_rules_are_written_in_all_forms() {
    let mut tree = FileTree::new();
    let files = rules::all(&example(true));
    write::rules(&mut tree, "m", "production", &files, write::Cases::Written).unwrap();
    let whole = tree.get("m/prometheus-rules.yaml").unwrap();
    for file in &files {
        let plain = tree.get(&format!("m/rules/{}.yaml", file.name)).unwrap();
        for alert in &file.alerts {
            let line = format!("alert: {}\n", alert.name);
            assert!(plain.contains(&line) && whole.contains(&line), "{line}");
        }
    }
    let again = {
        let mut tree = FileTree::new();
        write::rules(
            &mut tree,
            "m",
            "production",
            &rules::all(&example(true)),
            write::Cases::Written,
        )
        .unwrap();
        tree
    };
    assert_eq!(again, tree);
}
