//! A stamp in one region: how many processes, how large, and what they open.

use estate::{Posture, ScalingSignal, Tenancy, WorkloadClass};
use types::{ByteSize, Span, StampName};

use super::{
    Notes,
    blueprint::{GatewayPlan, NodePoolPurpose, Placement, WorkloadKind, WorkloadPlan},
    database::DatabaseSize,
    environment::{Home, Place, Planner, Sized},
    names::{self, longest},
    objects,
};

/// The master process, the event-driven child that it always has, and what the image's tools take.
const MEMORY_BESIDE_WORKERS: ByteSize = ByteSize::mib(256);
/// The same in thousandths of a core.
const CPU_BESIDE_WORKERS: u32 = 50;
/// Odoo's own limit: a report that takes longer belongs into a job.
const REQUEST_TIME_MAX: Span = Span::from_secs(60);
/// Odoo answers before the entrance gives up, so that people read Odoo's words.
const REQUEST_TIME_MARGIN: Span = Span::from_secs(5);
/// Jobs may take as long as the longest statement, and a quarter of an hour at least.
const JOB_TIME_MIN: Span = Span::from_minutes(15);

/// How a stamp stands in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It leads.
    Leads,
    /// It follows.
    Follows(Posture),
}

/// What is decided about a stamp for all its regions.
pub(super) struct Sizes {
    /// Where it leads.
    pub(super) leading: Vec<WorkloadPlan>,
    /// Where it follows; empty in a cold standby, and where there is none.
    pub(super) following: Vec<WorkloadPlan>,
    /// What would run in a cold standby once it leads.
    pub(super) database: DatabaseSize,
    /// The gateway's disk, memory and cores.
    pub(super) journal: GatewayPlan,
}

impl<'e> Planner<'_, 'e> {
    pub(super) fn sizes(
        &self,
        name: &StampName,
        stamp: &'e estate::Stamp,
        home: Home<'e>,
        notes: &mut Notes,
    ) -> Sizes {
        let leading = self.workloads(stamp, Standing::Leads);
        let following = home
            .standby
            .and_then(|region| self.place(region))
            .map_or_else(Vec::new, |place| {
                self.workloads(stamp, Standing::Follows(place.posture))
            });
        let database = self.database_size(name, stamp, &leading, &following, notes);
        let journal = self.gateway_size(name, notes);
        Sizes {
            leading,
            following,
            database,
            journal,
        }
    }

    /// All classes of a stamp in one region, in starting order.
    fn workloads(&self, stamp: &estate::Stamp, standing: Standing) -> Vec<WorkloadPlan> {
        if standing == Standing::Follows(Posture::Cold) {
            return Vec::new();
        }
        WorkloadKind::ALL
            .into_iter()
            .map(|kind| self.workload(stamp, kind, standing))
            .collect()
    }

    fn workload(&self, stamp: &estate::Stamp, kind: WorkloadKind, standing: Standing) -> WorkloadPlan {
        let class = class(stamp, kind);
        let (least, most) = if kind == WorkloadKind::Scheduler {
            (1, 1)
        } else {
            let least = self.scaled_count(class.replicas_min).max(1);
            (least, self.scaled_count(class.replicas_max).max(least))
        };
        let peaks: Vec<estate::Peak> = class
            .peaks
            .iter()
            .map(|peak| estate::Peak {
                why: peak.why.clone(),
                window: peak.window.clone(),
                replicas: self.scaled_count(peak.replicas).max(least),
            })
            .collect();
        // Where nothing makes it grow it does not.
        let most = if class.signals.is_empty() { least } else { most };
        let most = peaks.iter().map(|peak| peak.replicas).fold(most, u16::max);
        let follows = |least: u16| match kind {
            // They write by themselves, and cron must run once: a failover starts them.
            WorkloadKind::Worker | WorkloadKind::Scheduler => 0,
            WorkloadKind::Web | WorkloadKind::Live | WorkloadKind::Integration => least,
        };
        let replicas_min = match standing {
            Standing::Leads => least,
            Standing::Follows(Posture::Hot) => follows(least),
            Standing::Follows(Posture::Warm) => follows(1),
            Standing::Follows(Posture::Cold) => 0,
        };
        WorkloadPlan {
            kind,
            workers: class.workers,
            replicas_min,
            replicas_max: most,
            replicas_leading: least,
            signals: signals(class, least, most),
            peaks,
            memory: ByteSize::new(
                class.memory_per_worker.get() * u64::from(class.workers) + MEMORY_BESIDE_WORKERS.get(),
            ),
            cpu_millis: class.cpu_millis_per_worker * u32::from(class.workers) + CPU_BESIDE_WORKERS,
            database_connections_max: connections(kind, class.workers, stamp.tenancy),
            node_pool: match kind {
                WorkloadKind::Web | WorkloadKind::Live | WorkloadKind::Integration => {
                    NodePoolPurpose::Interactive
                }
                WorkloadKind::Worker | WorkloadKind::Scheduler => NodePoolPurpose::Background,
            },
            request_time_max: self.request_time(stamp, kind),
        }
    }

    fn request_time(&self, stamp: &estate::Stamp, kind: WorkloadKind) -> Span {
        match kind {
            WorkloadKind::Web | WorkloadKind::Live => {
                let entrance = self.survey.estate.ingress.public.timeout.as_millis();
                let before = entrance
                    .saturating_sub(REQUEST_TIME_MARGIN.as_millis())
                    .max(entrance / 2);
                Span::from_millis(before.max(1_000)).min(REQUEST_TIME_MAX)
            }
            WorkloadKind::Integration => REQUEST_TIME_MAX,
            WorkloadKind::Worker | WorkloadKind::Scheduler => {
                stamp.quota.statement_time_max.max(JOB_TIME_MIN)
            }
        }
    }

    /// A stamp in one of its regions.
    pub(super) fn placement(
        &self,
        place: &Place<'e>,
        sized: &Sized<'e>,
        cluster: String,
        notes: &mut Notes,
    ) -> Placement {
        let leads = sized.home.region == &place.region.name;
        let cold = !leads && place.posture == Posture::Cold;
        let stamp = sized.name.as_str();
        let region = &place.region.name;
        Placement {
            stamp: sized.name.clone(),
            cluster,
            leads,
            identity: self.regional(region, &[stamp], longest::IDENTITY),
            backup_identity: self.regional(region, &[stamp, "backup"], longest::IDENTITY),
            workloads: if leads {
                sized.sizes.leading.clone()
            } else {
                sized.sizes.following.clone()
            },
            database: self.database(place, sized, leads, notes),
            cache: (!cold).then(|| self.cache(place, sized)).flatten(),
            attachments_container: objects::container(sized.name, objects::ATTACHMENTS),
            exports_container: objects::container(sized.name, objects::EXPORTS),
            gateway: (!cold).then(|| self.gateway(place, sized)),
        }
    }
}

