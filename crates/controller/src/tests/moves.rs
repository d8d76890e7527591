//! What people declare, authorise and abort, over the simulated world.

use api::moves::{AbortRequest, MoveDecision, MoveKind, MoveRequest};

use super::*;
use crate::MoveError;

fn asked(kind: MoveKind, by: &str) -> MoveRequest {
    MoveRequest {
        kind,
        to: None,
        by: by.to_owned(),
        reason: "a window".to_owned(),
        emergency: false,
        dry_run: false,
    }
}

/// Waits until nothing speaks against a switchover, and returns the controller's answer to its declaration.
pub(super) async fn declared(controller: &Arc<Controller>, by: &str) -> api::moves::MovePlan {
    let dry = MoveRequest {
        dry_run: true,
        ..asked(MoveKind::Switchover, by)
    };
    until("a switchover may begin", async || {
        controller.declare(dry.clone()).await.unwrap().decision == MoveDecision::Proceed
    })
    .await;
    controller.declare(asked(MoveKind::Switchover, by)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_declaration_outlives_the_controller_and_needs_another_person() {
    let estate = Estate::new(Authority::TwoPeople);
    let controller = estate.running().await;
    let plan = declared(&controller, "ada").await;
    assert_eq!((plan.saga, plan.approvals_needed), (None, 1));
    assert!(controller.runner.running().is_none());
    stop(&controller).await;

    let heir = estate.running().await;
    let alone = heir.approve(&plan.id, "ada").await;
    assert!(
        matches!(&alone, Err(MoveError::SamePerson(by)) if by == "ada"),
        "{alone:?}"
    );
    let unknown = heir.approve("0", "bob").await;
    assert!(matches!(unknown, Err(MoveError::Unknown(_))));
    until("it is authorised and begins", async || {
        // The heir may not have heard from every gateway yet; the authorisation counts once all the same.
        heir.approve(&plan.id, "bob").await.unwrap().saga.is_some()
    })
    .await;
    until("north leads", async || estate.leads(&north())).await;
    idle(&heir).await;
    let again = heir.approve(&plan.id, "bob").await;
    assert!(matches!(again, Err(MoveError::Unknown(_))), "{again:?}");
    stop(&heir).await;
}

#[tokio::test(start_paused = true)]
async fn a_declaration_is_forgotten_after_ten_minutes() {
    let estate = Estate::new(Authority::TwoPeople);
    let controller = estate.running().await;
    let plan = declared(&controller, "ada").await;
    tokio::time::sleep(Duration::from_secs(601)).await;
    let late = controller.approve(&plan.id, "bob").await;
    assert!(matches!(late, Err(MoveError::Unknown(_))), "{late:?}");
    assert!(estate.leads(&west()));
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn one_person_alone_has_to_say_why_it_is_an_emergency() {
    let estate = Estate::new(Authority::TwoPeople);
    let controller = estate.running().await;
    let silent = MoveRequest {
        emergency: true,
        reason: " ".to_owned(),
        ..asked(MoveKind::Failover, "ada")
    };
    let refused = controller.declare(silent.clone()).await;
    assert!(matches!(refused, Err(MoveError::NoReason)), "{refused:?}");

    estate.world.kill(&west());
    let urgent = MoveRequest {
        reason: "the data centre burns".to_owned(),
        ..silent
    };
    until("the failover begins", async || {
        controller
            .declare(urgent.clone())
            .await
            .is_ok_and(|plan| plan.saga.is_some())
    })
    .await;
    until("north leads", async || estate.leads(&north())).await;
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn an_aborted_switchover_leaves_the_old_region_leading() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    // It stands still where it can be taken back.
    estate.world.slow("west", "release", Duration::from_secs(2));
    let plan = declared(&controller, "ada").await;
    let saga = plan.saga.unwrap().id;
    let request = AbortRequest {
        by: "bob".to_owned(),
        reason: "the wrong day".to_owned(),
        dry_run: true,
    };
    until("traffic is held", async || {
        let told = controller.abort(&saga, &request).await.unwrap();
        told.undone.iter().any(|node| node == "hold_traffic")
    })
    .await;
    let request = AbortRequest {
        dry_run: false,
        ..request
    };
    controller.abort(&saga, &request).await.unwrap();
    idle(&controller).await;
    let rows = controller.store.sagas(1).await.unwrap();
    assert_eq!(
        (rows[0].kind.as_str(), rows[0].phase.as_str()),
        ("switchover", "unwound")
    );
    until("west leads", async || estate.leads(&west())).await;
    let ended = controller.abort(&saga, &request).await;
    assert!(matches!(ended, Err(MoveError::NotRunning(_))), "{ended:?}");
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn only_those_whom_the_tier_names_authorise_and_who_declares_does_not_do_both() {
    let estate = Estate::new(Authority::OnePerson).with_authorised_by(&["bob", "eve"]);
    let controller = estate.running().await;
    // Anybody may declare; it waits for somebody who is named.
    let plan = declared(&controller, "ada").await;
    assert_eq!((plan.saga, plan.approvals_needed), (None, 1));
    let refused = controller.approve(&plan.id, "mallory").await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "mallory may not authorise this move; who may: bob, eve"
    );
    until("it is authorised and begins", async || {
        controller.approve(&plan.id, "bob").await.unwrap().saga.is_some()
    })
    .await;
    until("north leads", async || estate.leads(&north())).await;
    idle(&controller).await;
    // Whoever is named needs nobody else.
    let plan = declared(&controller, "eve").await;
    assert_eq!((plan.saga.is_some(), plan.approvals_needed), (true, 0));
    until("west leads", async || estate.leads(&west())).await;
    idle(&controller).await;
    stop(&controller).await;
}
