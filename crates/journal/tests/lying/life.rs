//! The life of one journal: appended to, cut, killed, robbed of its power and its bytes, and opened again and again.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use plimsoll_journal::{
    AppendError, Batch, Entry, Held, Journal, Options, Preparation, ReadError, Recovery, body_hash, key_hash,
};

use super::{
    chance::Chance,
    disk::{Faults, LyingDisk},
    sealed::{hurt_floor, hurt_sidecar, scrub},
    tally::LifeTally as Tally,
    trimmed::{Did, Trimmed},
};

pub const OPTIONS: Options = Options {
    segment_bytes: 4096,
    preparation: Preparation::OnDemand,
};

/// What was found wrong; the caller knows the seed.
pub type Verdict<T = ()> = Result<T, String>;

/// An entry whose whole content follows from its number.
pub fn entry(number: u64, length: usize) -> Entry {
    let id = number.to_string();
    let body = vec![(number % 251) as u8 | 1; length];
    Entry {
        kind: 1,
        stream: "acme".to_owned(),
        time: number as i64,
        key: key_hash("acme", &id),
        body_hash: body_hash(&body),
        body: body.into(),
        id,
    }
}

pub fn directory() -> &'static Path {
    Path::new("/journal")
}

/// Opens and notes what was shown.
pub fn open(disk: &LyingDisk) -> Verdict<(Journal, Recovery, BTreeMap<u64, String>)> {
    let (mut shown, mut gone) = (BTreeMap::new(), Vec::new());
    let mut twice = None;
    let mut wrong = None;
    let opened = Journal::open(Arc::new(disk.clone()), directory(), OPTIONS, |facts| {
        let id = facts.time.to_string();
        if (facts.stream, facts.kind, facts.key) != ("acme", 1, key_hash("acme", &id)) {
            wrong = Some(format!("what was shown is not what was stored: {facts:?}"));
        }
        if facts.held == Held::Nowhere {
            gone.push(facts.sequence);
        }
        if shown.insert(facts.sequence, id).is_some() {
            twice = Some(facts.sequence);
        }
    });
    match twice {
        _ if wrong.is_some() => Err(wrong.unwrap_or_default()),
        Some(sequence) => Err(format!("sequence {sequence} was shown twice")),
        None => {
            let (journal, recovery) = opened.map_err(|error| format!("cannot open: {error:?}"))?;
            let reader = journal.reader();
            let trimmed = |at: &&u64| **at <= reader.floor().sequence && !reader.is_parked(**at);
            if !shown.keys().filter(trimmed).eq(&gone) {
                return Err(format!("said to be gone: {gone:?}, floor {:?}", reader.floor()));
            }
            Ok((journal, recovery, shown))
        }
    }
}

/// How a round ended, and so what may have happened to the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Killed,
    PowerCut,
}

struct Life {
    chance: Chance,
    disk: LyingDisk,
    numbers: u64,
    /// What was acknowledged and not cut off.
    kept: Vec<Batch>,
    /// Written without an answer: each may be there after the next start or not, in this order.
    limbo: Vec<Batch>,
    /// A cut without an answer: how many batches it would keep.
    cutting: Option<usize>,
    trimmed: Trimmed,
    generation: u64,
    /// Marks may be damaged for good: the watermark is then the only proof of the last write.
    rotten: bool,
    tally: Tally,
}

/// Lives one life.
pub fn live(seed: u64) -> Verdict<Tally> {
    let mut life = Life {
        chance: Chance::new(seed),
        disk: LyingDisk::new(seed ^ 0x5eed),
        numbers: 0,
        kept: Vec::new(),
        limbo: Vec::new(),
        cutting: None,
        trimmed: Trimmed::default(),
        generation: 1,
        rotten: false,
        tally: Tally::default(),
    };
    let rounds = 2 + life.chance.below(4);
    let mut opened = Some(life.start()?);
    for _ in 0..rounds {
        let Some(journal) = opened.take() else { break };
        let end = life.round(journal)?;
        opened = life.next_start(end)?;
    }
    Ok(life.tally)
}

