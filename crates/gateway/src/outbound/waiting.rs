//! What was written and is not acknowledged yet: derived from the journal at the beginning of a term.

mod given_up;
mod probe;

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use api::{
    Problem,
    gateway::{lanes::Documents, reconciliation::Decision},
};
use bytes::Bytes;
use edi::outstanding::{Book, Event, Illegal, Key, State, Unmatched};
use serde::Serialize;
use types::{PartnerName, Timestamp, settings::EdiSettings};

use super::{Heard, letter::Letter, phantoms::Phantoms};
use crate::{
    edi::records,
    gateway::{Gateway, now},
    shown,
};

/// What was settled is remembered so long, to tell an answer that contradicts an earlier one.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// Nothing on its way.
pub const NONE: Documents = Documents {
    unsent: 0,
    unacknowledged: 0,
    overdue: 0,
    held: false,
};

/// What was written and is not acknowledged yet.
#[derive(Debug, Default)]
pub struct Waiting {
    generation: u64,
    /// The last letter's number.
    last: u64,
    book: Book,
    open: BTreeMap<u64, Open>,
}

/// A letter without its acknowledgement.
#[derive(Debug)]
struct Open {
    letter: Letter,
    /// Nothing acknowledges what is no EDI.
    key: Option<Key>,
    posted: bool,
    failures: u32,
    failing_since: Option<Instant>,
    not_before: Option<Instant>,
    /// How often it was given up, and a person said to go on.
    held: u64,
    /// It was about to be printed, and nobody knows what came of it.
    tried: bool,
}

impl Open {
    fn due(&self, gateway: &Gateway, integration: &str, number: u64) -> Result<Option<Due>, Problem> {
        let letter = read(gateway, integration, number)?;
        Ok(letter.map(|(letter, bytes)| Due {
            number,
            letter,
            bytes,
            failures: self.failures,
            tried: self.tried,
        }))
    }
}

/// A letter that should be posted now.
#[derive(Debug)]
pub struct Due {
    /// Which.
    pub number: u64,
    /// What it is.
    pub letter: Letter,
    /// As it leaves.
    pub bytes: Bytes,
    /// How often it was tried.
    pub failures: u32,
    /// Whether it was about to be printed before.
    pub tried: bool,
}

/// What the partner said in the end.
#[derive(Debug)]
pub struct Settled {
    /// The letter.
    pub letter: Letter,
    /// Codes of what it does not use; nothing when it uses all.
    pub rejected: Vec<String>,
}

/// Body of `end/N`.
#[derive(Serialize)]
struct End<'a> {
    letter: &'a Letter,
    answer: &'a Event,
}

