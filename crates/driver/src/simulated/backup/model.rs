//! The state of the simulated stamp, and what must never be.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    time::Duration,
};

use api::backup::{
    Agreed, DatabaseName, Gate, Measure, RestorePoint, Room, RunningRelease, Serving, Swapped, TenantFence,
    TenantReplay,
};
use types::{Generation, TenantName, Timestamp};

use super::{Chance, Look};
use crate::Error;

/// A lane of what follows from messages, and one of what people cause.
pub(super) const LANES: [&str; 2] = ["edi", "labels"];
/// Every call takes this long.
const CALL: Duration = Duration::from_millis(10);

/// A call that is still on its way: after how many calls, what, and its effect.
pub(super) type Late = (
    u32,
    &'static str,
    Box<dyn FnOnce(&mut State) -> Result<(), Error> + Send>,
);

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub id: String,
    /// A person said that it did the damage.
    pub left_out: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Database {
    /// The restore point that it was made of, if it was.
    pub origin: Option<String>,
    /// Messages, and how often each was applied.
    pub applied: BTreeMap<String, u32>,
    /// What people did in it.
    pub by_hand: BTreeSet<String>,
    pub damaged: bool,
    pub broken_into: bool,
    pub schema: u32,
    pub accepts: bool,
    pub mute: bool,
    pub old_secrets: bool,
    pub incarnation: String,
}

#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub point: RestorePoint,
    pub holds: bool,
    pub content: Database,
}

/// What was told in the newest generation, so that the same question gets the same answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub held: bool,
    pub fenced: Option<TenantFence>,
    pub swapped: Option<Swapped>,
    pub swapped_back: bool,
    pub reopened: bool,
    pub incarnated: bool,
    pub replayed: Option<TenantReplay>,
    pub opened: BTreeSet<Gate>,
    pub lanes: bool,
    pub put: Option<RunningRelease>,
}

#[derive(Clone, Debug)]
pub(super) struct Tenant {
    pub name: TenantName,
    pub databases: BTreeMap<DatabaseName, Database>,
    pub serving: DatabaseName,
    /// Every database that has ever served.
    pub served: BTreeSet<DatabaseName>,
    pub points: Vec<Stored>,
    pub journal: Vec<Message>,
    /// What left.
    pub sent: BTreeSet<String>,
    pub generation: Generation,
    pub told: Told,
    /// People are let in.
    pub people: bool,
    /// Lanes, and why they are held.
    pub held: BTreeMap<&'static str, Option<String>>,
    pub contained: BTreeSet<Measure>,
    pub image: String,
    /// How often somebody asked for the copy that is being made.
    pub restoring: u32,
}

pub(super) struct State {
    pub now: Timestamp,
    pub room: Room,
    pub chance: Box<dyn Chance>,
    pub tenants: BTreeMap<TenantName, Tenant>,
    pub images: BTreeMap<String, RangeInclusive<u32>>,
    pub agreeing: Vec<(u32, Agreed)>,
    pub asked: BTreeMap<String, u32>,
    pub late: Vec<Late>,
    pub violations: Vec<String>,
    /// Whether somebody wants to read what was said.
    pub telling: bool,
    pub said: Vec<String>,
}

// === impl Tenant ===

impl Tenant {
    pub fn told_serving(&self) -> Serving {
        let current = self.databases.get(&self.serving);
        Serving {
            database: self.serving.clone(),
            generation: self.generation,
            incarnation: current.map_or_else(String::new, |current| current.incarnation.clone()),
            accepts: current.is_some_and(|current| current.accepts),
            aside: self.aside(),
        }
    }

    fn aside(&self) -> BTreeSet<DatabaseName> {
        let aside = self.served.iter().filter(|name| **name != self.serving);
        aside.cloned().collect()
    }

    /// Learns a generation; an older one than the newest is stale.
    pub fn learn(&mut self, generation: Generation) -> Result<(), Error> {
        if generation < self.generation {
            return Err(Error::Stale {
                whom: self.name.to_string(),
                known: self.generation,
            });
        }
        if generation > self.generation {
            self.generation = generation;
            self.told = Told::default();
        }
        Ok(())
    }

    pub fn refused(&self, why: impl Into<String>) -> Error {
        Error::Refused {
            whom: self.name.to_string(),
            why: why.into(),
        }
    }

    pub fn not_now(&self, why: impl Into<String>) -> Error {
        Error::NotNow {
            whom: self.name.to_string(),
            why: why.into(),
        }
    }

    pub fn current(&mut self) -> Result<&mut Database, Error> {
        let missing = self.refused("no database serves");
        self.databases.get_mut(&self.serving).ok_or(missing)
    }

    /// A message arrives, and somebody works, where the database lets them.
    fn go_on(&mut self) {
        let id = format!("m{}", self.journal.len());
        self.journal.push(Message {
            id: id.clone(),
            left_out: false,
        });
        let frozen = self.contained.contains(&Measure::FreezeCredentials);
        let (people, by_hand) = (self.people, format!("{}-h{}", self.serving, self.journal.len()));
        let Some(current) = self.databases.get_mut(&self.serving) else {
            return;
        };
        if current.accepts && !(frozen && current.old_secrets) {
            *current.applied.entry(id).or_default() += 1;
            if people {
                current.by_hand.insert(by_hand);
            }
        }
        self.send();
    }

    /// What wants to leave leaves, if its lane sends. An effect of a message that left before is not sent again: the
    /// gateway knows it by the message.
    pub fn send(&mut self) {
        let cut = self.contained.contains(&Measure::CutEgress);
        let Some(current) = self.databases.get(&self.serving) else {
            return;
        };
        if cut || current.mute {
            return;
        }
        let [edi, labels] = LANES.map(|lane| self.held.get(lane).is_some_and(Option::is_none));
        let edi = current.applied.keys().filter(|_| edi);
        let labels = current.by_hand.iter().filter(|_| labels);
        self.sent.extend(edi.chain(labels).cloned());
    }