fn class(stamp: &estate::Stamp, kind: WorkloadKind) -> &WorkloadClass {
    let all = &stamp.workloads;
    match kind {
        WorkloadKind::Web => &all.web,
        WorkloadKind::Live => &all.live,
        WorkloadKind::Integration => &all.integration,
        WorkloadKind::Worker => &all.worker,
        WorkloadKind::Scheduler => &all.scheduler,
    }
}

/// Where nothing scales no signal is watched.
fn signals(class: &WorkloadClass, least: u16, most: u16) -> Vec<ScalingSignal> {
    if least == most {
        Vec::new()
    } else {
        class.signals.clone()
    }
}

/// Connections that one replica may open. A worker has one for its request and one for what outlives it; every process
/// that serves HTTP has an event-driven child with two; schedulers listen in the database `postgres`. Where tenants
/// share processes, a worker also keeps the connections of tenants it served a moment ago.
fn connections(kind: WorkloadKind, workers: u16, tenancy: Tenancy) -> u16 {
    const LIVE: u16 = 16;
    let each = match tenancy {
        Tenancy::Shared => 4,
        Tenancy::Dedicated | Tenancy::Hybrid => 2,
    };
    match kind {
        WorkloadKind::Web | WorkloadKind::Integration => workers.saturating_mul(each).saturating_add(2),
        WorkloadKind::Live => workers.saturating_mul(LIVE).saturating_add(1),
        WorkloadKind::Worker | WorkloadKind::Scheduler => workers.saturating_mul(each).saturating_add(1),
    }
}

/// Kubernetes namespace of a stamp; never one that a cluster has already.
pub(super) fn namespace(stamp: &StampName) -> String {
    names::joined(&["erp", stamp.as_str()], longest::NAMESPACE)
}