impl Waiting {
    /// Reads what is open from the journal, once in every term; and again where a letter became durable after we were
    /// told that it could not be stored.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn ready(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        agreed: Option<&Agreed<'_>>,
    ) -> Result<(), Problem> {
        let generation = gateway.state().generation.get();
        let next = format!("out/{}", self.last + 1);
        if self.generation == generation && !records::is_kept(gateway, integration, &next) {
            return Ok(());
        }
        let mut fresh = Self {
            generation,
            last: records::last(gateway, integration, "out"),
            ..Self::default()
        };
        for number in 1..=fresh.last {
            let kept = |id: &str| records::is_kept(gateway, integration, id);
            // What nothing acknowledges is settled when it has left.
            let left = agreed.is_none() && kept(&format!("sent/{number}"));
            if left || kept(&format!("end/{number}")) {
                continue;
            }
            let held = records::last(gateway, integration, &format!("gave/{number}"));
            if held > 0 && !kept(&format!("more/{number}/{held}")) {
                continue;
            }
            let Some((letter, _)) = read(gateway, integration, number)? else {
                let why = format!("{integration}: letter {number} cannot be read yet");
                return Err(Problem::failed(why));
            };
            let sent = records::find(gateway, integration, &format!("sent/{number}"))?;
            let since = sent
                .as_ref()
                .map_or(letter.at, |record| Timestamp::from_micros(record.entry.time));
            fresh.open(number, letter, agreed, since);
            if let Some(open) = fresh.open.get_mut(&number) {
                open.posted = sent.is_some();
                open.held = held;
                open.tried = kept(&format!("try/{number}/{}", held + 1));
            }
        }
        *self = fresh;
        Ok(())
    }

    /// The last letter: only its event may lack its note after a crash.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn last(&self, gateway: &Gateway, integration: &str) -> Result<Option<(u64, Letter)>, Problem> {
        let last = read(gateway, integration, self.last)?;
        Ok(last.map(|(letter, _)| (self.last, letter)))
    }

    /// Keeps a new letter; its number upon return.
    ///
    /// # Errors
    /// When it cannot be stored now.
    pub async fn keep(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        agreed: Option<&Agreed<'_>>,
        letter: Letter,
        bytes: &[u8],
    ) -> Result<u64, Problem> {
        let number = self.last + 1;
        let record = letter
            .seal(bytes)
            .map_err(|error| Problem::failed(error.to_string()))?;
        records::keep(gateway, integration, &format!("out/{number}"), record).await?;
        self.last = number;
        let at = letter.at;
        self.open(number, letter, agreed, at);
        Ok(number)
    }

    fn open(&mut self, number: u64, letter: Letter, agreed: Option<&Agreed<'_>>, since: Timestamp) {
        let key = agreed.and_then(|agreed| letter.key(&agreed.partner, agreed.settings.standard));
        if let (Some(key), Some(sent), Some(agreed)) = (&key, letter.sent(), agreed) {
            // Noted before it leaves: a partner may acknowledge faster than we note that it left.
            self.book.note(key.clone(), sent, agreed.deadline(since));
        }
        let open = Open {
            letter,
            key,
            posted: false,
            failures: 0,
            failing_since: None,
            not_before: None,
            held: 0,
            tried: false,
        };
        self.open.insert(number, open);
    }

    /// The first letter that should be posted now. One that waits keeps back those behind it that leave in its order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn due(
        &self,
        gateway: &Gateway,
        integration: &str,
        phantoms: &Phantoms,
        clock: Instant,
    ) -> Result<Option<Due>, Problem> {
        let mut behind: HashSet<&str> = HashSet::new();
        let found = self
            .open
            .iter()
            .filter(|(_, open)| !open.posted)
            .find(|(number, open)| {
                let order = open.letter.order.as_deref();
                let rested = open.not_before.is_none_or(|until| until <= clock);
                let free =
                    rested && !phantoms.withholds(**number) && !order.is_some_and(|one| behind.contains(one));
                if !free {
                    behind.extend(order);
                }
                free
            });
        match found {
            Some((number, open)) => open.due(gateway, integration, *number),
            None => Ok(None),
        }
    }

    /// A letter was handed over: the time for its answer begins, or it is settled where there is none.
    ///
    /// # Errors
    /// When it cannot be stored now; it is posted again then, with the same bytes.
    pub async fn posted(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        agreed: Option<&Agreed<'_>>,
        number: u64,
    ) -> Result<(), Problem> {
        if !records::is_kept(gateway, integration, &format!("sent/{number}")) {
            records::keep(
                gateway,
                integration,
                &format!("sent/{number}"),
                Bytes::from_static(b"{}"),
            )
            .await?;
        }
        let Some(agreed) = agreed else {
            self.open.remove(&number);
            return Ok(());
        };
        if let Some(open) = self.open.get_mut(&number) {
            open.posted = true;
            let again = Event::SentAgain {
                deadline: agreed.deadline(now()),
            };
            if let Some(key) = &open.key {
                // Answered while it was on its way: then nothing is waited for any more.
                let _ = self.book.apply(key, &again);
            }
        }
        Ok(())
    }

    /// A letter was not handed over, as far as we know; for how long that has been so.
    pub fn failed(&mut self, number: u64, clock: Instant, until: Instant) -> Duration {
        let Some(open) = self.open.get_mut(&number) else {
            return Duration::ZERO;
        };
        open.failures += 1;
        open.not_before = Some(until);
        clock.saturating_duration_since(*open.failing_since.get_or_insert(clock))
    }

    /// Letters whose time has passed now, each once.
    pub fn alarms(&mut self, now: Timestamp) -> Vec<Letter> {
        let alarms = self.book.decide_alarms(now);
        let mut late = Vec::new();
        for (key, event) in alarms {
            let passed = self.book.apply(&key, &event).is_ok();
            let open = self.open.values().find(|open| open.key.as_ref() == Some(&key));
            late.extend(open.filter(|_| passed).map(|open| open.letter.clone()));
        }
        late
    }

    /// Settles what a partner speaks of.
    ///
    /// # Errors
    /// When it cannot be stored now.
    pub async fn settle(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        partner: &PartnerName,
        heard: Heard,
    ) -> Result<Vec<Settled>, Problem> {
        let mut news: Vec<Result<(Key, Event), Unmatched>> = Vec::new();
        news.extend(
            heard
                .groups
                .iter()
                .map(|answer| self.book.decide_functional(partner, answer)),
        );
        news.extend(
            heard
                .reports
                .iter()
                .map(|report| self.book.decide_syntax_report(partner, report)),
        );
        for answer in &heard.interchanges {
            news.extend(self.book.decide_interchange(partner, answer).into_iter().map(Ok));
        }
        let mut settled = Vec::new();
        for one in news {
            match one {
                Ok((key, event)) => settled.extend(self.note(gateway, integration, &key, &event).await?),
                Err(why) => unclear(gateway, integration, &why),
            }
        }
        let before = now().as_micros() - i64::try_from(REMEMBERED.as_micros()).unwrap_or(i64::MAX);
        self.book.forget(Timestamp::from_micros(before));
        Ok(settled)
    }

    async fn note(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        key: &Key,
        event: &Event,
    ) -> Result<Option<Settled>, Problem> {
        let next = self.book.get(key).map(|(_, state)| state.next(event));
        match next {
            None => return Ok(None),
            Some(Err(why)) => {
                unclear::<Illegal>(gateway, integration, &why);
                return Ok(None);
            }
            Some(Ok(_)) => {}
        }
        let found = self.open.iter().find(|(_, open)| open.key.as_ref() == Some(key));
        let mut settled = None;
        if let (Event::Answered { rejected, .. }, Some((&number, open))) = (event, found) {
            let end = End {
                letter: &open.letter,
                answer: event,
            };
            let body = serde_json::to_vec(&end).map_err(|error| Problem::failed(error.to_string()))?;
            records::keep(gateway, integration, &format!("end/{number}"), body.into()).await?;
            let codes = rejected.iter().flat_map(|set| set.codes.iter().cloned());
            let mut rejected_with: Vec<String> = codes.collect();
            if !rejected.is_empty() && rejected_with.is_empty() {
                rejected_with.push("no reason".to_owned());
            }
            settled = self.open.remove(&number).map(|open| Settled {
                letter: open.letter,
                rejected: rejected_with,
            });
        }
        // Cannot fail: it was tried above.
        let _ = self.book.apply(key, event);
        Ok(settled)
    }

    /// A person says that a letter which has not left is not to leave.
    ///
    /// # Errors
    /// When it cannot be stored now.
    pub async fn cancel(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        number: u64,
        decision: &Decision,
    ) -> Result<(), Problem> {
        let body = serde_json::to_vec(decision).map_err(|error| Problem::failed(error.to_string()))?;
        let id = format!("end/{number}");
        if !records::is_kept(gateway, integration, &id) {
            records::keep(gateway, integration, &id, body.into()).await?;
        }
        self.open.remove(&number);
        Ok(())
    }

    /// Counts for operators.
    pub fn documents(&self) -> Documents {
        let mut documents = NONE;
        for open in self.open.values() {
            if open.posted {
                documents.unacknowledged += 1;
            } else {
                documents.unsent += 1;
            }
            let state = open.key.as_ref().and_then(|key| self.book.get(key));
            let state = state.map(|(_, state)| state);
            documents.overdue += u64::from(matches!(state, Some(State::Overdue { .. })));
        }
        documents
    }
}

