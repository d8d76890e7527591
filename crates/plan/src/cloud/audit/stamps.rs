//! Stamps: one leads, tenants are apart, lanes have their secrets and their way out.

use std::collections::{BTreeMap, BTreeSet};

use estate::{Posture, Stage, Tenancy};

use super::{Findings, Placed, placed};
use crate::cloud::blueprint::{Blueprint, Environment, Placement, Stamp, WorkloadKind};

pub(super) fn check(blueprint: &Blueprint, environment: &Environment, findings: &mut Findings) {
    if environment.mute != (environment.stage != Stage::Production) {
        findings.find(
            &environment.name,
            "production speaks to partners, and nothing else does",
        );
    }
    if environment.runs.is_some() && environment.stage == Stage::Production {
        findings.find(&environment.name, "production is switched off at times");
    }
    let names: BTreeSet<_> = environment.stamps.iter().map(|stamp| &stamp.name).collect();
    if names.len() != environment.stamps.len() {
        findings.find(&environment.name, "two stamps have the same name");
    }
    for one in placed(environment) {
        if !names.contains(&one.placement.stamp) {
            findings.find(&one, "there is no such stamp");
        }
        workloads(&one, findings);
    }
    for stamp in &environment.stamps {
        leads(environment, stamp, findings);
        lanes(blueprint, environment, stamp, findings);
    }
    apart(environment, findings);
}

/// One region leads, the other one can.
fn leads(environment: &Environment, stamp: &Stamp, findings: &mut Findings) {
    let about = format!("{}/{}", environment.name, stamp.name);
    let places: Vec<Placed<'_>> = placed(environment)
        .filter(|one| one.placement.stamp == stamp.name)
        .collect();
    let leading: Vec<&Placed<'_>> = places.iter().filter(|one| one.placement.leads).collect();
    match leading.as_slice() {
        [one] if one.region.name == stamp.home => {}
        [one] => findings.find(
            &about,
            format!("leads in `{}` and lives in `{}`", one.region.name, stamp.home),
        ),
        others => findings.find(
            &about,
            format!("{} regions lead, and it must be one", others.len()),
        ),
    }
    let schedulers: u64 = places
        .iter()
        .flat_map(|one| &one.placement.workloads)
        .filter(|one| one.kind == WorkloadKind::Scheduler)
        .map(|one| u64::from(one.replicas_min))
        .sum();
    if schedulers != 1 {
        findings.find(
            &about,
            format!("{schedulers} schedulers run in all regions together, and it must be one"),
        );
    }
    let Some(standby) = &stamp.standby else {
        return;
    };
    let Some(follower) = places.iter().find(|one| one.region.name == *standby) else {
        findings.find(
            &about,
            format!("its standby region `{standby}` has nothing of it"),
        );
        return;
    };
    if follower.region.posture != Posture::Cold {
        for leader in &leading {
            carries(leader.placement, follower, findings);
        }
    }
}

/// Whether a standby can do what the leader does.
fn carries(leader: &Placement, follower: &Placed<'_>, findings: &mut Findings) {
    for kind in WorkloadKind::ALL {
        let of = |placement: &Placement| {
            let found = placement.workloads.iter().find(|one| one.kind == kind);
            found.map_or((0, 0), |one| {
                (
                    u32::from(one.workers) * u32::from(one.replicas_leading),
                    one.replicas_max,
                )
            })
        };
        let (needed, most) = of(leader);
        let (has, can) = of(follower.placement);
        if has < needed || can < most {
            findings.find(
                follower,
                format!("cannot carry what the leader does: too little {}", kind.as_str()),
            );
        }
    }
}

fn workloads(one: &Placed<'_>, findings: &mut Findings) {
    let cold = !one.placement.leads && one.region.posture == Posture::Cold;
    if cold {
        if !one.placement.workloads.is_empty()
            || one.placement.cache.is_some()
            || one.placement.gateway.is_some()
        {
            findings.find(one, "is cold, and something runs there");
        }
        return;
    }
    if one.placement.cache.is_none() {
        findings.find(one, "has no session store");
    }
    for kind in WorkloadKind::ALL {
        let all: Vec<_> = one
            .placement
            .workloads
            .iter()
            .filter(|class| class.kind == kind)
            .collect();
        let [class] = all.as_slice() else {
            findings.find(one, format!("{} is there {} times", kind.as_str(), all.len()));
            continue;
        };
        let name = kind.as_str();
        if class.replicas_min > class.replicas_max || class.replicas_leading > class.replicas_max {
            findings.find(one, format!("{name} has a least above its most"));
        }
        if class.replicas_leading == 0 || class.workers == 0 {
            findings.find(one, format!("{name} would not run even when it leads"));
        }
        if one.placement.leads && class.replicas_min < class.replicas_leading {
            findings.find(one, format!("{name} has fewer replicas than it needs to lead"));
        }
        if class.replicas_min < class.replicas_max
            && class.signals.is_empty()
            && class.peaks.is_empty()
            && one.placement.leads
        {
            findings.find(one, format!("{name} may grow, and nothing makes it"));
        }
        let writes_by_itself = matches!(kind, WorkloadKind::Scheduler | WorkloadKind::Worker);
        if writes_by_itself && !one.placement.leads && class.replicas_min > 0 {
            findings.find(one, format!("{name} runs where the stamp does not lead"));
        }
    }
}

