//! What the ERP has of one lane, and what it lacks: digests of ranges first, messages only where those differ.
//!
//! Every message that the ERP has lies in one of its ranges, or is counted as unplaced. A range with an equal digest
//! holds exactly what the journal holds there; all others are listed. So a message of the journal that was listed nowhere
//! is lacking, and its id need not be asked for. Memory is bounded by what lacks and by one range.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use api::gateway::{
    MessageState,
    reconciliation::{PHANTOMS_MAX, Phantom, PhantomKind},
};
use journal::key_hash;

use super::{PAUSE, PAUSE_REFUSED, ids_of};
use crate::{
    erp::{CallError, Digests, Erp, Placed},
    gateway::Gateway,
    ledger::{Digest, ShortHash},
    lock, scrub,
};

/// Places in a range: some hundred ranges for a million messages, and a list of one is a few hundred kilobytes.
const RANGE: u64 = 4_096;
/// Ids in one question.
const IDS_MAX: usize = 5_000;

/// What a comparison of one lane found.
#[derive(Debug, Default)]
pub struct Found {
    /// Ranges in which either side has something.
    pub ranges: u64,
    /// Of those, different.
    pub differing: u64,
    /// Messages that the ERP has.
    pub present: u64,
    /// Messages that it lacks, in order.
    pub lacking: Vec<u64>,
    /// Of those, applied before.
    pub lost: u64,
    /// Messages of the ERP without a place.
    pub unplaced: u64,
    /// What the journal does not know.
    pub phantoms: Vec<Phantom>,
    /// How many of those there are.
    pub phantoms_all: u64,
}

/// A lane that is being compared.
struct Comparison<'a> {
    gateway: &'a Gateway,
    erp: &'a Erp,
    lane: usize,
    until: u64,
    found: Found,
    /// In no place where the ERP has it.
    candidates: Vec<(u64, MessageState)>,
    /// The ERP has them under another place, which they had in another leader's journal.
    elsewhere: HashSet<u64>,
}

/// Compares a lane up to `until`, and brings the ledger in line with what the ERP says.
pub async fn lane(gateway: &Gateway, erp: &Erp, lane: usize, until: u64) -> Found {
    let mut comparison = Comparison {
        gateway,
        erp,
        lane,
        until,
        found: Found::default(),
        candidates: Vec::new(),
        elsewhere: HashSet::new(),
    };
    let differing = comparison.digests().await;
    for (at, (number, theirs)) in differing.iter().enumerate() {
        comparison.tell(format_args!(
            "comparing with the ERP: range {} of {} that differ",
            at + 1,
            differing.len()
        ));
        comparison.range(*number, *theirs).await;
    }
    comparison.judge().await;
    lock(&gateway.ledger).lanes[lane].detail = None;
    comparison.found
}

// === impl Comparison ===