/// What was agreed on about acknowledgements.
pub struct Agreed<'a> {
    /// Settings.
    pub settings: &'a EdiSettings,
    /// With whom.
    pub partner: PartnerName,
}

impl Agreed<'_> {
    fn deadline(&self, since: Timestamp) -> Timestamp {
        let within = self.settings.answer_within.as_duration().as_micros();
        Timestamp::from_micros(
            since
                .as_micros()
                .saturating_add(i64::try_from(within).unwrap_or(i64::MAX)),
        )
    }
}

/// A letter as it was kept.
///
/// # Errors
/// When the journal cannot be read, or the record is no letter.
pub fn read(gateway: &Gateway, integration: &str, number: u64) -> Result<Option<(Letter, Bytes)>, Problem> {
    let id = format!("out/{number}");
    let Some(record) = records::find(gateway, integration, &id)? else {
        return Ok(None);
    };
    match Letter::open(&record.entry.body) {
        Some(found) => Ok(Some(found)),
        None => Err(Problem::failed(format!(
            "{integration}: the record `{id}` is no letter"
        ))),
    }
}

/// The letter that a note of an event speaks of.
pub fn letter_of(note: &[u8]) -> Option<u64> {
    std::str::from_utf8(note).ok()?.strip_prefix("out/")?.parse().ok()
}

fn unclear<E: std::fmt::Display>(gateway: &Gateway, integration: &str, why: &E) {
    let why = shown::logged(gateway, integration, why);
    tracing::warn!(
        integration,
        why,
        "PL0709: an acknowledgement that cannot be followed"
    );
}
