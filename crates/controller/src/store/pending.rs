//! Moves that were declared and wait for another person.

use api::moves::MoveRequest;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use types::Timestamp;

use super::{Error, Store, doing, reading};

/// A move that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMove {
    /// Its id.
    pub id: String,
    /// When it was declared.
    pub declared: Timestamp,
    /// What was asked for, and by whom.
    pub request: MoveRequest,
    /// Who authorised it beside them, in that order.
    pub approved_by: Vec<String>,
}

/// What became of an authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Nothing with that id waits.
    Unknown,
    /// They declared it themselves.
    SamePerson,
    /// It counts; this is how the move stands now.
    Counted(PendingMove),
}

// === impl Store ===

impl Store {
    /// Keeps a declaration until it is begun or forgotten.
    ///
    /// # Errors
    /// [`Error`]; then it must not be said that it waits.
    pub async fn keep_pending(&self, pending: PendingMove) -> Result<(), Error> {
        self.run(move |connection| {
            let request = serde_json::to_string(&pending.request).map_err(reading("a declared move"))?;
            let sql = "INSERT INTO pending_move (id, declared, request) VALUES (?1, ?2, ?3)";
            connection
                .execute(sql, (pending.id, pending.declared.as_micros(), request))
                .map(drop)
                .map_err(doing("keep a declared move"))
        })
        .await
    }

    /// Forgets what was declared before `since`, then counts an authorisation at most once for each person.
    ///
    /// # Errors
    /// [`Error`]; then it does not count.
    pub async fn approve_pending(
        &self,
        id: &str,
        by: &str,
        at: Timestamp,
        since: Timestamp,
    ) -> Result<Approval, Error> {
        let (id, by) = (id.to_owned(), by.to_owned());
        self.run(move |connection| {
            let failed = doing("authorise a declared move");
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(&failed)?;
            transaction
                .execute(
                    "DELETE FROM pending_move WHERE declared < ?1",
                    [since.as_micros()],
                )
                .map_err(&failed)?;
            let approval = match pending(&transaction, &id)? {
                None => Approval::Unknown,
                Some(found) if same_person(&found.request.by, &by) => Approval::SamePerson,
                // Their answer was lost, or it had to wait: it still counts once.
                Some(found) if found.approved_by.iter().any(|name| same_person(name, &by)) => {
                    Approval::Counted(found)
                }
                Some(mut found) => {
                    let sql = "INSERT INTO pending_approval (move, person, at) VALUES (?1, ?2, ?3)";
                    transaction
                        .execute(sql, (&id, &by, at.as_micros()))
                        .map_err(&failed)?;
                    found.approved_by.push(by);
                    Approval::Counted(found)
                }
            };
            transaction.commit().map_err(&failed)?;
            Ok(approval)
        })
        .await
    }

    /// Takes a declaration away, because it begins; false when somebody else has done that.
    ///
    /// # Errors
    /// [`Error`]; then it must not begin.
    pub async fn take_pending(&self, id: &str) -> Result<bool, Error> {
        let id = id.to_owned();
        self.run(move |connection| {
            connection
                .execute("DELETE FROM pending_move WHERE id = ?1", [id])
                .map(|taken| taken > 0)
                .map_err(doing("take a declared move"))
        })
        .await
    }
}

/// Whether two names are one person's, as far as names can tell.
/// Whether two names mean one person, however they are typed.
pub(crate) fn same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn pending(connection: &Connection, id: &str) -> Result<Option<PendingMove>, Error> {
    let failed = doing("read a declared move");
    let row: Option<(i64, String)> = connection
        .query_row(
            "SELECT declared, request FROM pending_move WHERE id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(&failed)?;
    let Some((declared, request)) = row else {
        return Ok(None);
    };
    let approved_by = connection
        .prepare("SELECT person FROM pending_approval WHERE move = ?1 ORDER BY at, person")
        .and_then(|mut statement| {
            let people = statement.query_map([id], |row| row.get(0))?;
            people.collect::<Result<Vec<String>, _>>()
        })
        .map_err(&failed)?;
    Ok(Some(PendingMove {
        id: id.to_owned(),
        declared: Timestamp::from_micros(declared),
        request: serde_json::from_str(&request).map_err(reading("a declared move"))?,
        approved_by,
    }))
}