fn lanes(blueprint: &Blueprint, environment: &Environment, stamp: &Stamp, findings: &mut Findings) {
    let about = format!("{}/{}", environment.name, stamp.name);
    let secrets: BTreeSet<&str> = stamp.secrets.iter().map(|secret| secret.name.as_str()).collect();
    let tenants: BTreeSet<_> = stamp.tenants.iter().map(|tenant| &tenant.name).collect();
    let mut names = BTreeSet::new();
    for lane in &stamp.lanes {
        if !names.insert(&lane.name) {
            findings.find(&about, format!("two lanes are called `{}`", lane.name));
        }
        if !tenants.contains(&lane.tenant) {
            findings.find(
                &about,
                format!("lane `{}` is of a tenant that lives elsewhere", lane.name),
            );
        }
        if let Some(secret) = lane.authentication.secret()
            && !secrets.contains(secret.as_str())
        {
            findings.find(
                &about,
                format!(
                    "lane `{}` needs the secret `{secret}`, which is not planned",
                    lane.name
                ),
            );
        }
        if let Some(address) = &lane.address
            && !environment.mute
            && !stamp.egress.iter().any(|egress| egress.address == *address)
        {
            findings.find(
                &about,
                format!(
                    "lane `{}` cannot reach {}:{}: no rule lets it",
                    lane.name, address.host, address.port
                ),
            );
        }
        if lane
            .capabilities
            .iter()
            .any(|name| !blueprint.capabilities.iter().any(|one| one.name == *name))
        {
            findings.find(
                &about,
                format!("lane `{}` serves a capability that does not exist", lane.name),
            );
        }
        if lane.body_max.get() == 0 || lane.concurrency == 0 {
            findings.find(&about, format!("lane `{}` lets nothing through", lane.name));
        }
    }
    if environment.mute && !stamp.egress.is_empty() {
        findings.find(&about, "can reach partners, and is mute");
    }
    let mut keys = BTreeSet::new();
    for secret in &stamp.secrets {
        if !keys.insert((&secret.name, &secret.vault_key)) {
            findings.find(
                &about,
                format!("the secret `{}` is planned twice", secret.vault_key),
            );
        }
        if secret.rotate.as_millis() == 0 {
            findings.find(
                &about,
                format!("the secret `{}` is never replaced", secret.vault_key),
            );
        }
    }
}

/// Tenants share nothing that would let one see another.
fn apart(environment: &Environment, findings: &mut Findings) {
    let mut hosts: BTreeMap<&str, &types::TenantName> = BTreeMap::new();
    let mut namespaces = BTreeSet::new();
    for stamp in &environment.stamps {
        let about = format!("{}/{}", environment.name, stamp.name);
        if !namespaces.insert(&stamp.namespace) {
            findings.find(&about, format!("shares the namespace `{}`", stamp.namespace));
        }
        if stamp.tenancy != Tenancy::Shared && stamp.tenants.len() > 1 {
            findings.find(
                &about,
                format!("is for one tenant and has {}", stamp.tenants.len()),
            );
        }
        let mut databases = BTreeSet::new();
        let mut roles = BTreeSet::new();
        for tenant in &stamp.tenants {
            if !databases.insert(&tenant.database) || !roles.insert(&tenant.role) {
                findings.find(&about, format!("`{}` shares its database or role", tenant.name));
            }
            let door = tenant.certificate_door.as_ref().map(|door| &door.host);
            for host in std::iter::once(&tenant.host).chain(door) {
                if let Some(first) = hosts.insert(host, &tenant.name) {
                    findings.find(
                        &about,
                        format!("`{}` and `{first}` have the same host {host}", tenant.name),
                    );
                }
            }
        }
    }
}
