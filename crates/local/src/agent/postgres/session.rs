//! Connections over the Unix socket, and the questions asked over them.

use std::{fs, time::Duration};

use tokio_postgres::{Client, Config, NoTls};
use types::{Lsn, Timestamp, settings::DatabaseSettings};

/// Prefix of the message that a write probe puts into the log, by which its transactions are told from business.
pub const PROBE_PREFIX: &str = "plimsoll-probe";
/// A local server that takes longer to greet is not usable.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);

/// Why a question had no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The password file cannot be read.
    #[error("cannot read the superuser's password")]
    Password(#[source] std::io::Error),
    /// The server said no, or the connection broke.
    #[error("the database does not answer: {}", reason(.0))]
    Database(#[from] tokio_postgres::Error),
    /// It answers, and cannot write what a transaction would.
    #[error("the database's disk takes nothing more: {0}")]
    NoRoom(std::io::Error),
    /// No answer in time.
    #[error("the database does not answer in time")]
    TooSlow,
}

fn reason(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |db| db.message().to_owned())
}

/// Opens a connection as the superuser.
///
/// # Errors
/// [`Error`].
pub async fn connect(settings: &DatabaseSettings) -> Result<Client, Error> {
    let password = fs::read_to_string(&settings.superuser_password_file).map_err(Error::Password)?;
    let mut config = Config::new();
    config
        .host_path(&settings.socket_dir)
        .port(settings.port)
        .user(&settings.superuser)
        .password(password.trim_end_matches('\n'))
        .dbname("postgres")
        .application_name("plimsoll-agent");
    let (client, connection) = within(CONNECT_TIME_MAX, config.connect(NoTls)).await?;
    // Ends with the connection; its error reaches whoever waits for an answer.
    tokio::spawn(connection);
    Ok(client)
}

/// Waits for an answer, but not for ever.
///
/// # Errors
/// [`Error`].
pub async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::TooSlow),
    }
}

/// Reads a column of type `text` that holds a log position.
pub fn lsn(text: Option<&str>) -> Option<Lsn> {
    text?.parse().ok()
}

/// Reads a column that holds microseconds since the epoch.
pub fn timestamp(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

/// The timeline in the name of a WAL segment.
pub fn timeline_of(segment: Option<&str>) -> Option<u32> {
    u32::from_str_radix(segment?.get(..8)?, 16).ok()
}
