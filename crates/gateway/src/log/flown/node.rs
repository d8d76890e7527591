//! One region's gateway, as far as the copy goes: the real journal, its thread's work, ledger and role, over a disk in
//! memory. What it remembers outlives its process.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use journal::{Batch, Entry, Journal, Options, Position, Preparation, Reader, Record, SetAside};
use types::{Generation, RegionName};

use super::{super::Waiting, disk::MemoryDisk};
use crate::{
    copy::flight::Flights,
    ingest::accept::{Acceptance, Admitted, admit},
    ledger::{Acks, KIND_MESSAGE, Ledger, Need, Reply, Unstored},
    link::Link,
    lock,
    log::{Figures, Permit, Shared, Store, Tail, Writer},
    metrics,
    role::{Event, Refusal, Role, State},
};

/// The only integration.
pub const STREAM: &str = "acme";
const DIRECTORY: &str = "/journal";
/// Small, so that some dozen messages fill several.
const OPTIONS: Options = Options {
    segment_bytes: 4096,
    preparation: Preparation::OnDemand,
};

/// A region's gateway.
pub struct Node {
    pub name: RegionName,
    pub disk: MemoryDisk,
    pub state: State,
    pub process: Option<Process>,
}

/// Its process.
pub struct Process {
    pub writer: Writer,
    pub reader: Reader,
    /// Taken in, not yet given to the journal.
    pub queue: Vec<Store>,
    /// Shown to the other region, and not on this disk yet.
    pub writing: Option<(Batch, Vec<Entry>, Vec<Waiting>)>,
    /// Whether this log is known to be a prefix of the leader's.
    pub aligned: bool,
    /// What was set aside, behind what stays: offered, and not cut off yet.
    pub aside: Option<(u64, SetAside)>,
    /// Where the other region's log ended when it was asked.
    pub asked: Option<Position>,
    /// Requests that are under way from here.
    pub flights: Option<Flights<'static>>,
}

impl Node {
    pub fn new(name: &str) -> Self {
        Self {
            name: RegionName::new(name).unwrap(),
            disk: MemoryDisk::default(),
            state: State::new(),
            process: None,
        }
    }

    pub fn leads(&self) -> bool {
        self.process.is_some() && self.state.role == Role::Leading
    }

    pub fn start(&mut self) {
        let mut ledger = Ledger::new([STREAM.to_owned()], Acks::new(Link::Gone));
        let journal = open(&self.disk, &mut ledger);
        ledger.acks.here = journal.position().sequence;
        self.state = self.state.next(&Event::Started, &self.name).unwrap();
        let shared = Arc::new(Shared {
            ledger: Arc::new(Mutex::new(ledger)),
            permit: Mutex::new(Permit::Nothing),
            tail: Tail::default(),
            figures: Mutex::new(Figures::default()),
            sync: metrics::sync_histogram(),
            poisoned: tokio::sync::Notify::new(),
        });
        self.process = Some(Process {
            reader: journal.reader(),
            writer: Writer::new(journal, shared),
            queue: Vec::new(),
            writing: None,
            aligned: false,
            aside: None,
            asked: None,
            flights: None,
        });
    }

    /// As `Gateway::lead` does.
    pub fn lead(&mut self, generation: u64, peer_gone: bool) {
        let event = Event::Lead(Generation::new(generation));
        let next = self.state.next(&event, &self.name).unwrap();
        let Some(process) = &mut self.process else {
            return;
        };
        if next == self.state {
            return;
        }
        process.end_term();
        self.state = next;
        let mut ledger = lock(&process.writer.shared.ledger);
        ledger.acks.link = if peer_gone { Link::Gone } else { Link::Expected };
        ledger.acks.there = 0;
        drop(ledger);
        *lock(&process.writer.shared.permit) = Permit::Own(generation);
    }

    /// As `Gateway::follow` does: somebody says who leads.
    pub fn hear(&mut self, generation: u64, leader: &RegionName) -> Result<(), Refusal> {
        let event = Event::Led(Generation::new(generation), leader.clone());
        let next = self.state.next(&event, &self.name)?;
        let Some(process) = &mut self.process else {
            return Ok(());
        };
        if next != self.state {
            process.end_term();
            self.state = next;
            process.aligned = false;
            *lock(&process.writer.shared.permit) = Permit::Copies(generation);
        }
        Ok(())
    }

