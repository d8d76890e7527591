//! `plimsoll recover`: how a tenant goes back to a backup, with the loss stated; from an estate file and what is known.
//!
//! Nothing implements the ports of these recoveries yet. So this command decides and shows, over facts that people write
//! down, and never acts: without `--dry-run` it refuses with the code that says what is missing.

mod facts;
mod show;

use estate::Estate;
use recovery::{
    decide::restore::{
        Asked, BadRelease, Barrier, Candidate, Damage, Ground, Limits, Migration, RestorePlan, Rollback,
        Ruling, decide_bad_release, decide_containment, decide_corruption, decide_mass, decide_ransomware,
        decide_tenant,
    },
    sagas::restore::{bad_release, corruption, image_back, mass, ransomware, tenant},
};
use types::TenantName;

use super::moves::person;
use crate::{
    args::{self, Disaster, Recover},
    compile,
    failure::{Exit, Failure},
    talk::Talk,
};
use facts::Facts;
use show::Shown;

/// When nothing else is said about how much may happen at once.
const LIMITS: Limits = Limits {
    concurrent: 2,
    wave_max: 5,
    failures_max: 1,
};

pub fn run(request: &Recover, talk: &Talk) -> Result<Exit, Failure> {
    let Some(estate) = compile::read(&request.file, talk)? else {
        return Ok(Exit::No);
    };
    let facts = request.given.as_deref().map(facts::read).transpose()?;
    let shown = match request.disaster {
        Disaster::Mass => all_tenants(request, &estate, facts.as_ref()),
        Disaster::Corruption | Disaster::Tenant | Disaster::Ransomware | Disaster::BadRelease => {
            let name = whose(request, &estate)?;
            let ground = facts::ground(&estate, &name, facts.as_ref());
            one_tenant(request, &estate, &ground)?
        }
    };
    shown.print(request.output);
    if request.dry_run {
        return Ok(if shown.proceeds() { Exit::Done } else { Exit::No });
    }
    let missing = Barrier::NoDriver;
    let failure = Failure::no(missing.code(), format!("nothing was begun: {missing}"));
    Err(failure.hint(missing.hint()))
}

/// The tenant that is named, or the only one.
fn whose(request: &Recover, estate: &Estate) -> Result<TenantName, Failure> {
    let mut names = estate.tenants.keys();
    let only = (estate.tenants.len() == 1).then(|| names.next()).flatten();
    match &request.tenant {
        Some(name) if estate.tenants.contains_key(name) => Ok(name.clone()),
        Some(name) => Err(usage(format!("there is no tenant `{name}` in {}", estate.name))),
        None => only
            .cloned()
            .ok_or_else(|| usage("this estate has several tenants: say whose with --tenant".to_owned())),
    }
}

fn usage(message: String) -> Failure {
    let failure = Failure::no("PL0438", message);
    Failure {
        exit: Exit::Usage,
        ..failure
    }
}

fn asked(request: &Recover) -> Asked {
    Asked {
        by: person(request.by.as_deref()),
        reason: request.reason.clone(),
    }
}

fn damage(request: &Recover) -> Damage {
    Damage {
        first_sign: request.first_sign,
        margin: request.margin,
        leave_out: request.leave_out.clone(),
    }
}

fn one_tenant(request: &Recover, estate: &Estate, ground: &Ground) -> Result<Shown, Failure> {
    let (damage, asked) = (damage(request), asked(request));
    Ok(match request.disaster {
        Disaster::BadRelease => return release(request, estate, ground),
        Disaster::Tenant => {
            let neighbours = facts::neighbours(estate, &ground.tenant);
            let ruling = decide_tenant(ground, &damage, &neighbours, &asked);
            Shown::of(tenant::KIND, &ruling)
        }
        Disaster::Ransomware => {
            let ruling = decide_ransomware(ground, &damage, &asked);
            let at_once = decide_containment(ground).to_string();
            Shown::of(ransomware::KIND, &ruling).after(at_once)
        }
        Disaster::Corruption | Disaster::Mass => {
            Shown::of(corruption::KIND, &decide_corruption(ground, &damage, &asked))
        }
    })
}

fn release(request: &Recover, estate: &Estate, ground: &Ground) -> Result<Shown, Failure> {
    let (Some(began), Some(former)) = (request.first_sign, request.former_image.clone()) else {
        return Err(usage(
            "a bad release needs --first-sign, the time when it came, and --former-image".to_owned(),
        ));
    };
    let odoo = &estate.release.odoo;
    let bad = BadRelease {
        began,
        image: odoo.digest.clone().unwrap_or_else(|| odoo.version.clone()),
        former,
        migration: request.migration.map(declared),
    };
    Ok(match decide_bad_release(ground, &bad, &asked(request)) {
        Ruling::Proceed(Rollback::Image(plan)) => Shown::of(image_back::KIND, &Ruling::Proceed(plan)),
        Ruling::Proceed(Rollback::Restore(plan)) => Shown::of(bad_release::KIND, &Ruling::Proceed(*plan)),
        Ruling::Wait { why } => Shown::of(bad_release::KIND, &Ruling::<RestorePlan>::Wait { why }),
        Ruling::Refuse { why } => Shown::of(bad_release::KIND, &Ruling::<RestorePlan>::Refuse { why }),
    })
}

const fn declared(migration: args::Migration) -> Migration {
    match migration {
        args::Migration::ImageOnly => Migration::ImageOnly,
        args::Migration::Expanded => Migration::Expanded,
        args::Migration::Contracted => Migration::Contracted,
        args::Migration::Breaking => Migration::Breaking,
    }
}

fn all_tenants(request: &Recover, estate: &Estate, facts: Option<&Facts>) -> Shown {
    let candidates = estate.tenants.iter().map(|(name, tenant)| {
        let order = facts.and_then(|facts| facts.order.get(name));
        Candidate {
            ground: facts::ground(estate, name, facts),
            stamp: tenant.stamp.clone(),
            rank: order.map_or(0, |order| order.rank),
            needs: order.map_or_else(Vec::new, |order| order.needs.clone()),
        }
    });
    let candidates: Vec<_> = candidates.collect();
    let limits = facts.and_then(|facts| facts.limits).unwrap_or(LIMITS);
    let ruling = decide_mass(&candidates, &damage(request), &limits, &asked(request));
    Shown::of(mass::KIND, &ruling)
}
