//! Processes by class of work: each class scales and fails alone.

use serde::Serialize;
use types::{ByteSize, Span};

use super::calendars::WeeklyWindow;

/// All classes of a stamp. Live updates over websockets always have one event-driven process per replica of `web`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Workloads {
    /// People in browsers.
    pub web: WorkloadClass,
    /// Websockets of people in browsers.
    pub live: WorkloadClass,
    /// Messages of the gateway.
    pub integration: WorkloadClass,
    /// Background jobs that may be late.
    pub worker: WorkloadClass,
    /// Scheduled jobs; always exactly one replica.
    pub scheduler: WorkloadClass,
    /// When heavy jobs may run; `None` means at any time.
    pub heavy_jobs: Option<HeavyJobs>,
}

/// One class of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadClass {
    /// Odoo worker processes in one replica.
    pub workers: u16,
    /// Replicas at least.
    pub replicas_min: u16,
    /// Replicas at most.
    pub replicas_max: u16,
    /// What makes it scale, in the order of the file; empty where minimum and maximum are the same.
    pub signals: Vec<ScalingSignal>,
    /// Known peaks: that many replicas are there beforehand.
    pub peaks: Vec<Peak>,
    /// Memory of one worker process.
    pub memory_per_worker: ByteSize,
    /// Cores of one worker process, in thousandths.
    pub cpu_millis_per_worker: u32,
}

/// A measurement that tells how loaded a class of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScalingSignal {
    /// Requests that wait for a worker, per replica (the exact signal: clients minus workers).
    ListenQueue {
        /// Scale out above this.
        above: u32,
    },
    /// Age of the oldest message in the inbox.
    InboxAge {
        /// Scale out above this.
        above: Span,
    },
    /// How late the latest scheduled job is.
    CronLag {
        /// Scale out above this.
        above: Span,
    },
    /// 95th percentile of the time to answer.
    RequestLatency {
        /// Scale out above this.
        above: Span,
    },
    /// Share of the database's connections in use, in percent. More processes would only make it worse, so this signal
    /// stops scaling out; it never starts it.
    DatabaseConnections {
        /// Stop scaling out above this.
        above_percent: u8,
    },
}

/// A known peak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Peak {
    /// Why, in a few words.
    pub why: String,
    /// When, every week.
    pub window: WeeklyWindow,
    /// Replicas at least during it.
    pub replicas: u16,
}

/// When heavy jobs (imports, recalculations, large reports) may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeavyJobs {
    /// When, every week.
    pub window: WeeklyWindow,
    /// At the same time at most.
    pub concurrency: u16,
}
