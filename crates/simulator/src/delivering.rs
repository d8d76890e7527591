//! From the journal into the ERP: what the product's own lanes decide, done.
//!
//! Told to lead, a gateway advances the fence row, compares its journal with the inbox and takes what lacks in hand; then
//! what comes in. Each lane says what it delivers next, and is told how that ended.

use api::gateway::GatewayRole;
use lanes::{Class, Ended, Ending, Moment, Outcome, Step, Verdict, Waiting, Why};

use crate::{
    bug::Bug,
    database::{Commit, Process, Wrote},
    erp::{Answer, Call},
    gateway::numbers,
    lane::{LANES, with_key_of},
    ledger::Broken,
    message::{Set, Timer},
    place::Side,
    time::ms,
    world::World,
};

/// A message whose key has no trouble is delivered within this time, whatever hangs beside it.
const HELD_UP_MAX: u64 = ms(20_000);

impl World<'_> {
    pub(crate) fn deliver_to_erp(&mut self, side: Side) {
        let region = &self.regions[side.index()];
        let (gateway, database) = (&region.gateway, &region.database);
        let Some(lanes) = gateway
            .lanes
            .as_ref()
            .filter(|lanes| gateway.role == GatewayRole::Leading && !lanes.fenced)
        else {
            return;
        };
        let ready = database.process == Process::Primary && self.now >= region.disk.full_until;
        let row = database.fence_row();
        let ours = row <= gateway.generation || self.planted(Bug::DeliversBesideTheFenceRow);
        let compared = lanes.compared || (ready && self.compare(side));
        if !compared {
            return;
        }
        self.take_in_hand(side, Class::Live);
        self.make_calls(side);
        if ready && ours {
            self.publish(side);
        }
    }

    /// Advances the fence row, and finds out what the inbox lacks; whether that could be done.
    fn compare(&mut self, side: Side) -> bool {
        let (now, wall) = (self.now, self.wall(side.place()));
        let [blind, all] =
            [Bug::DeliversBesideTheFenceRow, Bug::ReplaysWithoutAsking].map(|bug| self.planted(bug));
        let region = &mut self.regions[side.index()];
        let (gateway, database) = (&mut region.gateway, &mut region.database);
        let (Some(made), Some(lanes)) = (&mut gateway.reconciliation, &mut gateway.lanes) else {
            return false;
        };
        let (led_in, row) = (gateway.generation, database.fence_row());
        if (row > led_in && !blind) || !region.erp.answers() {
            return false;
        }
        made.first_write.get_or_insert(wall);
        let applied = if all {
            0
        } else {
            gateway.log.stored & database.applied()
        };
        (lanes.noted, lanes.taken) = (applied, applied);
        lanes.outstanding = gateway.log.stored & !applied & !gateway.register.letters;
        lanes.compared = true;
        if row < led_in {
            // The fence row is worth what the region's own generation is: an older one has lost its right.
            database.log.push(Commit {
                what: Wrote::Fence,
                generation: led_in,
                at: now,
            });
            database.replayed = database.log.len();
            let generation = database.generation;
            self.ledger.passes(led_in, row, now);
            self.ledger.writes(side, generation, now);
            self.send_wal(side);
        }
        self.take_in_hand(side, Class::Replay);
        self.look_whether_reconciled(side);
        true
    }

    /// Dead letters stay dead.
    fn take_in_hand(&mut self, side: Side, class: Class) {
        let now = self.now;
        let gateway = self.gateway(side);
        let Some(lanes) = &mut gateway.lanes else { return };
        let new = gateway.log.stored & !lanes.taken & !gateway.register.letters;
        if new != 0 {
            lanes.take(new, class, now, |number| gateway.log.place(number));
        }
    }

    fn look_whether_reconciled(&mut self, side: Side) {
        let wall = self.wall(side.place());
        let gateway = self.gateway(side);
        let settled = gateway.lanes.as_ref().is_some_and(|lanes| lanes.outstanding == 0);
        if let Some(made) = gateway.reconciliation.as_mut().filter(|_| settled) {
            made.finished.get_or_insert(wall);
        }
    }

    /// Asks each lane until none has anything to deliver now, and looks again when the first of them says.
    fn make_calls(&mut self, side: Side) {
        let never = self.planted(Bug::BreakerNeverCloses);
        let moment = self.uptime(side);
        let mut wakes: Option<Moment> = None;
        for pass in 0.. {
            let (mut begun, mut others) = (false, false);
            wakes = None;
            for lane in 0..LANES {
                loop {
                    let Some(lanes) = &mut self.gateway(side).lanes else {
                        return;
                    };
                    if lanes.is_idle() || lanes.asleep[lane] {
                        break;
                    }
                    match lanes.step(lane, moment) {
                        Step::Call(messages) => {
                            begun = true;
                            self.begins_call(side, lane, &messages, moment);
                        }
                        Step::Wait { why, until } => {
                            lanes.asleep[lane] = never && why == Waiting::Breaker;
                            // Whose turn it is may have nothing to deliver any more: then the others are asked again.
                            others |= why == Waiting::Erp(Why::Others);
                            wakes = wakes.into_iter().chain(until).min();
                            break;
                        }
                    }
                }
            }
            if !(begun || (others && pass < LANES)) {
                break;
            }
        }
        if let Some(wakes) = wakes {
            self.wakes_lanes(side, wakes);
        }
    }

    fn wakes_lanes(&mut self, side: Side, moment: Moment) {
        let now = self.now;
        let nanos = u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX);
        let clock = &self.machines[side.place().index()].clock;
        let left = clock.until(lease::Moment::from_nanos(nanos), now).max(1);
        let gateway = self.gateway(side);
        let (run, at) = (gateway.run, now.plus(left));
        let Some(lanes) = &mut gateway.lanes else { return };
        if lanes.wakes_at.is_none_or(|known| known <= now || at < known) {
            lanes.wakes_at = Some(at);
            self.after(side.place(), left, Timer::LanesWake(run));
        }
    }

    pub(crate) fn lanes_wake(&mut self, side: Side, run: u32) {
        if self.gateway(side).run == run {
            self.deliver_to_erp(side);
        }
    }

    fn begins_call(&mut self, side: Side, lane: usize, sequences: &[u64], moment: Moment) {
        let now = self.now;
        let replays_all = self.planted(Bug::ReplaysWithoutAsking);
        let gateway = self.gateway(side);
        let (mut messages, mut unread) = (Vec::with_capacity(sequences.len()), Vec::new());
        for sequence in sequences {
            let number = gateway
                .lanes
                .as_ref()
                .and_then(|lanes| lanes.number_of(*sequence));
            let read = number.filter(|number| gateway.log.read(*number));
            match read {
                Some(number) => messages.push((*sequence, number)),
                None => {
                    let lost = number.is_none_or(|number| gateway.log.stored & (1 << number) == 0);
                    unread.push((*sequence, lost));
                }
            }
        }
        let (run, generation, blindly) = (
            gateway.run,
            gateway.generation,
            replays_all && !gateway.is_reconciled(),
        );
        self.judge_call(side, lane, &messages);
        let erp = &mut self.regions[side.index()].erp;
        erp.calls_made += 1;
        let id = erp.calls_made;
        let way = ms(1) + erp.random.below(ms(4));
        let nothing_to_send = messages.is_empty();
        let Some(first) = sequences.first().copied() else {
            return;
        };
        erp.calls.push(Call {
            id,
            first,
            run,
            generation,
            lane,
            began: (now, moment),
            messages,
            unread,
            blindly,
            answer: Answer::Nothing,
        });
        if nothing_to_send {
            self.after(side.place(), 0, Timer::ErpAnswers(id));
        } else {
            self.after(side.place(), way, Timer::ErpGets(id));
        }
    }

    /// What a lane must never begin.
    fn judge_call(&mut self, side: Side, lane: usize, messages: &[(u64, u8)]) {
        let now = self.now;
        let region = &self.regions[side.index()];
        let gateway = &region.gateway;
        if gateway.register.is_held(lane) {
            self.ledger.broken(Broken::PauseIgnored, now, || {
                format!("lane {lane} of {side} delivers although it is paused")
            });
            return;
        }
        let Some(lanes) = &gateway.lanes else { return };
        let waiting = gateway.log.stored & !lanes.noted & !gateway.register.letters;
        for (sequence, number) in messages {
            let mates = waiting & with_key_of(*number) & !(1 << number);
            let before = numbers(mates).find(|mate| gateway.log.place(*mate) < *sequence);
            if let Some(before) = before {
                self.ledger.broken(Broken::OutOfOrder, now, || {
                    format!("{side} delivers message {number} before message {before}, which has the same key and came first")
                });
                return;
            }
        }
    }

    /// A call is answered, or not in time.
    pub(crate) fn erp_answers(&mut self, side: Side, id: u32) {
        let moment = self.uptime(side);
        let region = &mut self.regions[side.index()];
        let calls = &mut region.erp.calls;
        let Some(index) = calls.iter().position(|call| call.id == id) else {
            return;
        };
        let mut call = calls.swap_remove(index);
        let gateway = &mut region.gateway;
        if gateway.run != call.run || !gateway.leads() {
            return;
        }
        let Some(lanes) = &mut gateway.lanes else { return };
        lanes.fenced |= matches!(call.answer, Answer::Fenced);
        let early = lanes.is_early(moment);
        let answer = std::mem::replace(&mut call.answer, Answer::Nothing);
        let (mut endings, ended) = answer.read(&call.messages);
        let ended = if call.messages.is_empty() {
            Ended::Answered
        } else {
            ended
        };
        for (_, outcome) in &mut endings {
            if let Outcome::Refused(why) = outcome
                && early
            {
                *outcome = Outcome::TooEarly(std::mem::take(why));
            }
        }
        let took = moment.saturating_sub(call.began.1);
        // Lost with the disk; it comes back from the other region, and into the lane again.
        for (sequence, lost) in &call.unread {
            let outcome = if *lost {
                Outcome::Done
            } else {
                Outcome::Failed("it cannot be read".to_owned())
            };
            endings.push((*sequence, outcome));
        }
        self.notes(side, &call, endings, (ended, took));
        self.look_whether_reconciled(side);
        self.deliver_to_erp(side);
    }

    /// Tells the lane how a call ended, and writes down what follows.
    fn notes(
        &mut self,
        side: Side,
        call: &Call,
        mut endings: Vec<Ending>,
        ended: (Ended, std::time::Duration),
    ) {
        let (now, moment) = (self.now, self.uptime(side));
        let silence_is_done = self.planted(Bug::TakesSilenceForDone);
        let beside = self.planted(Bug::RetriesBesideTheLine);
        let silence_is_no = self.planted(Bug::TakesSilenceForRefusal);
        let gateway = &mut self.regions[side.index()].gateway;
        let Some(lanes) = &mut gateway.lanes else { return };
        let mut again = Vec::new();
        for (sequence, outcome) in &mut endings {
            self.stats.delivered(word(outcome), 1);
            if let Outcome::Failed(why) = outcome
                && silence_is_no
            {
                *outcome = Outcome::Refused(std::mem::take(why));
            }
            if matches!(outcome, Outcome::Failed(_)) && (silence_is_done || beside) {
                *outcome = Outcome::Done;
                again.extend(beside.then_some(*sequence));
            }
        }
        let mut longest = None;
        for (sequence, verdict) in lanes.end(call.lane, call.first, endings, ended, moment) {
            let Some(number) = lanes.number_of(sequence) else {
                continue;
            };
            let bit: Set = 1 << number;
            match verdict {
                Verdict::Again { .. } => continue,
                Verdict::Finished if again.contains(&sequence) => {
                    lanes.take_beside(number, sequence);
                    continue;
                }
                Verdict::Finished if call.unread.contains(&(sequence, true)) => lanes.taken &= !bit,
                Verdict::Finished => lanes.noted |= bit,
                Verdict::Dead { gave_up, .. } => {
                    gateway.register.bury(number);
                    self.stats
                        .delivered(if gave_up { "given up" } else { "buried" }, 1);
                    if !gave_up && self.poisoned & bit == 0 {
                        self.ledger
                            .broken(Broken::BuriedAlive, now, || format!("message {number}"));
                    }
                }
            }
            if let Some(made) = &mut gateway.reconciliation {
                made.replayed += u64::from(lanes.outstanding & lanes.noted & bit != 0);
            }
            lanes.outstanding &= !bit;
            let since = lanes.leaves(sequence);
            if lanes.noted & bit != 0 {
                longest = longest.max(since.map(|since| (now.since(since), number)));
            }
        }
        if let Some((took, number)) = longest {
            self.judge_patience(number, took);
        }
    }

    /// Where only some keys have trouble, all others go on.
    fn judge_patience(&mut self, number: u8, took: u64) {
        if took > HELD_UP_MAX
            && self.schedule.only_keys_have_trouble()
            && with_key_of(number) & self.troubled == 0
        {
            let now = self.now;
            self.ledger.broken(Broken::HeldUp, now, || {
                format!(
                    "message {number} waited {} ms behind the trouble of other keys",
                    took / 1_000
                )
            });
        }
    }
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "answered: done",
        Outcome::Refused(_) => "answered: refused",
        Outcome::Failed(_) => "no clear answer",
        Outcome::TooEarly(_) => "answered: refused, too early",
        Outcome::Unsent => "not sent",
    }
}
