//! The very first start of an estate: a copy of the seed, with this estate's own secrets.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    control::{self, Lasts, Mode, Postgres},
    data_directory::DataDirectory,
    primary,
};
use crate::agent::supervise::tool::{self, Tool};

/// Copying a seed of a few hundred megabytes, or of some gigabytes without reflinks.
const COPY_TIME_MAX: Duration = Duration::from_secs(300);
/// One SQL file.
const SQL_TIME_MAX: Duration = Duration::from_secs(60);

/// Why an estate could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The seed cannot be copied.
    #[error("cannot copy the seed")]
    Copy(#[source] tool::Error),
    /// A file or directory of the region cannot be written.
    #[error("cannot {doing}")]
    Files {
        /// What.
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The server cannot be started.
    #[error("cannot start the seed")]
    Start(#[source] control::Error),
    /// The server does not get ready.
    #[error("cannot use the seed")]
    Ready(#[source] primary::Error),
    /// An SQL file failed.
    #[error("cannot fill in {}", file.display())]
    Sql {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: tool::Error,
    },
}

/// Where the state of a beginning is noted.
#[derive(Clone, Debug)]
pub struct Marker {
    /// Exists from before the copy is in place until the secrets are filled in.
    pub pending: PathBuf,
    /// `pg_hba.conf` for that time.
    pub hba_file: PathBuf,
}

impl Marker {
    /// A beginning was begun and not ended.
    pub fn is_pending(&self) -> bool {
        self.pending.exists()
    }
}

/// Copies the seed, unless that was done, and fills in this estate's secrets.
///
/// Until they are filled in, the server has no TCP port and its socket lies in a directory of our own, where anybody
/// who can reach it is us; so nobody can use a seed's empty passwords.
///
/// Copying takes longer than a lease lasts, so how long it lasts is asked when the server starts, not before.
///
/// # Errors
/// [`Error`].
pub async fn begin(
    postgres: &Arc<Postgres>,
    data: &DataDirectory,
    marker: &Marker,
    lasts: Lasts<'_>,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let files = |doing| move |source| Error::Files { doing, source };
    if !data.exists() {
        copy(postgres, data).await?;
        durable::replace(&marker.pending, b"").map_err(files("note the beginning"))?;
        data.replace_by_seeding()
            .map_err(files("put the copy of the seed in place"))?;
    }
    durable::replace(&marker.hba_file, b"local all all trust\n").map_err(files("write a pg_hba.conf"))?;
    let mode = Mode::Seeding {
        hba_file: marker.hba_file.clone(),
    };
    let server = postgres
        .start_while(mode, lasts, cancel)
        .await
        .map_err(Error::Start)?;
    drop(
        primary::wait_ready(postgres, &server)
            .await
            .map_err(Error::Ready)?,
    );
    let filled = fill(postgres).await;
    postgres.stop().await;
    filled?;
    durable::remove(&marker.pending).map_err(files("note the end of the beginning"))
}

async fn copy(postgres: &Postgres, data: &DataDirectory) -> Result<(), Error> {
    let files = |doing| move |source| Error::Files { doing, source };
    if let Some(parent) = data.path.parent() {
        std::fs::create_dir_all(parent).map_err(files("make the parent of the data directory"))?;
    }
    data.clear_seeding()
        .map_err(files("remove an unfinished copy of the seed"))?;
    let (from, to) = (postgres.settings.seed.display(), data.seeding());
    let args = ["-a", "--reflink=auto", "--"].map(str::to_owned);
    let args = args
        .into_iter()
        .chain([from.to_string(), to.display().to_string()])
        .collect();
    Tool::new("cp".into(), args, COPY_TIME_MAX)
        .run(&postgres.launcher().spawner)
        .await
        .map_err(Error::Copy)?;
    std::fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .map_err(files("protect the copy of the seed"))
}

async fn fill(postgres: &Postgres) -> Result<(), Error> {
    let settings = &postgres.settings;
    for sql in &settings.seed_sql {
        let args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h"].map(str::to_owned);
        let args = args.into_iter().chain([
            settings.socket_dir.display().to_string(),
            "-p".to_owned(),
            settings.port.to_string(),
            "-U".to_owned(),
            settings.superuser.clone(),
            "-d".to_owned(),
            sql.database.clone(),
            "-f".to_owned(),
            sql.file.display().to_string(),
        ]);
        Tool::new(settings.bin_dir.join("psql"), args.collect(), SQL_TIME_MAX)
            .run(&postgres.launcher().spawner)
            .await
            .map_err(|source| Error::Sql {
                file: sql.file.clone(),
                source,
            })?;
    }
    Ok(())
}
