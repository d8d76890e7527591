//! Processes by class of work.

use types::{ByteSize, Span};

use crate::field::{Count, Line, List, Whole, tagged};

use super::{calendars::WindowDocument, mapping::mapping};

mapping! {
    /// Processes by class of work: each class scales and fails alone.
    WorkloadsDocument "workloads" {
        /// People in browsers; by default 2 workers in 2 to 6 replicas.
        Optional "web" web: ClassDocument,
        /// Websockets of people in browsers; by default 1 event-driven process in 2 to 4 replicas.
        Optional "live" live: ClassDocument,
        /// Messages of the gateway; by default 2 workers in 2 to 4 replicas.
        Optional "integration" integration: ClassDocument,
        /// Background jobs that may be late; by default 1 worker in 1 to 3 replicas.
        Optional "worker" worker: ClassDocument,
        /// Scheduled jobs, in the active region only; by default 1 worker, always in 1 replica.
        Optional "scheduler" scheduler: ClassDocument,
        /// When heavy jobs (imports, recalculations, large reports) may run; by default at any time.
        Optional "heavyJobs" heavy_jobs: HeavyJobsDocument,
    }

    /// One class of work.
    ClassDocument "a class of work" {
        /// Odoo worker processes in one replica.
        Optional "workers" workers: Count,
        /// Replicas at least.
        Optional "replicasMin" replicas_min: Count,
        /// Replicas at most; by default never fewer than `replicasMin`.
        Optional "replicasMax" replicas_max: Count,
        /// What makes it scale; by default what fits the class.
        Optional "signals" signals: List<SignalDocument>,
        /// Known peaks: that many replicas are there beforehand.
        Optional "peaks" peaks: List<PeakDocument>,
        /// Memory of one worker process; by default 512MiB.
        Optional "memoryPerWorker" memory_per_worker: ByteSize,
        /// Cores of one worker process in thousandths; by default 500.
        Optional "cpuMillisPerWorker" cpu_millis_per_worker: Whole<50, 16_000>,
    }

    /// A known peak.
    PeakDocument "a peak" {
        /// Why, in a few words.
        Required "why" why: Line,
        /// When, every week.
        Required "window" window: WindowDocument,
        /// Replicas at least during it.
        Required "replicas" replicas: Count,
    }

    /// When heavy jobs may run.
    HeavyJobsDocument "heavy jobs" {
        /// When, every week.
        Required "window" window: WindowDocument,
        /// At the same time at most; by default 1.
        Optional "concurrency" concurrency: Count,
    }

    /// Requests that wait for a worker, per replica.
    ListenQueueDocument "a listen queue" {
        /// Scale out above this.
        Required "above" above: Whole<1, 10_000>,
    }

    /// Something that takes time.
    ThresholdDocument "a threshold" {
        /// Scale out above this.
        Required "above" above: Span,
    }

    /// Connections in use.
    ConnectionsDocument "database connections" {
        /// Stop scaling out above this share of the database's connections.
        Required "abovePercent" above_percent: Whole<1, 100>,
    }
}

tagged! {
    /// A measurement that tells how loaded a class of work is.
    SignalDocument "a signal" {
        words {}
        keys {
            /// Requests that wait for a worker, per replica.
            "listenQueue" ListenQueue(ListenQueueDocument),
            /// Age of the oldest message in the inbox.
            "inboxAge" InboxAge(ThresholdDocument),
            /// How late the latest scheduled job is.
            "cronLag" CronLag(ThresholdDocument),
            /// 95th percentile of the time to answer.
            "requestLatency" RequestLatency(ThresholdDocument),
            /// Share of the database's connections in use: stops scaling out, never starts it.
            "databaseConnections" DatabaseConnections(ConnectionsDocument),
        }
    }
}
