//! One site: its agents' numbers as the journal has them, and what its scans become.
//!
//! Records beside the lane's messages (see [`records`]): `agent/K`, the Kth incarnation of its agent; `counted/K/N`, the
//! Nth time that somebody wrote down how far the numbers of the Kth are durable. What came after that is found by the
//! messages' keys, so nobody needs to read the journal from its beginning, and keys that were forgotten are no gaps.

mod keep;

use std::sync::Mutex;

use api::{
    Problem,
    gateway::{
        code,
        scans::{Event, VOID},
    },
};
use journal::key_hash;
use mapping::{Given, Mapping, Source};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use types::{
    IntegrationName, Timestamp,
    settings::{IntegrationSettings, ScannerSettings},
};

use super::{
    counted::Counted,
    event,
    known::{Agent, Count, Kept, Known, Last},
};
use crate::{
    edi::records,
    gateway::{Gateway, now},
    link::Link,
    lock, refusal,
};

/// A number may be so far ahead of those that are there: what is counted at the beginning of a term ends somewhere, and
/// who lacks more must send that first.
pub const AHEAD_MAX: u64 = 1 << 16;
/// Incarnations of one site's agent; so often nobody installs anew.
const AGENTS_MAX: usize = 1000;
/// Numbers looked at under one lock.
const SLICE: u64 = 1024;
/// Numbers looked at for one answer.
const LOOKS_MAX: u64 = 8 * SLICE;
/// What scans are called by mapping files.
const DOCUMENT: &str = "scan";

/// A site whose scans come in through an integration.
pub struct Site {
    /// What was agreed on.
    pub settings: ScannerSettings,
    name: IntegrationName,
    mappings: Vec<Mapping>,
    given: Given,
    known: Mutex<Known>,
    /// Held while a record is written, so that each is written once.
    writing: tokio::sync::Mutex<()>,
}

/// Why a site's scans cannot be taken in.
#[derive(Debug, thiserror::Error)]
#[error("cannot use a mapping of {integration}")]
pub struct SiteError {
    integration: IntegrationName,
    #[source]
    source: mapping::FileError,
}

/// What the record of an incarnation says.
#[derive(Serialize, Deserialize)]
struct Begun {
    incarnation: String,
}

impl Site {
    /// The site of an integration, where it takes scans.
    ///
    /// # Errors
    /// [`SiteError`] when a mapping cannot be used.
    pub fn open(integration: &IntegrationSettings) -> Result<Option<Self>, SiteError> {
        let Some(settings) = integration.scanner.clone() else {
            return Ok(None);
        };
        let unusable = |source| SiteError {
            integration: integration.name.clone(),
            source,
        };
        let own = settings.mappings.iter().map(|text| Mapping::parse(text));
        let mut mappings: Vec<Mapping> = own.collect::<Result<_, _>>().map_err(unusable)?;
        mappings.extend(mapping::builtin().map_err(unusable)?);
        let given = Given::from([
            ("site".to_owned(), settings.site.as_str().into()),
            ("warehouse".to_owned(), settings.warehouse.as_deref().into()),
        ]);
        Ok(Some(Self {
            name: integration.name.clone(),
            settings,
            mappings,
            given,
            known: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }))
    }

    /// Kind and payload of the inbox's command that a scan becomes.
    ///
    /// # Errors
    /// Why there is none: what a dead letter says.
    pub fn command(&self, body: &[u8]) -> Result<(String, Box<RawValue>), String> {
        let event: Event = serde_json::from_slice(body)
            .map_err(|error| format!("the journal's record is no scan: {error}"))?;
        if event.kind == VOID {
            let why = event
                .payload
                .get("why")
                .and_then(|why| why.as_str())
                .unwrap_or("it does not say why");
            return Err(format!("the site's agent has no scan under this number: {why}"));
        }
        let value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let source = Source::of_json(DOCUMENT, value);
        let command =
            mapping::map(&self.mappings, &source, &self.given).map_err(|error| error.to_string())?;
        let payload = to_raw_value(&command.payload).map_err(|error| error.to_string())?;
        Ok((command.kind.as_str().to_owned(), payload))
    }