    pub fn overtaken(&mut self, generation: Generation) {
        let next = self
            .state
            .next(&Event::Overtaken(generation), &self.name)
            .unwrap();
        if next != self.state
            && let Some(process) = &mut self.process
        {
            process.end_term();
            self.state = next;
        }
    }

    /// What is readable on its disk if the power goes now, oldest first.
    pub fn durable(&self) -> Vec<Record> {
        let mut ledger = Ledger::new([STREAM.to_owned()], Acks::new(Link::None));
        let journal = open(&self.disk.synced(), &mut ledger);
        let (reader, end) = (journal.reader(), journal.position().sequence);
        let mut records: Vec<Record> = Vec::new();
        loop {
            let next = records.last().map_or(1, |last| last.sequence + 1);
            if next > end {
                break;
            }
            records.extend(reader.read(next, 1000).unwrap());
        }
        records
    }
}

impl Process {
    fn end_term(&mut self) {
        let shared = &self.writer.shared;
        *lock(&shared.permit) = Permit::Nothing;
        lock(&shared.ledger).fail_all(&Unstored::NotLeading);
        (self.flights, self.asked, self.aside) = (None, None, None);
    }

    pub fn link(&self) -> Link {
        lock(&self.writer.shared.ledger).acks.link
    }

    /// Takes a message in, and says what is known of it already; otherwise the answer comes to where `reply` says.
    pub fn admit(&mut self, entry: Entry, need: Need, reply: Reply) -> Option<Acceptance> {
        let shared = Arc::clone(&self.writer.shared);
        let admitted = admit(&mut lock(&shared.ledger), entry, need, || reply);
        match admitted {
            Admitted::Known(acceptance) => Some(acceptance),
            Admitted::Joined => None,
            Admitted::Store(_, store) => {
                self.queue.push(store);
                None
            }
        }
    }

    /// Everything queued gets its numbers and is shown to the other region.
    pub fn begin(&mut self) {
        if self.writing.is_some() || self.queue.is_empty() {
            return;
        }
        self.writer.waiting.extend(self.queue.drain(..));
        let (entries, waiters) = self.writer.take_batch();
        self.queue.extend(self.writer.waiting.drain(..));
        match self.writer.begin(&entries) {
            Ok(batch) => self.writing = Some((batch, entries, waiters)),
            Err(why) => self.refuse(waiters, &why),
        }
    }

    /// What is being written is on this disk.
    pub fn finish(&mut self) {
        let Some((batch, entries, waiters)) = self.writing.take() else {
            return;
        };
        if let Err((waiters, why)) = self.writer.finish(&batch, &entries, waiters) {
            self.refuse(waiters, &why);
        }
    }

    /// Before it does anything else the journal's thread is done with what was asked of it before.
    pub fn drain(&mut self) {
        self.finish();
        while !self.queue.is_empty() {
            self.begin();
            self.finish();
        }
    }

    fn refuse(&self, waiters: Vec<Waiting>, why: &Unstored) {
        let mut ledger = lock(&self.writer.shared.ledger);
        for (waiter, _) in waiters {
            ledger.answer(waiter, Err(why.clone()), &mut crate::ledger::Bells::default());
        }
    }
}

fn open(disk: &MemoryDisk, ledger: &mut Ledger) -> Journal {
    let disk = Arc::new(disk.clone());
    let each = |facts: &journal::Facts<'_>| ledger.stored(facts);
    let (journal, recovery) = Journal::open(disk, Path::new(DIRECTORY), OPTIONS, each).unwrap();
    assert_eq!((recovery.damage, recovery.missing), (vec![], vec![]));
    journal
}

/// A message whose whole content follows from its number.
pub fn message(number: u64) -> Entry {
    let (id, body) = (format!("PO-{number}"), format!("order {number}").into_bytes());
    Entry {
        kind: KIND_MESSAGE,
        stream: STREAM.to_owned(),
        key: journal::key_hash(STREAM, &id),
        id,
        time: 5,
        body_hash: journal::body_hash(&body),
        body: body.into(),
    }
}