    /// What left and of which the database knows nothing.
    pub fn phantoms(&self) -> Vec<(String, &'static str)> {
        let Some(current) = self.databases.get(&self.serving) else {
            return Vec::new();
        };
        let [edi, labels] = LANES;
        let lost = self.sent.iter().filter_map(|effect| {
            if effect.starts_with('m') && self.journal.iter().any(|message| message.id == *effect) {
                (!current.applied.contains_key(effect)).then(|| (effect.clone(), edi))
            } else {
                (!current.by_hand.contains(effect)).then(|| (effect.clone(), labels))
            }
        });
        lost.collect()
    }

    pub fn look(&self) -> Look {
        let told = self.told_serving();
        let current = self.databases.get(&self.serving);
        let applied = |id: &String| current.is_some_and(|current| current.applied.contains_key(id));
        let lacking = self.journal.iter().filter(|message| !message.left_out);
        let unserved = self.databases.keys().filter(|name| !self.served.contains(*name));
        let sending = self.held.iter().filter(|(_, held)| held.is_none());
        let cut = self.contained.contains(&Measure::CutEgress);
        Look {
            serving: self.serving.clone(),
            accepts: told.accepts,
            incarnation: told.incarnation,
            generation: self.generation,
            aside: told.aside,
            copies: unserved.cloned().collect(),
            damaged: current.is_some_and(|current| current.damaged),
            broken_into: current.is_some_and(|current| current.broken_into),
            lacking: lacking.filter(|message| !applied(&message.id)).count(),
            twice: current.map_or(0, |current| {
                current.applied.values().filter(|times| **times > 1).count()
            }),
            sending: sending
                .filter(|_| !cut)
                .map(|(lane, _)| (*lane).to_owned())
                .collect(),
            contained: self.contained.clone(),
            image: self.image.clone(),
            points: self.points.len(),
        }
    }
}

// === impl State ===

impl State {
    pub fn new(now: Timestamp, room: Room, chance: Box<dyn Chance>) -> Self {
        Self {
            now,
            room,
            chance,
            tenants: BTreeMap::new(),
            images: BTreeMap::new(),
            agreeing: Vec::new(),
            asked: BTreeMap::new(),
            late: Vec::new(),
            violations: Vec::new(),
            telling: false,
            said: Vec::new(),
        }
    }

    pub fn tenant(&mut self, name: &TenantName) -> Result<&mut Tenant, Error> {
        self.tenants.get_mut(name).ok_or_else(|| Error::Refused {
            whom: name.to_string(),
            why: "there is no such tenant".to_owned(),
        })
    }

    pub fn pass(&mut self, length: Duration) {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        self.now = Timestamp::from_micros(self.now.as_micros().saturating_add(micros));
    }

    pub fn say(&mut self, line: impl FnOnce() -> String) {
        if self.telling {
            let at = self.now;
            self.said.push(format!("{at} {}", line()));
        }
    }

    pub fn never(&mut self, what: String) {
        self.say(|| format!("NEVER: {what}"));
        self.violations.push(what);
    }

    /// A call's time passes: the business goes on, and what was late may arrive.
    pub fn go_on(&mut self) {
        self.pass(CALL);
        if self.chance.business_goes_on() {
            for tenant in self.tenants.values_mut() {
                tenant.go_on();
            }
        }
        for (calls, ..) in &mut self.late {
            *calls = calls.saturating_sub(1);
        }
        while let Some(due) = self.late.iter().position(|(calls, ..)| *calls == 0) {
            self.carry_out(due);
        }
    }

    pub fn arrive_all(&mut self) {
        while !self.late.is_empty() {
            self.carry_out(0);
        }
    }

    fn carry_out(&mut self, index: usize) {
        let (_, what, effect) = self.late.remove(index);
        let came_of_it = effect(self);
        self.say(|| match came_of_it {
            Ok(()) => format!("{what} arrives late: done"),
            Err(error) => format!("{what} arrives late: {error}"),
        });
        self.judge();
    }

    /// What must never be.
    pub fn judge(&mut self) {
        let mut found = Vec::new();
        for (name, tenant) in &self.tenants {
            let accepting = tenant.databases.values().filter(|database| database.accepts);
            if accepting.count() > 1 {
                found.push(format!("two databases of {name} accept writes"));
            }
            for (database, state) in tenant
                .databases
                .iter()
                .filter(|(database, _)| **database != tenant.serving)
            {
                if state.accepts {
                    found.push(format!("{database} accepts writes and does not serve"));
                }
                if !state.mute {
                    found.push(format!("{database} is not mute and does not serve"));
                }
            }
            for served in tenant
                .served
                .iter()
                .filter(|served| !tenant.databases.contains_key(served))
            {
                found.push(format!("{served} has served and is gone"));
            }
            let reads = |schema| {
                let schemas = self.images.get(&tenant.image);
                schemas.is_none_or(|schemas| schemas.contains(&schema))
            };
            let current = tenant.databases.get(&tenant.serving);
            if current.is_some_and(|current| current.accepts && !reads(current.schema)) {
                found.push(format!("an image serves a schema of {name} that it cannot read"));
            }
        }
        if self.room.free_bytes < self.room.reserved_bytes {
            found.push("a copy took the room of those who serve".to_owned());
        }
        for what in found {
            if !self.violations.contains(&what) {
                self.never(what);
            }
        }
    }
}
