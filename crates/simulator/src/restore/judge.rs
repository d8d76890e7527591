//! What a recovery must have come to.

use api::backup::Measure;
use driver::simulated::backup::Look;
use recovery::{decide::restore::RestorePlan, sagas::restore::Authorised};
use saga::Outcome;
use types::{TenantName, Timestamp};

use super::{Disaster, setting::Setting};

/// What a tenant that is back must not be.
pub(super) fn not_recovered(look: &Look, plan: &RestorePlan, outcome: &Outcome) -> Vec<String> {
    let contained = !plan.contain.is_empty();
    let expected = [
        (look.serving == plan.copy, "another database serves"),
        (look.accepts, "it accepts nothing"),
        // Whoever got in is another question than damage by the business; an intruder's damage is in both.
        (
            contained || plan.image.is_some() || !look.damaged,
            "it still is damaged",
        ),
        (!contained || !look.broken_into, "whoever got in still is"),
        (look.lacking == 0, "it lacks acknowledged messages"),
        (look.twice == 0, "messages were applied twice"),
        (
            look.incarnation == plan.incarnation,
            "its identity is not the new one",
        ),
        (!look.aside.is_empty(), "the old database is not kept aside"),
        (
            !contained || look.contained.len() == Measure::ALL.len(),
            "a measure was lifted",
        ),
        (!contained || look.sending.is_empty(), "a contained tenant sends"),
        (agreed(plan, outcome), "nobody agreed to it"),
    ];
    broken(&expected, look)
}

/// As many others as are needed, each in another role.
fn agreed(plan: &RestorePlan, outcome: &Outcome) -> bool {
    let Outcome::Done { outputs } = outcome else {
        return false;
    };
    let given = outputs
        .get("await_approval")
        .and_then(|given| serde_json::from_value::<Authorised>(given.clone()).ok());
    given.is_some_and(|given| {
        let mut roles: Vec<_> = given.by.iter().map(|one| &one.role).collect();
        roles.sort();
        roles.dedup();
        let mut people: Vec<_> = given.by.iter().map(|one| &one.by).collect();
        people.sort();
        people.dedup();
        roles.len() >= plan.approvals_needed
            && people.len() >= plan.approvals_needed
            && !people.contains(&&plan.asked.by)
    })
}

/// What a tenant whose recovery came to nothing must not be.
pub(super) fn not_as_before(look: &Look, plan: &RestorePlan) -> Vec<String> {
    let contained = !plan.contain.is_empty();
    let expected = [
        (look.serving.0 == plan.tenant.as_str(), "another database serves"),
        (look.copies.is_empty(), "a copy was left behind"),
        (contained || look.accepts, "nobody works"),
        (contained || look.lacking == 0, "it lacks acknowledged messages"),
        (contained || look.sending.len() == 2, "lanes are still held"),
        (!contained || look.sending.is_empty(), "a contained tenant sends"),
    ];
    broken(&expected, look)
}

pub(super) fn not_contained(setting: &Setting, tenant: &TenantName) -> Vec<String> {
    let look = setting.stamp.look(tenant);
    let whole = look.is_some_and(|look| look.contained.len() == Measure::ALL.len());
    let missing = (!whole).then(|| format!("{tenant} is not contained"));
    missing.into_iter().collect()
}

pub(super) fn another_image(setting: &Setting, tenant: &TenantName, expected: &str) -> Vec<String> {
    let look = setting.stamp.look(tenant);
    let wrong = look.filter(|look| look.image != expected || !look.accepts || look.lacking > 0);
    let told = wrong.map(|look| format!("{expected} was expected to run: {look:?}"));
    told.into_iter().collect()
}

/// A point that could have been used: refusing it was wrong.
pub(super) fn wrongly_refused(setting: &Setting, disaster: Disaster, before: Timestamp) -> Vec<String> {
    let Some((tenant, history)) = setting.tenants.first().zip(setting.histories.first()) else {
        return Vec::new();
    };
    let out_of_reach = disaster == Disaster::Ransomware;
    let refuted = setting.stamp.catalogue(tenant);
    let usable = history.points.iter().filter(|kept| {
        let point = &kept.point;
        let safe = point.repository.other_identity && point.repository.immutable_until.is_some();
        // What was refuted or proven out of time when the seed began stays unused.
        let listed = refuted.iter().find(|listed| listed.id == point.id);
        let believed = listed.is_some_and(
            |listed| matches!(&listed.evidence, api::backup::Evidence::Verified { at } if *at >= listed.line),
        );
        kept.holds && believed && point.line < before && (safe || !out_of_reach)
    });
    let usable: Vec<_> = usable.map(|kept| kept.point.id.as_str()).collect();
    if usable.is_empty() {
        return Vec::new();
    }
    vec![format!("refused, although {} could be used", usable.join(", "))]
}

fn broken(expected: &[(bool, &str)], look: &Look) -> Vec<String> {
    let broken = expected.iter().filter(|(holds, _)| !holds);
    broken.map(|(_, what)| format!("{what}: {look:?}")).collect()
}
