//! The log of the sagas.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, named_params};
use saga::{BoxFuture, Event, Log, LogError, Phase, Record, SagaId};
use types::Timestamp;

use super::{Error, Store, doing, reading};

/// One saga in brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaRow {
    /// Its id.
    pub id: SagaId,
    /// Its kind.
    pub kind: String,
    /// `running` until it ends; whether it unwinds is in its events.
    pub phase: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

// === impl Store ===

impl Store {
    /// The newest sagas, newest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sagas(&self, limit: usize) -> Result<Vec<SagaRow>, Error> {
        self.run(move |connection| select(connection, "ORDER BY created DESC, id DESC LIMIT ?1", limit))
            .await
    }

    /// The saga that has not ended, if there is one.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn unfinished_saga(&self) -> Result<Option<SagaRow>, Error> {
        self.run(|connection| Ok(select(connection, "WHERE ended IS NULL LIMIT ?1", 1)?.pop()))
            .await
    }

    /// When the last saga of a kind ended well, or gave way after it had done what it was for.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn last_done(&self, kind: &'static str) -> Result<Option<Timestamp>, Error> {
        self.run(move |connection| {
            let sql = "SELECT max(ended) FROM saga WHERE kind = ?1 AND phase IN ('done', 'superseded')";
            let ended: Option<i64> = connection
                .query_row(sql, [kind], |row| row.get(0))
                .map_err(doing("read when the last saga ended"))?;
            Ok(ended.map(Timestamp::from_micros))
        })
        .await
    }

    /// Whether a node of a saga has succeeded.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn has_succeeded(&self, id: SagaId, node: &'static str) -> Result<bool, Error> {
        self.run(move |connection| {
            let sql = "SELECT 1 FROM saga_event WHERE saga = ?1 AND node = ?2 AND kind = 'succeeded'";
            let found = connection
                .query_row(sql, (id.to_string(), node), |_| Ok(()))
                .optional()
                .map_err(doing("look for an event of a saga"))?;
            Ok(found.is_some())
        })
        .await
    }

    /// How and when a saga ended.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn saga_end(&self, id: SagaId) -> Result<Option<(String, Timestamp)>, Error> {
        self.run(move |connection| {
            let sql = "SELECT phase, ended FROM saga WHERE id = ?1 AND ended IS NOT NULL";
            connection
                .query_row(sql, [id.to_string()], |row| {
                    Ok((row.get(0)?, Timestamp::from_micros(row.get(1)?)))
                })
                .optional()
                .map_err(doing("read how a saga ended"))
        })
        .await
    }

    /// A saga with everything that happened in it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn saga(&self, id: SagaId) -> Result<Option<Record>, Error> {
        self.run(move |connection| load(connection, id)).await
    }
}

fn select(connection: &Connection, tail: &str, limit: usize) -> Result<Vec<SagaRow>, Error> {
    let failed = doing("list sagas");
    let sql = format!("SELECT id, kind, phase, created, ended FROM saga {tail}");
    let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
    let rows = statement
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(SagaRow {
                id: id_at(row, 0)?,
                kind: row.get(1)?,
                phase: row.get(2)?,
                created: Timestamp::from_micros(row.get(3)?),
                ended: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
            })
        })
        .map_err(&failed)?;
    rows.collect::<Result<_, _>>().map_err(&failed)
}

