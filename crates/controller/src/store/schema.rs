//! The schema, one step per version (`user_version`). A step that was released is never changed.

use std::path::Path;

use rusqlite::Connection;

use super::{Error, doing};

const STEPS: [&str; 2] = [
    "
    CREATE TABLE saga (
        id          TEXT PRIMARY KEY,
        kind        TEXT NOT NULL,
        definition  TEXT NOT NULL,
        params      TEXT NOT NULL,
        created     INTEGER NOT NULL,   -- microseconds since the epoch, as all times here
        phase       TEXT NOT NULL,
        ended       INTEGER
    ) STRICT;
    -- One transition at a time, whoever asks: two that run would undo each other's work.
    CREATE UNIQUE INDEX saga_one_runs ON saga ((1)) WHERE ended IS NULL;

    CREATE TABLE saga_event (
        saga        TEXT NOT NULL REFERENCES saga (id),
        sequence    INTEGER NOT NULL,
        at          INTEGER NOT NULL,
        node        TEXT NOT NULL,
        kind        TEXT NOT NULL,
        data        TEXT NOT NULL,
        PRIMARY KEY (saga, sequence)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE reign (
        generation  INTEGER PRIMARY KEY,
        active      TEXT NOT NULL,
        incarnation TEXT NOT NULL,
        since       INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE kept (
        name        TEXT PRIMARY KEY,
        value       TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE audit (
        sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
        at          INTEGER NOT NULL,
        who         TEXT NOT NULL,
        what        TEXT NOT NULL,
        detail      TEXT NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE pending_move (
        id          TEXT PRIMARY KEY,
        declared    INTEGER NOT NULL,
        request     TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Nobody counts twice.
    CREATE TABLE pending_approval (
        move        TEXT NOT NULL REFERENCES pending_move (id) ON DELETE CASCADE,
        person      TEXT NOT NULL,
        at          INTEGER NOT NULL,
        PRIMARY KEY (move, person)
    ) STRICT, WITHOUT ROWID;
",
];

/// Brings the schema up to date, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = doing("bring the store's schema up to date");
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(&failed)?;
    let steps = (1..).zip(STEPS);
    let known = steps.clone().last().map_or(0, |(version, _)| version);
    if found > known {
        return Err(Error::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    for (version, step) in steps.filter(|(version, _)| *version > found) {
        let transaction = connection.transaction().map_err(&failed)?;
        transaction.execute_batch(step).map_err(&failed)?;
        transaction
            .pragma_update(None, "user_version", version)
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
    }
    Ok(())
}
