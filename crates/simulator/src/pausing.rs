//! What becomes of a lane besides deliveries: its trouble, people who pause and resume it, and what is written down.

use api::gateway::GatewayRole;
use types::Generation;

use crate::{
    bug::Bug,
    fault::What,
    lane::{LANES, Lanes, Register},
    place::Side,
    world::World,
};

impl World<'_> {
    /// A gateway begins to lead: nothing in hand, and paused what a person had paused.
    pub(crate) fn lanes_begin(&mut self, side: Side) {
        let [forgets, one_line] = [Bug::ForgetsPauses, Bug::OneLineForAll].map(|bug| self.planted(bug));
        let (moment, wall) = (self.uptime(side), self.wall(side.place()));
        let region = &mut self.regions[side.index()];
        let gateway = &mut region.gateway;
        gateway.register.begin(gateway.generation);
        let known = if forgets {
            Register::default()
        } else {
            gateway.register
        };
        let mut lanes = Lanes::new(&mut region.erp.random, &known, moment, wall);
        lanes.one_line = one_line;
        gateway.lanes = Some(Box::new(lanes));
    }

    /// A few times a second: what hangs is looked at, and what is known of lanes is written down.
    pub(crate) fn keep_register(&mut self, side: Side) {
        let moment = self.uptime(side);
        let full = self.now < self.regions[side.index()].disk.full_until;
        let gateway = self.gateway(side);
        if let Some(lanes) = &mut gateway.lanes {
            lanes.look(moment);
        }
        if !full {
            gateway.registered = gateway.register;
        }
    }

    /// The leader's word arrives with its copy.
    pub(crate) fn hears_of_lanes(&mut self, side: Side, generation: Generation, register: &Register) {
        let leader = side.other();
        let gateway = self.gateway(side);
        let leads = gateway.role == GatewayRole::Leading && gateway.generation >= generation;
        if gateway.works() && !leads && gateway.check(side, generation, leader).is_ok() {
            gateway.register.take_over(register);
            gateway.registered = gateway.register;
        }
    }

    pub(crate) fn lane_trouble(&mut self, what: &What, begins: bool) {
        let count = |faults: &mut u32| {
            *faults = if begins {
                *faults + 1
            } else {
                faults.saturating_sub(1)
            };
        };
        match *what {
            What::ErpAway { side, .. } => count(&mut self.regions[side.index()].erp.away),
            What::ErpHangs { side, .. } => count(&mut self.regions[side.index()].erp.hangs),
            What::StuckMessage { number, .. } => {
                let bit = 1 << number;
                self.stuck = if begins {
                    self.stuck | bit
                } else {
                    self.stuck & !bit
                };
                self.troubled |= bit;
            }
            What::PoisonedMessage { number } => {
                self.poisoned |= 1 << number;
                self.troubled |= 1 << number;
            }
            What::PauseLane { lane, .. } => {
                let wanted = &mut self.outside.pauses[lane];
                *wanted = if begins {
                    *wanted + 1
                } else {
                    wanted.saturating_sub(1)
                };
                if begins {
                    self.person_pauses(lane, true);
                }
            }
            _ => {}
        }
    }

    /// People look now and then, and resume what nobody wants to be paused.
    pub(crate) fn people_resume(&mut self) {
        for lane in 0..LANES {
            if self.outside.pauses[lane] == 0 {
                self.person_pauses(lane, false);
            }
        }
    }

    /// Said to the gateway that leads by the record, and on its disk before it is confirmed.
    fn person_pauses(&mut self, lane: usize, pause: bool) {
        let reign = self.control.reign.as_ref();
        let Some(side) = reign.and_then(|reign| self.side_of(&reign.active)) else {
            return;
        };
        let (moment, wall) = (self.uptime(side), self.wall(side.place()));
        let full = self.now < self.regions[side.index()].disk.full_until;
        let down = self.is_down(side.place());
        let gateway = self.gateway(side);
        if down || full || gateway.register.is_held(lane) == pause {
            return;
        }
        let Some(lanes) = &mut gateway.lanes else { return };
        if pause {
            lanes.pause(lane, wall);
        } else {
            lanes.resume(lane, moment);
        }
        gateway.register.hold(lane, pause);
        gateway.registered = gateway.register;
        self.stats
            .delivered(if pause { "lane paused" } else { "lane resumed" }, 1);
        self.say(side.place(), || {
            format!("lane {lane} is {}", if pause { "paused" } else { "resumed" })
        });
        self.deliver_to_erp(side);
    }
}
