//! What the examples come to, to be read in reviews: `BLESS=1 cargo test -p plimsoll-plan --test cloud`.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    plan::{self, Report, cloud, cost::Estimate},
    world,
};

fn check(file: &str, content: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cloud/golden")
        .join(file);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = expected
        .lines()
        .zip(content.lines())
        .position(|(one, other)| one != other);
    assert!(
        expected == content,
        "{file} differs, first in line {}; BLESS=1 writes it anew",
        differs.map_or(expected.lines().count(), |line| line) + 1
    );
}

#[test]
fn the_first_example_becomes_this_blueprint() {
    let (blueprint, _) = cloud::plan(&world::example()).unwrap();
    check(
        "two-warehouse-distributor.blueprint.json",
        &(serde_json::to_string_pretty(&blueprint).unwrap() + "\n"),
    );
}

#[test]
fn examples_are_explained_and_estimated_like_this() {
    for name in world::EXAMPLES {
        let (blueprint, report) = cloud::plan(&world::named(name)).unwrap();
        check(&format!("{name}.report.txt"), &explained(&report));
        check(&format!("{name}.cost.txt"), &estimated(&plan::cost(&blueprint)));
    }
}

fn explained(report: &Report) -> String {
    let mut text = String::new();
    for decision in report.cautions() {
        writeln!(text, "caution: {decision}").unwrap();
    }
    for decision in &report.decisions {
        if decision.weight == plan::Weight::Choice {
            writeln!(text, "{decision}").unwrap();
        }
    }
    text
}

fn estimated(estimate: &Estimate) -> String {
    let mut text = String::new();
    for line in &estimate.lines {
        let region = line.region.as_ref().map_or("-", |region| region.as_str());
        let quantities: Vec<String> = line.quantities.iter().map(ToString::to_string).collect();
        writeln!(
            text,
            "{:12} {:12} {:9} {:>6} {}  {}",
            line.environment.as_str(),
            region,
            line.kind.as_str(),
            line.monthly_cents / 100,
            estimate.currency.as_str(),
            quantities.join(", ")
        )
        .unwrap();
    }
    writeln!(
        text,
        "all together {} {} a month, {} % of the budget",
        estimate.monthly_cents / 100,
        estimate.currency.as_str(),
        estimate
            .budget_percent()
            .map_or("-".to_owned(), |percent| percent.to_string())
    )
    .unwrap();
    text
}

/// One release of an estate that does many things at once, as whoever must agree reads it.
#[test]
fn a_large_change_reads_like_this() {
    let old = world::named("third-party-logistics");
    let mut new = old.clone();
    for tier in new.tiers.values_mut() {
        tier.rto = types::Span::from_millis(tier.rto.as_millis() / 2);
    }
    new.regions[1].posture = estate::Posture::Hot;
    new.regions[0].zones = vec![1, 2];
    new.retention.logs = types::Span::from_days(30);
    new.integrations.truncate(6);
    new.sites[1].link.kind = estate::LinkKind::Internet;
    for tenant in new
        .tenants
        .values_mut()
        .filter(|one| one.stamp.as_str() == "spares")
    {
        tenant.stamp = "grocery".parse().unwrap();
    }
    for stamp in new.stamps.values_mut() {
        stamp.tenancy = estate::Tenancy::Shared;
        stamp.database.version = 18;
    }
    let plan = |estate| cloud::plan(estate).unwrap().0;
    let difference = plan::diff((&old, &plan(&old)), (&new, &plan(&new)));
    check("large-change.diff.txt", &difference.to_string());
}

#[test]
fn whoever_answers_nothing_is_advised_like_this() {
    let answers = plan::advice::Answers::read(&std::collections::BTreeMap::new()).unwrap();
    let advised = plan::advice::recommend(&answers);
    check("advice.estate.yaml", &advised.estate_yaml);
    let mut text = String::new();
    for choice in &advised.choices {
        writeln!(text, "{}: {}", choice.about, choice.taken).unwrap();
        for why in &choice.why {
            writeln!(text, "  because {why}").unwrap();
        }
        for other in &choice.alternatives {
            let cost = other
                .cost_percent
                .map_or("cannot be".to_owned(), |percent| format!("{percent} %"));
            writeln!(text, "  or {} ({cost}), but {}", other.what, other.why_not).unwrap();
        }
    }
    check("advice.choices.txt", &text);
}
