//! Everything the controller must not forget, in one SQLite file; the only SQL of our own.
//!
//! Write-ahead log with `synchronous = FULL`: when a call returns, its effect survives a power cut. Calls run on the
//! blocking pool, one at a time: the load is a handful of writes a second, and one writer needs no retries.

mod kept;
mod pending;
mod sagas;
mod schema;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

pub use kept::AuditEntry;
pub(crate) use pending::same_person;
pub use pending::{Approval, PendingMove};
pub use sagas::SagaRow;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be used.
    #[error("cannot open the store {}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// It was written by a newer program.
    #[error("the store {} has schema {found}, this program knows {known}", path.display())]
    Newer {
        /// Which.
        path: PathBuf,
        /// What it has.
        found: u32,
        /// What we know.
        known: u32,
    },
    /// A statement failed.
    #[error("cannot {doing}")]
    Statement {
        /// What we were doing.
        doing: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// What was read is not what we wrote.
    #[error("cannot understand what is stored as {what}")]
    Unreadable {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The call was cut off by the end of the program.
    #[error("the store is shutting down")]
    Closing,
}

/// The store. Clones share one connection.
#[derive(Clone, Debug)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
}

// === impl Store ===

impl Store {
    /// Opens the file, creating it or bringing it up to date.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let opened = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        let mut connection = Connection::open(path).map_err(opened)?;
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .map_err(opened)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(opened)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(opened)?;
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(opened)?;
        schema::migrate(&mut connection, path)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Runs `work` off the async threads.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let connection = Arc::clone(&self.connection);
        let done = tokio::task::spawn_blocking(move || {
            // A panic while the lock was held left a transaction that SQLite has rolled back.
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match done.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Error::Closing),
        }
    }
}

/// Names what a statement was for.
fn doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |source| Error::Statement { doing, source }
}

/// Names what was read.
fn reading(what: &'static str) -> impl Fn(serde_json::Error) -> Error {
    move |source| Error::Unreadable { what, source }
}

#[cfg(test)]
mod tests;
