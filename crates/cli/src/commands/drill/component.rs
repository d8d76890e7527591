//! One component of the active region is killed under load: whoever supervises it starts it again, and nothing moves.

use std::time::{Duration, Instant};

use api::{
    controller::EstateStatus,
    site::{ComponentObservation, ComponentState},
};
use local::host::Program;
use types::{RegionName, Timestamp};

use super::{
    disturb::{Disturbance, UnderLoad, length, works},
    fault,
    load::now,
    run::Measured,
    scene::Scene,
};
use crate::{args::Component, failure::Failure, open_estate::OpenEstate};

/// How often it is asked for the component.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// All components in the order in which `all` takes them.
const ALL: [Component; 9] = [
    Component::Web,
    Component::Live,
    Component::Integration,
    Component::Scheduler,
    Component::Gateway,
    Component::Redis,
    Component::Ingress,
    Component::FrontDoor,
    Component::Database,
];

/// The components that are meant.
pub fn targets(asked: Component) -> Vec<Component> {
    match asked {
        Component::All => ALL.to_vec(),
        one => vec![one],
    }
}

/// What the component is called in `plimsoll status`.
const fn name(component: Component) -> &'static str {
    match component {
        Component::Web => "odoo-web",
        Component::Live => "odoo-live",
        Component::Integration => "odoo-integration",
        Component::Scheduler => "odoo-scheduler",
        Component::Gateway => "gateway",
        Component::Redis => "redis",
        Component::Ingress | Component::FrontDoor => "ingress",
        Component::Database => "postgres",
        Component::All => "all",
    }
}

/// Runs once.
pub async fn once(scene: Scene<'_>, target: Component) -> Result<Measured, Failure> {
    let (estate, step) = (scene.estate, scene.step);
    let under = UnderLoad::begin(scene).await?;
    let victim = Victim::of(estate, target, &under.leader);
    let killed = victim.find(&under.before)?;
    let pid = killed.pid.unwrap_or_default();
    let t0 = now();
    let fault = fault::kill_one(&victim.program, pid, name(target))?;
    step.detail(&fault);
    let probes = under.probes(t0);
    let back = victim.back(estate, pid, scene.request.timeout).await?;
    let accepted = scene.accepted(probes).await;
    step.detail("a transaction of each kind, now that it serves again");
    let again = under.transactions("again").await;
    let disturbance = Disturbance {
        what: victim.what,
        fault,
        t0,
        accepted,
        lengths: vec![length("serves again", back.map(|at| at.since(t0)))],
        findings: vec![works("everything works once it serves again", &again)],
    };
    under.end(disturbance).await
}

/// The component that is killed.
struct Victim {
    target: Component,
    what: String,
    region: RegionName,
    /// Whoever supervises it.
    program: Program,
}

impl Victim {
    fn of(estate: &OpenEstate, target: Component, region: &RegionName) -> Self {
        let (what, program) = match target {
            Component::FrontDoor => ("front-door".to_owned(), estate.front_door_program()),
            _ => (name(target).to_owned(), estate.region_program(region)),
        };
        Self {
            target,
            what,
            region: region.clone(),
            program,
        }
    }

    fn seen<'a>(&self, status: &'a EstateStatus) -> Option<&'a ComponentObservation> {
        let site = match self.target {
            Component::FrontDoor => status.front_door.as_ref(),
            _ => {
                let region = status.regions.iter().find(|one| one.region == self.region);
                region.and_then(|one| one.observation.as_ref())
            }
        };
        site?
            .components
            .iter()
            .find(|one| one.name.as_str() == name(self.target))
    }

    fn find(&self, status: &EstateStatus) -> Result<ComponentObservation, Failure> {
        let seen = self.seen(status).filter(|one| one.pid.is_some());
        seen.cloned().ok_or_else(|| {
            Failure::no(
                "PL0403",
                format!("{} of {} does not run", self.what, self.program.name),
            )
            .hint("`plimsoll status` shows what runs")
        })
    }

    /// Waits until another process of it serves; returns when that was seen.
    async fn back(
        &self,
        estate: &OpenEstate,
        killed: u32,
        limit: Duration,
    ) -> Result<Option<Timestamp>, Failure> {
        let (controller, began) = (estate.controller()?, Instant::now());
        while began.elapsed() < limit {
            let status = controller.status().await?;
            let serves = |one: &ComponentObservation| {
                one.state == ComponentState::Ready && one.pid.is_some_and(|pid| pid != killed)
            };
            if self.seen(&status).is_some_and(serves) {
                return Ok(Some(now()));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(None)
    }
}
