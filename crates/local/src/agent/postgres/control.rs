//! Starts, stops and kills the server.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lease::Moment;
use rustix::process::Signal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use types::{RegionName, settings::DatabaseSettings};

use super::upstream;
use crate::agent::supervise::{
    guard::{DeathSignal, Ended, Program},
    guarded::{Guarded, Launcher, StartError},
};

/// Name of the component and of its log.
pub const NAME: &str = "postgres";
/// An immediate shutdown takes about 0.2 s; who is not gone by then is frozen or stuck and is killed with its backends.
const IMMEDIATE_GRACE: Duration = Duration::from_millis(300);
/// A fast shutdown writes a checkpoint; longer than this is not worth waiting for, because a crash recovery is safe.
const FAST_GRACE: Duration = Duration::from_secs(30);

/// Tells until when the right to write lasts, as it stands at the moment of asking: it is renewed while a start is
/// being prepared, and a server that is started with an older answer is killed although its region may write.
pub type Lasts<'a> = &'a (dyn Fn() -> Moment + Send + Sync);

/// How the server was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Following that region.
    Standby {
        /// Whom.
        upstream: RegionName,
    },
    /// Accepting writes from people.
    Primary,
    /// Accepting writes from nobody but the agent, which fills in a fresh estate's secrets.
    Seeding {
        /// `pg_hba.conf` for the private socket.
        hba_file: PathBuf,
    },
}

/// What happens with the server, for observers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Nothing runs.
    Idle,
    /// It runs.
    Running {
        /// How it was started.
        mode: Mode,
        /// The postmaster.
        pid: u32,
        /// Counts starts.
        start: u32,
    },
    /// Its data directory is being made a standby's.
    Rejoining {
        /// `rewind` or `base-backup`.
        by: &'static str,
    },
}

/// Why the server was not started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whoever asked was told otherwise meanwhile.
    #[error("the start was called off")]
    CalledOff,
    /// It runs already.
    #[error("the database runs already")]
    Running,
    /// The program cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The directory of its socket cannot be made.
    #[error("cannot make {}", path.display())]
    SocketDirectory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The server of this region.
pub struct Postgres {
    /// Its settings.
    pub settings: Arc<DatabaseSettings>,
    /// This region.
    pub region: RegionName,
    launcher: Launcher,
    /// Held while starting and stopping, so that these never overlap.
    moving: tokio::sync::Mutex<()>,
    running: Mutex<Option<Arc<Guarded>>>,
    activity: watch::Sender<Activity>,
    starts: Mutex<u32>,
}

impl Postgres {
    /// A server that does not run yet.
    pub fn new(settings: Arc<DatabaseSettings>, region: RegionName, launcher: Launcher) -> Self {
        Self {
            settings,
            region,
            launcher,
            moving: tokio::sync::Mutex::new(()),
            running: Mutex::new(None),
            activity: watch::channel(Activity::Idle).0,
            starts: Mutex::new(0),
        }
    }

    /// Starts other programs beside it.
    pub const fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// What happens with it.
    pub fn activity(&self) -> watch::Receiver<Activity> {
        self.activity.subscribe()
    }

