//! What the two gateways say to each other about what is trimmed, and how a log that lacks it begins anew.
//!
//! The leader asks before it lets anything go: the other region must have it on disk, readable, because nobody could
//! give it back. It also says what is gone on its side, and which messages it has parked, so that the follower lets go of
//! the same and of nothing else: the follower's own marks are hints, and may still call settled what the leader has found
//! lacking in the ERP. A follower that ends before the leader's log begins takes over the leader's floor, and with it the keys
//! and the parked messages of what lies before; its own log was set aside and offered first ([`super::align`]).

use std::{collections::BTreeSet, sync::Arc};

use api::Problem;
use axum::{
    Json,
    extract::{Query, State},
};
use journal::{Part, PartKind, Position, Reader, TrimError};
use serde::{Deserialize, Serialize};

use super::{
    serve::hear,
    wire::{End, Speaker},
};
use crate::{
    gateway::{Gateway, Peer},
    lock, runs,
};

/// `POST /peer/retain`: the leader wants to trim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetainRequest {
    /// Up to here it would; 0: nothing now.
    pub up_to: u64,
    /// What it did.
    #[serde(flatten)]
    pub gone: Gone,
}

/// What of a log is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Up to here it was trimmed.
    pub trimmed: u64,
    /// How many messages of that are parked. An older release does not say.
    #[serde(default)]
    pub parked: Option<u64>,
    /// Up to here keys were forgotten.
    #[serde(default)]
    pub forgotten: u64,
}

impl Gone {
    fn of(reader: &Reader) -> Self {
        let (floor, parts) = reader.base();
        let first = parts.iter().find(|part| part.kind == PartKind::Stub);
        Self {
            trimmed: floor.sequence,
            parked: Some(reader.parked()),
            forgotten: first.map_or(floor.sequence, |stub| stub.first - 1),
        }
    }
}

/// A part of the sequence numbers, in the query of `GET /peer/parked`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
}

/// The answer: which messages of that stretch, which the leader has trimmed, are parked there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedThere {
    /// Runs of sequence numbers: the first, and how many.
    pub runs: Vec<(u64, u64)>,
}

impl ParkedThere {
    fn of(sequences: impl IntoIterator<Item = u64>) -> Self {
        let runs = runs::of(sequences.into_iter().map(|sequence| (sequence, ())));
        Self {
            runs: runs
                .into_iter()
                .map(|(first, count, ())| (first, count))
                .collect(),
        }
    }

    /// Those of them that lie in the stretch that was asked about.
    fn within(&self, stretch: Stretch) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        for (first, count) in &self.runs {
            let end = first.saturating_add(*count).min(stretch.last.saturating_add(1));
            found.extend((*first).max(stretch.first)..end);
        }
        found
    }
}

/// The answer: so far the follower has everything, readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetainAnswer {
    /// Up to here.
    pub sound: u64,
}

/// `GET /peer/base`: where the leader's log begins, and what is left of what lies before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The last batch that is gone.
    pub end: End,
    /// Generation of that batch.
    pub generation: u64,
    /// Files that outlived their segments.
    pub parts: Vec<PartName>,
}

/// A part, in the answer above and in the query of `GET /peer/part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartName {
    /// Whether it holds whole records.
    pub parked: bool,
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
    /// How many records.
    pub records: u64,
    /// Size.
    pub bytes: u64,
    /// Checksum.
    pub crc: u32,
}

impl From<Part> for PartName {
    fn from(part: Part) -> Self {
        Self {
            parked: part.kind == PartKind::Parked,
            first: part.first,
            last: part.last,
            records: part.records,
            bytes: part.bytes,
            crc: part.crc,
        }
    }
}

impl From<PartName> for Part {
    fn from(name: PartName) -> Self {
        Self {
            kind: if name.parked {
                PartKind::Parked
            } else {
                PartKind::Stub
            },
            first: name.first,
            last: name.last,
            records: name.records,
            bytes: name.bytes,
            crc: name.crc,
        }
    }
}

/// Asks the follower up to where it has everything, and tells it what is gone here. `None`: it did not say.
pub async fn ask(gateway: &Gateway, up_to: u64) -> Option<u64> {
    let (peer, term) = (gateway.peer.as_ref()?, gateway.term()?);
    let speaker = Speaker::of(gateway, &term);
    let request = RetainRequest {
        up_to,
        gone: Gone::of(&gateway.reader),
    };
    let path = speaker.on("/peer/retain");
    let answer = peer.client.post::<_, RetainAnswer>(&path, &request).await;
    match answer {
        Ok(answer) => Some(answer.sound),
        Err(error) => {
            tracing::debug!(%error, "the other region does not say what may go");
            None
        }
    }
}

pub(super) async fn retain(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Json(request): Json<RetainRequest>,
) -> Result<Json<RetainAnswer>, Problem> {
    hear(&gateway, &speaker)?;
    *lock(&gateway.gone_there) = request.gone;
    let aligned = *lock(&gateway.aligned);
    // What was not read since the start need not be readable; it is read soon.
    let sound = if aligned {
        gateway.reader.checked_up_to()
    } else {
        0
    };
    Ok(Json(RetainAnswer { sound }))
}

