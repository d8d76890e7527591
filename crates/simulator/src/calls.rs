//! The ports of production, as questions that the simulated network carries.
//!
//! A saga awaits a port as it does over real connections. Here the question is put into a list; the world takes it from
//! there, sends it, and puts the answer back when it arrives. Nothing wakes anybody: the world polls the saga after every
//! answer and every pause.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use api::{
    gateway::{self, GatewayStatus},
    lease::{PromiseReply, PromiseRequest},
    site::{
        self, Done, FenceReceipt, FenceRequest, FollowRequest, LeadReceipt, LeadRequest, Observation,
        RouteRequest,
    },
};
use driver::{Answer, Clock, Error, FrontDoor, Gateways, Ports, Regions, Reign, Reigns, Witness};
use saga::BoxFuture;
use types::{RegionName, Timestamp};

use crate::place::Side;

/// What is asked, and of whom.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Observe(Side),
    Checkpoint(Side),
    Fence(Side, FenceRequest),
    Release(Side, FenceRequest),
    Lead(Side, LeadRequest),
    Follow(Side, FollowRequest),
    GatewayStatus(Side),
    GatewayLead(Side, gateway::LeadRequest),
    GatewayFollow(Side, gateway::FollowRequest),
    Route(RouteRequest),
    Promise(PromiseRequest),
    Record(Reign),
    Current,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Observation(Box<Observation>),
    Fenced(FenceReceipt),
    Leads(LeadReceipt),
    Done(Done),
    Gateway(Box<GatewayStatus>),
    Promise(PromiseReply),
    Recorded,
    Reign(Option<Reign>),
}

/// An answer, or why there is none.
pub(crate) type Answered = Result<Reply, Error>;

type Numbered<T> = Vec<(u64, T)>;

#[derive(Debug, Default)]
struct Lists {
    next: u64,
    asked: Vec<(u64, Request)>,
    pauses: Vec<(u64, Duration)>,
    answers: BTreeMap<u64, Answered>,
    passed: Vec<u64>,
}

/// Carries questions and answers between a saga and the world.
#[derive(Debug)]
pub(crate) struct Bridge {
    lists: Mutex<Lists>,
    wall: AtomicI64,
    names: [RegionName; 2],
}

// === impl Bridge ===

impl Bridge {
    pub fn new(names: [RegionName; 2]) -> Arc<Self> {
        Arc::new(Self {
            lists: Mutex::default(),
            wall: AtomicI64::new(0),
            names,
        })
    }

    pub fn ports(self: &Arc<Self>) -> Ports {
        Ports {
            regions: Arc::<Self>::clone(self),
            gateways: Arc::<Self>::clone(self),
            front_door: Arc::<Self>::clone(self),
            witness: Arc::<Self>::clone(self),
            reigns: Arc::<Self>::clone(self),
            clock: Arc::<Self>::clone(self),
        }
    }

    pub fn set_wall(&self, now: Timestamp) {
        self.wall.store(now.as_micros(), Ordering::Relaxed);
    }

