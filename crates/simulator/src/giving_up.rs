//! A region that is told to lead and is lost before it does: the controller gives it up, as the product does.
//!
//! The decision and the saga's engine are the product's; what is here is the small shell around them.

use std::sync::Arc;

use api::moves::MoveKind;
use recovery::{
    decide::{Candidacy, decide_candidate},
    sagas::{PROMOTE, promoting},
};
use saga::Log as _;

use crate::{driving::now_or_never, place::Place, world::World};

impl World<'_> {
    pub(crate) fn give_up_candidate(&mut self) {
        let control = &self.control;
        let moves = |kind: MoveKind| matches!(kind, MoveKind::Failover | MoveKind::Switchover);
        let Some(running) = control.running.as_ref().filter(|running| moves(running.kind)) else {
            return;
        };
        // Most looks find whoever may be told to lead: reading the log is slow.
        let active = control.reign.as_ref().map(|reign| &reign.active);
        let uptime = self.machines[Place::Control.index()].clock.uptime(self.now);
        let lost_after = self.settings.region_lost_after.as_duration();
        let missing = control.sightings.regions(uptime).iter().any(|sight| {
            Some(&sight.region) != active && sight.heard_ago.is_none_or(|ago| ago >= lost_after)
        });
        if !missing {
            return;
        }
        let record = now_or_never(control.log.load(running.id)).and_then(Result::ok);
        let Some(promoting) = record.as_ref().and_then(promoting) else {
            return;
        };
        let (snapshot, wall) = (self.snapshot(), self.wall(Place::Control));
        let granted = self.control.granted.as_ref();
        let granted = granted.filter(|(holder, _)| *holder == promoting.to);
        let granted = granted.map(|(_, generation)| *generation);
        let decision = decide_candidate(&snapshot, &promoting, granted, &self.settings, wall);
        if let Candidacy::GiveUp { .. } = decision {
            self.give_up(&format!("{} is given up: {decision}", promoting.to));
        }
    }

    fn give_up(&mut self, why: &str) {
        let Some(running) = self.control.running.take() else {
            return;
        };
        let wall = self.wall(Place::Control);
        self.control.bridge.set_wall(wall);
        let (id, kind, engine) = (running.id, running.kind, Arc::clone(&running.engine));
        // Nobody drives it any more; answers to what it asked find nobody.
        drop(running);
        if let Some(Ok(true)) = now_or_never(Box::pin(engine.give_up(id, PROMOTE, why))) {
            self.stats.saga_ended(kind, "candidate given up");
            self.say(Place::Control, || why.to_owned());
        }
        self.drive(id, kind);
    }
}