fn id_at(row: &Row<'_>, column: usize) -> rusqlite::Result<SagaId> {
    let text: String = row.get(column)?;
    text.parse().map(SagaId).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn load(connection: &Connection, id: SagaId) -> Result<Option<Record>, Error> {
    let failed = doing("read a saga");
    let sql = "SELECT kind, definition, params, created FROM saga WHERE id = ?1";
    let found = connection
        .query_row(sql, [id.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?))
        })
        .optional()
        .map_err(&failed)?;
    let Some((kind, definition, params, created)) = found else {
        return Ok(None);
    };
    let mut statement = connection
        .prepare_cached("SELECT at, node, data FROM saga_event WHERE saga = ?1 ORDER BY sequence")
        .map_err(&failed)?;
    let events = statement
        .query_map([id.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })
        .map_err(&failed)?
        .map(|row| {
            let (at, node, data) = row.map_err(&failed)?;
            let kind = serde_json::from_str(&data).map_err(reading("an event of a saga"))?;
            Ok(Event {
                at: Timestamp::from_micros(at),
                node,
                kind,
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok(Some(Record {
        id,
        kind,
        definition,
        params: serde_json::from_str(&params).map_err(reading("the parameters of a saga"))?,
        created: Timestamp::from_micros(created),
        events,
    }))
}

fn append(connection: &Connection, id: SagaId, sequence: usize, event: &Event) -> Result<(), Error> {
    let sql = "INSERT INTO saga_event (saga, sequence, at, node, kind, data)
               VALUES (:saga, :sequence, :at, :node, :kind, :data)";
    let data = serde_json::to_string(&event.kind).map_err(reading("an event of a saga"))?;
    let written = connection.prepare_cached(sql).and_then(|mut statement| {
        statement.execute(named_params! {
            ":saga": id.to_string(),
            ":sequence": i64::try_from(sequence).unwrap_or(i64::MAX),
            ":at": event.at.as_micros(),
            ":node": event.node,
            ":kind": event.kind.name(),
            ":data": data,
        })
    });
    written.map(drop).map_err(doing("write an event of a saga"))
}

fn create(connection: &Connection, record: &Record) -> Result<(), Error> {
    let sql = "INSERT INTO saga (id, kind, definition, params, created, phase)
               VALUES (:id, :kind, :definition, :params, :created, 'running')";
    connection
        .execute(
            sql,
            named_params! {
                ":id": record.id.to_string(),
                ":kind": record.kind,
                ":definition": record.definition,
                ":params": record.params.to_string(),
                ":created": record.created.as_micros(),
            },
        )
        .map(drop)
        .map_err(doing("write a new saga down"))
}

fn is_taken(error: &Error) -> bool {
    let Error::Statement { source, .. } = error else {
        return false;
    };
    source.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

fn storage(id: SagaId, doing: &'static str) -> impl FnOnce(Error) -> LogError {
    move |source| LogError::Storage {
        id,
        doing,
        source: Box::new(source),
    }
}

impl Log for Store {
    fn create(&self, record: Record) -> BoxFuture<'_, Result<(), LogError>> {
        let id = record.id;
        Box::pin(async move {
            self.run(move |connection| create(connection, &record))
                .await
                .map_err(storage(id, "write"))
        })
    }

    fn load(&self, id: SagaId) -> BoxFuture<'_, Result<Record, LogError>> {
        Box::pin(async move {
            let record = self.saga(id).await.map_err(storage(id, "read"))?;
            record.ok_or(LogError::Unknown(id))
        })
    }

    fn append(&self, id: SagaId, sequence: usize, event: Event) -> BoxFuture<'_, Result<(), LogError>> {
        Box::pin(async move {
            let written = self
                .run(move |connection| append(connection, id, sequence, &event))
                .await;
            written.map_err(|error| {
                if is_taken(&error) {
                    LogError::Taken { id, sequence }
                } else {
                    storage(id, "write")(error)
                }
            })
        })
    }

    fn close(&self, id: SagaId, phase: Phase, at: Timestamp) -> BoxFuture<'_, Result<(), LogError>> {
        Box::pin(async move {
            let close = move |connection: &mut Connection| {
                // Closed once: resuming an ended saga must not move the time at which it ended.
                let sql = "UPDATE saga SET phase = ?2, ended = ?3 WHERE id = ?1 AND ended IS NULL";
                connection
                    .execute(sql, (id.to_string(), phase.name(), at.as_micros()))
                    .map(drop)
                    .map_err(doing("write the end of a saga"))
            };
            self.run(close).await.map_err(storage(id, "write"))
        })
    }
}