    pub fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.wall.load(Ordering::Relaxed))
    }

    /// What was asked, and which pauses were begun, since the last time.
    pub fn take(&self) -> (Numbered<Request>, Numbered<Duration>) {
        let mut lists = self.lock();
        (
            std::mem::take(&mut lists.asked),
            std::mem::take(&mut lists.pauses),
        )
    }

    pub fn answer(&self, id: u64, answer: Answered) {
        self.lock().answers.insert(id, answer);
    }

    pub fn passed(&self, id: u64) {
        self.lock().passed.push(id);
    }

    /// Passes when the world says so.
    pub fn pause(self: &Arc<Self>, length: Duration) -> BoxFuture<'static, ()> {
        let (bridge, mut mine) = (Arc::clone(self), None);
        Box::pin(poll_fn(move |_| {
            let mut lists = bridge.lock();
            let id = *mine.get_or_insert_with(|| {
                lists.next += 1;
                let id = lists.next;
                lists.pauses.push((id, length));
                id
            });
            match lists.passed.iter().position(|passed| *passed == id) {
                Some(found) => {
                    lists.passed.swap_remove(found);
                    Poll::Ready(())
                }
                None => Poll::Pending,
            }
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, request: Request) -> Answered {
        let id = {
            let mut lists = self.lock();
            lists.next += 1;
            let id = lists.next;
            lists.asked.push((id, request));
            id
        };
        poll_fn(|_| match self.lock().answers.remove(&id) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    fn side(&self, region: &RegionName) -> Result<Side, Error> {
        let side = Side::ALL
            .into_iter()
            .find(|side| self.names[side.index()] == *region);
        side.ok_or_else(|| Error::Refused {
            whom: region.to_string(),
            why: "it is not a region of this estate".to_owned(),
        })
    }
}

/// An answer to another question: a mistake of the simulated world, which a saga then reports.
fn misunderstood<T>(_: Reply) -> Result<T, Error> {
    Err(Error::Refused {
        whom: "the simulated world".to_owned(),
        why: "it answered another question".to_owned(),
    })
}

fn done(reply: Reply) -> Result<Done, Error> {
    match reply {
        Reply::Done(done) => Ok(done),
        other => misunderstood(other),
    }
}

impl Regions for Bridge {
    fn observe<'a>(&'a self, region: &'a RegionName) -> Answer<'a, Observation> {
        Box::pin(async move {
            match self.ask(Request::Observe(self.side(region)?)).await? {
                Reply::Observation(observation) => Ok(*observation),
                other => misunderstood(other),
            }
        })
    }

    fn fence<'a>(&'a self, region: &'a RegionName, request: &'a FenceRequest) -> Answer<'a, FenceReceipt> {
        Box::pin(async move {
            match self
                .ask(Request::Fence(self.side(region)?, request.clone()))
                .await?
            {
                Reply::Fenced(receipt) => Ok(receipt),
                other => misunderstood(other),
            }
        })
    }

    fn checkpoint<'a>(&'a self, region: &'a RegionName) -> Answer<'a, Done> {
        Box::pin(async move { done(self.ask(Request::Checkpoint(self.side(region)?)).await?) })
    }

    fn release<'a>(&'a self, region: &'a RegionName, request: &'a FenceRequest) -> Answer<'a, FenceReceipt> {
        Box::pin(async move {
            match self
                .ask(Request::Release(self.side(region)?, request.clone()))
                .await?
            {
                Reply::Fenced(receipt) => Ok(receipt),
                other => misunderstood(other),
            }
        })
    }

    fn lead<'a>(&'a self, region: &'a RegionName, request: &'a LeadRequest) -> Answer<'a, LeadReceipt> {
        Box::pin(async move {
            match self
                .ask(Request::Lead(self.side(region)?, request.clone()))
                .await?
            {
                Reply::Leads(receipt) => Ok(receipt),
                other => misunderstood(other),
            }
        })
    }

    fn follow<'a>(&'a self, region: &'a RegionName, request: &'a FollowRequest) -> Answer<'a, Done> {
        Box::pin(async move {
            done(
                self.ask(Request::Follow(self.side(region)?, request.clone()))
                    .await?,
            )
        })
    }
}

impl Gateways for Bridge {
    fn status<'a>(&'a self, region: &'a RegionName) -> Answer<'a, GatewayStatus> {
        Box::pin(async move {
            match self.ask(Request::GatewayStatus(self.side(region)?)).await? {
                Reply::Gateway(status) => Ok(*status),
                other => misunderstood(other),
            }
        })
    }

    fn lead<'a>(&'a self, region: &'a RegionName, request: &'a gateway::LeadRequest) -> Answer<'a, Done> {
        Box::pin(async move {
            done(
                self.ask(Request::GatewayLead(self.side(region)?, request.clone()))
                    .await?,
            )
        })
    }

    fn follow<'a>(&'a self, region: &'a RegionName, request: &'a gateway::FollowRequest) -> Answer<'a, Done> {
        Box::pin(async move {
            done(
                self.ask(Request::GatewayFollow(self.side(region)?, request.clone()))
                    .await?,
            )
        })
    }
}

impl FrontDoor for Bridge {
    fn route<'a>(&'a self, request: &'a RouteRequest) -> Answer<'a, site::Done> {
        Box::pin(async move { done(self.ask(Request::Route(request.clone())).await?) })
    }
}

impl Witness for Bridge {
    fn promise<'a>(&'a self, request: &'a PromiseRequest) -> Answer<'a, PromiseReply> {
        Box::pin(async move {
            match self.ask(Request::Promise(request.clone())).await? {
                Reply::Promise(reply) => Ok(reply),
                other => misunderstood(other),
            }
        })
    }
}

impl Reigns for Bridge {
    fn current(&self) -> Answer<'_, Option<Reign>> {
        Box::pin(async move {
            match self.ask(Request::Current).await? {
                Reply::Reign(reign) => Ok(reign),
                other => misunderstood(other),
            }
        })
    }

    fn record<'a>(&'a self, reign: &'a Reign) -> Answer<'a, ()> {
        Box::pin(async move {
            match self.ask(Request::Record(reign.clone())).await? {
                Reply::Recorded => Ok(()),
                other => misunderstood(other),
            }
        })
    }
}

impl Clock for Bridge {
    fn now(&self) -> Timestamp {
        self.wall()
    }
}