impl Life {
    fn start(&mut self) -> Verdict<Journal> {
        if self.chance.one_in(4) {
            self.tally.sidecars_hurt += u64::from(hurt_sidecar(&self.disk, &mut self.chance));
            hurt_floor(&self.disk, &mut self.chance);
        }
        let (journal, recovery, shown) = open(&self.disk)?;
        self.tally.opens += 1;
        self.tally.by_sidecar += recovery.by_sidecar;
        self.check_whole(&journal, &recovery, &shown)?;
        Ok(journal)
    }

    /// Appends and so on until something goes wrong or it is enough.
    fn round(&mut self, mut journal: Journal) -> Verdict<End> {
        trace(|| format!("round; ends at {:?}", journal.position()));
        let horizon = 60;
        let at = |chance: &mut Chance| Some(1 + chance.below(horizon));
        let faults = match self.chance.below(8) {
            0..4 => Faults {
                power_at: at(&mut self.chance),
                ..Faults::default()
            },
            4 | 5 => Faults {
                error_at: at(&mut self.chance),
                ..Faults::default()
            },
            6 => Faults {
                room: Some(8192 + self.chance.below(40_000)),
                ..Faults::default()
            },
            _ => Faults::default(),
        };
        self.disk.plan(faults);
        trace(|| format!("{faults:?}"));
        for _ in 0..self.chance.below(40) {
            let goes_on = match self.chance.below(16) {
                0 => journal.settle().is_ok(),
                1 => self.cut(&mut journal)?,
                2 => {
                    self.generation += 1;
                    true
                }
                3 | 4 => self.trim(&mut journal)?,
                _ => self.append(&mut journal)?,
            };
            if !goes_on {
                break;
            }
        }
        drop(journal);
        let dead = self.disk.is_dead();
        Ok(if dead || self.chance.one_in(4) {
            End::PowerCut
        } else {
            End::Killed
        })
    }

    fn append(&mut self, journal: &mut Journal) -> Verdict<bool> {
        let count = 1 + self.chance.below(3);
        let entries: Vec<Entry> = (0..count)
            .map(|_| {
                self.numbers += 1;
                entry(self.numbers, self.chance.below(700) as usize)
            })
            .collect();
        let batch = journal
            .encode(&entries, self.generation)
            .map_err(|error| format!("encode: {error:?}"))?;
        match journal.commit(std::slice::from_ref(&batch)) {
            Ok(()) => {
                trace(|| format!("acknowledged {}..={}", batch.first(), batch.last()));
                self.tally.acknowledged += count;
                self.kept.push(batch);
                Ok(true)
            }
            Err(AppendError::NoSegment { .. }) => {
                self.tally.full += 1;
                self.same_position(journal)?;
                Ok(!self.chance.one_in(3))
            }
            Err(AppendError::Poisoned { .. }) => {
                self.tally.poisoned += 1;
                self.limbo.push(batch);
                match journal.append(&entries, self.generation) {
                    Err(AppendError::Poisoned { .. }) => Ok(false),
                    other => Err(format!("a poisoned journal answered {other:?}")),
                }
            }
            Err(other) => Err(format!("append: {other:?}")),
        }
    }

    fn trim(&mut self, journal: &mut Journal) -> Verdict<bool> {
        let did = self.trimmed.step(journal, &mut self.chance)?;
        self.tally.trims += u64::from(did == Did::Trimmed);
        self.tally.forgotten += u64::from(matches!(did, Did::Shed | Did::Forgot));
        Ok(did != Did::Failed && !self.disk.is_dead())
    }

    fn same_position(&self, journal: &Journal) -> Verdict {
        let last = self.kept.last().map_or(0, Batch::last);
        if journal.position().sequence == last {
            return Ok(());
        }
        Err(format!(
            "the log ends at {}, acknowledged was {last}",
            journal.position().sequence
        ))
    }

    fn cut(&mut self, journal: &mut Journal) -> Verdict<bool> {
        let floor = self.trimmed.floor();
        let oldest = self.kept.partition_point(|batch| batch.last() <= floor);
        if self.kept.len() == oldest {
            return Ok(true);
        }
        let keep = oldest + self.chance.below((self.kept.len() - oldest) as u64) as usize;
        let Ok(aside) = journal.set_aside_from(self.kept[keep].first()) else {
            return Ok(false);
        };
        let bytes = self
            .disk
            .read(&aside.path)
            .ok_or("the suffix that was set aside has no file")?;
        let expected: Vec<u8> = self.kept[keep..]
            .iter()
            .flat_map(|batch| batch.bytes().to_vec())
            .collect();
        if bytes != expected {
            return Err("the suffix that was set aside differs from the log".to_owned());
        }
        trace(|| format!("cut from {}", aside.first));
        if journal.cut(&aside).is_ok() {
            self.kept.truncate(keep);
            self.tally.cuts += 1;
            Ok(true)
        } else {
            self.cutting = Some(keep);
            Ok(false)
        }
    }

