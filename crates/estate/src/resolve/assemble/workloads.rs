//! Processes by class of work.

use super::{items, line};
use crate::{
    defaults,
    document::{ClassDocument, SignalDocument, WorkloadsDocument},
    model::{HeavyJobs, Peak, ScalingSignal, WorkloadClass, Workloads},
};

pub(super) fn workloads(written: Option<&WorkloadsDocument>) -> Option<Workloads> {
    let default = defaults::workloads();
    let Some(written) = written else {
        return Some(default);
    };
    Some(Workloads {
        web: class(written.web.get(), default.web)?,
        live: class(written.live.get(), default.live)?,
        integration: class(written.integration.get(), default.integration)?,
        worker: class(written.worker.get(), default.worker)?,
        scheduler: class(written.scheduler.get(), default.scheduler)?,
        heavy_jobs: match written.heavy_jobs.get() {
            Some(jobs) => Some(HeavyJobs {
                window: super::running::window(jobs.window.get()?)?,
                concurrency: jobs
                    .concurrency
                    .get()
                    .map_or(defaults::HEAVY_JOBS, |number| number.u16()),
            }),
            None => None,
        },
    })
}

fn class(written: Option<&ClassDocument>, default: WorkloadClass) -> Option<WorkloadClass> {
    let Some(written) = written else {
        return Some(default);
    };
    let said_min = written.replicas_min.get().map(|number| number.u16());
    let said_max = written.replicas_max.get().map(|number| number.u16());
    // Who says one of the two does not want to be told that the other one, unsaid, contradicts it.
    let replicas_min = said_min
        .unwrap_or_else(|| said_max.map_or(default.replicas_min, |max| max.min(default.replicas_min)));
    let replicas_max = said_max.unwrap_or_else(|| default.replicas_max.max(replicas_min));
    let signals = if written.signals.is_absent() {
        default.signals
    } else {
        let signals = items(written.signals.as_ref()).iter();
        signals.map(|one| signal(&one.value)).collect::<Option<_>>()?
    };
    let peaks = items(written.peaks.as_ref()).iter().map(|one| {
        Some(Peak {
            why: line(&one.value.why)?,
            window: super::running::window(one.value.window.get()?)?,
            replicas: one.value.replicas.get()?.u16(),
        })
    });
    Some(WorkloadClass {
        workers: written
            .workers
            .get()
            .map_or(default.workers, |number| number.u16()),
        replicas_min,
        replicas_max,
        signals: if replicas_min == replicas_max {
            Vec::new()
        } else {
            signals
        },
        peaks: peaks.collect::<Option<_>>()?,
        memory_per_worker: written.memory_per_worker.or(default.memory_per_worker),
        cpu_millis_per_worker: written
            .cpu_millis_per_worker
            .get()
            .map_or(default.cpu_millis_per_worker, |number| number.u32()),
    })
}

fn signal(written: &SignalDocument) -> Option<ScalingSignal> {
    Some(match written {
        SignalDocument::ListenQueue(queue) => ScalingSignal::ListenQueue {
            above: queue.above.get()?.u32(),
        },
        SignalDocument::InboxAge(age) => ScalingSignal::InboxAge {
            above: age.above.value()?,
        },
        SignalDocument::CronLag(lag) => ScalingSignal::CronLag {
            above: lag.above.value()?,
        },
        SignalDocument::RequestLatency(latency) => ScalingSignal::RequestLatency {
            above: latency.above.value()?,
        },
        SignalDocument::DatabaseConnections(connections) => ScalingSignal::DatabaseConnections {
            above_percent: connections.above_percent.get()?.u8(),
        },
    })
}