/// Asks the leader what of a stretch it has parked. `None`: it did not say.
pub async fn parked_there(gateway: &Gateway, stretch: Stretch) -> Option<BTreeSet<u64>> {
    let (peer, term) = (gateway.peer.as_ref()?, gateway.term()?);
    let speaker = Speaker::of(gateway, &term);
    let Stretch { first, last } = stretch;
    let path = format!("{}&first={first}&last={last}", speaker.on("/peer/parked"));
    match peer.client.get::<ParkedThere>(&path).await {
        Ok(answer) => Some(answer.within(stretch)),
        Err(error) => {
            tracing::debug!(%error, "the other region does not say what it has parked");
            None
        }
    }
}

pub(super) async fn parked(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Query(stretch): Query<Stretch>,
) -> Result<Json<ParkedThere>, Problem> {
    super::serve::check_leading(&gateway, &speaker)?;
    let (floor, parts) = gateway.reader.base();
    if stretch.last > floor.sequence {
        return Err(Problem::not_now("that was not trimmed here"));
    }
    let Stretch { first, last } = stretch;
    let mut touched = parts
        .iter()
        .filter(|part| part.kind == PartKind::Parked && part.first <= last && first <= part.last);
    if touched.any(|part| gateway.reader.parked_in(part.first, part.last).len() as u64 != part.records) {
        // What the other region has may be the last good copy.
        return Err(Problem::not_now("what was parked here is damaged"));
    }
    Ok(Json(ParkedThere::of(gateway.reader.parked_in(first, last))))
}

pub(super) async fn base(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
) -> Result<Json<Base>, Problem> {
    super::serve::check_leading(&gateway, &speaker)?;
    let (floor, parts) = gateway.reader.base();
    Ok(Json(Base {
        end: floor.into(),
        generation: floor.generation,
        parts: parts.into_iter().map(PartName::from).collect(),
    }))
}

pub(super) async fn part(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Query(name): Query<PartName>,
) -> Result<Vec<u8>, Problem> {
    super::serve::check_leading(&gateway, &speaker)?;
    let pruner = gateway.pruner.clone();
    let read = tokio::task::spawn_blocking(move || pruner.part(&name.into())).await;
    let read = read.map_err(|error| Problem::failed(error.to_string()))?;
    read.map_err(|error| Problem::refused(crate::start::chain(&error)))
}

/// Why a follower could not begin anew.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    #[error("the leader was asked where its log begins")]
    Ask(#[from] api::client::Error),
    #[error("what is left of the leader's beginning cannot be taken over")]
    Import(#[from] TrimError),
    #[error("the log could not begin anew")]
    Rebase(#[from] crate::log::RebaseError),
    #[error(transparent)]
    Closed(#[from] crate::log::Closed),
}

/// Begins this log anew where the leader's begins. Whatever goes wrong, it can be repeated; while the leader trims on, it
/// must be.
pub(super) async fn take_over(gateway: &Gateway, peer: &Peer, speaker: &Speaker) -> Result<(), BaseError> {
    let base: Base = peer.client.get(&speaker.on("/peer/base")).await?;
    let mut parts = Vec::with_capacity(base.parts.len());
    for name in &base.parts {
        let PartName {
            parked,
            first,
            last,
            records,
            bytes,
            crc,
        } = name;
        let path = format!(
            "{}&parked={parked}&first={first}&last={last}&records={records}&bytes={bytes}&crc={crc}",
            speaker.on("/peer/part")
        );
        let bytes = peer.client.get_bytes(&path).await?;
        let (pruner, part) = (gateway.pruner.clone(), Part::from(*name));
        let imported = tokio::task::spawn_blocking(move || pruner.import(&part, bytes)).await;
        // It only panics where this process does.
        imported.unwrap_or(Err(TrimError::NotAPart))?;
        parts.push(part);
    }
    let position = Position {
        generation: base.generation,
        ..base.end.into()
    };
    let count = parts.len();
    let rebased = gateway.log.rebase(position, parts, speaker.generation.get());
    rebased.await??;
    tracing::warn!(
        up_to = position.sequence,
        parts = count,
        "this log begins anew where the leader's does"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parked_comes_over_as_runs_and_only_what_was_asked_about_counts() {
        let parked = ParkedThere::of([3, 4, 5, 9, 11, 12]);
        assert_eq!(parked.runs, [(3, 3), (9, 1), (11, 2)]);
        let within = |first, last| Vec::from_iter(parked.within(Stretch { first, last }));
        assert_eq!(within(1, 20), [3, 4, 5, 9, 11, 12]);
        assert_eq!(within(4, 11), [4, 5, 9, 11]);
        assert!(within(6, 8).is_empty());
        let endless = ParkedThere {
            runs: vec![(2, u64::MAX)],
        };
        assert_eq!(endless.within(Stretch { first: 1, last: 3 }).len(), 2);
    }

    #[test]
    fn an_older_release_says_less() {
        let request: RetainRequest = serde_json::from_str(r#"{"up_to": 7, "trimmed": 5}"#).unwrap();
        let gone = Gone {
            trimmed: 5,
            ..Gone::default()
        };
        assert_eq!(request, RetainRequest { up_to: 7, gone });
    }
}
