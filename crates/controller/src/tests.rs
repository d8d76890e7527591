//! The whole controller over the simulated world, which panics when two databases accept writes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use api::{
    controller::{FailoverRequest, Protection},
    gateway::GatewayRole,
    lease::{PromiseReply, PromiseRequest, RenewReply, RenewRequest},
    site::Route,
};
use driver::{
    Ports,
    simulated::{LEASE, World},
};
use recovery::sagas::failover::NODES;
use saga::{Boundary, Faults, Inject, NoFaults, Point};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use types::{
    CapabilityName, EstateName, Generation, RegionName, Span, TenantName, TierName,
    settings::{
        Authority, CapabilitySettings, ControllerSettings, FailoverSettings, LeaseTiming, Probe,
        RegionEndpoints, TlsFiles,
    },
};

use crate::{Controller, OrderError, store::Store, witness::Witness};

mod giving_way;
mod moves;

fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

fn west() -> RegionName {
    region("west")
}

fn north() -> RegionName {
    region("north")
}

struct Estate {
    world: Arc<World>,
    directory: tempfile::TempDir,
    authority: Authority,
    authorised_by: Vec<String>,
}

impl Estate {
    fn new(authority: Authority) -> Self {
        let world = World::new([&west(), &north()]);
        Self {
            world,
            directory: tempfile::tempdir().unwrap(),
            authority,
            authorised_by: Vec::new(),
        }
    }

    fn with_authorised_by(self, names: &[&str]) -> Self {
        Self {
            authorised_by: names.iter().map(|name| (*name).to_owned()).collect(),
            ..self
        }
    }

    fn store(&self) -> Store {
        Store::open(&self.directory.path().join("store.sqlite")).unwrap()
    }

    fn settings(&self) -> ControllerSettings {
        let endpoints = |name: &str| RegionEndpoints {
            region: region(name),
            agent: String::new(),
            gateway: String::new(),
        };
        ControllerSettings {
            estate: EstateName::new("estate").unwrap(),
            tenant: TenantName::new("tenant").unwrap(),
            listen: ([127, 0, 0, 1], 0).into(),
            tls: TlsFiles {
                ca: "ca".into(),
                certificate: "c".into(),
                key: "k".into(),
            },
            store: "unused".into(),
            front_door: String::new(),
            public_url: "https://localhost".to_owned(),
            regions: vec![endpoints("west"), endpoints("north")],
            capabilities: vec![CapabilitySettings {
                name: CapabilityName::new("order-capture").unwrap(),
                tier: TierName::new("gold").unwrap(),
                rto: Span::from_secs(10),
                rpo: Span::from_secs(0),
                probe: Some(Probe::OrderCapture),
            }],
            lease: LeaseTiming {
                ttl: Span::from_secs(3),
                renew_every: Span::from_millis(500),
                margin: Span::from_millis(400),
            },
            drills: None,
            failover: FailoverSettings {
                authority: self.authority,
                authorised_by: self.authorised_by.clone(),
                region_lost_after: Span::from_millis(1_500),
                database_lost_after: Span::from_secs(3),
                hold_off: Span::from_secs(60),
                lag_bytes_max: 1 << 20,
            },
        }
    }

