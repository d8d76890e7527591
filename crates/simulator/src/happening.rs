//! Faults as they begin and end.

use crate::{
    database::Database,
    fault::{Disk, What},
    lane::Register,
    ledger::Broken,
    message::Event,
    place::{Place, Side},
    time::{At, ms},
    world::World,
};

impl World<'_> {
    pub(crate) fn fault_begins(&mut self, index: usize) {
        let Some(fault) = self.schedule.faults.get(index) else {
            return;
        };
        let what = fault.what.clone();
        self.faults_to_come -= 1;
        self.stats.fault(what.kind());
        self.last_fault = self.now;
        self.say(Place::Outside, || format!("*** {what}"));
        let lasts = what.lasts();
        let end = self.now.plus(lasts);
        if lasts > 0 && !matches!(what, What::CrashAtStep { .. }) {
            self.faults_active += 1;
            self.push(end, Event::FaultEnds(index));
        }
        match what {
            What::LoseRegion { side, disk, .. } => {
                self.lose_region(side);
                self.cut_power(side);
                if disk == Disk::Lost {
                    self.lose_disk(side);
                }
            }
            What::RestartAgent { side } => self.restart_agent(side),
            What::CrashDatabase { side } => self.crash_database(side),
            What::RestartGateway { side } => self.restart_gateway(side),
            What::CrashControl { .. } => self.stop_machine(Place::Control),
            What::CrashAtStep { node, boundary, .. } => self.control.die_at(node, boundary),
            What::Freeze { place, .. } => {
                self.machines[place.index()].frozen_until = end;
                if let Some(side) = place.side() {
                    self.ledger.stands_still(side, end);
                }
            }
            What::FreezeAgent { side, .. } => self.regions[side.index()].agent_frozen_until = end,
            What::FreezeGateway { side, .. } => self.regions[side.index()].gateway_frozen_until = end,
            What::Cut { .. } | What::Partition { .. } | What::Isolate { .. } => self.cuts(&what, true),
            What::Flap { times, every, .. } => {
                for turn in 0..times {
                    let at = self.now.plus(turn * every * 2);
                    self.push(
                        at,
                        Event::Flap {
                            fault: index,
                            cut: true,
                        },
                    );
                    self.push(
                        at.plus(every),
                        Event::Flap {
                            fault: index,
                            cut: false,
                        },
                    );
                }
            }
            What::SlowLink { a, b, by, .. } => self.slow_link(a, b, by),
            What::Disorder { loss, repeat, .. } => (self.loss, self.repeat) = (loss, repeat),
            What::ClockJump { place, by } => self.machines[place.index()].clock.jump(by),
            What::Drift { place, ppm } => {
                let now = self.now;
                self.machines[place.index()].clock.drift(ppm, now);
            }
            What::SlowDisk { side, by, .. } => {
                let disk = &mut self.regions[side.index()].disk;
                (disk.slow_by, disk.slow_until) = (by, end);
            }
            What::FullDisk { side, .. } => {
                let region = &mut self.regions[side.index()];
                region.disk.full_until = end.max(region.disk.full_until);
                region.gateway.log.medium.full(true);
            }
            What::LyingDisk { side, .. } => {
                let region = &mut self.regions[side.index()];
                region.disk.lies_since = Some(region.gateway.marks);
                region.gateway.log.medium.lies(true);
            }
            What::FailSync { side } => {
                if !self.is_down(side.place()) {
                    self.regions[side.index()].gateway.log.medium.fails();
                }
            }
            What::Rot { side } => {
                self.excuse_only_copies(side);
                self.regions[side.index()].gateway.log.medium.rot();
            }
            What::SlowReplay { side, .. } => self.regions[side.index()].disk.slow_replay_until = end,
            What::Person { deed } => self.deed(deed),
            What::ErpAway { .. }
            | What::ErpHangs { .. }
            | What::StuckMessage { .. }
            | What::PoisonedMessage { .. }
            | What::PauseLane { .. } => self.lane_trouble(&what, true),
        }
    }

    pub(crate) fn fault_ends(&mut self, index: usize) {
        let Some(fault) = self.schedule.faults.get(index) else {
            return;
        };
        let what = fault.what.clone();
        self.faults_active -= 1;
        self.last_fault = self.now;
        self.say(Place::Outside, || format!("*** over: {what}"));
        match what {
            What::LoseRegion { side, .. } => self.restart(side.place()),
            What::CrashControl { .. } => self.restart(Place::Control),
            What::Freeze { place, .. } => {
                if let Some(side) = place.side() {
                    self.guard(side);
                }
            }
            What::Cut { .. } | What::Partition { .. } | What::Isolate { .. } => self.cuts(&what, false),
            What::SlowLink { a, b, .. } => self.slow_link(a, b, 0),
            What::Disorder { .. } => (self.loss, self.repeat) = (0, 0),
            What::LyingDisk { side, .. } => {
                let region = &mut self.regions[side.index()];
                region.disk.lies_since = None;
                region.gateway.log.medium.lies(false);
            }
            What::FullDisk { side, .. } => {
                let region = &self.regions[side.index()];
                region.gateway.log.medium.full(self.now < region.disk.full_until);
            }
            What::RestartAgent { .. }
            | What::CrashDatabase { .. }
            | What::RestartGateway { .. }
            | What::CrashAtStep { .. }
            | What::FreezeAgent { .. }
            | What::FreezeGateway { .. }
            | What::Flap { .. }
            | What::ClockJump { .. }
            | What::Drift { .. }
            | What::SlowDisk { .. }
            | What::FailSync { .. }
            | What::Rot { .. }
            | What::SlowReplay { .. }
            | What::Person { .. } => {}
            What::ErpAway { .. }
            | What::ErpHangs { .. }
            | What::StuckMessage { .. }
            | What::PoisonedMessage { .. }
            | What::PauseLane { .. } => self.lane_trouble(&what, false),
        }
    }

    pub(crate) fn flap(&mut self, fault: usize, cut: bool) {
        if let Some(What::Flap { a, b, .. }) = self.schedule.faults.get(fault).map(|fault| fault.what.clone())
        {
            self.cut(a, b, cut);
            self.cut(b, a, cut);
        }
    }

    fn cuts(&mut self, what: &What, cut: bool) {
        match *what {
            What::Cut { from, to, .. } => self.cut(from, to, cut),
            What::Partition { a, b, .. } => {
                self.cut(a, b, cut);
                self.cut(b, a, cut);
            }
            What::Isolate { place, .. } => {
                for other in Place::MACHINES.into_iter().filter(|other| *other != place) {
                    self.cut(place, other, cut);
                    self.cut(other, place, cut);
                }
            }
            _ => {}
        }
    }

    fn slow_link(&mut self, a: Place, b: Place, by: u64) {
        self.slow[a.index()][b.index()] = by;
        self.slow[b.index()][a.index()] = by;
    }

    fn stop_machine(&mut self, place: Place) {
        self.machines[place.index()].up = false;
        if place == Place::Control {
            self.control.die();
        }
    }

    /// The controller ends where a saga was told to, and is started again.
    pub(crate) fn control_dies_at_step(&mut self) {
        self.stop_machine(Place::Control);
        let back_after = self.schedule.faults.iter().find_map(|fault| match fault.what {
            What::CrashAtStep { back_after, .. } => Some(back_after),
            _ => None,
        });
        self.faults_active += 1;
        self.push(
            self.now.plus(back_after.unwrap_or(ms(500))),
            Event::Restart {
                place: Place::Control,
            },
        );
    }

    /// What ended by itself is started again.
    pub(crate) fn restarts(&mut self, place: Place) {
        self.faults_active -= 1;
        self.restart(place);
    }

    fn restart(&mut self, place: Place) {
        if self.machines[place.index()].up {
            return;
        }
        self.last_fault = self.now;
        match place {
            Place::Control => {
                let machine = &mut self.machines[place.index()];
                (machine.up, machine.run) = (true, machine.run + 1);
                self.boot_control();
                self.say(Place::Control, || "is started again".to_owned());
            }
            Place::West => self.start_region(Side::West),
            Place::North => self.start_region(Side::North),
            Place::Door | Place::Outside => {}
        }
    }

    /// Every process of a region ends.
    fn lose_region(&mut self, side: Side) {
        self.machines[side.place().index()].up = false;
        self.ledger.closes(side);
        self.database(side).die();
        self.regions[side.index()].erp.calls.clear();
        self.gateway_ends(side);
    }

    /// A voter that may have forgotten a promise must not vote: the ballot is restored with the machine.
    fn lose_disk(&mut self, side: Side) {
        let other = &self.regions[side.other().index()];
        let left = (other.database.exists && !other.database.rejoining) || other.database.aside.is_some();
        if !left {
            self.ledger.broken(Broken::LastCopyDeleted, self.now, || {
                format!(
                    "the disk of {side} is lost, and {} had removed its own copy",
                    side.other()
                )
            });
        }
        self.excuse_only_copies(side);
        let region = &mut self.regions[side.index()];
        let serial = region.database.serial + 1;
        region.database = Database {
            serial,
            ..Database::absent()
        };
        region.gateway.marks = 0;
        region.gateway.registered = Register::default();
        region.gateway.register = Register::default();
        region.gateway.log.medium.wipe();
        region.gateway.log.open();
    }

    /// What was acknowledged as being on one disk may be lost with it.
    fn excuse_only_copies(&mut self, side: Side) {
        let [here, there] = [side, side.other()].map(|side| self.regions[side.index()].gateway.log.stored);
        self.ledger.excused |= here & !there & !self.ledger.twice;
    }

    /// Its process ends, in the middle of a write if there is one. A disk that lies forgets with it.
    fn gateway_ends(&mut self, side: Side) {
        let gateway = self.gateway(side);
        let writing = gateway.writing.take().map(|writing| writing.batch);
        gateway.log.end(writing);
        gateway.forget();
        self.regions[side.index()].gateway_frozen_until = At(0);
        if self.regions[side.index()].disk.lies_since.is_some() {
            self.cut_power(side);
        }
    }

    /// With the machine goes what was only in its memory, and what was told to be synced and was not.
    fn cut_power(&mut self, side: Side) {
        let region = &mut self.regions[side.index()];
        let before = region.gateway.log.stored;
        region.gateway.log.medium.cut_power();
        let held = region.gateway.log.survey();
        if let Some(marks) = region.disk.lies_since {
            region.gateway.marks = marks;
            let gone = before & !held;
            self.ledger.excused |= gone & !self.ledger.twice;
        }
    }

    fn start_region(&mut self, side: Side) {
        let machine = &mut self.machines[side.place().index()];
        (machine.up, machine.run) = (true, machine.run + 1);
        self.starts_gateway(side);
        self.boot_agent(side);
        self.say(side.place(), || "is started again".to_owned());
    }

    /// The agent ends, and everything that it had started with it.
    fn restart_agent(&mut self, side: Side) {
        if !self.is_down(side.place()) {
            self.lose_region(side);
            self.faults_active += 1;
            self.push(self.now.plus(ms(300)), Event::Restart { place: side.place() });
        }
    }

    fn crash_database(&mut self, side: Side) {
        if self.is_down(side.place()) || !self.database(side).runs() {
            return;
        }
        self.ledger.closes(side);
        let database = self.database(side);
        database.serial += 1;
        database.process = crate::database::Process::Stopped;
        database.stream = None;
        database.downstream = None;
        self.fences_answer(side);
        self.writer_is_gone(side);
    }

    pub(crate) fn restart_gateway(&mut self, side: Side) {
        if !self.is_down(side.place()) {
            self.gateway_ends(side);
            self.starts_gateway(side);
        }
    }
}
