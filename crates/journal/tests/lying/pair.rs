//! Two regions with a journal each: one leads, one copies, and any of them loses its power at the worst moment.
//!
//! The protocol is the gateway's: acknowledged when both have it, or on one copy while the other is away; whoever takes
//! over leads in a new generation; whoever comes back sets aside, offers and cuts off what the leader lacks.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_journal::{AppendError, Batch, Entry, Journal, ReadError, RepairError};

use super::{
    chance::Chance,
    disk::{Faults, LyingDisk},
    fork::{fork, offer},
    life::{Verdict, entry, open, trace},
    rot::{is_whole, rot},
    sealed::scrub,
    tally::PairTally as Tally,
    trimmed_pair::{begin_anew, trim},
};

struct Region {
    disk: LyingDisk,
    /// `None`: the region is down or paused.
    journal: Option<Journal>,
}

impl Region {
    fn start(&mut self) -> Verdict {
        self.disk.plan(Faults::default());
        if self
            .journal
            .as_ref()
            .is_none_or(|journal| journal.poison().is_some())
        {
            self.journal = None;
            self.journal = Some(open(&self.disk)?.0);
        }
        Ok(())
    }

    fn cut_power(&mut self) {
        self.journal = None;
        self.disk.cut_power();
    }
}

struct Pair {
    chance: Chance,
    regions: [Region; 2],
    leader: usize,
    generation: u64,
    numbers: u64,
    /// Not known to be a prefix of the leader's log.
    misaligned: bool,
    /// The follower's disk is new, and lacks what was acknowledged: nobody lets it lead.
    fresh: bool,
    tried: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    tally: Tally,
}

/// Lives the life of one pair.
pub fn live(seed: u64) -> Verdict<Tally> {
    let region = |number: u64| Region {
        disk: LyingDisk::new(seed ^ (number << 60)),
        journal: None,
    };
    let mut pair = Pair {
        chance: Chance::new(seed),
        regions: [region(1), region(2)],
        leader: 0,
        generation: 1,
        numbers: 0,
        misaligned: true,
        fresh: false,
        tried: BTreeSet::new(),
        acknowledged: BTreeSet::new(),
        tally: Tally::default(),
    };
    for region in &mut pair.regions {
        region.start()?;
    }
    for _ in 0..pair.chance.below(5) + 1 {
        pair.plan_faults();
        for _ in 0..pair.chance.below(25) {
            pair.step()?;
        }
        pair.disaster()?;
    }
    pair.finish()?;
    Ok(pair.tally)
}

impl Pair {
    fn plan_faults(&mut self) {
        for region in &mut self.regions {
            let at = Some(1 + self.chance.below(60));
            region.disk.plan(match self.chance.below(4) {
                0 => Faults {
                    power_at: at,
                    ..Faults::default()
                },
                1 => Faults {
                    error_at: at,
                    ..Faults::default()
                },
                _ => Faults::default(),
            });
        }
    }

    /// The leader's journal and the follower's, as far as they are up.
    fn sides(&mut self) -> (Option<&mut Journal>, Option<&mut Journal>) {
        let [one, two] = &mut self.regions;
        let (leader, follower) = if self.leader == 0 { (one, two) } else { (two, one) };
        (leader.journal.as_mut(), follower.journal.as_mut())
    }

    fn step(&mut self) -> Verdict {
        match self.chance.below(4) {
            0 => self.copy(),
            1 if self.chance.one_in(6) => self.take_over(),
            2 if self.chance.one_in(3) => self.trim(),
            _ => self.take_in(),
        }
    }

