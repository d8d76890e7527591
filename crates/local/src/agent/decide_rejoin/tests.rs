//! Every kind of data directory against every kind of upstream.

use super::*;
use crate::agent::postgres::upstream::Primary;

fn lsn(text: &str) -> Lsn {
    text.parse().unwrap()
}

const FORK: &str = "0/3000158";

fn upstream(timeline: u32, checkpoint_timeline: u32) -> UpstreamSeen {
    let history = (1..timeline)
        .map(|timeline| Branch {
            timeline,
            at: lsn(FORK),
        })
        .collect();
    UpstreamSeen::Primary(Primary {
        system: 7,
        timeline,
        checkpoint_timeline,
        history,
    })
}

fn former_primary(state: ClusterState) -> Present {
    Present {
        system: 7,
        state,
        timeline: 1,
        history: vec![],
        standby_signal: false,
        fresh_copy: false,
    }
}

fn standby() -> Present {
    Present {
        standby_signal: true,
        ..former_primary(ClusterState::InArchiveRecovery)
    }
}

fn seen(data: DataSeen, upstream: UpstreamSeen, beyond: Beyond) -> Seen {
    Seen {
        data,
        upstream,
        beyond,
        stalls: 0,
        upstream_has_wal: None,
    }
}

fn fork() -> Fork {
    Fork {
        timeline: 1,
        at: lsn(FORK),
    }
}

#[test]
fn a_standby_goes_on_without_asking_anybody() {
    let unreachable = UpstreamSeen::Unreachable { why: String::new() };
    for state in [ClusterState::InArchiveRecovery, ClusterState::ShutDownInRecovery] {
        let data = DataSeen::Present(Present { state, ..standby() });
        assert!(!needs_upstream(&data, 0));
        assert_eq!(
            decide_rejoin(&seen(data, unreachable.clone(), Beyond::Unknown)),
            Rejoin::Start {
                why: StartWhy::WasStandby
            }
        );
    }
    let copied = DataSeen::Present(Present {
        fresh_copy: true,
        state: ClusterState::Crashed,
        ..standby()
    });
    assert!(
        !needs_upstream(&copied, 0),
        "a fresh copy says how its origin was"
    );
}

#[test]
fn an_old_primary_never_starts_before_it_knows_the_survivor() {
    let states = [ClusterState::ShutDown, ClusterState::Crashed];
    let beyonds = [Beyond::Nothing, Beyond::Something, Beyond::Much, Beyond::Unknown];
    for state in states {
        for standby_signal in [false, true] {
            for beyond in beyonds {
                let data = DataSeen::Present(Present {
                    standby_signal,
                    ..former_primary(state)
                });
                let unreachable = UpstreamSeen::Unreachable { why: String::new() };
                for (upstream, why) in [
                    (unreachable, WaitingOn::Upstream),
                    (UpstreamSeen::NotPrimary, WaitingOn::UpstreamPromotion),
                ] {
                    let found = decide_rejoin(&seen(data.clone(), upstream, beyond));
                    assert_eq!(found, Rejoin::Wait { why }, "{data:?} {beyond:?}");
                }
            }
        }
    }
}

#[test]
fn an_old_primary_is_started_rewound_or_copied_by_what_it_has_beyond_the_fork() {
    let rewind = |fork| Rejoin::Rewind { fork };
    let wait = Rejoin::Wait {
        why: WaitingOn::UpstreamCheckpoint,
    };
    let start = Rejoin::Start {
        why: StartWhy::SameHistory { fork: fork() },
    };
    for state in [ClusterState::ShutDown, ClusterState::Crashed] {
        for (beyond, checkpoint, expected) in [
            (Beyond::Nothing, 1, start),
            (Beyond::Nothing, 2, start),
            (Beyond::Something, 1, wait),
            (Beyond::Something, 2, rewind(Some(fork()))),
            (Beyond::Much, 1, Rejoin::KeepAndCopy { fork: fork() }),
            (Beyond::Much, 2, Rejoin::KeepAndCopy { fork: fork() }),
            (Beyond::Unknown, 1, wait),
            (Beyond::Unknown, 2, rewind(None)),
        ] {
            let data = DataSeen::Present(former_primary(state));
            let found = decide_rejoin(&seen(data, upstream(2, checkpoint), beyond));
            assert_eq!(found, expected, "{state:?} {beyond:?} {checkpoint}");
        }
    }
}

#[test]
fn doubt_means_a_new_copy() {
    let copy = |why| Rejoin::BaseBackup { why };
    let other = Present {
        system: 8,
        ..former_primary(ClusterState::ShutDown)
    };
    let stranger = Present {
        timeline: 9,
        ..former_primary(ClusterState::ShutDown)
    };
    for (data, timeline, why) in [
        (DataSeen::Absent, 1, CopyWhy::NoData),
        (DataSeen::Damaged, 2, CopyWhy::Damaged),
        (DataSeen::Present(other), 2, CopyWhy::AnotherSystem),
        (DataSeen::Present(stranger), 2, CopyWhy::Strangers),
        (
            DataSeen::Present(former_primary(ClusterState::ShutDown)),
            1,
            CopyWhy::SameTimeline,
        ),
    ] {
        let found = decide_rejoin(&seen(data, upstream(timeline, timeline), Beyond::Nothing));
        assert_eq!(found, copy(why));
    }
}

#[test]
fn a_standby_that_does_not_stream_is_looked_at_again() {
    let stalled = |stalls, upstream_has_wal, upstream, beyond| {
        decide_rejoin(&Seen {
            stalls,
            upstream_has_wal,
            ..seen(DataSeen::Present(standby()), upstream, beyond)
        })
    };
    let copy = |why| Rejoin::BaseBackup { why };
    let again = Rejoin::Start {
        why: StartWhy::AfterStall,
    };
    let same = || upstream(1, 1);
    assert_eq!(stalled(1, Some(true), same(), Beyond::Nothing), again);
    assert_eq!(stalled(1, None, upstream(2, 2), Beyond::Nothing), again);
    assert_eq!(
        stalled(1, Some(false), same(), Beyond::Nothing),
        copy(CopyWhy::WalRemoved)
    );
    assert_eq!(
        stalled(STALLS_MAX, Some(true), same(), Beyond::Nothing),
        copy(CopyWhy::Stalled)
    );
    let gone = UpstreamSeen::Unreachable { why: String::new() };
    assert_eq!(
        stalled(STALLS_MAX, None, gone, Beyond::Unknown),
        Rejoin::Start {
            why: StartWhy::WasStandby
        },
        "a region that is lost keeps no standby from running"
    );
    assert_eq!(
        stalled(1, Some(true), upstream(2, 2), Beyond::Something),
        Rejoin::Rewind { fork: Some(fork()) }
    );
}
