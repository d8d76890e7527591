//! What every drill has in common after which writes must be where they were: load and a person before, a transaction of
//! each kind afterwards, and nothing that moved.

use std::time::Duration;

use api::controller::{EstateStatus, RecoveryTimeline};
use recovery::evidence::{Disturbed, Finding, Length};
use types::{RegionName, Timestamp};

use super::{
    load::{Load, now},
    person::{self, AtWork, Met},
    run::{self, Measured},
    scene::{Accepted, Loaded, Probes, Scene},
    switchover::{longest_wait, millis},
};
use crate::{failure::Failure, open_estate::OpenEstate};

/// An estate under load, before and while something of it is disturbed.
pub struct UnderLoad<'a> {
    scene: Scene<'a>,
    pub before: EstateStatus,
    pub leader: RegionName,
    pub load: Load,
    person: AtWork,
}

/// What was done, and what was measured of it.
pub struct Disturbance {
    pub what: String,
    pub fault: String,
    pub t0: Timestamp,
    /// When a transaction of each kind was accepted and read back that began after the fault.
    pub accepted: Accepted,
    pub lengths: Vec<Length>,
    pub findings: Vec<Finding>,
}

impl<'a> UnderLoad<'a> {
    /// Waits until the estate is protected, and puts load on it.
    pub async fn begin(scene: Scene<'a>) -> Result<Self, Failure> {
        let Loaded { before, leader, load } = scene.load().await?;
        let person = person::browse(scene.estate, scene.public).await?;
        tokio::time::sleep(scene.nth.after).await;
        Ok(Self {
            scene,
            before,
            leader,
            load,
            person,
        })
    }

    /// A clock for each kind of transaction, since `t0`.
    pub fn probes(&self, t0: Timestamp) -> Probes {
        self.scene.probes(&self.load, t0)
    }

    /// When a transaction of each kind that began now was accepted and read back.
    pub async fn transactions(&self, name: &str) -> Accepted {
        let id = format!("{}-{name}", self.scene.nth.id);
        let probes = self.scene.probes_called(&id, &self.load, now());
        self.scene.accepted(probes).await
    }

    /// Ends the load, counts, waits until the estate is protected, and looks whether anything moved.
    pub async fn end(self, disturbance: Disturbance) -> Result<Measured, Failure> {
        let scene = self.scene;
        let person = self.person.finish().await;
        let counted = scene.count(self.load).await?;
        scene.step.detail("waiting until the estate is protected");
        let after = scene.protected().await?;
        let mut disturbed = Disturbed {
            what: disturbance.what,
            lengths: disturbance.lengths,
            findings: disturbance.findings,
        };
        disturbed.lengths.extend([
            length(
                "longest wait for an order's acknowledgement",
                Some(longest_wait(&counted.orders)),
            ),
            length(
                "longest gap between pages of somebody logged in",
                Some(person.gap),
            ),
        ]);
        disturbed
            .findings
            .push(stayed(scene.estate, &self.before, &after, disturbance.t0).await?);
        disturbed.findings.push(logged_in(&person));
        Ok(Measured {
            from: self.leader,
            to: run::leader(&after)?,
            generation: after.generation,
            fault: disturbance.fault,
            kill_after: scene.nth.after,
            t0: disturbance.t0,
            saga: None,
            timeline: RecoveryTimeline::default(),
            accepted: disturbance.accepted,
            orders: counted.orders,
            found: counted.found,
            divergence: None,
            moved: None,
            rebuilt: None,
            disturbed: Some(disturbed),
        })
    }
}

/// A length for the evidence.
pub fn length(name: &str, took: Option<Duration>) -> Length {
    Length {
        name: name.to_owned(),
        ms: took.map(millis),
    }
}

/// A finding for the evidence.
pub fn finding(what: &str, held: bool, seen: String) -> Finding {
    Finding {
        what: what.to_owned(),
        held,
        seen,
    }
}

/// Whether a transaction of each kind was accepted and read back.
pub fn works(what: &str, accepted: &Accepted) -> Finding {
    let missing: Vec<_> = accepted
        .iter()
        .filter(|(_, at)| at.is_none())
        .map(|(name, _)| name.to_string())
        .collect();
    let seen = if missing.is_empty() {
        format!("{} kinds were accepted and read back", accepted.len())
    } else {
        format!("not in time: {}", missing.join(", "))
    };
    finding(what, missing.is_empty() && !accepted.is_empty(), seen)
}

/// A component, a partner or the controller is no reason to move writes.
async fn stayed(
    estate: &OpenEstate,
    before: &EstateStatus,
    after: &EstateStatus,
    t0: Timestamp,
) -> Result<Finding, Failure> {
    let sagas = estate.controller()?.sagas().await?;
    let begun: Vec<_> = sagas
        .into_iter()
        .filter(|saga| saga.started >= t0)
        .map(|saga| saga.kind)
        .collect();
    let same = before.active == after.active && before.generation == after.generation;
    let leads = after.active.as_ref().map_or("nobody", |region| region.as_str());
    let began = if begun.is_empty() {
        "none".to_owned()
    } else {
        begun.join(", ")
    };
    Ok(finding(
        "writes stayed where they were",
        same && begun.is_empty(),
        format!(
            "{leads} leads in generation {}, sagas begun: {began}",
            after.generation
        ),
    ))
}

fn logged_in(person: &Met) -> Finding {
    finding(
        "who was logged in still is",
        !person.logged_out && person.answered > 0,
        format!("{} pages came, {} were refused", person.answered, person.refused),
    )
}