    /// The leader stores messages; the answer waits for the copy, or is given alone while the follower is away.
    fn take_in(&mut self) -> Verdict {
        let count = 1 + self.chance.below(3);
        let length = self.chance.below(600) as usize;
        let first = self.numbers + 1;
        self.numbers += count;
        let entries: Vec<Entry> = (first..first + count)
            .map(|number| entry(number, length))
            .collect();
        self.tried.extend(entries.iter().map(|entry| entry.id.clone()));
        let generation = self.generation;
        let (leader, follower) = self.sides();
        let Some(leader) = leader else { return Ok(()) };
        let stored = leader.append(&entries, generation);
        let alone = follower.is_none_or(|journal| journal.poison().is_some());
        match stored {
            Ok(_) if alone => {
                self.tally.alone += count;
                trace(|| format!("alone: {first}, {count}"));
                self.acknowledged
                    .extend(entries.into_iter().map(|entry| entry.id));
                Ok(())
            }
            Ok(_) if self.chance.one_in(2) => self.copy(),
            Ok(_) | Err(AppendError::Poisoned { .. } | AppendError::NoSegment { .. }) => Ok(()),
            Err(other) => Err(format!("the leader refused: {other:?}")),
        }
    }

    /// The follower copies what it lacks; what both have is acknowledged.
    fn copy(&mut self) -> Verdict {
        self.mend()?;
        if self.misaligned {
            return self.align();
        }
        let most = 200 + self.chance.below(4000) as usize;
        let (Some(leader), Some(follower)) = self.sides() else {
            return Ok(());
        };
        loop {
            let from = follower.position().sequence + 1;
            let batches = match leader.reader().batches(from, most) {
                Ok(batches) => batches,
                Err(ReadError::Damaged(at)) => {
                    // Its start saw the sidecar only. The next round gets it back.
                    return match leader.condemn(at) {
                        // The disk failed, or the power went.
                        Ok(Some(_)) | Err(_) => Ok(()),
                        Ok(None) => Err(format!(
                            "the leader cannot read {from}, and nothing is wrong with it"
                        )),
                    };
                }
                Err(error) => return Err(format!("the leader cannot read {from}: {error:?}")),
            };
            if batches.is_empty() {
                break;
            }
            match follower.commit(&batches) {
                Ok(()) => {}
                Err(AppendError::Poisoned { .. } | AppendError::NoSegment { .. }) => return Ok(()),
                Err(other) => return Err(format!("an aligned follower refused: {other:?}")),
            }
        }
        let both = follower.position().sequence;
        let caught_up = both == leader.position().sequence;
        let read = leader
            .reader()
            .read(1, usize::MAX)
            .map_err(|error| format!("read: {error:?}"))?;
        let before = self.acknowledged.len();
        trace(|| format!("both have {both}"));
        let ids = read
            .into_iter()
            .filter(|record| record.sequence <= both)
            .map(|record| record.entry.id);
        self.acknowledged.extend(ids);
        self.tally.acknowledged += (self.acknowledged.len() - before) as u64;
        self.fresh &= !caught_up;
        Ok(())
    }

    /// What both have goes in either of them.
    fn trim(&mut self) -> Verdict {
        self.copy()?;
        let ends = self.ends();
        if self.misaligned || ends[0] != ends[1] {
            return Ok(());
        }
        let follows = self.chance.one_in(2);
        let mut chance = Chance::new(self.chance.below(u64::MAX));
        let (Some(leader), Some(follower)) = self.sides() else {
            return Ok(());
        };
        if leader.poison().is_some() || follower.poison().is_some() {
            return Ok(());
        }
        // The leader first, what the follower has read; then the follower the same.
        let trimmed = if follows {
            trim(follower, leader.reader().floor().sequence, &mut chance)?
        } else {
            trim(leader, follower.reader().checked_up_to(), &mut chance)?
        };
        self.tally.trims += u64::from(trimmed);
        Ok(())
    }

    fn floors(&self) -> Vec<Option<u64>> {
        let floor = |region: &Region| Some(region.journal.as_ref()?.reader().floor().sequence);
        self.regions.iter().map(floor).collect()
    }

    /// What the leader holds alone, and damaged, is lost: no disaster is drawn then, and it is counted that none was.
    fn leader_is_whole(&mut self) -> bool {
        let (leader, _) = self.sides();
        let whole = leader.is_some_and(|leader| is_whole(&leader.reader()));
        self.tally.last_copies += u64::from(!whole);
        whole
    }

