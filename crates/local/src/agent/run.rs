//! Puts an agent together and runs it: settings → sweep → bind → serve → signal → stop → drain.

use std::{
    fs,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use api::{
    client::Client,
    controller::ControllerClient,
    server::{self, TlsListener},
    tls,
};
use rustix::{
    fs::FlockOperation,
    process::{getpgrp, getpid, set_child_subreaper, setpgid},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::settings::{SiteRole, SiteSettings};
use uuid::Uuid;

use super::{
    front_door::FrontDoor,
    http::{self, Site},
    maintenance::{Maintenance, Page},
    region::Region,
    supervise::{guarded::Launcher, leftovers::Leftovers, spawner::Spawner},
    waiting_room::WaitingRoom,
};

/// A controller that takes longer hears the next heartbeat.
const HEARTBEAT_TIME_MAX: Duration = Duration::from_millis(500);
/// Answers that are on their way when the agent ends.
const DRAIN: Duration = Duration::from_millis(500);

/// Runs the agent of one site until it is told to stop.
///
/// # Errors
/// When it cannot be set up.
pub async fn run(settings_file: &Path) -> anyhow::Result<()> {
    let text = fs::read(settings_file).with_context(|| format!("cannot read {}", settings_file.display()))?;
    let settings: SiteSettings = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a site's settings", settings_file.display()))?;
    // One process group per site, so that a person can end all of it with one signal.
    if getpgrp() != getpid() {
        setpgid(None, None).context("cannot begin a process group")?;
    }
    set_child_subreaper(Some(getpid())).context("cannot adopt processes whose guard is killed")?;

    let launcher = prepare(&settings)?;
    let cancel = CancellationToken::new();
    let listener = TlsListener::bind(
        settings.listen,
        tls::mutual_server(&settings.tls)?,
        cancel.clone(),
    )
    .await
    .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let run = Uuid::new_v4();
    let tasks = TaskTracker::new();
    let site = begin(&settings, run, launcher, &tasks, &cancel).await?;
    let stopped = CancellationToken::new();
    let router = http::router(site.clone(), stopped.clone());
    tasks.spawn(server::serve(listener, router, cancel.clone(), DRAIN));
    let beating = heartbeat(&settings, site.clone())?;
    let until = cancel.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = beating => {}
            () = until.cancelled() => {}
        }
    });
    tracing::info!(%run, listen = %settings.listen, "the agent is ready");

    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => site.stop().await,
        _ = interrupt.recv() => site.stop().await,
        () = stopped.cancelled() => {}
    }
    cancel.cancel();
    tasks.close();
    // Nothing of the site runs any more; what is left are answers to callers.
    let _ = tokio::time::timeout(DRAIN * 2, tasks.wait()).await;
    tracing::info!("the agent has stopped everything it started");
    Ok(())
}

/// Directories, the lock against a second agent, and the end of what an earlier run left behind.
fn prepare(settings: &SiteSettings) -> anyhow::Result<Launcher> {
    let own = ["state", "logs", "run"].map(|name| settings.directory.join(name));
    let of_processes = settings.processes.iter().map(|process| process.directory.clone());
    for directory in own.into_iter().chain(of_processes) {
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    let state = settings.directory.join("state");
    let lock = fs::File::create(state.join("agent.lock")).context("cannot make the lock file")?;
    rustix::fs::flock(lock.as_fd(), FlockOperation::NonBlockingLockExclusive)
        .with_context(|| format!("another agent runs in {}", settings.directory.display()))?;
    // Held until this process ends, however it ends.
    std::mem::forget(lock);
    Ok(Launcher {
        spawner: Spawner::start().context("cannot start the spawner thread")?,
        agent: own_program()?,
        logs: settings.directory.join("logs"),
        leftovers: Arc::new(Leftovers::sweep(state.join("pids.json"))?),
    })
}

/// This very program, even if its file has been replaced meanwhile: guard and agent must speak the same language.
fn own_program() -> anyhow::Result<PathBuf> {
    let link = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    link.exists()
        .then_some(link)
        .context("/proc is not mounted, without which processes cannot be supervised")
}

async fn begin(
    settings: &SiteSettings,
    run: Uuid,
    launcher: Launcher,
    tasks: &TaskTracker,
    cancel: &CancellationToken,
) -> anyhow::Result<Site> {
    match &settings.role {
        SiteRole::Region(own) => {
            let region = Region::new(settings, own.as_ref().clone(), run, launcher)?;
            tasks.spawn(Arc::clone(&region).run(cancel.clone()));
            Ok(Site::Region(region))
        }
        SiteRole::FrontDoor(own) => {
            let html = fs::read_to_string(&own.maintenance_page)
                .with_context(|| format!("cannot read {}", own.maintenance_page.display()))?;
            let page = Page {
                html,
                retry_after: own.maintenance_retry_after,
            };
            let (tell, route) = watch::channel(None);
            let room = WaitingRoom::new(&settings.tls, own.ingresses.clone(), route)?;
            let maintenance = Maintenance::bind(own.maintenance_listen, page, room)
                .await
                .with_context(|| format!("cannot listen on {}", own.maintenance_listen))?;
            tasks.spawn(maintenance.serve(cancel.clone()));
            let door = FrontDoor::new(settings, own.clone(), run, &launcher, tell)?;
            let door = Arc::new(door);
            let (trying, until) = (Arc::clone(&door), cancel.clone());
            tasks.spawn(async move { until.run_until_cancelled(trying.try_the_regions()).await });
            Ok(Site::FrontDoor(door))
        }
    }
}

/// Tells the controller what is seen here, for ever.
fn heartbeat(
    settings: &SiteSettings,
    site: Site,
) -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let client = Client::new(&settings.controller, &settings.tls, HEARTBEAT_TIME_MAX)?;
    let (controller, every) = (ControllerClient(client), settings.heartbeat_every.as_duration());
    Ok(async move {
        let mut beats = tokio::time::interval(every);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beats.tick().await;
            // A region goes on without its controller; the controller counts what it does not hear.
            if let Err(error) = controller.heartbeat(&site.observe()).await {
                tracing::debug!(%error, "a heartbeat was not heard");
            }
        }
    })
}