    /// Starts a controller, as another process would, with everybody's heartbeats going to it.
    async fn start(&self, faults: Arc<dyn Faults>) -> Arc<Controller> {
        let ports = |witness, record| Ports {
            witness,
            reigns: record,
            ..self.world.ports()
        };
        let cancel = CancellationToken::new();
        let ports = |witness: Arc<Witness>, record: Arc<crate::record::Record>| ports(witness, record);
        let controller = Controller::open(self.settings(), self.store(), ports, faults, cancel.clone())
            .await
            .unwrap();
        controller.start().await.unwrap();
        let (world, hearing) = (Arc::clone(&self.world), Arc::clone(&controller));
        tokio::spawn(cancel.run_until_cancelled_owned(async move {
            loop {
                for name in [west(), north()] {
                    world
                        .heartbeat(&name)
                        .into_iter()
                        .for_each(|seen| hearing.hear(seen));
                }
                hearing.hear(world.front_door_heartbeat());
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
        }));
        controller
    }

    /// A protected estate with a controller.
    async fn running(&self) -> Arc<Controller> {
        let controller = self.start(Arc::new(NoFaults)).await;
        protected(&controller).await;
        controller
    }

    fn leads(&self, name: &RegionName) -> bool {
        let picture = self.world.picture();
        matches!(&picture.writing[..], [(writing, _)] if writing == name)
            && picture.route == Some(Route::Region(name.clone()))
    }
}

async fn stop(controller: &Arc<Controller>) {
    controller.cancel.cancel();
    controller.ended().await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(
            began.elapsed() < Duration::from_secs(300),
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn protected(controller: &Controller) {
    until("the estate is protected", async || {
        controller.status().await.unwrap().protection == Protection::Protected
    })
    .await;
}

async fn idle(controller: &Controller) {
    until("no saga runs", async || controller.runner.running().is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_estate_is_begun_and_a_lost_region_is_replaced_in_seconds() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    assert!(estate.leads(&west()));
    let status = controller.status().await.unwrap();
    assert_eq!(
        (status.active, status.generation),
        (Some(west()), Generation::FIRST)
    );
    assert_eq!(status.decision, "nothing to do");
    assert_eq!(status.capabilities[0].detail, None);

    estate.world.kill(&west());
    let killed = Instant::now();
    until("a failover is decided", async || {
        controller.runner.running().is_some()
    })
    .await;
    assert!(
        killed.elapsed() <= Duration::from_secs(2),
        "decided after {:?}",
        killed.elapsed()
    );
    until("north leads", async || estate.leads(&north())).await;
    // The simulated lease runs in full after the decision; a real one began to run out when its holder died.
    let limit = Duration::from_secs(2) + LEASE;
    assert!(killed.elapsed() <= limit, "led after {:?}", killed.elapsed());
    idle(&controller).await;

    let rows = controller.store.sagas(10).await.unwrap();
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| (row.kind.as_str(), row.phase.as_str()))
        .collect();
    assert_eq!(kinds, [("failover", "done"), ("bootstrap", "done")]);
    let record = controller.store.saga(rows[0].id).await.unwrap().unwrap();
    let clocks = recovery::sagas::timeline(&record).unwrap();
    let order = [
        clocks.detected,
        clocks.decided,
        clocks.fenced,
        clocks.promoted,
        clocks.routed,
        clocks.first_write,
    ];
    assert!(
        order.is_sorted() && order.iter().all(Option::is_some),
        "{clocks:?}"
    );
    assert!(clocks.reconciled.is_some());
    let status = controller.status().await.unwrap();
    assert_eq!(
        (status.active, status.generation),
        (Some(north()), Generation::new(2))
    );
    assert!(matches!(status.protection, Protection::Exposed { .. }));
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn the_old_region_comes_back_as_standby_and_the_hold_off_keeps_writes_where_they_are() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    estate.world.kill(&west());
    until("north leads", async || estate.leads(&north())).await;
    idle(&controller).await;
    estate.world.start(&west());
    let hold_off = "the last failover was less than 1m ago, and another one would wait for that";
    let only = Protection::Exposed {
        because: vec![hold_off.to_owned()],
    };
    until("nothing but the hold-off exposes the estate", async || {
        controller.status().await.unwrap().protection == only
    })
    .await;
    assert_eq!(estate.world.picture().following, [(west(), north())]);

    estate.world.kill(&north());
    let told = "nothing was heard from the active region";
    until("the hold-off is told", async || {
        let decision = controller.status().await.unwrap().decision;
        decision.starts_with(&format!("wait: {told}")) && decision.contains("the last failover is too recent")
    })
    .await;
    assert_eq!(estate.world.picture().writing, []);
    until("west leads again", async || estate.leads(&west())).await;
    assert_eq!(estate.world.picture().writing, [(west(), Generation::new(3))]);
    stop(&controller).await;
}

/// Dies once.
struct DieAt(Mutex<Option<Point>>);

impl Faults for DieAt {
    fn at(&self, point: &Point) -> Inject {
        let mut wanted = self.0.lock().unwrap();
        if wanted.as_ref() == Some(point) {
            *wanted = None;
            return Inject::Die;
        }
        Inject::Nothing
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_killed_at_each_step_of_a_failover_is_replaced_and_ends_in_the_same_good_state() {
    for node in NODES {
        for boundary in Boundary::FORWARD {
            let point = Point {
                node: node.to_owned(),
                boundary,
            };
            let estate = Estate::new(Authority::Automatic);
            stop(&estate.running().await).await;
            let mortal = estate
                .start(Arc::new(DieAt(Mutex::new(Some(point.clone())))))
                .await;
            protected(&mortal).await;
            estate.world.kill(&west());
            until("the controller dies", async || mortal.cancel.is_cancelled()).await;
            mortal.ended().await;

            let heir = estate.start(Arc::new(NoFaults)).await;
            until("north leads", async || estate.leads(&north())).await;
            idle(&heir).await;
            assert_eq!(
                estate.world.picture().writing,
                [(north(), Generation::new(2))],
                "{point}"
            );
            let rows = heir.store.sagas(10).await.unwrap();
            let phases: Vec<_> = rows
                .iter()
                .map(|row| (row.kind.as_str(), row.phase.as_str()))
                .collect();
            assert_eq!(phases, [("failover", "done"), ("bootstrap", "done")], "{point}");
            stop(&heir).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_started_during_an_outage_remembers_that_the_standby_was_fit() {
    let estate = Estate::new(Authority::Automatic);
    stop(&estate.running().await).await;
    estate.world.kill(&west());
    let heir = estate.start(Arc::new(NoFaults)).await;
    until("north leads", async || estate.leads(&north())).await;
    stop(&heir).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_database_is_failed_over_and_its_region_follows() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    estate.world.kill_database(&west());
    until("north leads", async || estate.leads(&north())).await;
    protected(&controller).await;
    let picture = estate.world.picture();
    assert_eq!(picture.following, [(west(), north())]);
    assert_eq!(picture.gateways_leading, [(north(), Generation::new(2))]);
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_promotion_comes_to_nothing_and_is_decided_anew() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    estate.world.refuse("north", "lead");
    estate.world.kill(&west());
    until("north leads", async || estate.leads(&north())).await;
    idle(&controller).await;
    assert_eq!(estate.world.picture().writing, [(north(), Generation::new(3))]);
    let rows = controller.store.sagas(10).await.unwrap();
    let phases: Vec<_> = rows.iter().map(|row| row.phase.as_str()).collect();
    assert_eq!(phases, ["done", "unwound", "done"]);
    stop(&controller).await;
}

fn order(from: RegionName, by: &str) -> FailoverRequest {
    FailoverRequest {
        from,
        by: by.to_owned(),
        reason: "the data centre burns".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn two_different_people_must_agree_where_the_tier_says_so() {
    let estate = Estate::new(Authority::TwoPeople);
    let controller = estate.running().await;
    estate.world.kill(&west());
    until("people are asked", async || {
        controller
            .status()
            .await
            .unwrap()
            .decision
            .contains("0 of 2 authorisations given")
    })
    .await;
    let wrong = controller.order(&order(north(), "ada")).await;
    assert!(matches!(wrong, Err(OrderError::NotActive { .. })));
    for by in ["ada", "ada"] {
        let alone = controller.order(&order(west(), by)).await;
        assert!(matches!(&alone, Err(OrderError::NotNow(why)) if why.contains("1 of 2")));
    }
    controller.order(&order(west(), "bob")).await.unwrap();
    until("north leads", async || estate.leads(&north())).await;
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_was_restarted_is_told_to_lead_with_the_same_incarnation() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    let incarnation = async || {
        let status = controller.ports.gateways.status(&west()).await.unwrap();
        (status.role, status.incarnation)
    };
    let before = incarnation().await;
    assert_eq!(before.0, GatewayRole::Leading);
    estate.world.restart_gateway(&west());
    until("it leads again", async || incarnation().await == before).await;
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn the_witness_remembers_its_promises_when_it_is_restarted() {
    let estate = Estate::new(Authority::Automatic);
    let timing = estate.settings().lease;
    let witness = Witness::open(estate.store(), timing).await.unwrap();
    let renew = RenewRequest {
        holder: west(),
        generation: Generation::FIRST,
        serves: true,
    };
    assert_eq!(witness.renew(&renew).await.unwrap(), RenewReply::Granted);
    let promise = PromiseRequest {
        generation: Generation::new(2),
        candidate: north(),
    };
    let answer = witness.promise(&promise).await.unwrap();
    let PromiseReply::Promised {
        older_grant_ends_in_ms,
    } = answer
    else {
        panic!("{answer:?}")
    };
    assert!(
        (2_000..=3_000).contains(&older_grant_ends_in_ms),
        "{older_grant_ends_in_ms}"
    );

    let heir = Witness::open(estate.store(), timing).await.unwrap();
    let refused = RenewReply::Refused {
        promised: Generation::new(2),
    };
    assert_eq!(heir.renew(&renew).await.unwrap(), refused);
    let answer = heir.promise(&promise).await.unwrap();
    let PromiseReply::Promised {
        older_grant_ends_in_ms,
    } = answer
    else {
        panic!("{answer:?}")
    };
    assert!(
        older_grant_ends_in_ms > 3_000,
        "a restarted voter assumes a full term and a margin"
    );
}
