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
        accept_loss: false,
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
    assert!(matches!(refused, Err(MoveError::NoReason(_))), "{refused:?}");

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

/// North was away while west went on, and comes back when west is lost.
async fn only_an_unfit_standby_is_left(estate: &Estate) {
    estate.world.kill(&north());
    tokio::time::sleep(Duration::from_secs(30)).await;
    estate.world.kill(&west());
    estate.world.start(&north());
}

fn without_what_it_lacks(by: &str) -> MoveRequest {
    MoveRequest {
        accept_loss: true,
        reason: "the data centre burnt down".to_owned(),
        ..asked(MoveKind::Failover, by)
    }
}

#[tokio::test(start_paused = true)]
async fn two_people_go_on_without_what_an_unfit_standby_lacks_and_one_does_not() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    only_an_unfit_standby_is_left(&estate).await;
    let dry = MoveRequest {
        dry_run: true,
        ..asked(MoveKind::Failover, "ada")
    };
    until("a refusal says that two people may accept it", async || {
        let plan = controller.declare(dry.clone()).await.unwrap();
        plan.decision == MoveDecision::Refuse && plan.checks[0].verdict == MoveDecision::Proceed
    })
    .await;
    let alone = MoveRequest {
        emergency: true,
        ..without_what_it_lacks("ada")
    };
    let alone = controller.declare(alone).await;
    assert!(matches!(alone, Err(MoveError::NotAlone)), "{alone:?}");

    // In a tier that asks nobody it takes two all the same.
    let plan = controller.declare(without_what_it_lacks("ada")).await.unwrap();
    assert_eq!(
        (plan.decision, plan.approvals_needed, &plan.saga),
        (MoveDecision::Proceed, 1, &None)
    );
    assert!(
        plan.loss.starts_with("everything that was written in the "),
        "{}",
        plan.loss
    );
    let same = controller.approve(&plan.id, "ada").await;
    assert!(matches!(same, Err(MoveError::SamePerson(_))), "{same:?}");
    assert!(estate.world.picture().writing.is_empty(), "nobody leads yet");
    let begun = controller.approve(&plan.id, "bob").await.unwrap();
    assert!(begun.saga.is_some() && begun.accepts_loss, "{begun:?}");
    until("north leads", async || estate.leads(&north())).await;
    idle(&controller).await;
    let rows = controller.store.sagas(1).await.unwrap();
    let saga = controller.store.saga(rows[0].id).await.unwrap().unwrap();
    assert_eq!(saga.params["accepted_by"], serde_json::json!(["ada", "bob"]));
    stop(&controller).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_up_while_the_region_that_has_it_answers_or_where_nothing_is_lost() {
    let estate = Estate::new(Authority::Automatic);
    let controller = estate.running().await;
    for kind in [MoveKind::Switchover, MoveKind::Failback] {
        let moved = MoveRequest {
            kind,
            ..without_what_it_lacks("ada")
        };
        let refused = controller.declare(moved).await;
        assert!(
            matches!(refused, Err(MoveError::NothingToAccept(_))),
            "{refused:?}"
        );
    }
    let silent = MoveRequest {
        reason: String::new(),
        ..without_what_it_lacks("ada")
    };
    let refused = controller.declare(silent).await;
    assert!(matches!(refused, Err(MoveError::NoReason(_))), "{refused:?}");

    // West leads on without its standby.
    estate.world.kill(&north());
    tokio::time::sleep(Duration::from_secs(30)).await;
    let plan = controller.declare(without_what_it_lacks("ada")).await.unwrap();
    assert_eq!((plan.decision, &plan.saga), (MoveDecision::Refuse, &None));
    assert!(
        plan.checks[0].found.contains("west is heard"),
        "{:?}",
        plan.checks
    );
    assert!(estate.leads(&west()));
    stop(&controller).await;
}
