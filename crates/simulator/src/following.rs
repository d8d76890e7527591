//! A region that follows: it makes its data fit, keeps a standby streaming, and says what it sees.

use api::{
    moves::MoveKind,
    site::{self, DatabaseObservation, DatabaseState, LeaderSight, LeaseState, Observation, Role, Site},
};
use types::Lsn;

use crate::{
    agent::{Duty, Right},
    bug::Bug,
    database::{COMMIT_BYTES, Commits, Downstream, Process, Wrote},
    ledger::Broken,
    message::{Message, Timer},
    place::{Place, Side},
    time::{At, ms},
    world::World,
};

/// Pause before looking again.
const LOOK_AGAIN_AFTER: u64 = ms(500);
/// `wal_receiver_timeout` and `wal_sender_timeout`.
const SILENCE_MAX: u64 = ms(5_000);
/// A stream of another history is refused so often before the data is made anew.
const REFUSALS_MAX: u32 = 3;
/// What was written this long before the active region was last heard must have reached a standby that is promoted
/// without a person: twice what a stream may stand still unnoticed.
const LEFT_BEHIND: u64 = ms(20_000);

impl World<'_> {
    pub(crate) fn look(&mut self, side: Side, serial: u32) {
        let agent = self.agent(side);
        if agent.serial != serial {
            return;
        }
        let Duty::Follow(upstream) = agent.duty else {
            return;
        };
        self.after(side.place(), LOOK_AGAIN_AFTER, Timer::Look(serial));
        let (now, copying) = (self.now, self.agent(side).copying);
        let database = self.database(side);
        let attach = Message::Attach {
            length: database.log.len(),
        };
        match database.process {
            Process::Primary | Process::Starting { primary: true, .. } | Process::Leaving { .. } => {
                self.kill_writer(side);
            }
            Process::Ending { .. } | Process::Starting { .. } => {}
            Process::Standby => match database.stream {
                Some(last) if now.since(last) <= SILENCE_MAX => {}
                _ => {
                    database.stream = None;
                    self.send(side.place(), upstream.place(), attach);
                }
            },
            Process::Stopped if copying => {}
            Process::Stopped if database.exists && !database.rejoining && database.was_standby => {
                self.start_standby(side);
            }
            Process::Stopped => self.send(side.place(), upstream.place(), attach),
        }
    }

    fn start_standby(&mut self, side: Side) {
        let length = ms(200) + self.random.below(ms(300)) + self.disk_delay(side);
        let database = self.database(side);
        database.was_standby = true;
        database.serial += 1;
        database.process = Process::Starting {
            serial: database.serial,
            primary: false,
        };
        let up = Timer::DatabaseUp(database.serial);
        self.after(side.place(), length, up);
    }

    /// A standby, or a region that wants to be one, asks whether its data continues this one's.
    pub(crate) fn asked_to_stream(&mut self, side: Side, from: Side, length: usize) {
        let theirs = &self.regions[from.index()].database;
        let ours = &self.regions[side.index()].database;
        if ours.process != Process::Primary || self.now < self.regions[side.index()].disk.full_until {
            return;
        }
        let fits = theirs.exists
            && !theirs.rejoining
            && length <= ours.log.len()
            && theirs.log.get(..length) == ours.log.get(..length);
        let reply = if fits {
            Message::Attached {
                history: ours.history,
                length,
            }
        } else {
            Message::NotAttached
        };
        let now = self.now;
        if fits && theirs.process == Process::Standby {
            self.database(side).downstream = Some(Downstream {
                received: length,
                replayed: length,
                heard: now,
            });
        }
        self.send(side.place(), from.place(), reply);
    }

    pub(crate) fn may_stream(&mut self, side: Side, history: u64, length: usize) {
        let Duty::Follow(upstream) = self.agent(side).duty else {
            return;
        };
        let timeline = self.regions[upstream.index()].database.timeline;
        let (now, copying) = (self.now, self.agent(side).copying);
        let database = self.database(side);
        if database.log.len() != length {
            return;
        }
        match database.process {
            Process::Standby => {
                (database.history, database.timeline, database.stream) = (history, timeline, Some(now));
                // The successor streams: the former data is of no more use.
                database.aside = None;
                self.agent(side).refused_streams = 0;
                self.say(side.place(), || "streams".to_owned());
            }
            Process::Stopped if !copying => self.start_standby(side),
            _ => {}
        }
    }

    pub(crate) fn may_not_stream(&mut self, side: Side) {
        let agent = self.agent(side);
        let serial = agent.serial;
        if !matches!(agent.duty, Duty::Follow(_)) || agent.copying {
            return;
        }
        agent.refused_streams += 1;
        let stopped = self.database(side).process == Process::Stopped;
        if self.agent(side).refused_streams < REFUSALS_MAX && !stopped {
            return;
        }
        let careless = self.planted(Bug::DropsTheOldCopyFirst);
        let takes = ms(800) + self.random.below(ms(2_500)) + self.disk_delay(side);
        self.agent(side).copying = true;
        let database = self.database(side);
        database.serial += 1;
        database.process = Process::Stopped;
        database.stream = None;
        if !database.rejoining && database.exists {
            // Kept until its successor streams: it may hold what nobody else has.
            database.aside = Some(std::mem::replace(&mut database.log, Commits::new())).filter(|_| !careless);
        }
        database.log = Commits::new();
        database.replayed = 0;
        database.rejoining = true;
        self.say(side.place(), || {
            "its data has a history of its own: it is copied anew".to_owned()
        });
        self.after(side.place(), takes, Timer::Rejoined(serial));
    }

    pub(crate) fn rejoined(&mut self, side: Side, serial: u32) {
        let agent = self.agent(side);
        if agent.serial != serial {
            return;
        }
        agent.copying = false;
        agent.refused_streams = 0;
        let Duty::Follow(upstream) = agent.duty else {
            return;
        };
        let source = &self.regions[upstream.index()].database;
        let reachable =
            !self.is_cut(side.place(), upstream.place()) && !self.is_cut(upstream.place(), side.place());
        if source.process != Process::Primary || !reachable || self.is_down(upstream.place()) {
            return;
        }
        let (log, history, timeline) = (source.log.clone(), source.history, source.timeline);
        let database = self.database(side);
        (database.log, database.history, database.timeline) = (log, history, timeline);
        database.replayed = database.log.len();
        database.exists = true;
        database.rejoining = false;
        self.start_standby(side);
    }

    // === the stream ===

    /// The primary sends what it has, or a sign of life.
    pub(crate) fn send_wal(&mut self, side: Side) {
        let now = self.now;
        let database = self.database(side);
        if !matches!(database.process, Process::Primary | Process::Leaving { .. }) {
            return;
        }
        match database.downstream {
            Some(known) if now.since(known.heard) > SILENCE_MAX => database.downstream = None,
            Some(_) => {
                let wal = Message::Wal {
                    history: database.history,
                    length: database.log.len(),
                };
                self.send(side.place(), side.other().place(), wal);
            }
            None => {}
        }
    }

    pub(crate) fn wal(&mut self, side: Side, history: u64, length: usize) {
        let (now, slow) = (
            self.now,
            self.now < self.regions[side.index()].disk.slow_replay_until,
        );
        let [first, second] = &mut self.regions;
        let (here, there) = match side {
            Side::West => (&mut first.database, &second.database),
            Side::North => (&mut second.database, &first.database),
        };
        if here.process != Process::Standby || here.stream.is_none() || here.history != history {
            return;
        }
        here.stream = Some(now);
        // A history only grows, so what it holds up to there is what was sent.
        if there.history == history
            && let Some(new) = there.log.get(here.log.len()..length.min(there.log.len()))
        {
            here.log.extend(new);
        }
        if !slow {
            here.replayed = here.log.len();
        }
        let received = Message::Received {
            history,
            received: here.log.len(),
            replayed: here.replayed,
        };
        self.send(side.place(), side.other().place(), received);
    }

    pub(crate) fn received(&mut self, side: Side, history: u64, (received, replayed): (usize, usize)) {
        let now = self.now;
        let database = self.database(side);
        if database.history == history
            && let Some(downstream) = &mut database.downstream
        {
            downstream.received = downstream.received.max(received);
            downstream.replayed = downstream.replayed.max(replayed);
            downstream.heard = now;
        }
        self.leaves(side);
    }

    pub(crate) fn keepalive(&mut self, side: Side) {
        if matches!(
            self.database(side).process,
            Process::Primary | Process::Leaving { .. }
        ) {
            self.send_wal(side);
            self.leaves(side);
            self.after(side.place(), ms(400), Timer::Keepalive);
        }
    }

    /// A database that was just promoted: is everything there that must be?
    pub(crate) fn check_promotion(&mut self, side: Side) {
        let loser = &self.regions[side.other().index()].database;
        let winner = &self.regions[side.index()].database;
        let planned = matches!(self.control.unfinished, Some((_, MoveKind::Switchover)));
        let behind = loser.log.len().saturating_sub(winner.log.len());
        if planned && behind > 0 && loser.exists && !loser.rejoining {
            self.ledger.broken(Broken::CommitLost, self.now, || {
                format!(
                    "{side} leads by a planned move without the last {behind} commits of {}",
                    side.other()
                )
            });
        }
        let Some(last_seen) = self.control.active_seen_well[side.other().index()] else {
            return;
        };
        let ordered = self.control.ordered;
        let limit = At(last_seen.0.saturating_sub(LEFT_BEHIND));
        let log = loser.aside.as_ref().unwrap_or(&loser.log);
        let lost = log
            .iter()
            .skip(winner.log.len())
            .filter(|commit| commit.at < limit && commit.what == Wrote::Work);
        let (count, first) = (lost.clone().count(), lost.clone().map(|commit| commit.at).min());
        if let (Some(first), false) = (first, ordered) {
            self.ledger.broken(Broken::LeftBehindPromoted, self.now, || {
                format!(
                    "{side} was promoted without {count} commits of {}, the first of {first}, long before the active \
                     region was last seen well ({last_seen})",
                    side.other()
                )
            });
        }
    }

    // === what it sees ===

    pub(crate) fn observation(&mut self, side: Side) -> Observation {
        let (at, now) = (self.wall(side.place()), self.moment(side.place()));
        let full = self.now < self.regions[side.index()].disk.full_until;
        let slow = self.disk_delay(side) > ms(900);
        let name = self.name(side);
        let peer = self.names[side.other().index()].as_str().to_owned();
        let region = &mut self.regions[side.index()];
        let (agent, database) = (&mut region.agent, &region.database);
        let streaming = database.stream.is_some();
        if streaming {
            agent.streamed_at = Some(at);
        }
        let state = match database.process {
            _ if database.rejoining => DatabaseState::Rejoining {
                by: "base-backup".to_owned(),
            },
            Process::Stopped | Process::Ending { .. } if database.exists => DatabaseState::Stopped,
            Process::Stopped | Process::Ending { .. } => DatabaseState::Absent,
            Process::Starting { .. } => DatabaseState::Starting,
            Process::Primary if full => DatabaseState::Unresponsive,
            Process::Leaving { .. } => DatabaseState::Unresponsive,
            Process::Primary => DatabaseState::Primary,
            Process::Standby => DatabaseState::Standby,
        };
        let leaves = matches!(database.process, Process::Leaving { .. });
        let answers = database.runs() && !full && !slow && !leaves;
        let bytes = |commits: usize| commits as u64 * COMMIT_BYTES;
        let downstreams = match (&state, database.downstream) {
            (DatabaseState::Primary, Some(known)) => vec![site::Downstream {
                name: peer,
                state: "streaming".to_owned(),
                replay_lag_bytes: bytes(database.log.len().saturating_sub(known.replayed)),
            }],
            _ => Vec::new(),
        };
        let seen = DatabaseObservation {
            timeline: database.runs().then_some(database.timeline),
            position: database.runs().then(|| Lsn::new(bytes(database.replayed))),
            received: streaming.then(|| Lsn::new(bytes(database.log.len()))),
            streaming,
            last_replayed_commit: None,
            downstreams,
            answered_in_ms: answers.then_some(1),
            divergence: None,
            state,
        };
        Observation {
            site: Site::Region(name),
            at,
            run: uuid::Uuid::nil(),
            role: agent.role.clone(),
            generation: agent.record.generation.max(agent.ballot.promised),
            lease: match agent.right {
                Right::None => LeaseState::None,
                Right::Held(until) => LeaseState::Held {
                    left_ms: u64::try_from(until.since(now).as_millis()).unwrap_or(0),
                    by: Vec::new(),
                },
                Right::Expired => LeaseState::Expired,
            },
            database: Some(seen),
            leader: Some(LeaderSight {
                streamed_at: agent.streamed_at,
                renewed_at: agent.renewed_at,
                served_at: agent.served_at,
            }),
            unreached: std::collections::BTreeMap::new(),
            room: None,
            components: Vec::new(),
        }
    }

    pub(crate) fn region_heartbeat(&mut self, side: Side) {
        let observation = self.observation(side);
        if observation.role == Role::Active && self.database(side).is_open() {
            self.stats.heartbeats_of_a_leader += 1;
        }
        self.send(
            side.place(),
            Place::Control,
            Message::Heartbeat(Box::new(observation), self.now),
        );
        self.after(side.place(), ms(400), Timer::Heartbeat);
    }
}