    /// The follower's disk is lost with all that was on it, while the leader has everything.
    fn replace(&mut self) -> Verdict {
        self.copy()?;
        let ends = self.ends();
        if self.misaligned || ends[0] != ends[1] || !self.leader_is_whole() {
            return Ok(());
        }
        let region = &mut self.regions[1 - self.leader];
        region.journal = None;
        region.disk = LyingDisk::new(self.chance.below(u64::MAX));
        self.fresh = true;
        self.tally.replaced += 1;
        Ok(())
    }

    /// The other region leads from now on; the old leader may still be up, but it writes nothing in an old generation.
    fn take_over(&mut self) -> Verdict {
        let other = 1 - self.leader;
        if self.fresh {
            return Ok(());
        }
        // Only what is up can lead, and it has all that was acknowledged on two copies.
        if self.regions[other]
            .journal
            .as_ref()
            .is_none_or(|journal| journal.poison().is_some())
        {
            return Ok(());
        }
        self.leader = other;
        self.generation += 1;
        trace(|| format!("{other} takes over"));
        self.misaligned = true;
        self.tally.takeovers += 1;
        Ok(())
    }

    /// What ends a phase: both cut at once, one cut while the other is paused, or the leader lost and revived.
    fn disaster(&mut self) -> Verdict {
        let leader = self.leader;
        let kind = self.chance.below(6);
        trace(|| format!("disaster {kind}, {leader} leads; {:?}", self.ends()));
        match kind {
            0 => {
                self.tally.both_cut += 1;
                self.regions.iter_mut().for_each(Region::cut_power);
                if self.chance.one_in(2) && !self.fresh {
                    self.leader = 1 - leader;
                }
                self.generation += 1;
            }
            1 => {
                // The leader answers alone while the other is paused, and loses its power before that one is back.
                let paused = self.regions[1 - leader].journal.take();
                for _ in 0..self.chance.below(6) {
                    self.take_in()?;
                }
                self.regions[leader].cut_power();
                self.regions[1 - leader].journal = paused;
                self.take_over()?;
                for _ in 0..self.chance.below(6) {
                    self.take_in()?;
                }
            }
            2 => {
                self.regions[leader].cut_power();
                self.take_over()?;
                for _ in 0..self.chance.below(6) {
                    self.take_in()?;
                }
            }
            3 => self.regions[1 - leader].cut_power(),
            4 => self.replace()?,
            _ => self.rot()?,
        }
        self.misaligned = true;
        for region in &mut self.regions {
            if region.disk.is_dead() {
                region.cut_power();
            }
            region.start()?;
        }
        Ok(())
    }

    fn ends(&self) -> Vec<Option<u64>> {
        let journals = self.regions.iter().map(|region| region.journal.as_ref());
        journals
            .map(|journal| Some(journal?.position().sequence))
            .collect()
    }

    /// The follower's medium rots at rest, while the leader has the same: what rots in its only copy is lost.
    fn rot(&mut self) -> Verdict {
        self.copy()?;
        let region = &mut self.regions[1 - self.leader];
        if region.disk.is_dead() {
            region.cut_power();
        }
        region.start()?;
        // Looked at behind the power cut, which takes back a trim that had not come to its end.
        let (ends, floors) = (self.ends(), self.floors());
        if self.misaligned || ends[0] != ends[1] || floors[0] != floors[1] || !self.leader_is_whole() {
            return Ok(());
        }
        let region = &mut self.regions[1 - self.leader];
        region.journal = None;
        self.tally.repaired += u64::from(rot(&region.disk, &mut self.chance));
        Ok(())
    }

