//! Where a drill happens, and what each scenario does there: load on a protected estate, a clock for each kind of
//! transaction, and counting afterwards.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use api::controller::EstateStatus;
use local::host;
use tokio::task::JoinSet;
use types::{CapabilityName, RegionName, Timestamp};

use super::{
    Nth, Rehearsal,
    load::{Load, Order},
    probe,
    public::{Outcome, Public},
    run,
};
use crate::{failure::Failure, open_estate::OpenEstate, talk::Step};

/// How often the orders are counted.
const COUNT_EVERY: Duration = Duration::from_millis(100);
/// Time for the last acknowledgements and for the ERP to apply them.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(60);

/// Where a drill happens.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub estate: &'a OpenEstate,
    pub public: &'a Public,
    pub request: &'a Rehearsal,
    pub nth: Nth<'a>,
    pub step: &'a Step,
}

/// Load on an estate that was protected when it began.
pub struct Loaded {
    pub before: EstateStatus,
    pub leader: RegionName,
    pub load: Load,
}

/// What became of the load.
pub struct Counted {
    pub orders: Vec<Order>,
    /// How often the ERP has each acknowledged order.
    pub found: BTreeMap<String, u64>,
}

/// When a transaction of each capability with a probe was accepted and read back; `None`: not in time.
pub type Accepted = BTreeMap<CapabilityName, Option<Timestamp>>;

/// Running clocks, one for each capability that has a probe.
pub type Probes = JoinSet<(CapabilityName, Option<Timestamp>)>;

impl Scene<'_> {
    /// Waits until the estate is protected, and puts load on it.
    pub async fn load(&self) -> Result<Loaded, Failure> {
        self.step.detail("waiting until the estate is protected");
        let before = self.protected().await?;
        let leader = run::leader(&before)?;
        let rate = self.request.rate;
        self.step.detail(&format!("posting {rate} orders per second"));
        let load = Load::start(self.public, self.nth.id, rate);
        Ok(Loaded { before, leader, load })
    }

    /// Waits until the loss of the active region would be survived.
    pub async fn protected(&self) -> Result<EstateStatus, Failure> {
        run::protected(self.estate, self.request.timeout).await
    }

    /// Every capability that has a probe gets its own clock. One probe serves all capabilities that name it.
    pub fn probes(&self, load: &Load, t0: Timestamp) -> Probes {
        self.probes_called(self.nth.id, load, t0)
    }

    /// The same with references that begin with `id`, for clocks beside those of the fault.
    pub fn probes_called(&self, id: &str, load: &Load, t0: Timestamp) -> Probes {
        let (mut probes, limit) = (JoinSet::new(), self.request.timeout);
        for capability in &self.estate.controller.capabilities {
            let Some(kind) = capability.probe else { continue };
            let (public, watch, name) = (self.public.clone(), load.watch(), capability.name.clone());
            let id = format!("{id}-{name}");
            probes.spawn(async move {
                let accepted = tokio::time::timeout(limit, probe::accepted(kind, &public, &watch, t0, &id));
                (name, accepted.await.ok())
            });
        }
        probes
    }

    /// Waits for every clock.
    pub async fn accepted(&self, mut probes: Probes) -> Accepted {
        let capabilities = &self.estate.controller.capabilities;
        let with_probe = capabilities.iter().filter(|one| one.probe.is_some());
        let mut accepted: Accepted = with_probe.map(|one| (one.name.clone(), None)).collect();
        while let Some(joined) = probes.join_next().await {
            if let Ok((name, at)) = joined {
                accepted.insert(name, at);
            }
        }
        accepted
    }

    /// Ends the load and counts.
    pub async fn count(&self, load: Load) -> Result<Counted, Failure> {
        let orders = load.finish(SETTLE_TIME_MAX).await;
        self.step.detail("counting orders");
        let found = count(self.public, &orders).await?;
        Ok(Counted { orders, found })
    }

    /// Starts the programs of a region that was lost.
    pub fn start(&self, region: &RegionName) -> Result<(), Failure> {
        self.step.detail(&format!("starting {region} again"));
        host::start(&self.estate.home.files(), &self.estate.region_program(region))?;
        Ok(())
    }
}

/// Counts the acknowledged orders in the ERP. Acknowledged means journaled: the last ones need a moment to be applied, and
/// as long as more and more are, none of them is lost.
async fn count(public: &Public, orders: &[Order]) -> Result<BTreeMap<String, u64>, Failure> {
    let acknowledged: Vec<String> = orders
        .iter()
        .filter(|order| order.acknowledged.is_some())
        .map(|order| order.reference.clone())
        .collect();
    let (mut began, mut applied) = (Instant::now(), 0);
    loop {
        let outcome = public.count_orders(&acknowledged).await;
        if let Outcome::Answered(counts) = &outcome {
            let now = counts.values().filter(|count| **count > 0).count();
            if now > applied {
                (began, applied) = (Instant::now(), now);
            }
        }
        let late = began.elapsed() > SETTLE_TIME_MAX;
        match outcome {
            Outcome::Answered(counts) if late || counts.values().all(|count| *count > 0) => {
                return Ok(counts);
            }
            Outcome::Refused(why) | Outcome::Unknown(why) if late => {
                return Err(Failure::machine(
                    "PL0402",
                    format!("the orders could not be counted: {why}"),
                ));
            }
            Outcome::Answered(_) | Outcome::Refused(_) | Outcome::Unknown(_) => {}
        }
        tokio::time::sleep(COUNT_EVERY).await;
    }
}
