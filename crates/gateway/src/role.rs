//! Who this gateway is to the pair, as a pure state machine.
//!
//! In every generation there is at most one leader, and its name never changes. What was promised is remembered on disk
//! before it is acted upon ([`crate::state`]); after a start the gateway waits to be told again, because it cannot know
//! what happened meanwhile.

use serde::{Deserialize, Serialize};
use types::{Generation, RegionName};

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Nothing, until it is told.
    Waiting,
    /// Accepts, copies, delivers.
    Leading,
    /// Stores what the leader sends.
    Following,
    /// Nothing, until it was looked at and started anew.
    Poisoned,
}

/// Role and generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What it does.
    pub role: Role,
    /// The newest generation it knows.
    pub generation: Generation,
    /// Who leads in that generation, where known.
    pub leader: Option<RegionName>,
}

/// What can happen to a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The controller says: lead.
    Lead(Generation),
    /// The controller, or the leader itself, says: this region leads.
    Led(Generation, RegionName),
    /// The peer knows a newer generation; who leads in it was not said.
    Overtaken(Generation),
    /// A sync failed.
    SyncFailed,
    /// The process was started.
    Started,
}

/// Why an event changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An older generation.
    #[error("generation {asked} is older than {known}")]
    Stale {
        /// Asked for.
        asked: Generation,
        /// Known.
        known: Generation,
    },
    /// Another region leads in that generation.
    #[error("{leader} leads in generation {generation}")]
    Taken {
        /// Which generation.
        generation: Generation,
        /// Who leads in it.
        leader: RegionName,
    },
    /// The journal is poisoned.
    #[error("the journal is poisoned: this gateway must be looked at and started anew")]
    Poisoned,
}

impl State {
    /// Before anything was ever said.
    pub const fn new() -> Self {
        Self {
            role: Role::Waiting,
            generation: Generation::NONE,
            leader: None,
        }
    }

    /// What it becomes; `here` is the gateway's own region. An event that says what is already so returns the same.
    pub fn next(&self, event: &Event, here: &RegionName) -> Result<Self, Refusal> {
        match event {
            Event::Started => Ok(Self {
                role: Role::Waiting,
                ..self.clone()
            }),
            Event::SyncFailed => Ok(Self {
                role: Role::Poisoned,
                ..self.clone()
            }),
            Event::Lead(generation) => self.led_by(*generation, here, Role::Leading),
            Event::Led(generation, leader) if leader == here => Err(Refusal::Taken {
                generation: *generation,
                leader: here.clone(),
            }),
            Event::Led(generation, leader) => self.led_by(*generation, leader, Role::Following),
            Event::Overtaken(generation) if *generation <= self.generation => Ok(self.clone()),
            Event::Overtaken(generation) => {
                self.check_sound()?;
                Ok(Self {
                    role: Role::Waiting,
                    generation: *generation,
                    leader: None,
                })
            }
        }
    }

    fn led_by(&self, generation: Generation, leader: &RegionName, role: Role) -> Result<Self, Refusal> {
        self.check_sound()?;
        if generation < self.generation {
            return Err(Refusal::Stale {
                asked: generation,
                known: self.generation,
            });
        }
        match &self.leader {
            Some(other) if generation == self.generation && other != leader => Err(Refusal::Taken {
                generation,
                leader: other.clone(),
            }),
            _ => Ok(Self {
                role,
                generation,
                leader: Some(leader.clone()),
            }),
        }
    }

    fn check_sound(&self) -> Result<(), Refusal> {
        match self.role {
            Role::Poisoned => Err(Refusal::Poisoned),
            Role::Waiting | Role::Leading | Role::Following => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> RegionName {
        RegionName::new(name).unwrap()
    }

    fn state(role: Role, generation: u64, leader: Option<&str>) -> State {
        State {
            role,
            generation: Generation::new(generation),
            leader: leader.map(region),
        }
    }

    #[test]
    fn a_role_changes_only_towards_newer_generations() {
        let g = Generation::new;
        let (lead, led) = (Event::Lead, |n, who: &str| Event::Led(n, region(who)));
        let leading = state(Role::Leading, 3, Some("west"));
        let following = state(Role::Following, 3, Some("north"));
        let taken = |leader: &str| Refusal::Taken {
            generation: g(3),
            leader: region(leader),
        };
        let stale = Refusal::Stale {
            asked: g(2),
            known: g(3),
        };
        for (from, event, expected) in [
            (
                State::new(),
                lead(g(1)),
                Ok(state(Role::Leading, 1, Some("west"))),
            ),
            (
                State::new(),
                led(g(1), "north"),
                Ok(state(Role::Following, 1, Some("north"))),
            ),
            (leading.clone(), lead(g(3)), Ok(leading.clone())),
            (leading.clone(), lead(g(2)), Err(stale.clone())),
            (leading.clone(), led(g(2), "north"), Err(stale.clone())),
            (leading.clone(), led(g(3), "north"), Err(taken("west"))),
            (
                leading.clone(),
                led(g(4), "north"),
                Ok(state(Role::Following, 4, Some("north"))),
            ),
            (leading.clone(), Event::Overtaken(g(3)), Ok(leading.clone())),
            (
                leading.clone(),
                Event::Overtaken(g(4)),
                Ok(state(Role::Waiting, 4, None)),
            ),
            (
                leading.clone(),
                Event::Started,
                Ok(state(Role::Waiting, 3, Some("west"))),
            ),
            (
                leading,
                Event::SyncFailed,
                Ok(state(Role::Poisoned, 3, Some("west"))),
            ),
            (following.clone(), lead(g(3)), Err(taken("north"))),
            (
                following.clone(),
                lead(g(4)),
                Ok(state(Role::Leading, 4, Some("west"))),
            ),
            (
                following,
                led(g(3), "north"),
                Ok(state(Role::Following, 3, Some("north"))),
            ),
            (
                state(Role::Waiting, 3, Some("west")),
                led(g(3), "north"),
                Err(taken("west")),
            ),
            (
                state(Role::Waiting, 4, None),
                lead(g(4)),
                Ok(state(Role::Leading, 4, Some("west"))),
            ),
            (state(Role::Poisoned, 3, None), lead(g(4)), Err(Refusal::Poisoned)),
        ] {
            assert_eq!(from.next(&event, &region("west")), expected, "{from:?} {event:?}");
        }
    }
}
