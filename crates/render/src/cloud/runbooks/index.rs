//! The first page: by what is seen, by scenario, by capability.

use super::ground::Ground;
use super::page::Scenario;
use crate::markdown::{Markdown, code, link, text};

/// What people see, and the page for it.
const SYMPTOMS: [(&str, &str); 17] = [
    ("Nothing answers, for anybody", "scenarios/region-loss.md"),
    ("One thing fails, the rest works", "scenarios/component-loss.md"),
    ("People are logged out", "scenarios/component-loss.md#cache"),
    (
        "Pages are slow, or say that they wait",
        "scenarios/capacity.md#work-waits-for-workers",
    ),
    ("A disk is full", "scenarios/capacity.md#a-disk-fills"),
    ("It broke after a release", "scenarios/bad-release.md"),
    ("Stock, orders or books are wrong", "scenarios/data-corruption.md"),
    (
        "One customer needs yesterday back",
        "scenarios/single-tenant-restore.md",
    ),
    (
        "Files are encrypted, or an account does strange things",
        "scenarios/ransomware.md",
    ),
    (
        "A partner gets or sends nothing",
        "scenarios/integration-outage.md",
    ),
    (
        "A warehouse has no link, or labels do not print",
        "scenarios/site-cut-off.md",
    ),
    (
        "Scheduled jobs do not run",
        "scenarios/component-loss.md#scheduler",
    ),
    ("A certificate, password or quota ends", "scenarios/expiry.md"),
    (
        "Two systems show different truths",
        "scenarios/partition.md#two-primaries",
    ),
    (
        "The other region does not follow",
        "scenarios/component-loss.md#replication",
    ),
    (
        "Alarms have stopped, or Kubernetes does not answer",
        "scenarios/control-plane-loss.md",
    ),
    (
        "No backup, no restore proof, no rehearsal",
        "scenarios/missing-proof.md",
    ),
];

/// The page.
pub(super) fn page(ground: &Ground<'_>) -> String {
    let mut page = Markdown::new("Runbooks");
    page.say(&[
        format!("Estate {} of {}, environment {}.", code(ground.blueprint.estate.as_str()), text(&ground.blueprint.organisation), code(ground.environment.name.as_str())),
        "Everything here is rendered from the same plan as what runs: names and numbers are those of this estate.".to_owned(),
    ]);
    page.section("Before anything else");
    page.list(&[
        "Read the whole page first; it takes two minutes.",
        "Write down what you do, with the time. A second person reads along.",
        "What stands in `<angle brackets>` you fill in; everything else is pasted as it is.",
        "Fence before you promote. Look before you delete. When a step fails twice, stop and say so.",
    ]);
    page.section("By what you see");
    let rows: Vec<[String; 2]> = SYMPTOMS
        .iter()
        .map(|(symptom, target)| [(*symptom).to_owned(), link(&title(target), target)])
        .collect();
    page.table(["you see", "go to"], &rows);
    page.section("By scenario");
    let scenarios: Vec<String> = Scenario::ALL
        .iter()
        .map(|one| link(one.title(), &format!("scenarios/{}.md", one.slug())))
        .collect();
    page.list(&scenarios);
    page.section("By capability");
    page.say(&["In the order of recovery."]);
    let rows: Vec<[String; 5]> = ground
        .capabilities()
        .iter()
        .map(|one| {
            [
                one.order.to_string(),
                link(&one.display_name, &format!("capabilities/{}.md", one.name)),
                text(one.tier.as_str()),
                one.rto.to_string(),
                one.rpo.to_string(),
            ]
        })
        .collect();
    page.table(
        [
            "order",
            "capability",
            "tier",
            "works again within",
            "loses at most",
        ],
        &rows,
    );
    page.section("By integration");
    let stamps: Vec<String> = ground
        .environment
        .stamps
        .iter()
        .filter(|stamp| !stamp.lanes.is_empty())
        .map(|stamp| {
            link(
                &format!("Integrations of stamp {}", stamp.name),
                &format!("integrations/{}.md", stamp.name),
            )
        })
        .collect();
    if stamps.is_empty() {
        page.say(&["This estate has none."]);
    }
    page.list(&stamps);
    page.section("Who may authorise a move of writes");
    page.list(&ground.authorities());
    page.finish()
}

/// The scenario's title of a target such as `scenarios/SLUG.md#anchor`.
fn title(target: &str) -> String {
    let slug = target
        .trim_start_matches("scenarios/")
        .split(".md")
        .next()
        .unwrap_or(target);
    Scenario::ALL
        .iter()
        .find(|one| one.slug() == slug)
        .map_or_else(|| slug.to_owned(), |one| one.title().to_owned())
}
