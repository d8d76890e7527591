//! The simulated world behind the production ports.

use api::{
    gateway::{self, GatewayRole, GatewayStatus, Reconciliation},
    lease::{PromiseReply, PromiseRequest},
    site::{
        Done, FenceReceipt, FenceRequest, FollowRequest, LeadReceipt, LeadRequest, LogPosition, Observation,
        Role, RouteRequest,
    },
};
use types::{Lsn, RegionName, Timestamp};

use super::{LEASE, World};
use crate::{Answer, Clock, Error, FrontDoor, Gateways, Regions, Reign, Reigns, Witness};

impl Regions for World {
    fn observe<'a>(&'a self, region: &'a RegionName) -> Answer<'a, Observation> {
        Box::pin(self.call(region.as_str(), "observe", |state, at| {
            state.observation(region, at).ok_or_else(|| Error::Unreachable {
                whom: region.to_string(),
            })
        }))
    }

    fn fence<'a>(&'a self, region: &'a RegionName, request: &'a FenceRequest) -> Answer<'a, FenceReceipt> {
        Box::pin(self.call(region.as_str(), "fence", |state, at| {
            let region = state.reach(region)?;
            region.learn(request.generation)?;
            let position = region.database.then(|| Lsn::new(region.commits * 100));
            region.database = false;
            region.role = Role::Fenced;
            Ok(FenceReceipt {
                generation: request.generation,
                at,
                position,
                log_end: position.map(|position| LogPosition {
                    timeline: region.timeline,
                    position,
                }),
            })
        }))
    }

    fn checkpoint<'a>(&'a self, region: &'a RegionName) -> Answer<'a, Done> {
        Box::pin(self.call(region.as_str(), "checkpoint", |state, at| {
            if state.reach(region)?.database {
                Ok(Done { at })
            } else {
                Err(Error::NotNow {
                    whom: region.to_string(),
                    why: "the database does not run".to_owned(),
                })
            }
        }))
    }

    fn release<'a>(&'a self, region: &'a RegionName, request: &'a FenceRequest) -> Answer<'a, FenceReceipt> {
        Box::pin(self.call(region.as_str(), "release", |state, at| {
            let target = state.reach(region)?;
            let again = target.role == Role::Fenced && target.generation == request.generation;
            if target.role != Role::Active && !again {
                return Err(Error::Refused {
                    whom: region.to_string(),
                    why: "it does not lead".to_owned(),
                });
            }
            target.learn(request.generation)?;
            target.database = false;
            target.role = Role::Fenced;
            let (commits, name) = (target.commits, target.name.clone());
            // A clean stop ends when every standby that streams has received everything.
            state.hand_on(&name, commits);
            Ok(FenceReceipt {
                generation: request.generation,
                at,
                position: Some(Lsn::new(commits * 100)),
                log_end: None,
            })
        }))
    }

    fn lead<'a>(&'a self, region: &'a RegionName, request: &'a LeadRequest) -> Answer<'a, LeadReceipt> {
        let now = self.started.elapsed();
        Box::pin(self.call(region.as_str(), "lead", move |state, at| {
            let refused = |why: &str| Error::Refused {
                whom: region.to_string(),
                why: why.to_owned(),
            };
            // The agents vote too: to lead is to have their promise, whichever witness the controller brings along.
            let promised_at = state
                .promise(request.generation, region, now)
                .map_err(|(known, _)| refused(&format!("generation {known} is promised to somebody else")))?;
            let target = state.reach(region)?;
            target.learn(request.generation)?;
            let again = target.role == Role::Active && target.database;
            if request.bootstrap && target.commits > 0 && !again {
                return Err(refused("a data directory exists"));
            }
            // A dead region's grants run as long as a living one's: nobody knows that it is dead.
            let safe = again || request.bootstrap || request.fenced.is_some() || now >= promised_at + LEASE;
            if !safe {
                return Err(Error::NotNow {
                    whom: region.to_string(),
                    why: "an older grant may still be valid".to_owned(),
                });
            }
            if !again && target.role != Role::Waiting {
                target.timeline += 1;
            }
            target.database = true;
            target.role = Role::Active;
            target.commits = target.commits.max(1);
            Ok(LeadReceipt {
                generation: request.generation,
                timeline: target.timeline,
                position: Lsn::new(target.commits * 100),
                at,
                fenced_at: Some(request.fenced.as_ref().map_or(at, |receipt| receipt.at)),
                last_replayed_commit: None,
            })
        }))
    }

    fn follow<'a>(&'a self, region: &'a RegionName, request: &'a FollowRequest) -> Answer<'a, Done> {
        Box::pin(self.call(region.as_str(), "follow", |state, at| {
            let source = state
                .regions
                .get(&request.upstream)
                .map(|region| (region.commits, region.timeline));
            let region = state.reach(region)?;
            region.learn(request.generation)?;
            region.role = Role::Standby {
                upstream: request.upstream.clone(),
            };
            region.database = true;
            if let Some((commits, timeline)) = source {
                (region.commits, region.timeline) = (commits, timeline);
            }
            Ok(Done { at })
        }))
    }
}