    fn next_start(&mut self, end: End) -> Verdict<Option<Journal>> {
        trace(|| format!("{end:?}"));
        if end == End::PowerCut {
            self.tally.power_cuts += 1;
            self.disk.cut_power();
        } else {
            self.disk.plan(Faults::default());
        }
        if self.cutting.is_none() && !self.rotten && self.chance.one_in(8) {
            // Everything in the watermark is proven a second time by the marks, but for the last write and for a cut
            // that is under way.
            trace(|| "lose the watermark".to_owned());
            self.disk.lose(&directory().join("watermark"));
            return self.start().map(Some);
        }
        let journal = self.start()?;
        if !self.chance.one_in(3) || self.kept.is_empty() {
            return Ok(Some(journal));
        }
        drop(journal);
        self.rot()?;
        Ok(Some(self.start()?))
    }

    /// The medium rots under a log that is at rest; what is lost must be said, and comes back from a peer.
    fn rot(&mut self) -> Verdict {
        self.rotten = true;
        for _ in 0..=self.chance.below(3) {
            self.damage();
        }
        let (mut journal, recovery, _) = open(&self.disk)?;
        trace(|| format!("{recovery:?}"));
        self.tally.by_sidecar += recovery.by_sidecar;
        // From here on nothing damaged is hidden behind a sidecar.
        self.tally.condemned += scrub(&mut journal)?;
        let noted = journal.reader().gaps();
        self.check_gaps(&journal)?;
        drop(journal);
        let (mut journal, recovery, shown) = open(&self.disk)?;
        trace(|| format!("{recovery:?}"));
        if journal.reader().gaps() != noted {
            let now = journal.reader().gaps();
            return Err(format!(
                "gaps {noted:?} were noted, and {now:?} after another start"
            ));
        }
        self.tally.damaged += recovery.damage.len() as u64;
        let expected = self.expected();
        let last = self.kept.last().map_or(0, Batch::last);
        let missing: Vec<u64> = recovery.missing.iter().flat_map(Clone::clone).collect();
        self.tally.missing += missing.len() as u64;
        for sequence in 1..=last {
            let lost = missing.contains(&sequence);
            if !expected.contains_key(&sequence) {
                continue;
            }
            match shown.get(&sequence) {
                Some(_) if lost => return Err(format!("{sequence} was shown and is called missing")),
                None if !lost => return Err(format!("{sequence} is gone without a word: {recovery:?}")),
                Some(id) if *id != expected[&sequence] => {
                    return Err(format!("{sequence} is {id}, was {}", expected[&sequence]));
                }
                Some(_) | None => {}
            }
        }
        if shown.keys().chain(&missing).any(|sequence| *sequence > last) {
            return Err(format!(
                "something was invented behind {last}: {shown:?} {missing:?}"
            ));
        }
        if journal.position().sequence != last {
            return Err(format!(
                "the log ends at {} instead of {last}",
                journal.position().sequence
            ));
        }
        self.check_read(&journal, &shown)?;
        self.repair(&mut journal)
    }

    /// After everything was read: what cannot be read lies in a gap, and what can is what was stored.
    fn check_gaps(&self, journal: &Journal) -> Verdict {
        let (reader, expected) = (journal.reader(), self.expected());
        let gaps: Vec<u64> = reader.gaps().into_iter().flatten().collect();
        let last = self.kept.last().map_or(0, Batch::last);
        for sequence in 1..=last {
            match reader.read_one(sequence) {
                Ok(Some(record)) if Some(&record.entry.id) == expected.get(&sequence) => {}
                Ok(None) | Err(ReadError::Damaged(_)) if gaps.contains(&sequence) => {}
                Err(ReadError::Trimmed { .. }) if !self.trimmed.is_readable(sequence) => {}
                other => return Err(format!("{sequence} reads {other:?}, gaps {gaps:?}")),
            }
        }
        Ok(())
    }