    /// A leader whose own medium rotted takes what it lacks from the other region.
    fn mend(&mut self) -> Verdict {
        // What is offered to the leader is compared with what it can read; the gateway knows keys from sidecars too.
        if self.misaligned || self.chance.one_in(2) {
            self.scrub_leader()?;
        }
        let (Some(leader), Some(follower)) = self.sides() else {
            return Ok(());
        };
        let mut mended = 0;
        for gap in leader.reader().gaps() {
            let Ok(batches) = follower.reader().batches(*gap.start(), usize::MAX) else {
                continue;
            };
            let batches: Vec<Batch> = batches
                .into_iter()
                .take_while(|batch| batch.last() <= *gap.end())
                .collect();
            if batches.is_empty() {
                continue;
            }
            match leader.repair(&batches) {
                Ok(()) => mended += 1,
                Err(RepairError::Disconnected { .. }) => {}
                // What a restart reads may be in the page cache alone; without power it is what is on the disk.
                Err(RepairError::Append(AppendError::Poisoned { .. })) => {
                    self.regions[self.leader].cut_power();
                    return Ok(());
                }
                Err(other) => return Err(format!("{gap:?} was not repaired: {other:?}")),
            }
        }
        self.tally.mended += mended;
        Ok(())
    }

    fn scrub_leader(&mut self) -> Verdict {
        let (Some(leader), _) = self.sides() else {
            return Ok(());
        };
        if leader.poison().is_none() {
            self.tally.scrubbed += scrub(leader)?;
        }
        Ok(())
    }

    /// Makes the follower's log a beginning of the leader's, as the gateway does.
    fn align(&mut self) -> Verdict {
        let generation = self.generation;
        let (Some(leader), Some(follower)) = self.sides() else {
            return Ok(());
        };
        if leader.poison().is_some() || follower.poison().is_some() {
            return Ok(());
        }
        let reader = follower.reader();
        let (end, common) = (
            follower.position().sequence,
            fork(&reader, &leader.reader(), follower.position().sequence),
        );
        let Some(common) = common else {
            let anew = begin_anew(leader, follower, generation)?;
            self.tally.begun_anew += u64::from(anew);
            self.misaligned = !anew;
            return Ok(());
        };
        let leader_floor = leader.reader().floor().sequence;
        let sound = reader.sound_up_to();
        let keep = if sound < common && leader.reader().sound_up_to() >= common {
            sound
        } else {
            common
        };
        trace(|| {
            format!(
                "align: end {end}, common {common}, sound {sound}, leader {:?}",
                leader.position()
            )
        });
        if keep < end {
            let Ok(aside) = follower.set_aside_from(keep + 1) else {
                return Ok(());
            };
            let offered = offer(&reader, leader, keep + 1, generation)?;
            let Some(offered) = offered else { return Ok(()) };
            if follower.cut(&aside).is_err() {
                return Ok(());
            }
            self.tally.offered += offered;
            self.tally.set_aside += 1;
        }
        // What the leader has trimmed cannot be copied anew.
        self.misaligned = keep < leader_floor;
        Ok(())
    }

    fn finish(&mut self) -> Verdict {
        for _ in 0..3 {
            for region in &mut self.regions {
                if region.disk.is_dead() {
                    region.cut_power();
                }
                region.start()?;
                if let Some(journal) = &mut region.journal {
                    self.tally.scrubbed += scrub(journal)?;
                }
            }
            self.misaligned = true;
            self.copy()?;
            self.copy()?;
        }
        let acknowledged = self.acknowledged.clone();
        let mut logs = Vec::new();
        for region in &mut self.regions {
            region.journal = None;
            region.cut_power();
            let (mut journal, recovery, shown) = open(&region.disk)?;
            if scrub(&mut journal)? > 0 {
                return Err("damage was left after the repair".to_owned());
            }
            if !recovery.missing.is_empty() {
                return Err(format!("missing after the repair: {recovery:?}"));
            }
            let mut places: BTreeMap<String, u64> = BTreeMap::new();
            for (sequence, id) in &shown {
                if let Some(other) = places.insert(id.clone(), *sequence) {
                    return Err(format!("{id} is stored at {other} and at {sequence}"));
                }
            }
            if let Some(lost) = acknowledged.iter().find(|id| !places.contains_key(*id)) {
                return Err(format!("acknowledged {lost} is lost"));
            }
            if let Some(invented) = places.keys().find(|id| !self.tried.contains(*id)) {
                return Err(format!("{invented} was never sent"));
            }
            logs.push((journal.position(), shown));
        }
        if logs[0] != logs[1] {
            return Err(format!("the regions differ: {logs:?}"));
        }
        Ok(())
    }
}