    /// The running server.
    pub fn running(&self) -> Option<Arc<Guarded>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().filter(|found| found.ended().is_none()).cloned()
    }

    /// How the running server was started.
    pub fn mode(&self) -> Option<Mode> {
        self.running()?;
        match &*self.activity.borrow() {
            Activity::Running { mode, .. } => Some(mode.clone()),
            Activity::Idle | Activity::Rejoining { .. } => None,
        }
    }

    /// The same, once no start is under way any more: one that was begun before may still bring up a server.
    pub async fn settled_mode(&self) -> Option<Mode> {
        let _moving = self.moving.lock().await;
        self.mode()
    }

    /// How often it was started.
    pub fn starts(&self) -> u32 {
        *self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it; returns when the process runs, which is before it accepts connections.
    ///
    /// A primary must have a deadline, which the guard enforces; a standby needs none.
    /// The start happens in a task of its own: a caller that is dropped leaves nothing half started, and a caller that
    /// was cancelled before has no effect.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn start(
        self: &Arc<Self>,
        mode: Mode,
        deadline: Option<Moment>,
        cancel: &CancellationToken,
    ) -> Result<Arc<Guarded>, Error> {
        let (postgres, cancel) = (Arc::clone(self), cancel.clone());
        let task = tokio::spawn(async move {
            let _moving = postgres.moving.lock().await;
            if cancel.is_cancelled() {
                return Err(Error::CalledOff);
            }
            if postgres.running().is_some() {
                return Err(Error::Running);
            }
            postgres.start_now(mode, deadline).await
        });
        task.await.unwrap_or(Err(Error::CalledOff))
    }

    /// Starts a server that writes, for as long as the right lasts.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn start_while(
        self: &Arc<Self>,
        mode: Mode,
        lasts: Lasts<'_>,
        cancel: &CancellationToken,
    ) -> Result<Arc<Guarded>, Error> {
        let server = self.start(mode, Some(lasts()), cancel).await?;
        // A renewal that came while it was being started was told to nobody.
        server.set_deadline(Some(lasts()));
        Ok(server)
    }

    async fn start_now(
        self: &Arc<Self>,
        mode: Mode,
        deadline: Option<Moment>,
    ) -> Result<Arc<Guarded>, Error> {
        std::fs::create_dir_all(&self.settings.socket_dir).map_err(|source| Error::SocketDirectory {
            path: self.settings.socket_dir.clone(),
            source,
        })?;
        let program = Program {
            program: self.settings.bin_dir.join("postgres"),
            args: self.arguments(&mode),
            env: BTreeMap::from([("LC_ALL".to_owned(), "C.UTF-8".to_owned())]),
            directory: self.settings.data_dir.clone(),
            dies_by: DeathSignal::Quit,
            deadline,
        };
        let guarded = Arc::new(self.launcher.launch(NAME, program).await?);
        let start = {
            let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
            *starts += 1;
            *starts
        };
        let pid = guarded.pid();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&guarded));
        self.activity.send_replace(Activity::Running { mode, pid, start });
        let (watched, postgres) = (Arc::clone(&guarded), Arc::clone(self));
        // Ends with the server.
        tokio::spawn(async move {
            let ended = watched.wait().await;
            tracing::info!(pid, cause = ?ended.cause, status = ended.status, "the database has ended");
            postgres.activity.send_if_modified(|activity| {
                let same = matches!(activity, Activity::Running { start: current, .. } if *current == start);
                if same {
                    *activity = Activity::Idle;
                }
                same
            });
        });
        Ok(guarded)
    }

    fn arguments(&self, mode: &Mode) -> Vec<String> {
        let settings = &self.settings;
        let mut options = vec![format!("config_file={}", settings.config_file.display())];
        let hba_file = match mode {
            Mode::Seeding { hba_file } => hba_file,
            Mode::Standby { .. } | Mode::Primary => &settings.hba_file,
        };
        options.push(format!("hba_file={}", hba_file.display()));
        match mode {
            Mode::Primary => {}
            Mode::Seeding { .. } => options.push("listen_addresses=".to_owned()),
            Mode::Standby { upstream } => {
                if let Some(address) = settings.replication.upstreams.get(upstream) {
                    options.push(format!(
                        "primary_conninfo={}",
                        upstream::conninfo(&settings.replication, address, &self.region)
                    ));
                }
                options.push(format!("primary_slot_name={}", settings.replication.slot));
            }
        }
        let mut args = vec!["-D".to_owned(), settings.data_dir.display().to_string()];
        args.extend(options.into_iter().flat_map(|option| ["-c".to_owned(), option]));
        args
    }

    /// It is about to be promoted. Told before it is asked, because a promotion that was asked for goes on when nobody
    /// waits for it any more: from now on this server is to be treated as one that writes.
    pub fn promoting(&self) {
        self.activity.send_if_modified(|activity| match activity {
            Activity::Running { mode, .. } if *mode != Mode::Primary => {
                *mode = Mode::Primary;
                true
            }
            Activity::Running { .. } | Activity::Idle | Activity::Rejoining { .. } => false,
        });
    }

    /// Its data directory is being made a standby's, or not any more.
    pub fn rejoining(&self, by: Option<&'static str>) {
        self.activity
            .send_replace(by.map_or(Activity::Idle, |by| Activity::Rejoining { by }));
    }

    /// Moves the moment at which the guard kills it.
    pub fn set_deadline(&self, deadline: Option<Moment>) {
        if let Some(running) = self.running() {
            running.set_deadline(deadline);
        }
    }

    /// Stops it cleanly; its standby receives everything. Returns when it is gone.
    pub async fn stop(&self) -> Option<Ended> {
        self.end(Signal::INT, FAST_GRACE).await
    }

    /// Stops it at once, as a crash would; returns when every process of it is gone.
    pub async fn kill(&self) -> Option<Ended> {
        self.end(Signal::QUIT, IMMEDIATE_GRACE).await
    }

    /// Kills it unless it certainly follows; returns when nothing here can write.
    pub async fn kill_writer(&self) {
        match self.settled_mode().await {
            None | Some(Mode::Standby { .. }) => {}
            Some(Mode::Primary | Mode::Seeding { .. }) => drop(self.kill().await),
        }
    }

    /// Kills it together with its guard, without any grace; for a right that is gone: the guard does the same at this
    /// moment, but might be frozen itself.
    pub async fn kill_now(&self) {
        let _moving = self.moving.lock().await;
        if let Some(running) = self.running() {
            running.kill().await;
        }
    }

    async fn end(&self, signal: Signal, grace: Duration) -> Option<Ended> {
        let _moving = self.moving.lock().await;
        let running = self.running()?;
        let ended = running.stop(signal, grace).await;
        self.activity.send_if_modified(|activity| {
            let was = matches!(activity, Activity::Running { .. });
            if was {
                *activity = Activity::Idle;
            }
            was
        });
        Some(ended)
    }
}
