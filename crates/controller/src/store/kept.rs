//! Who leads, what the witness promised, what was known of the standby, and who did what.

use driver::Reign;
use lease::Ballot;
use recovery::decide::Eligibility;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::{Serialize, de::DeserializeOwned};
use types::{Generation, RegionName, Timestamp};

use super::{Error, Store, doing, reading};

/// Who did what. TODO-security: chain each entry to the one before by hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: a person, or `plimsolld`.
    pub who: String,
    /// What.
    pub what: String,
    /// More.
    pub detail: serde_json::Value,
}

// === impl Store ===

impl Store {
    /// Who leads.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn reign(&self) -> Result<Option<Reign>, Error> {
        self.run(|connection| current(connection)).await
    }

    /// Records who leads, unless something newer is recorded; answers what is recorded now.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn record_reign(&self, reign: Reign) -> Result<Option<Reign>, Error> {
        self.run(move |connection| {
            let sql = "INSERT INTO reign (generation, active, incarnation, since)
                       SELECT :generation, :active, :incarnation, :since
                       WHERE NOT EXISTS (SELECT 1 FROM reign WHERE generation >= :generation)";
            let row = named_params! {
                ":generation": number(reign.generation),
                ":active": reign.active.as_str(),
                ":incarnation": reign.incarnation,
                ":since": reign.since.as_micros(),
            };
            connection.execute(sql, row).map_err(doing("record who leads"))?;
            current(connection)
        })
        .await
    }

    /// What the witness promised.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn ballot(&self) -> Result<Ballot, Error> {
        Ok(self.kept("ballot").await?.unwrap_or_default())
    }

    /// Keeps what the witness promises.
    ///
    /// # Errors
    /// [`Error`]; then it must not be promised.
    pub async fn keep_ballot(&self, ballot: Ballot) -> Result<(), Error> {
        self.keep("ballot", ballot).await
    }

    /// What was known of the standby when the active region was last seen well.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn eligibility(&self) -> Result<Option<Eligibility>, Error> {
        self.kept("eligibility").await
    }

    /// Keeps what is known of the standby.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn keep_eligibility(&self, eligibility: Eligibility) -> Result<(), Error> {
        self.keep("eligibility", eligibility).await
    }

    /// Writes down who did what.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), Error> {
        self.run(move |connection| {
            let row = (
                entry.at.as_micros(),
                entry.who,
                entry.what,
                entry.detail.to_string(),
            );
            connection
                .execute(
                    "INSERT INTO audit (at, who, what, detail) VALUES (?1, ?2, ?3, ?4)",
                    row,
                )
                .map(drop)
                .map_err(doing("write the audit log"))
        })
        .await
    }

    async fn kept<T: DeserializeOwned + Send + 'static>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, Error> {
        self.run(move |connection| {
            let text: Option<String> = connection
                .query_row("SELECT value FROM kept WHERE name = ?1", [name], |row| row.get(0))
                .optional()
                .map_err(doing("read what was kept"))?;
            text.map(|text| serde_json::from_str(&text).map_err(reading(name)))
                .transpose()
        })
        .await
    }

    async fn keep<T: Serialize + Send + 'static>(&self, name: &'static str, value: T) -> Result<(), Error> {
        self.run(move |connection| {
            let text = serde_json::to_string(&value).map_err(reading(name))?;
            let sql = "INSERT INTO kept (name, value) VALUES (?1, ?2)
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            connection
                .execute(sql, (name, text))
                .map(drop)
                .map_err(doing("keep a value"))
        })
        .await
    }
}

fn number(generation: Generation) -> i64 {
    i64::try_from(generation.get()).unwrap_or(i64::MAX)
}

fn current(connection: &Connection) -> Result<Option<Reign>, Error> {
    let sql = "SELECT generation, active, incarnation, since FROM reign ORDER BY generation DESC LIMIT 1";
    connection
        .query_row(sql, [], |row| {
            let active: String = row.get(1)?;
            let active = RegionName::new(active).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
            })?;
            Ok(Reign {
                active,
                generation: Generation::new(row.get::<_, i64>(0)?.unsigned_abs()),
                incarnation: row.get(2)?,
                since: Timestamp::from_micros(row.get(3)?),
            })
        })
        .optional()
        .map_err(doing("read who leads"))
}