    /// Looks at what is known, or changes it; counted anew where another term has begun.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn with<T>(&self, gateway: &Gateway, act: impl FnOnce(&mut Known) -> T) -> Result<T, Problem> {
        let generation = gateway.state().generation.get();
        let mut known = lock(&self.known);
        if known.generation != generation {
            *known = self.load(gateway, generation)?;
        }
        Ok(act(&mut known))
    }

    /// The rank of an incarnation; one that was not heard of before is written down first, and told.
    ///
    /// # Errors
    /// When that cannot be stored now, or there are too many.
    pub async fn meet(&self, gateway: &Gateway, incarnation: &str) -> Result<usize, Problem> {
        if let Some(found) = self.counted(gateway, incarnation)? {
            return Ok(found);
        }
        let _writing = self.writing.lock().await;
        if let Some(found) = self.counted(gateway, incarnation)? {
            return Ok(found);
        }
        let before = self.with(gateway, |known| known.agents.len())?;
        if before >= AGENTS_MAX {
            let message = format!("the agent of `{}` began anew {before} times", self.settings.site);
            return Err(refusal::problem(409, code::TOO_MANY_AGENTS, message).hint(
                "let it keep its incarnation; then take its scans with an integration of another name",
            ));
        }
        let body = encode(&Begun {
            incarnation: incarnation.to_owned(),
        })?;
        records::keep(
            gateway,
            self.name.as_str(),
            &format!("agent/{}", before + 1),
            body,
        )
        .await?;
        tracing::warn!(
            site = %self.settings.site,
            incarnation,
            number = before + 1,
            "an agent of the site begins to count"
        );
        self.with(gateway, |known| {
            // Another term may have begun meanwhile, and counted it.
            known.find(incarnation).unwrap_or_else(|| {
                let mut agent = Agent::new(incarnation.to_owned(), now());
                agent.counted = Some(Counted::default());
                known.agents.push(agent);
                known.agents.len() - 1
            })
        })
    }

    /// The rank of an incarnation that is known, with its numbers counted.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn counted(&self, gateway: &Gateway, incarnation: &str) -> Result<Option<usize>, Problem> {
        self.with(gateway, |known| {
            let Some(found) = known.find(incarnation) else {
                return Ok(None);
            };
            if let Some(agent) = known.agents.get_mut(found).filter(|one| one.counted.is_none()) {
                self.count(gateway, found + 1, agent)?;
            }
            Ok(Some(found))
        })?
    }

    /// Looks how far an agent's numbers are durable by now, and whether what lacks has come in another way: the other
    /// region offers what it alone has, and damage is mended. Says whether more of them may be durable.
    pub fn look(&self, gateway: &Gateway, agent: &mut Agent) -> bool {
        let Some(counted) = agent.counted.as_mut() else {
            return false;
        };
        let ledger = lock(&gateway.ledger);
        let key = |number| self.key(&agent.incarnation, number);
        // What somebody waits for may still come behind what it would let go.
        let lacking: Vec<u64> = counted
            .gaps()
            .flat_map(|gap| gap.from..=gap.to)
            .take(256)
            .filter(|number| ledger.find_settled(&key(*number)).is_some())
            .collect();
        lacking.into_iter().for_each(|number| counted.arrived(number));
        if ledger.acks.link == Link::None {
            agent.durable = counted.stored();
        }
        for _ in 0..LOOKS_MAX {
            let next = agent.durable + 1;
            let sequence = || ledger.find(&key(next));
            let there = || sequence().is_some_and(|sequence| ledger.acks.copies(sequence) > 1);
            if next > counted.stored() || !there() {
                return false;
            }
            agent.durable = next;
        }
        true
    }

    /// The integration that its scans come through.
    pub const fn name(&self) -> &IntegrationName {
        &self.name
    }

    fn key(&self, incarnation: &str, number: u64) -> journal::KeyHash {
        let id = event::id(self.settings.site.as_str(), incarnation, number);
        key_hash(self.name.as_str(), &id)
    }

    fn load(&self, gateway: &Gateway, generation: u64) -> Result<Known, Problem> {
        let name = self.name.as_str();
        let mut agents = Vec::new();
        for number in 1..=records::last(gateway, name, "agent") {
            let record = records::find(gateway, name, &format!("agent/{number}"))?;
            // One that cannot be read has no name: what comes under its name is another's.
            let begun = record.and_then(|record| {
                let begun: Begun = serde_json::from_slice(&record.entry.body).ok()?;
                Some((begun.incarnation, record.entry.time))
            });
            let (incarnation, time) = begun.unwrap_or_default();
            agents.push(Agent::new(incarnation, Timestamp::from_micros(time)));
        }
        let mut known = Known::default();
        (known.generation, known.agents) = (generation, agents);
        // Others are counted when they are heard of again.
        let newest = known.agents.len();
        if let Some(agent) = known.agents.last_mut() {
            self.count(gateway, newest, agent)?;
            known.last = self.last(gateway, agent);
        }
        Ok(known)
    }

    /// Counts an agent's numbers: from what was written down last, by the keys of what came after it.
    fn count(&self, gateway: &Gateway, rank: usize, agent: &mut Agent) -> Result<(), Problem> {
        let name = self.name.as_str();
        let kind = format!("counted/{rank}");
        let number = records::last(gateway, name, &kind);
        if number > 0
            && let Some(record) = records::find(gateway, name, &format!("{kind}/{number}"))?
        {
            let count: Count = serde_json::from_slice(&record.entry.body)
                .map_err(|error| Problem::failed(error.to_string()))?;
            (agent.durable, agent.passed) = (count.durable, count.passed);
            let at = record.entry.time;
            agent.kept = Kept { number, count, at };
        }
        let mut counted = Counted::up_to(agent.durable);
        let mut next = agent.durable + 1;
        while next <= counted.stored() + AHEAD_MAX {
            let ledger = lock(&gateway.ledger);
            let there = (next..next + SLICE).filter(|number| {
                ledger
                    .find_settled(&self.key(&agent.incarnation, *number))
                    .is_some()
            });
            there.for_each(|number| counted.arrived(number));
            next += SLICE;
        }
        agent.counted = Some(counted);
        Ok(())
    }

    fn last(&self, gateway: &Gateway, agent: &Agent) -> Option<Last> {
        let highest = agent.counted.as_ref()?.highest();
        let sequence = lock(&gateway.ledger).find(&self.key(&agent.incarnation, highest))?;
        let record = gateway.reader.read_one(sequence).ok()??;
        let event: Event = serde_json::from_slice(&record.entry.body).ok()?;
        Some(Last::of(&event, Timestamp::from_micros(record.entry.time)))
    }
}

fn encode(record: &impl Serialize) -> Result<bytes::Bytes, Problem> {
    let body = serde_json::to_vec(record).map_err(|error| Problem::failed(error.to_string()))?;
    Ok(body.into())
}
