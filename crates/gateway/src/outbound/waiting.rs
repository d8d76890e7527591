//! What was written and is not acknowledged yet: derived from the journal at the beginning of a term.

use std::{
    collections::BTreeMap,
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
};

/// What was settled is remembered so long, to tell an answer that contradicts an earlier one.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// Nothing on its way.
pub const NONE: Documents = Documents {
    unsent: 0,
    unacknowledged: 0,
    overdue: 0,
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
    key: Key,
    posted: bool,
    failures: u32,
    not_before: Option<Instant>,
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
        agreed: &Agreed<'_>,
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
            if records::is_kept(gateway, integration, &format!("end/{number}")) {
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
            fresh.open(number, letter, sent.is_some(), agreed, since);
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
        agreed: &Agreed<'_>,
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
        self.open(number, letter, false, agreed, at);
        Ok(number)
    }

    fn open(&mut self, number: u64, letter: Letter, posted: bool, agreed: &Agreed<'_>, since: Timestamp) {
        let key = letter.key(&agreed.partner, agreed.settings.standard);
        // Noted before it leaves: a partner may acknowledge faster than we note that it left.
        self.book.note(key.clone(), letter.sent(), agreed.deadline(since));
        let open = Open {
            letter,
            key,
            posted,
            failures: 0,
            not_before: None,
        };
        self.open.insert(number, open);
    }

    /// The first letter that should be posted now.
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
        let rested = |open: &Open| open.not_before.is_none_or(|until| until <= clock);
        let found = self
            .open
            .iter()
            .find(|(number, open)| !open.posted && rested(open) && !phantoms.withholds(**number));
        let Some((&number, open)) = found else {
            return Ok(None);
        };
        let letter = read(gateway, integration, number)?;
        Ok(letter.map(|(letter, bytes)| Due {
            number,
            letter,
            bytes,
            failures: open.failures,
        }))
    }

    /// A letter was handed over: the time for its answer begins.
    ///
    /// # Errors
    /// When it cannot be stored now; it is posted again then, with the same bytes.
    pub async fn posted(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        agreed: &Agreed<'_>,
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
        if let Some(open) = self.open.get_mut(&number) {
            open.posted = true;
            let again = Event::SentAgain {
                deadline: agreed.deadline(now()),
            };
            // Answered while it was on its way: then nothing is waited for any more.
            let _ = self.book.apply(&open.key, &again);
        }
        Ok(())
    }

    /// A letter was not handed over, as far as we know.
    pub fn failed(&mut self, number: u64, until: Instant) {
        if let Some(open) = self.open.get_mut(&number) {
            open.failures += 1;
            open.not_before = Some(until);
        }
    }

    /// Letters whose time has passed now, each once.
    pub fn alarms(&mut self, now: Timestamp) -> Vec<Letter> {
        let alarms = self.book.decide_alarms(now);
        let mut late = Vec::new();
        for (key, event) in alarms {
            let passed = self.book.apply(&key, &event).is_ok();
            let open = self.open.values().find(|open| open.key == key);
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
                Err(why) => unclear(integration, &why),
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
                unclear::<Illegal>(integration, &why);
                return Ok(None);
            }
            Some(Ok(_)) => {}
        }
        let found = self.open.iter().find(|(_, open)| open.key == *key);
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
            let state = self.book.get(&open.key).map(|(_, state)| state);
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

fn unclear<E: std::fmt::Display>(integration: &str, why: &E) {
    tracing::warn!(integration, %why, "PL0709: an acknowledgement that cannot be followed");
}
