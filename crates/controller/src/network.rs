//! The ports over the network: mutual TLS to agents and gateways, with a limit for each call.

use std::{collections::BTreeMap, time::Duration};

use api::{
    client::{self, BuildError, Client},
    gateway::{self, GatewayClient, GatewayStatus},
    problem::code,
    site::{self, AgentClient, Done, FenceReceipt, FenceRequest, FollowRequest, LeadReceipt, Observation},
};
use driver::{Answer, Error, FrontDoor, Gateways, Regions};
use types::{Generation, RegionName, settings::ControllerSettings};

/// A connection that is not there by then will not be: regions are tens of milliseconds apart.
const CONNECT_TIME_MAX: Duration = Duration::from_millis(600);
/// An answer to a call that does no long work.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
/// Not longer than a lease lasts: by then the region is harmless with or without an answer.
const FENCE_PATIENCE: Duration = Duration::from_secs(2);
/// One attempt of a clean stop or a checkpoint; the agent goes on with its work, and the next attempt waits for the same.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// One attempt; the agent goes on with its work, and the next attempt waits for the same.
const LEAD_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Peers {
    /// Short connect limit; for calls with a limit of their own.
    urgent_agent: AgentClient,
    agent: AgentClient,
    gateway: GatewayClient,
}

/// The ports over the network.
#[derive(Debug)]
pub struct Network {
    regions: BTreeMap<RegionName, Peers>,
    front_door: AgentClient,
}

// === impl Network ===

impl Network {
    /// Clients for everything the settings name.
    ///
    /// # Errors
    /// When the controller's identity cannot be used.
    pub fn new(settings: &ControllerSettings) -> Result<Self, BuildError> {
        let urgent = Client::new(&settings.front_door, &settings.tls, CONNECT_TIME_MAX)?;
        let patient = Client::new(&settings.front_door, &settings.tls, ANSWER_TIME_MAX)?;
        let peers = |region: &types::settings::RegionEndpoints| Peers {
            urgent_agent: AgentClient(urgent.at(&region.agent)),
            agent: AgentClient(patient.at(&region.agent)),
            gateway: GatewayClient(patient.at(&region.gateway)),
        };
        Ok(Self {
            regions: settings
                .regions
                .iter()
                .map(|region| (region.region.clone(), peers(region)))
                .collect(),
            front_door: AgentClient(patient),
        })
    }

    fn peers(&self, region: &RegionName) -> Result<&Peers, Error> {
        self.regions.get(region).ok_or_else(|| Error::Refused {
            whom: region.to_string(),
            why: "it is not a region of this estate".to_owned(),
        })
    }
}

/// Ours from the client's.
fn told(whom: &str) -> impl Fn(client::Error) -> Error + use<> {
    let whom = whom.to_owned();
    move |error| {
        let (whom, why) = (whom.clone(), error.to_string());
        match error {
            client::Error::NoAnswer { .. } => Error::Unreachable { whom },
            client::Error::Unreadable { .. } => Error::Failed { whom, why },
            client::Error::Refused { problem, .. } => match problem.code.as_str() {
                code::STALE_GENERATION => Error::Stale {
                    whom,
                    known: problem.generation.unwrap_or(Generation::NONE),
                },
                code::NOT_NOW => Error::NotNow {
                    whom,
                    why: problem.message,
                },
                code::REFUSED | code::BAD_REQUEST | code::FORBIDDEN => Error::Refused {
                    whom,
                    why: problem.message,
                },
                _ => Error::Failed {
                    whom,
                    why: problem.message,
                },
            },
        }
    }
}

async fn within<T>(
    limit: Duration,
    whom: &str,
    call: impl Future<Output = Result<T, client::Error>> + Send,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(told(whom)),
        Err(_) => Err(Error::Unreachable {
            whom: whom.to_owned(),
        }),
    }
}

impl Regions for Network {
    fn observe<'a>(&'a self, region: &'a RegionName) -> Answer<'a, Observation> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            within(ANSWER_TIME_MAX, region.as_str(), peers.agent.observe()).await
        })
    }

    fn fence<'a>(&'a self, region: &'a RegionName, request: &'a FenceRequest) -> Answer<'a, FenceReceipt> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            within(FENCE_PATIENCE, region.as_str(), peers.urgent_agent.fence(request)).await
        })
    }

    fn checkpoint<'a>(&'a self, region: &'a RegionName) -> Answer<'a, Done> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            within(STOP_PATIENCE, region.as_str(), peers.urgent_agent.checkpoint()).await
        })
    }

    fn release<'a>(&'a self, region: &'a RegionName, request: &'a FenceRequest) -> Answer<'a, FenceReceipt> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            within(
                STOP_PATIENCE,
                region.as_str(),
                peers.urgent_agent.release(request),
            )
            .await
        })
    }

    fn lead<'a>(&'a self, region: &'a RegionName, request: &'a site::LeadRequest) -> Answer<'a, LeadReceipt> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            within(LEAD_PATIENCE, region.as_str(), peers.urgent_agent.lead(request)).await
        })
    }

    fn follow<'a>(&'a self, region: &'a RegionName, request: &'a FollowRequest) -> Answer<'a, Done> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            within(ANSWER_TIME_MAX, region.as_str(), peers.agent.follow(request)).await
        })
    }
}

impl Gateways for Network {
    fn status<'a>(&'a self, region: &'a RegionName) -> Answer<'a, GatewayStatus> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            let whom = format!("the gateway of {region}");
            within(ANSWER_TIME_MAX, &whom, peers.gateway.status()).await
        })
    }

    fn lead<'a>(&'a self, region: &'a RegionName, request: &'a gateway::LeadRequest) -> Answer<'a, Done> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            let whom = format!("the gateway of {region}");
            within(ANSWER_TIME_MAX, &whom, peers.gateway.lead(request)).await
        })
    }

    fn follow<'a>(&'a self, region: &'a RegionName, request: &'a gateway::FollowRequest) -> Answer<'a, Done> {
        Box::pin(async move {
            let peers = self.peers(region)?;
            let whom = format!("the gateway of {region}");
            within(ANSWER_TIME_MAX, &whom, peers.gateway.follow(request)).await
        })
    }
}

impl FrontDoor for Network {
    fn route<'a>(&'a self, request: &'a site::RouteRequest) -> Answer<'a, Done> {
        Box::pin(within(
            ANSWER_TIME_MAX,
            "the front door",
            self.front_door.route(request),
        ))
    }
}
