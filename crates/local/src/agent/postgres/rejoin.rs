//! Gathers what [`decide_rejoin`](crate::agent::decide_rejoin) needs, and does what it decides.

use std::{fs, io, path::PathBuf, sync::Arc, time::Duration};

use api::site::Divergence;
use types::{Generation, RegionName, settings::Upstream};

use super::{
    beyond::{Beyond, Reading, judge_amount},
    control::Postgres,
    control_data::ControlData,
    data_directory::DataDirectory,
    history::{self, Relation},
    upstream::{Asking, UpstreamSeen},
};
use crate::agent::{
    decide_rejoin::{
        CopyWhy, DataSeen, Fork, Present, Rejoin, Seen, decide_rejoin, needs_upstream, relation,
    },
    supervise::tool::{self, Tool},
};

/// A rewind that takes longer than this is slower than a copy.
const REWIND_TIME_MAX: Duration = Duration::from_secs(300);
/// A copy of a large database over a slow link.
const COPY_TIME_MAX: Duration = Duration::from_secs(6 * 3600);

/// Why a data directory could not be made a standby's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such region in the settings.
    #[error("no address of region {upstream} is known")]
    NoAddress {
        /// Which.
        upstream: RegionName,
    },
    /// The local files cannot be changed.
    #[error("cannot {doing}")]
    Files {
        /// What.
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The copy failed.
    #[error("cannot copy the database of {upstream}")]
    Copy {
        /// Whose.
        upstream: RegionName,
        /// Why not.
        #[source]
        source: tool::Error,
    },
}

fn files(doing: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Files { doing, source }
}

/// Makes this region's data directory fit to follow another region.
pub struct Rejoining {
    /// The (stopped) server.
    pub postgres: Arc<Postgres>,
    /// Its data.
    pub data: DataDirectory,
    /// Exists while a rewind is at work: what it leaves behind when interrupted cannot be trusted.
    pub rewinding: PathBuf,
    /// Whom to follow.
    pub upstream: RegionName,
    /// The generation this region led last, if it ever did.
    pub led: Option<Generation>,
}

impl Rejoining {
    fn address(&self) -> Result<&Upstream, Error> {
        let upstreams = &self.postgres.settings.replication.upstreams;
        upstreams.get(&self.upstream).ok_or_else(|| Error::NoAddress {
            upstream: self.upstream.clone(),
        })
    }

