//! The agent's API. Handlers do not retry, and work that was begun goes on when the caller hangs up.

use std::sync::Arc;

use api::{
    Problem,
    caller::{self, Caller, Kind, Table},
    lease::{PromiseReply, PromiseRequest, RenewReply, RenewRequest},
    site::{
        Done, FenceReceipt, FenceRequest, FollowRequest, LeadReceipt, LeadRequest, Observation, RouteRequest,
    },
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, FromRequest, Request, State},
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::{clock, front_door::FrontDoor, region::Region};

/// What this agent looks after.
#[derive(Clone)]
pub enum Site {
    /// A region.
    Region(Arc<Region>),
    /// The front door.
    FrontDoor(Arc<FrontDoor>),
}

impl Site {
    /// What it sees right now.
    pub fn observe(&self) -> Observation {
        match self {
            Self::Region(region) => region.observe(),
            Self::FrontDoor(door) => door.observe(),
        }
    }

    /// Stops everything for good.
    pub async fn stop(&self) {
        match self {
            Self::Region(region) => region.stop().await,
            Self::FrontDoor(door) => door.stop().await,
        }
    }

    fn region(&self) -> Result<Arc<Region>, Problem> {
        match self {
            Self::Region(region) => Ok(Arc::clone(region)),
            Self::FrontDoor(_) => Err(Problem::refused("this is the front door, not a region")),
        }
    }
}

#[derive(Clone)]
struct Serving {
    site: Site,
    /// Fires when everything has been stopped and the agent shall end.
    stopped: CancellationToken,
}

type Answer<T> = Result<Json<T>, Problem>;

/// Who may ask what. A gateway or an ingress has nothing to ask here.
const MAY_ASK: Table = &[
    ("/v1/observation", &[Kind::Controller, Kind::Cli, Kind::Agent]),
    ("/v1/lead", &[Kind::Controller]),
    ("/v1/follow", &[Kind::Controller]),
    ("/v1/fence", &[Kind::Controller]),
    ("/v1/checkpoint", &[Kind::Controller]),
    ("/v1/release", &[Kind::Controller]),
    ("/v1/route", &[Kind::Controller]),
    ("/v1/stop", &[Kind::Controller, Kind::Cli]),
    ("/v1/lease/renew", &[Kind::Controller, Kind::Agent]),
    ("/v1/lease/promise", &[Kind::Controller, Kind::Agent]),
];

/// All routes. `stopped` fires when a caller had everything stopped.
pub fn router(site: Site, stopped: CancellationToken) -> Router {
    let router = Router::new()
        .route("/v1/observation", get(observation))
        .route("/v1/lead", post(lead))
        .route("/v1/follow", post(follow))
        .route("/v1/fence", post(fence))
        .route("/v1/checkpoint", post(checkpoint))
        .route("/v1/release", post(release))
        .route("/v1/route", post(route))
        .route("/v1/stop", post(stop))
        .route("/v1/lease/renew", post(renew))
        .route("/v1/lease/promise", post(promise))
        .with_state(Serving { site, stopped });
    caller::guard(router, MAY_ASK)
}

/// A JSON body; what cannot be read is answered in our own error shape.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        serde_json::from_slice(&bytes)
            .map(Body)
            .map_err(|error| Problem::bad_request(format!("the body is not understood: {error}")))
    }
}

/// Runs to its end even when the caller is gone: an order that was begun must not stop half way.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Answer<T> {
    match tokio::spawn(work).await {
        Ok(done) => done.map(Json),
        Err(error) => Err(Problem::failed(format!("the order was not carried out: {error}"))),
    }
}

async fn observation(State(serving): State<Serving>) -> Json<Observation> {
    Json(serving.site.observe())
}

async fn lead(State(serving): State<Serving>, Body(request): Body<LeadRequest>) -> Answer<LeadReceipt> {
    let region = serving.site.region()?;
    to_the_end(async move { region.lead(request).await }).await
}

async fn follow(State(serving): State<Serving>, Body(request): Body<FollowRequest>) -> Answer<Done> {
    let region = serving.site.region()?;
    to_the_end(async move { region.follow(request).await }).await
}

async fn fence(State(serving): State<Serving>, Body(request): Body<FenceRequest>) -> Answer<FenceReceipt> {
    let region = serving.site.region()?;
    to_the_end(async move { region.fence(request).await }).await
}

async fn checkpoint(State(serving): State<Serving>) -> Answer<Done> {
    let region = serving.site.region()?;
    to_the_end(async move { region.checkpoint().await }).await
}

async fn release(State(serving): State<Serving>, Body(request): Body<FenceRequest>) -> Answer<FenceReceipt> {
    let region = serving.site.region()?;
    to_the_end(async move { region.release(request).await }).await
}

async fn route(State(serving): State<Serving>, Body(request): Body<RouteRequest>) -> Answer<Done> {
    match serving.site {
        Site::FrontDoor(door) => to_the_end(async move { door.route(&request).await }).await,
        Site::Region(_) => Err(Problem::refused("this is a region, not the front door")),
    }
}

async fn stop(State(serving): State<Serving>) -> Answer<Done> {
    to_the_end(async move {
        serving.site.stop().await;
        serving.stopped.cancel();
        Ok(Done {
            at: clock::timestamp(),
        })
    })
    .await
}

async fn renew(
    State(serving): State<Serving>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Body(request): Body<RenewRequest>,
) -> Answer<RenewReply> {
    caller.speaks_for(&request.holder)?;
    let region = serving.site.region()?;
    to_the_end(async move {
        let reply = region.voting().renew(&request).await;
        reply.map_err(|error| Problem::failed(error.to_string()))
    })
    .await
}

async fn promise(
    State(serving): State<Serving>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Body(request): Body<PromiseRequest>,
) -> Answer<PromiseReply> {
    caller.speaks_for(&request.candidate)?;
    let region = serving.site.region()?;
    to_the_end(async move {
        let reply = region
            .voting()
            .promise(&request.candidate, request.generation)
            .await;
        reply.map_err(|error| Problem::failed(error.to_string()))
    })
    .await
}
