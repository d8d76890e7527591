//! A region's Odoo: one master process for each class of work, so that each fails alone.

use std::{collections::BTreeMap, path::PathBuf};

use types::{
    ByteSize, RegionName, Span,
    host::secret,
    settings::{ProcessSettings, ReadyWhen, RunsWhen, StopSignal},
};

use super::{Planner, component};
use crate::{OdooProcess, Port, Refusal, Workload};

pub(super) const ROLE: &str = "odoo";

/// Confirming a large order takes seconds; a minute means that it hangs.
pub(super) const REQUEST_TIME_MAX: Span = Span::from_secs(60);
const REQUEST_CPU_MAX: Span = Span::from_secs(60);
const JOB_TIME_MAX: Span = Span::from_secs(15 * 60);
/// Odoo compares address space, not memory in use; these are its own defaults, rounded.
const MEMORY_SOFT: ByteSize = ByteSize::mib(2048);
const MEMORY_HARD: ByteSize = ByteSize::mib(2560);
/// A prefork worker uses two at most.
const CONNECTIONS_PREFORK: u16 = 8;
/// The live process serves all websockets with one pool.
const CONNECTIONS_LIVE: u16 = 16;
/// A connection attempt that hangs longer is given up; Odoo has no setting for it, libpq does.
const CONNECT_TIMEOUT: Span = Span::from_secs(5);
/// Longer than a request normally takes, shorter than anybody waits for a shutdown.
const STOP_GRACE: Span = Span::from_secs(10);
const RESTART_DELAY: Span = Span::from_millis(500);

impl Planner<'_> {
    pub(super) fn odoo(&self, region: &RegionName) -> Result<Vec<OdooProcess>, Refusal> {
        let database = self.postgres(region)?;
        let workloads = self.workloads;
        let programs = &self.host.programs;
        let processes = Workload::ALL.map(|workload| {
            // At least one worker everywhere: without any, Odoo would not fork, and its threaded cron dies silently.
            let (port, workers, cron_workers) = match workload {
                Workload::Web => (Some(Port::OdooWeb), workloads.web.workers, 0),
                Workload::Integration => (Some(Port::OdooIntegration), workloads.integration.workers, 0),
                Workload::Live => (Some(Port::OdooLive), 1, 0),
                Workload::Scheduler => (None, 1, workloads.scheduler.workers),
            };
            Ok(OdooProcess {
                workload,
                database: self.tenant.database.clone(),
                database_socket_dir: database.socket_dir.clone(),
                database_port: database.listen.port(),
                database_role: ROLE.to_owned(),
                database_connections_max: match workload {
                    Workload::Live => CONNECTIONS_LIVE,
                    Workload::Web | Workload::Integration | Workload::Scheduler => CONNECTIONS_PREFORK,
                },
                listen: port.map(|port| self.regional(port, region)).transpose()?,
                workers,
                cron_workers,
                addons_path: vec![programs.odoo_dist.join("odoo/addons"), programs.addons.clone()],
                data_dir: self.odoo_home(region, workload).join("data"),
                request_time_max: REQUEST_TIME_MAX,
                request_cpu_max: REQUEST_CPU_MAX,
                job_time_max: JOB_TIME_MAX,
                memory_soft: MEMORY_SOFT,
                memory_hard: MEMORY_HARD,
            })
        });
        processes.into_iter().collect()
    }

    fn odoo_home(&self, region: &RegionName, workload: Workload) -> PathBuf {
        self.host
            .layout
            .region(region)
            .join("odoo")
            .join(workload.as_str())
    }

    /// The most connections that all Odoo processes of a region hold.
    pub(super) fn odoo_connections(&self) -> u16 {
        let workloads = self.workloads;
        // Two per worker, and one per master while it loads the registry.
        let workers = workloads.web.workers + workloads.integration.workers + workloads.scheduler.workers;
        workers * 2 + 3 + CONNECTIONS_LIVE
    }

    pub(super) fn odoo_process(&self, region: &RegionName, process: &OdooProcess) -> ProcessSettings {
        let programs = &self.host.programs;
        let layout = &self.host.layout;
        let workload = process.workload;
        let home = self.odoo_home(region, workload);
        let text = |path: PathBuf| path.display().to_string();
        let config = self
            .rendered(region)
            .join("odoo")
            .join(format!("{}.conf", workload.as_str()));
        let mut args = vec![text(programs.odoo_launcher.clone())];
        if workload == Workload::Live {
            args.push("gevent".to_owned());
        }
        args.extend(["-c".to_owned(), text(config)]);
        let python_dir = programs
            .odoo_python
            .parent()
            .map(|dir| dir.display().to_string())
            .unwrap_or_default();
        let env = [
            // Odoo starts itself again by the bare name `python`.
            ("PATH", format!("{python_dir}:/usr/bin:/bin")),
            ("HOME", text(home.clone())),
            ("LANG", "C.UTF-8".to_owned()),
            ("PYTHONPATH", text(programs.odoo_dist.clone())),
            ("PYTHONUNBUFFERED", "1".to_owned()),
            // The compiled files were shipped, and the service user may not write beside them.
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("PLIMSOLL_WORKLOAD", workload.as_str().to_owned()),
            (
                "PLIMSOLL_SESSION_REDIS_URL_FILE",
                text(layout.secret(&format!("{}{region}", secret::REDIS_URL_PREFIX))),
            ),
            ("PGPASSFILE", text(layout.secret(secret::ODOO_PASSFILE))),
            (
                "PGCONNECT_TIMEOUT",
                (CONNECT_TIMEOUT.as_millis() / 1000).to_string(),
            ),
        ];
        ProcessSettings {
            name: component(match workload {
                Workload::Web => "odoo-web",
                Workload::Integration => "odoo-integration",
                Workload::Live => "odoo-live",
                Workload::Scheduler => "odoo-scheduler",
            }),
            program: programs.odoo_python.clone(),
            args,
            env: env
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<BTreeMap<_, _>>(),
            directory: home,
            runs: match workload {
                // A cron worker that starts in recovery never hears of triggers, and cron must run in one region.
                Workload::Scheduler => RunsWhen::Active,
                Workload::Web | Workload::Integration | Workload::Live => RunsWhen::Always,
            },
            needs_database: true,
            // Its bus thread sleeps up to 50 s after an error.
            restart_on_promotion: workload == Workload::Live,
            ready: process
                .listen
                .map_or(ReadyWhen::Running, |listen| ReadyWhen::HttpGet {
                    port: listen.port(),
                    path: "/web/health".to_owned(),
                }),
            stop_signal: StopSignal::Term,
            stop_grace: STOP_GRACE,
            restart_delay: RESTART_DELAY,
        }
    }
}
