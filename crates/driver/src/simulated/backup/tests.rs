//! What the simulated stamp notices, and what it keeps of its ports' promises.

use api::backup::{
    DatabaseName, Evidence, Gate, Repository, RestorePoint, RestoreRequest, Room, SwapRequest, TenantAct,
    TenantFence,
};
use types::{Generation, TenantName, Timestamp};

use super::*;
use crate::backup::{Backups, Tenants};

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

fn acme() -> TenantName {
    TenantName::new("acme").unwrap()
}

fn act(generation: u64) -> TenantAct {
    TenantAct {
        tenant: acme(),
        generation: Generation::new(generation),
    }
}

fn copy() -> DatabaseName {
    DatabaseName("copy".to_owned())
}

/// The first call is late by so many calls, everything after it is well.
struct FirstLate(Option<u32>);

impl Chance for FirstLate {
    fn fate(&mut self, _: &'static str) -> Fate {
        self.0.take().map_or(Fate::Well, Fate::Late)
    }

    fn business_goes_on(&mut self) -> bool {
        true
    }
}

fn stamp(chance: Box<dyn Chance>) -> Arc<Stamp> {
    stamp_with(10, chance)
}

fn stamp_with(reserved_bytes: u64, chance: Box<dyn Chance>) -> Arc<Stamp> {
    let room = Room {
        free_bytes: 100,
        reserved_bytes,
        restore_bytes_per_s: 1,
    };
    let stamp = Stamp::new(NOW, room, chance);
    let point = RestorePoint {
        id: "p".to_owned(),
        tenant: acme(),
        line: NOW,
        size_bytes: 50,
        evidence: Evidence::Claimed,
        repository: Repository {
            name: "vault".to_owned(),
            immutable_until: None,
            other_identity: false,
        },
    };
    let history = History {
        messages: vec![NOW],
        points: vec![Kept {
            point,
            holds: true,
            tampered: false,
        }],
        damaged_at: None,
        broken_into_at: None,
        image: "any".to_owned(),
        schemas: Vec::new(),
    };
    stamp.settle(&acme(), &history);
    stamp
}

async fn restored(stamp: &Stamp, generation: u64) {
    let request = RestoreRequest {
        tenant: acme(),
        generation: Generation::new(generation),
        point: "p".to_owned(),
        copy: copy(),
        new_secrets: false,
    };
    while let Err(error) = stamp.restore(&request).await {
        assert!(error.may_pass(), "{error}");
    }
}

fn swap(generation: u64) -> SwapRequest {
    let fenced = TenantFence {
        generation: Generation::new(generation),
        database: DatabaseName("acme".to_owned()),
        at: NOW,
    };
    SwapRequest {
        act: act(generation),
        copy: copy(),
        fenced,
    }
}

#[tokio::test]
async fn a_swap_without_a_fence_is_refused_and_noted() {
    let stamp = stamp(Box::new(Calm));
    restored(&stamp, 2).await;
    let refused = stamp.swap(&swap(2)).await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert_eq!(
        stamp.violations(),
        ["somebody wanted to swap acme without its fence"]
    );
}

#[tokio::test]
async fn what_has_served_is_not_discarded_and_who_wanted_to_is_noted() {
    let stamp = stamp(Box::new(Calm));
    let refused = stamp.discard(&act(2), &DatabaseName("acme".to_owned())).await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert_eq!(
        stamp.violations(),
        ["somebody wanted to discard acme, which has served"]
    );
}

#[tokio::test]
async fn opening_before_the_journal_was_compared_is_noted() {
    let stamp = stamp(Box::new(Calm));
    stamp.open(&act(2), Gate::People).await.unwrap();
    stamp.open_lanes(&act(2)).await.unwrap();
    assert_eq!(stamp.violations().len(), 2, "{:?}", stamp.violations());
}

#[tokio::test]
async fn a_copy_that_takes_the_room_of_others_is_noted() {
    let stamp = stamp_with(60, Box::new(Calm));
    restored(&stamp, 2).await;
    assert_eq!(stamp.violations(), ["a copy took the room of those who serve"]);
    stamp.discard(&act(3), &copy()).await.unwrap();
    assert_eq!(stamp.room().free_bytes, 100);
}

#[tokio::test]
async fn a_fence_that_arrives_after_the_tenant_was_opened_again_is_stale() {
    let stamp = stamp(Box::new(FirstLate(Some(3))));
    assert!(stamp.fence(&act(2)).await.unwrap_err().is_unreachable());
    stamp.reopen(&act(3)).await.unwrap();
    stamp.arrive();
    let look = stamp.look(&acme()).unwrap();
    assert!(look.accepts, "{look:?}");
    assert_eq!(look.generation, Generation::new(3));
}

#[tokio::test]
async fn holding_and_fencing_happen_once_in_a_generation() {
    let stamp = stamp(Box::new(Calm));
    stamp.hold_outbound(&act(2)).await.unwrap();
    let fenced = stamp.fence(&act(2)).await.unwrap();
    restored(&stamp, 2).await;
    let request = SwapRequest {
        fenced: fenced.clone(),
        ..swap(2)
    };
    stamp.swap(&request).await.unwrap();
    let incarnation = api::backup::IncarnationRequest {
        act: act(2),
        incarnation: "second".to_owned(),
        leave_out: Vec::new(),
    };
    stamp.incarnate(&incarnation).await.unwrap();
    stamp.replay(&act(2)).await.unwrap();
    stamp.open_lanes(&act(2)).await.unwrap();
    let before = stamp.look(&acme()).unwrap();
    stamp.hold_outbound(&act(2)).await.unwrap();
    assert_eq!(stamp.fence(&act(2)).await.unwrap(), fenced);
    let after = stamp.look(&acme()).unwrap();
    assert_eq!((after.accepts, after.sending), (true, before.sending));
    assert_eq!(stamp.violations(), Vec::<String>::new());
}