    fn damage(&mut self) {
        let segments = self.disk.named("seg-");
        let Some(path) = segments.get(self.chance.below(segments.len() as u64) as usize) else {
            return;
        };
        let chance = &mut self.chance;
        let kind = chance.below(8);
        trace(|| format!("damage of kind {kind} in {}", path.display()));
        if kind == 0 {
            return self.disk.lose(path);
        }
        self.disk.damage(path, |bytes| {
            let at = chance.below(bytes.len() as u64) as usize;
            match kind {
                1 => bytes.truncate(at),
                2 => {
                    let page = at / 512 * 512;
                    let end = (page + 512).min(bytes.len());
                    bytes[page..end].fill(0);
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << chance.below(8);
                    }
                }
            }
        });
    }

    /// As the gateway does: what is behind the sound part is set aside, cut off, and copied anew from the peer.
    fn repair(&mut self, journal: &mut Journal) -> Verdict {
        let sound = journal.reader().sound_up_to();
        if sound < journal.position().sequence {
            let aside = journal
                .set_aside_from(sound + 1)
                .map_err(|error| format!("set aside: {error:?}"))?;
            journal.cut(&aside).map_err(|error| format!("cut: {error:?}"))?;
            let from = self.kept.partition_point(|batch| batch.last() <= sound);
            journal
                .commit(&self.kept[from..])
                .map_err(|error| format!("copy anew: {error:?}"))?;
        }
        self.same_position(journal)
    }

    fn expected(&self) -> BTreeMap<u64, String> {
        self.trimmed.known(ids(&self.kept))
    }

    /// Nothing but the power and errors went wrong: everything acknowledged is there, then a beginning of what got no
    /// answer, and nothing else.
    fn check_whole(
        &mut self,
        journal: &Journal,
        recovery: &Recovery,
        shown: &BTreeMap<u64, String>,
    ) -> Verdict {
        self.tally.torn += u64::from(recovery.torn.is_some());
        if !recovery.missing.is_empty() {
            return Err(format!("missing without damage: {recovery:?}"));
        }
        self.trimmed.settle(journal, shown)?;
        let mut histories = vec![self.kept.clone()];
        for batch in std::mem::take(&mut self.limbo) {
            let mut longer = histories.last().cloned().unwrap_or_default();
            longer.push(batch);
            histories.push(longer);
        }
        if let Some(keep) = self.cutting.take() {
            histories.push(self.kept[..keep].to_vec());
        }
        let trimmed = &self.trimmed;
        let found = histories
            .into_iter()
            .find(|history| trimmed.known(ids(history)) == *shown);
        let Some(found) = found else {
            return Err(format!(
                "acknowledged {:?}, found {shown:?}; {recovery:?}",
                self.expected()
            ));
        };
        self.kept = found;
        self.same_position(journal)?;
        self.check_read(journal, shown)
    }

    fn check_read(&self, journal: &Journal, shown: &BTreeMap<u64, String>) -> Verdict {
        let read = journal
            .reader()
            .read(1, usize::MAX)
            .map_err(|error| format!("read: {error:?}"))?;
        let order: Vec<u64> = read.iter().map(|record| record.sequence).collect();
        if !order.is_sorted() {
            return Err(format!("read out of order: {order:?}"));
        }
        let read: BTreeMap<u64, String> = read.into_iter().map(|one| (one.sequence, one.entry.id)).collect();
        if read != self.trimmed.readable(shown) || read.len() != order.len() {
            return Err(format!("shown {shown:?}, read {read:?}"));
        }
        Ok(())
    }
}

/// Tells what happens, if asked to: `TRACE=1`.
#[expect(clippy::print_stdout, reason = "whoever asks for it wants to read it")]
pub fn trace(what: impl FnOnce() -> String) {
    if std::env::var_os("TRACE").is_some() {
        println!("    {}", what());
    }
}

fn ids(batches: &[Batch]) -> BTreeMap<u64, String> {
    let records = batches.iter().flat_map(Batch::records);
    records.map(|view| (view.sequence, view.id.to_owned())).collect()
}
