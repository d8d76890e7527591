//! One page for every scenario: when, who decides, what never to do, steps, what then.

mod damage;
mod moves;
mod parts;
mod proof;
mod restore;
mod streams;
mod supply;

use super::ground::Ground;
use super::page::Scenario;
use crate::markdown::Markdown;

/// The page of a scenario.
pub(super) fn page(ground: &Ground<'_>, scenario: Scenario) -> String {
    let page = match scenario {
        Scenario::PlannedSwitchover => moves::planned_switchover(ground),
        Scenario::RegionLoss => moves::region_loss(ground),
        Scenario::Failback => moves::failback(ground),
        Scenario::Partition => moves::partition(ground),
        Scenario::ComponentLoss => parts::component_loss(ground),
        Scenario::ControlPlaneLoss => parts::control_plane_loss(ground),
        Scenario::DataCorruption => damage::data_corruption(ground),
        Scenario::BadRelease => damage::bad_release(ground),
        Scenario::Ransomware => damage::ransomware(ground),
        Scenario::IntegrationOutage => streams::integration_outage(ground),
        Scenario::SiteCutOff => streams::site_cut_off(ground),
        Scenario::Expiry => supply::expiry(ground),
        Scenario::Capacity => supply::capacity(ground),
        Scenario::SingleTenantRestore => restore::single_tenant(ground),
        Scenario::MassRestore => restore::mass(ground),
        Scenario::MissingProof => proof::missing_proof(ground),
    };
    page.finish()
}

/// What stands at the top of every page.
struct Opening<'t> {
    scenario: Scenario,
    /// When this page is the right one.
    when: &'t [&'t str],
    /// What Plimsoll does by itself today, and what not.
    by_itself: &'t [&'t str],
    /// What must not be done.
    never: &'t [&'t str],
}

fn open(ground: &Ground<'_>, opening: &Opening<'_>) -> Markdown {
    let mut page = Markdown::new(opening.scenario.title());
    page.say(&[format!(
        "Estate {}, environment {}.",
        crate::markdown::code(ground.blueprint.estate.as_str()),
        crate::markdown::code(ground.environment.name.as_str())
    )]);
    page.say(&["[All runbooks](../README.md)"]);
    page.section("When this page");
    page.list(opening.when);
    page.section("What Plimsoll does by itself");
    page.say(opening.by_itself);
    page.section("Never");
    page.list(opening.never);
    page
}

/// Who may say so, for pages that move writes.
fn authority(ground: &Ground<'_>, page: &mut Markdown) {
    page.section("Who may say so");
    page.say(&[
        "A move of writes moves every capability of the stamp: the strictest tier among them decides.",
    ]);
    page.list(&ground.authorities());
    page.say(&["Write down who said so, and when: the evidence needs both."]);
}

/// Who is told, and when.
fn told(ground: &Ground<'_>, page: &mut Markdown, moments: &[&str]) {
    page.section("Who is told");
    page.list(moments);
    let owners: Vec<String> = ground
        .capabilities()
        .iter()
        .map(|one| {
            let owner = one
                .owner
                .as_deref()
                .map_or_else(|| ground.contact(), crate::markdown::text);
            format!(
                "{}: {owner}",
                crate::markdown::link(&one.display_name, &format!("../capabilities/{}.md", one.name))
            )
        })
        .collect();
    page.say(&["Owners of capabilities:"]);
    page.list(&owners);
    page.say(&[format!("Whoever runs the estate: {}.", ground.contact())]);
}

/// What every page that moves or restores ends with.
fn afterwards(page: &mut Markdown, more: &[&str]) {
    page.section("Afterwards");
    page.list(&[
        "Write the times down: fault, noticed, decided, fenced, promoted, first write, each capability read back, reconciliation closed.",
        "Write the loss down, as three numbers: seconds of database commits lost, acknowledged documents missing, documents duplicated.",
        "Put what was done by hand into the repository, before Flux is let go on.",
    ]);
    page.list(more);
}

/// Nothing runs on Azure by itself today; said in the same words everywhere.
const BY_HAND: &str = "On Azure, Plimsoll plans, renders and checks; it does not act there yet. Every step below is by hand until Plimsoll does it.";
/// What the local stand-in does.
const REHEARSE: &str = "On one machine (`plimsoll up`) the failover happens by itself, and `plimsoll drill region-loss` rehearses it.";
