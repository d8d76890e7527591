//! Moves that people ask for, as the controller takes them: looked at, authorised, begun, and taken back.
//!
//! What is decided is decided by the product (`decide_switchover`, `decide_failback`); what is here is the small shell of
//! the controller's `declare`, `approve` and `abort`.

use api::moves::MoveKind;
use recovery::{
    decide::{Snapshot, Verdict, decide_failback, decide_switchover},
    sagas::{failback, switchover},
};
use types::{RegionName, Timestamp, settings::Authority};

use crate::{driving::now_or_never, place::Place, world::World};

/// What is declared and not begun by then has to be declared anew, in microseconds of the wall clock.
const PENDING_AGE_MAX: i64 = 600_000_000;

/// A move that somebody declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub kind: MoveKind,
    /// The new leader of a switchover; the region that a failback brings back.
    pub to: RegionName,
    pub by: &'static str,
    pub declared: Timestamp,
}

impl World<'_> {
    /// Somebody declares a move.
    pub(crate) fn declare(&mut self, kind: MoveKind, to: RegionName, by: &'static str) {
        let declared = self.wall(Place::Control);
        self.say(Place::Control, || format!("{by} declares a {kind} to {to}"));
        let wanted = Wanted {
            kind,
            to,
            by,
            declared,
        };
        if !self.allows(&wanted) {
            return;
        }
        if kind == MoveKind::Switchover && self.settings.authority == Authority::TwoPeople {
            self.control.pending.push(wanted);
        } else {
            self.begin_move(&wanted);
        }
    }

    /// Somebody authorises what was declared first; nobody may do so for themselves.
    pub(crate) fn authorise(&mut self, by: &'static str) {
        let now = self.wall(Place::Control);
        let oldest = now.as_micros() - PENDING_AGE_MAX;
        self.control
            .pending
            .retain(|wanted| wanted.declared.as_micros() >= oldest);
        let Some(wanted) = self.control.pending.first().cloned() else {
            return;
        };
        if wanted.by == by {
            return self.say(Place::Control, || {
                format!("refuses {by}'s authorisation: they declared it themselves")
            });
        }
        // Looked at anew: minutes may have passed since it was declared.
        if self.allows(&wanted) {
            self.control.pending.remove(0);
            self.begin_move(&wanted);
        }
    }

    fn allows(&mut self, wanted: &Wanted) -> bool {
        let snapshot = self.snapshot();
        let objections = self.objections(wanted, &snapshot);
        let (kind, good) = (wanted.kind, objections.is_empty());
        if !good {
            self.say(Place::Control, || {
                format!("does not begin the {kind}: {}", objections.join("; "))
            });
        }
        good
    }

    fn objections(&self, wanted: &Wanted, snapshot: &Snapshot) -> Vec<String> {
        match wanted.kind {
            MoveKind::Switchover => {
                let gateway = snapshot
                    .reign
                    .as_ref()
                    .and_then(|reign| self.control.gateways.get(&reign.active));
                decide_switchover(snapshot, &wanted.to, gateway, &self.settings).objections()
            }
            MoveKind::Failback => decide_failback(snapshot, &wanted.to, &self.settings)
                .into_iter()
                .filter(|check| check.verdict != Verdict::Good)
                .map(|check| check.found)
                .collect(),
            MoveKind::Failover => vec!["a failover is ordered, not declared".to_owned()],
        }
    }

    fn begin_move(&mut self, wanted: &Wanted) {
        let decided = self.wall(Place::Control);
        let Some(reign) = self.control.reign.clone() else {
            return;
        };
        let reason = "as planned".to_owned();
        let by = wanted.by.to_owned();
        let params = match wanted.kind {
            MoveKind::Switchover => serde_json::json!(switchover::Plan {
                from: reign.active,
                to: wanted.to.clone(),
                generation: reign.generation.max(self.control.ballot.promised).next(),
                incarnation: reign.incarnation,
                reason,
                by,
                authorised_by: Vec::new(),
                decided,
            }),
            MoveKind::Failback => serde_json::json!(failback::Plan {
                region: wanted.to.clone(),
                leader: reign.active,
                generation: reign.generation,
                reason,
                by,
                decided,
            }),
            MoveKind::Failover => return,
        };
        self.begin_saga(wanted.kind, params, decided);
    }

    /// Somebody wants the running saga to be taken back.
    pub(crate) fn abort(&mut self, by: &'static str) {
        let Some(running) = &self.control.running else {
            return;
        };
        let (id, engine) = (running.id, std::sync::Arc::clone(&running.engine));
        let undone = now_or_never(Box::pin(engine.would_undo(id)));
        let way_back = matches!(undone, Some(Ok(Some(_))));
        if way_back {
            engine.abort(id, format!("aborted by {by}"));
        }
        self.say(Place::Control, || {
            if way_back {
                format!("{by} aborts the saga")
            } else {
                format!("refuses {by}'s abort: going on is the only safe way")
            }
        });
    }
}