impl Comparison<'_> {
    fn source(&self) -> &str {
        self.gateway.integrations[self.lane].settings.name.as_str()
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        lock(&self.gateway.ledger).lanes[self.lane].detail = Some(what.to_string());
    }

    /// Ranges that differ, with the ERP's digest.
    async fn digests(&mut self) -> Vec<(u64, Digest)> {
        let Digests { ranges, unplaced } = loop {
            match self.erp.digests(self.source(), RANGE).await {
                Ok(digests) => break digests,
                Err(error) => self.pause(error).await,
            }
        };
        self.found.unplaced = unplaced;
        let mut theirs: BTreeMap<u64, Digest> = ranges
            .into_iter()
            .map(|(number, count, xor)| (number, Digest { count, xor }))
            .collect();
        let mut differing = Vec::new();
        let floor = self.gateway.reader.floor().sequence;
        // What was parked of ranges that were trimmed is compared message by message: the rest of them is gone here.
        let parked = lock(&self.gateway.ledger).deliverable(self.lane, 1, floor);
        let parked: BTreeSet<u64> = parked.into_iter().map(|(sequence, _)| sequence / RANGE).collect();
        for number in parked.into_iter().filter(|number| *number < floor / RANGE) {
            self.found.ranges += 1;
            differing.push((number, theirs.remove(&number).unwrap_or_default()));
        }
        for number in floor / RANGE..=self.until / RANGE {
            // Each for itself: partners must not wait for a comparison.
            let (first, last) = self.bounds(number);
            let ours = lock(&self.gateway.ledger).digest(self.lane, first, last);
            let theirs = theirs.remove(&number).unwrap_or_default();
            self.found.ranges += u64::from(ours.count > 0 || theirs.count > 0);
            if ours == theirs {
                self.confirm(first, last);
            } else {
                differing.push((number, theirs));
            }
        }
        // Behind the end of the journal: places from the journal of a leader that is lost.
        let beyond: Vec<_> = theirs
            .into_iter()
            .filter(|(number, _)| *number > self.until / RANGE)
            .collect();
        self.found.ranges += beyond.len() as u64;
        differing.extend(beyond);
        self.found.differing = differing.len() as u64;
        differing
    }

    fn bounds(&self, number: u64) -> (u64, u64) {
        (number * RANGE, (number * RANGE + RANGE - 1).min(self.until))
    }

    /// The ERP has all of a range.
    fn confirm(&mut self, first: u64, last: u64) {
        let mut ledger = lock(&self.gateway.ledger);
        for (sequence, state) in ledger.deliverable(self.lane, first, last) {
            self.found.present += 1;
            if state == MessageState::Pending {
                ledger.mark(sequence, MessageState::Applied);
            }
        }
    }

    /// Compares a range message by message.
    async fn range(&mut self, number: u64, theirs: Digest) {
        let mut here = HashSet::new();
        if theirs.count > 0 {
            let (first, last) = (number * RANGE, number * RANGE + RANGE - 1);
            let rows = loop {
                match self.erp.placed(self.source(), first, last).await {
                    Ok(rows) => break rows,
                    Err(error) => self.pause(error).await,
                }
            };
            for row in rows {
                self.place(row, number, &mut here);
            }
        }
        let (first, last) = self.bounds(number);
        let deliverable = lock(&self.gateway.ledger).deliverable(self.lane, first, last);
        let mut present = Vec::new();
        for (sequence, state) in deliverable {
            if here.contains(&sequence) {
                present.push(sequence);
            } else {
                self.candidates.push((sequence, state));
            }
        }
        self.have(present);
    }

    /// Finds what the ERP has in the journal.
    fn place(&mut self, row: Placed, number: u64, here: &mut HashSet<u64>) {
        let Placed(place, id, body_hash, kind) = row;
        let known = lock(&self.gateway.ledger).known(&key_hash(self.source(), &id));
        match known {
            Some((sequence, hash)) if is_of(&body_hash, &hash) => {
                if sequence / RANGE == number {
                    here.insert(sequence);
                } else {
                    self.elsewhere.insert(sequence);
                }
            }
            // Its delivery ends as a dead letter that says the same.
            Some(_) => self.phantom(PhantomKind::OtherBody, id, kind),
            // The journal has forgotten it in time.
            None if place <= self.gateway.reader.floor().sequence => {}
            None => self.phantom(PhantomKind::NotInJournal, id, kind),
        }
    }

    fn phantom(&mut self, kind: PhantomKind, id: String, document: String) {
        self.found.phantoms_all += 1;
        if self.found.phantoms.len() < PHANTOMS_MAX {
            let settings = &self.gateway.integrations[self.lane].settings;
            self.found.phantoms.push(Phantom {
                kind,
                integration: settings.name.clone(),
                partner: settings.lane.partner.as_ref().map(ToString::to_string),
                // An id of a partner's document ends with its control number; see `edi/`.
                control_number: settings
                    .edi
                    .is_some()
                    .then(|| id.rsplit('/').next().unwrap_or_default().to_owned()),
                id,
                document: Some(document),
                reference: None,
                sent: None,
                again: None,
                decision: None,
            });
        }
    }

    fn have(&mut self, present: Vec<u64>) {
        self.found.present += present.len() as u64;
        let mut ledger = lock(&self.gateway.ledger);
        for sequence in present {
            ledger.mark(sequence, MessageState::Applied);
        }
    }

    /// What is left of the candidates lacks.
    async fn judge(&mut self) {
        let candidates = std::mem::take(&mut self.candidates);
        let elsewhere = std::mem::take(&mut self.elsewhere);
        let (present, mut lacking): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|(sequence, _)| elsewhere.contains(sequence));
        self.have(present.into_iter().map(|(sequence, _)| sequence).collect());
        if self.found.unplaced > 0 {
            lacking = self.ask_by_id(lacking).await;
        }
        let mut ledger = lock(&self.gateway.ledger);
        for (sequence, state) in &lacking {
            if *state == MessageState::Applied {
                self.found.lost += 1;
                ledger.mark(*sequence, MessageState::Pending);
            }
        }
        drop(ledger);
        self.found.lacking = lacking.into_iter().map(|(sequence, _)| sequence).collect();
    }

    /// Those of `candidates` that the ERP does not know by their id either.
    async fn ask_by_id(&mut self, candidates: Vec<(u64, MessageState)>) -> Vec<(u64, MessageState)> {
        let mut lacking = Vec::new();
        for chunk in candidates.chunks(IDS_MAX) {
            let mut sequences: Vec<u64> = chunk.iter().map(|(sequence, _)| *sequence).collect();
            let ids = loop {
                match ids_of(self.gateway, &sequences) {
                    Ok(ids) => break ids,
                    Err(error) => {
                        tracing::error!(%error, "the journal cannot be read for reconciliation");
                        scrub::met(self.gateway, &error).await;
                        let known = sequences.len();
                        {
                            let ledger = lock(&self.gateway.ledger);
                            sequences.retain(|sequence| ledger.state(*sequence).is_some());
                        }
                        // What was found damaged comes into the lane again when it is mended.
                        if sequences.len() == known {
                            tokio::time::sleep(PAUSE_REFUSED).await;
                        }
                    }
                }
            };
            let asked: Vec<String> = ids.iter().map(|(_, id)| id.clone()).collect();
            let missing: HashSet<String> = loop {
                match self.erp.missing(self.source(), &asked).await {
                    Ok(missing) => break missing.into_iter().collect(),
                    Err(error) => self.pause(error).await,
                }
            };
            let present = ids.iter().filter(|(_, id)| !missing.contains(id));
            let present: HashSet<u64> = present.map(|(sequence, _)| *sequence).collect();
            lacking.extend(chunk.iter().filter(|(sequence, _)| !present.contains(sequence)));
            self.have(present.into_iter().collect());
        }
        lacking
    }

    /// The ERP did not answer: it is asked again after this.
    async fn pause(&self, error: CallError) {
        let (CallError::Refused(why) | CallError::Unknown(why)) = error;
        self.tell(format_args!("waiting to compare with the ERP: {why}"));
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_of(body_hash: &str, known: &ShortHash) -> bool {
    body_hash
        .get(..2 * known.len())
        .is_some_and(|half| half == hex::encode(known))
}