    fn asking(&self) -> Result<Asking<'_>, Error> {
        Ok(Asking {
            settings: &self.postgres.settings,
            region: &self.postgres.region,
            spawner: &self.postgres.launcher().spawner,
            upstream: self.address()?,
        })
    }

    fn reading(&self, fork: Fork) -> Reading<'_> {
        Reading {
            bin_dir: &self.postgres.settings.bin_dir,
            data_dir: &self.data.path,
            spawner: &self.postgres.launcher().spawner,
            timeline: fork.timeline,
            fork: fork.at,
        }
    }

    /// Looks at both sides. The server must be stopped.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn gather(&self, stalls: u32) -> Result<Seen, Error> {
        self.data
            .settle()
            .map_err(files("put a complete copy in its place"))?;
        let control = self.control().await;
        let data = match &control {
            _ if !self.data.exists() => DataSeen::Absent,
            Some(control) if !self.rewinding.exists() => DataSeen::Present(self.present(control)),
            Some(_) | None => DataSeen::Damaged,
        };
        let mut seen = Seen {
            data,
            upstream: UpstreamSeen::Unreachable {
                why: "not asked".to_owned(),
            },
            beyond: Beyond::Unknown,
            stalls,
            upstream_has_wal: None,
        };
        if !needs_upstream(&seen.data, stalls) {
            return Ok(seen);
        }
        let asking = self.asking()?;
        seen.upstream = asking.look().await;
        if let UpstreamSeen::Unreachable { why } = &seen.upstream {
            tracing::debug!(upstream = %self.upstream, why, "the upstream does not answer");
        }
        if let (DataSeen::Present(present), Some(control)) = (&seen.data, &control) {
            if let Some(Relation::Parted { timeline, at }) = relation(present, &seen.upstream) {
                let fork = Fork { timeline, at };
                let certainly = control.timeline != timeline || control.position > at;
                seen.beyond = if certainly {
                    Beyond::Something
                } else {
                    self.reading(fork).anything().await
                };
                if seen.beyond == Beyond::Something {
                    let commits = self.reading(fork).commits().await.ok();
                    seen.beyond = judge_amount(control.position.bytes_since(at), commits.as_ref());
                }
            }
            if stalls > 0 {
                let (timeline, position, bytes) = (control.timeline, control.position, control.segment_bytes);
                seen.upstream_has_wal = asking.has_wal(timeline, position, bytes).await;
            }
        }
        Ok(seen)
    }

    async fn control(&self) -> Option<ControlData> {
        let bin_dir = &self.postgres.settings.bin_dir;
        ControlData::read(bin_dir, &self.data.path, &self.postgres.launcher().spawner)
            .await
            .ok()
    }

    fn present(&self, control: &ControlData) -> Present {
        let file = self
            .data
            .path
            .join("pg_wal")
            .join(history::file_name(control.timeline));
        Present {
            system: control.system,
            state: control.state,
            timeline: control.timeline,
            history: fs::read_to_string(file)
                .map(|text| history::parse(&text))
                .unwrap_or_default(),
            standby_signal: self.data.is_standby(),
            fresh_copy: self.data.is_fresh_copy(),
        }
    }

    /// Does what was decided; returns whether the server can be started now, and what was thrown away.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn act(&self, plan: Rejoin) -> Result<Outcome, Error> {
        match plan {
            Rejoin::Wait { .. } => Ok(Outcome::NotYet),
            Rejoin::Start { why } => {
                self.data.make_standby().map_err(files("mark a standby"))?;
                let fork = match why {
                    crate::agent::decide_rejoin::StartWhy::SameHistory { fork } => Some(fork),
                    crate::agent::decide_rejoin::StartWhy::WasStandby
                    | crate::agent::decide_rejoin::StartWhy::AfterStall => None,
                };
                Ok(Outcome::Ready {
                    divergence: fork.and_then(|fork| self.nothing_lost(fork)),
                })
            }
            Rejoin::Rewind { fork } => {
                let divergence = match fork {
                    Some(fork) => self.divergence(fork).await,
                    None => None,
                };
                self.postgres.rejoining(Some("rewind"));
                if let Err(error) = self.rewind().await {
                    tracing::warn!(%error, "cannot rewind, so the database is copied anew");
                    self.copy(CopyWhy::Damaged).await?;
                }
                Ok(Outcome::Ready { divergence })
            }
            Rejoin::BaseBackup { why } => {
                self.copy(why).await?;
                Ok(Outcome::Ready { divergence: None })
            }
            Rejoin::KeepAndCopy { fork } => {
                let divergence = self.divergence(fork).await;
                self.copy(CopyWhy::MuchOfItsOwn).await?;
                Ok(Outcome::Ready { divergence })
            }
        }
    }

    fn nothing_lost(&self, fork: Fork) -> Option<Divergence> {
        Some(Divergence {
            generation: self.led?,
            fork: fork.at,
            lost_commits: 0,
            first_lost: None,
            last_lost: None,
        })
    }

    async fn divergence(&self, fork: Fork) -> Option<Divergence> {
        let commits = match self.reading(fork).commits().await {
            Ok(commits) => commits,
            Err(error) => {
                tracing::error!(%error, "cannot count what the survivor never received");
                return None;
            }
        };
        tracing::warn!(fork = %fork.at, commits = commits.count, "this region has commits that the survivor lacks");
        Some(Divergence {
            lost_commits: commits.count,
            first_lost: commits.first,
            last_lost: commits.last,
            ..self.nothing_lost(fork)?
        })
    }

    async fn rewind(&self) -> anyhow::Result<()> {
        let settings = &self.postgres.settings;
        durable::replace(&self.rewinding, b"")?;
        // Single-user recovery, with which a rewind of a crashed server begins, refuses a standby.
        self.data.unmark_standby()?;
        let args = vec![
            format!("--target-pgdata={}", self.data.path.display()),
            format!("--source-server={}", self.asking()?.conninfo()),
            format!("--config-file={}", settings.config_file.display()),
        ];
        Tool::new(settings.bin_dir.join("pg_rewind"), args, REWIND_TIME_MAX)
            .run(&self.postgres.launcher().spawner)
            .await?;
        self.data.make_standby()?;
        durable::remove(&self.rewinding)?;
        Ok(())
    }

    async fn copy(&self, why: CopyWhy) -> Result<(), Error> {
        self.postgres.rejoining(Some("base-backup"));
        let settings = &self.postgres.settings;
        if let Some(parent) = self.data.path.parent() {
            fs::create_dir_all(parent).map_err(files("make the parent of the data directory"))?;
        }
        self.data
            .clear_incoming()
            .map_err(files("remove an unfinished copy"))?;
        let incoming = self.data.incoming();
        let args = vec![
            format!("--pgdata={}", incoming.display()),
            format!("--dbname={}", self.asking()?.conninfo()),
            "--wal-method=stream".to_owned(),
            format!("--slot={}", settings.replication.slot),
            "--checkpoint=fast".to_owned(),
            "--no-password".to_owned(),
        ];
        Tool::new(settings.bin_dir.join("pg_basebackup"), args, COPY_TIME_MAX)
            .run(&self.postgres.launcher().spawner)
            .await
            .map_err(|source| Error::Copy {
                upstream: self.upstream.clone(),
                source,
            })?;
        if why == CopyWhy::AnotherSystem
            && let Some(control) = self.control().await
        {
            let kept = self.data.keep_stranger(control.system);
            let kept = kept.map_err(files("keep a database of another cluster aside"))?;
            tracing::error!(kept = %kept.display(), upstream = %self.upstream,
                "what was here is a database of another cluster; it is kept until a person removes it");
        }
        if why == CopyWhy::MuchOfItsOwn && self.data.exists() {
            let kept = self.data.keep_diverged(self.led.unwrap_or_default());
            let kept = kept.map_err(files("keep a database with much of its own aside"))?;
            tracing::error!(kept = %kept.display(), upstream = %self.upstream,
                "what was here holds much that the survivor never received; it is kept until a person removes it");
        }
        self.data
            .replace_by_incoming(self.led.unwrap_or_default())
            .map_err(files("put the copy in its place"))?;
        durable::remove(&self.rewinding).map_err(files("note that the copy is in its place"))
    }

    /// Looks and decides.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn plan(&self, stalls: u32) -> Result<Rejoin, Error> {
        Ok(decide_rejoin(&self.gather(stalls).await?))
    }
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Look again later.
    NotYet,
    /// The server can be started as a standby.
    Ready {
        /// What was thrown away; `None` when this region had nothing of its own to throw away.
        divergence: Option<Divergence>,
    },
}
