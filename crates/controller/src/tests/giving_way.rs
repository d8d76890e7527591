//! A region that is lost while a saga still has something to wait for.

use super::{moves::declared, *};

/// Longer than anything a failover may take, shorter than a saga's own patience.
const STANDS_STILL: Duration = Duration::from_secs(50);

/// Waits until nothing runs, and compares what ran and how it ended, the newest first.
async fn ran(controller: &Controller, expected: &str) {
    idle(controller).await;
    let sagas = controller.store.sagas(9).await.unwrap();
    let told: Vec<_> = sagas
        .iter()
        .map(|saga| format!("{} {}", saga.kind, saga.phase))
        .collect();
    assert_eq!(told.join(", "), expected);
}

/// Waits until a region leads: so long after the loss at the latest, and a lease.
async fn leads_within(estate: &Estate, region: &RegionName, lost: Instant, time: Duration) {
    until(&format!("{region} leads"), async || estate.leads(region)).await;
    assert!(lost.elapsed() <= time + LEASE, "led after {:?}", lost.elapsed());
}

/// Waits until a region follows the other one, and the controller has heard of it.
async fn follows(estate: &Estate, region: RegionName, leader: RegionName) {
    let pair = [(region, leader)];
    until("the old region follows", async || {
        estate.world.picture().following == pair
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// Waits until the region that does not lead could take over although a saga runs.
async fn only_the_saga_exposes(controller: &Controller, kind: &str) {
    let told = format!("a {kind} is running");
    until("only the saga exposes the estate", async || {
        let protection = controller.status().await.unwrap().protection;
        matches!(protection, Protection::Exposed { because } if because == [told.clone()])
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_switchover_whose_new_region_is_lost_gives_way_to_a_failover() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    estate.world.slow("north", "gateway-status", STANDS_STILL);
    declared(&controller, "ada").await;
    until("north leads", async || estate.leads(&north())).await;
    // The controller waits for the new gateway's word once a second, and takes none for a gone gateway.
    follows(&estate, west(), north()).await;
    let running = controller.runner.running().unwrap();
    assert_eq!(running.kind, "switchover");

    estate.world.kill(&north());
    let killed = Instant::now();
    leads_within(&estate, &west(), killed, Duration::from_secs(2)).await;
    ran(
        &controller,
        "failover done, switchover superseded, bootstrap done",
    )
    .await;
    let record = controller.store.saga(running.id).await.unwrap().unwrap();
    let last = record.events.last().unwrap();
    assert!(
        matches!(&last.kind, saga::EventKind::Superseded { why } if why.contains("nothing was heard")),
        "{last:?}"
    );
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn a_failover_that_replays_for_minutes_gives_way_to_the_next_one_behind_the_hold_off() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    // The new gateway answers nobody for so long that the replay is given up only after five minutes.
    estate.world.slow("north", "gateway-status", STANDS_STILL * 4);
    estate.world.kill(&west());
    until("north leads", async || estate.leads(&north())).await;
    let moved = Instant::now();
    estate.world.start(&west());
    follows(&estate, west(), north()).await;
    estate.world.kill(&north());
    until("west leads again", async || estate.leads(&west())).await;
    let (hold_off, after) = (estate.settings().failover.hold_off.as_duration(), moved.elapsed());
    let limit = hold_off + Duration::from_secs(2) + LEASE;
    assert!(hold_off <= after && after <= limit, "led after {after:?}");
    ran(&controller, "failover done, failover superseded, bootstrap done").await;
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn a_switchover_that_has_changed_nothing_yet_gives_way() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    estate.world.slow("west", "checkpoint", STANDS_STILL);
    declared(&controller, "ada").await;
    only_the_saga_exposes(&controller, "switchover").await;
    estate.world.kill(&west());
    let killed = Instant::now();
    leads_within(&estate, &north(), killed, Duration::from_secs(2)).await;
    ran(
        &controller,
        "failover done, switchover superseded, bootstrap done",
    )
    .await;
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn a_switchover_in_the_middle_keeps_a_failover_back_until_it_is_taken_back() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    // Between holding people's requests and giving the right to write away there is somebody to be let go on.
    estate.world.slow("west", "release", Duration::from_secs(5));
    declared(&controller, "ada").await;
    until("traffic is held", async || {
        estate.world.picture().route == Some(Route::HoldingFor(west()))
    })
    .await;
    estate.world.kill(&west());
    until("the failover waits for it", async || {
        controller.status().await.unwrap().decision == "wait: a switchover is running"
    })
    .await;
    until("north leads", async || estate.leads(&north())).await;
    ran(&controller, "failover done, switchover unwound, bootstrap done").await;
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn what_people_say_while_the_last_steps_wait_is_not_forgotten_with_them() {
    let estate = Estate::new(Authority::TwoPeople);
    let controller = estate.running().await;
    // The new gateway stays silent until the switchover has given up asking it.
    estate
        .world
        .slow("north", "gateway-status", Duration::from_secs(25));
    let plan = declared(&controller, "ada").await;
    controller.approve(&plan.id, "bob").await.unwrap();
    until("north leads", async || estate.leads(&north())).await;
    follows(&estate, west(), north()).await;
    estate.world.kill(&north());
    until("people are asked", async || {
        let decision = controller.status().await.unwrap().decision;
        decision.contains("0 of 2 authorisations given")
    })
    .await;
    let alone = controller.order(&order(north(), "ada")).await;
    assert!(matches!(&alone, Err(OrderError::NotNow(why)) if why.contains("1 of 2")));
    idle(&controller).await;
    controller.order(&order(north(), "bob")).await.unwrap();
    until("west leads again", async || estate.leads(&west())).await;
    stop(&controller).await;
}

/// Waits until a move waits for its new region to lead.
async fn promoting(controller: &Controller) {
    until("a region is told to lead", async || {
        let Some(running) = controller.runner.running() else {
            return false;
        };
        let record = controller.store.saga(running.id).await.unwrap();
        record.is_some_and(|record| recovery::sagas::promoting(&record).is_some())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_switchover_whose_new_region_is_lost_before_it_leads_is_taken_back_at_once() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    // Whoever waits for its answer hears nothing, not even that nobody is there.
    estate.world.slow("north", "lead", STANDS_STILL);
    declared(&controller, "ada").await;
    promoting(&controller).await;
    assert_eq!(estate.world.picture().writing, []);
    estate.world.kill(&north());
    let killed = Instant::now();
    leads_within(&estate, &west(), killed, Duration::from_secs(2)).await;
    ran(&controller, "switchover unwound, bootstrap done").await;
    let last = &controller.store.sagas(1).await.unwrap()[0];
    let record = controller.store.saga(last.id).await.unwrap().unwrap();
    let failed = record.events.iter().find_map(|event| match &event.kind {
        saga::EventKind::Failed { why } => Some((event.node.as_str(), why.as_str())),
        _ => None,
    });
    let (node, why) = failed.expect("a step was given up");
    assert_eq!(node, "promote");
    assert!(
        why.contains("north is given up: nothing was heard from it"),
        "{why}"
    );
    // It comes back, told to lead in a generation that is over.
    estate.world.start(&north());
    follows(&estate, north(), west()).await;
    assert!(estate.leads(&west()));
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_region_that_is_slow_and_heard_is_waited_for() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    estate.world.slow("north", "lead", Duration::from_secs(20));
    declared(&controller, "ada").await;
    until("north leads", async || estate.leads(&north())).await;
    ran(&controller, "switchover done, bootstrap done").await;
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn a_failover_whose_new_region_is_lost_before_it_leads_puts_the_fenced_one_back_to_work() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    estate.world.slow("north", "lead", STANDS_STILL);
    estate.world.kill_database(&west());
    promoting(&controller).await;
    estate.world.kill(&north());
    let killed = Instant::now();
    leads_within(&estate, &west(), killed, Duration::from_secs(5)).await;
    ran(&controller, "failover done, failover unwound, bootstrap done").await;
    stop(&controller).await;
}
