//! One file: stored, or put aside; then renamed.

use std::sync::Arc;

use api::gateway::lanes::{DeadCause, DeadLetter};
use axum::http::HeaderMap;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use types::settings::{AfterFile, IdempotencySource};

use super::{
    Pickup,
    directory::Directory,
    name,
    watch::{Act, Bad, Seen, Target, Watch},
};
use crate::{
    edi,
    gateway::{Gateway, Integration, Term, now},
    ingest::{self, Acceptance},
    lanes::keep,
    ledger::Need,
    lock,
    sftp::Error,
    shown,
};

/// The status of a problem that will pass by itself.
const NOT_NOW: u16 = 503;

/// Who takes files, and from where.
pub(super) struct Office<'o> {
    pub gateway: &'o Arc<Gateway>,
    pub term: &'o Term,
    pub integration: &'o Integration,
    pub pickup: &'o Pickup,
    pub directory: &'o Directory,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nothing more is to be done about it.
    Settled,
    /// It is gone, or still changes.
    Later,
    /// The journal takes nothing now.
    NotNow,
}

/// What a file is worth.
enum Worth {
    Message,
    Nothing(String),
    NotNow,
}

/// Does what is to be done about one file.
pub(super) async fn one(office: &Office<'_>, watch: &mut Watch, act: Act) -> Result<Taken, Error> {
    let (file, target) = match act {
        Act::Move(file, target) => (file, target),
        Act::Refuse(file, bad) => {
            let why = match bad {
                Bad::Name => "its name cannot be used: rename it".to_owned(),
                Bad::TooLarge => too_large(office.integration.settings.body_max.get()),
            };
            refuse(office, &file, why).await;
            (file, Target::Quarantine)
        }
        Act::Take(file) => match worth(office, &file).await? {
            None => return Ok(Taken::Later),
            Some(Worth::NotNow) => return Ok(Taken::NotNow),
            Some(Worth::Message) => {
                office.pickup.taken.inc();
                (file, Target::Done)
            }
            Some(Worth::Nothing(why)) => {
                refuse(office, &file, why).await;
                (file, Target::Quarantine)
            }
        },
    };
    watch.settle(file.clone(), Some(target));
    put_away(office, &file, target).await?;
    watch.settle(file, None);
    Ok(Taken::Settled)
}

/// Reads a file and stores what is in it; `None` when it is not what was listed any more.
async fn worth(office: &Office<'_>, file: &Seen) -> Result<Option<Worth>, Error> {
    let body_max = office.integration.settings.body_max.get();
    let body = match office.directory.read(&file.name, body_max).await {
        Ok(body) => body,
        Err(Error::Missing(_)) => return Ok(None),
        Err(Error::TooLarge { bytes_max }) => return Ok(Some(Worth::Nothing(too_large(bytes_max)))),
        Err(error) => return Err(error),
    };
    if body.len() as u64 != file.size {
        return Ok(None);
    }
    let body = Bytes::from(body);
    if let Some(desk) = &office.integration.desk {
        let taken = edi::take_in(office.gateway, office.integration, desk, body).await;
        return match taken {
            Ok(answer) => answer_with(office, file, answer)
                .await
                .map(|()| Some(Worth::Message)),
            Err(problem) if problem.status == NOT_NOW => Ok(Some(Worth::NotNow)),
            Err(problem) => Ok(Some(Worth::Nothing(problem.message))),
        };
    }
    let id = match id(office, file, &body) {
        Ok(id) => id,
        Err(why) => return Ok(Some(Worth::Nothing(why))),
    };
    let entry = ingest::entry(office.integration, id, body);
    let accepted = ingest::accept(office.gateway, entry, Need::Durable).await;
    Ok(Some(match accepted {
        Ok(acceptance) => {
            office.integration.meters.accepted(acceptance);
            match acceptance {
                Acceptance::New(_) | Acceptance::Before(_) => Worth::Message,
                Acceptance::Aside => Worth::Nothing("its key was used for another body before".to_owned()),
            }
        }
        Err(problem) if problem.status == NOT_NOW => Worth::NotNow,
        Err(problem) => Worth::Nothing(problem.message),
    }))
}

/// Leaves an acknowledgement where the partner looks for it. It is durable already: a kill here leaves the file, and the
/// same bytes are written again.
async fn answer_with(office: &Office<'_>, file: &Seen, answer: ingest::Answer) -> Result<(), Error> {
    let Some(answers) = &office.pickup.settings.answers else {
        return Ok(());
    };
    let Ok(bytes) = answer.into_body().collect().await;
    let bytes = bytes.to_bytes();
    if bytes.is_empty() {
        return Ok(());
    }
    let named = format!("{}.ack", name::id(&office.pickup.settings.directory, file, b""));
    office.directory.put_below(answers, &named, bytes).await
}

/// The id of its message; also checks that the body is JSON, because it becomes the inbox's payload.
fn id(office: &Office<'_>, file: &Seen, body: &[u8]) -> Result<String, String> {
    match &office.integration.settings.idempotency {
        IdempotencySource::File => {
            ingest::check_json(body).map_err(|error| format!("the file is not JSON: {error}"))?;
            Ok(name::id(&office.pickup.settings.directory, file, body))
        }
        source @ (IdempotencySource::Header(_)
        | IdempotencySource::Pointer(_)
        | IdempotencySource::Sequence) => {
            ingest::find_key(source, &HeaderMap::new(), body).map_err(|problem| problem.message)
        }
    }
}

fn too_large(bytes_max: u64) -> String {
    format!("a file may have at most {bytes_max} bytes")
}

/// Writes down, in both regions, that a person must look at a file.
async fn refuse(office: &Office<'_>, file: &Seen, why: String) {
    let integration = office.integration.settings.name.clone();
    let id = name::id(&office.pickup.settings.directory, file, b"");
    let told = shown::words(&office.integration.settings.payloads, &why);
    tracing::warn!(%integration, file = %file.name.escape_debug(), why = told, "a file cannot be taken");
    office.pickup.refused.inc();
    lock(&office.gateway.register).put_aside(DeadLetter {
        integration,
        message_id: id,
        sequence: 0,
        since: now(),
        cause: DeadCause::File,
        why: format!("PL0777: `{}`: {why}", file.name.escape_debug()),
        attempts: 0,
    });
    // It lies in the directory until it is written down; the next round would write it down again.
    if let Err(error) = keep::confirm(office.gateway, office.term).await {
        tracing::error!(error = %crate::start::chain(&error), "a file that cannot be taken was not written down");
    }
}

async fn put_away(office: &Office<'_>, file: &Seen, target: Target) -> Result<(), Error> {
    let AfterFile::Move { done, quarantine } = &office.pickup.settings.after else {
        return Ok(());
    };
    if !name::is_addressable(&file.name) {
        // There is no way to name it: it stays, and the dead letter says so.
        return Ok(());
    }
    let id = name::id(&office.pickup.settings.directory, file, b"");
    let moved = match target {
        Target::Done => {
            office
                .directory
                .move_below(&file.name, done, &file.name, &id)
                .await
        }
        Target::Quarantine => {
            office
                .directory
                .move_below(&file.name, quarantine, &id, &id)
                .await
        }
    };
    match moved {
        // Somebody else was faster.
        Err(Error::Missing(_)) => Ok(()),
        other => other,
    }
}