impl Gateways for World {
    fn status<'a>(&'a self, region: &'a RegionName) -> Answer<'a, GatewayStatus> {
        Box::pin(self.call(region.as_str(), "gateway-status", |state, at| {
            let writes = state.reach(region)?.writes();
            let target = state.reach(region)?;
            if let (true, GatewayRole::Leading, Some(reconciliation)) =
                (writes, &target.gateway, target.reconciliation.as_mut())
            {
                reconciliation.first_write.get_or_insert(at);
                reconciliation.finished.get_or_insert(at);
            }
            let target = target.clone();
            Ok(state.gateway(&target))
        }))
    }

    fn lead<'a>(&'a self, region: &'a RegionName, request: &'a gateway::LeadRequest) -> Answer<'a, Done> {
        Box::pin(self.call(region.as_str(), "gateway-lead", |state, at| {
            let target = state.reach(region)?;
            if request.generation < target.gateway_generation {
                return Err(Error::Stale {
                    whom: region.to_string(),
                    known: target.gateway_generation,
                });
            }
            let again =
                target.gateway == GatewayRole::Leading && target.gateway_generation == request.generation;
            target.gateway = GatewayRole::Leading;
            target.gateway_generation = request.generation;
            target.incarnation = Some(request.incarnation.clone());
            target.old_end = request.old_end.clone();
            if !again {
                target.reconciliation = Some(Reconciliation::begun(request.generation, at));
            }
            Ok(Done { at })
        }))
    }

    fn follow<'a>(&'a self, region: &'a RegionName, request: &'a gateway::FollowRequest) -> Answer<'a, Done> {
        Box::pin(self.call(region.as_str(), "gateway-follow", |state, at| {
            let target = state.reach(region)?;
            if request.generation < target.gateway_generation {
                return Err(Error::Stale {
                    whom: region.to_string(),
                    known: target.gateway_generation,
                });
            }
            target.gateway = GatewayRole::Following {
                leader: request.leader.clone(),
            };
            target.gateway_generation = request.generation;
            Ok(Done { at })
        }))
    }
}

impl FrontDoor for World {
    fn route<'a>(&'a self, request: &'a RouteRequest) -> Answer<'a, Done> {
        Box::pin(self.call("front-door", "route", |state, at| {
            if request.generation < state.route_generation {
                return Err(Error::Stale {
                    whom: "front-door".to_owned(),
                    known: state.route_generation,
                });
            }
            state.route_generation = request.generation;
            state.route = Some(request.route.clone());
            Ok(Done { at })
        }))
    }
}

impl Witness for World {
    fn promise<'a>(&'a self, request: &'a PromiseRequest) -> Answer<'a, PromiseReply> {
        let now = self.started.elapsed();
        Box::pin(self.call("witness", "promise", move |state, _at| {
            if let Err((promised, candidate)) = state.promise(request.generation, &request.candidate, now) {
                return Ok(PromiseReply::Refused { promised, candidate });
            }
            let left = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
            Ok(PromiseReply::Promised {
                older_grant_ends_in_ms: left,
            })
        }))
    }
}

impl Reigns for World {
    fn current(&self) -> Answer<'_, Option<Reign>> {
        Box::pin(self.call("record", "current", |state, _at| Ok(state.reign.clone())))
    }

    fn record<'a>(&'a self, reign: &'a Reign) -> Answer<'a, ()> {
        Box::pin(self.call("record", "record", |state, _at| match &state.reign {
            Some(known) if known.generation > reign.generation => Err(Error::Stale {
                whom: "record".to_owned(),
                known: known.generation,
            }),
            Some(known) if known.generation == reign.generation => Ok(()),
            _ => {
                state.reign = Some(reign.clone());
                Ok(())
            }
        }))
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.wall()
    }
}
