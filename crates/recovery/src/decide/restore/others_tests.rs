//! Releases, intruders, neighbours and waves: one thing changed, what is answered.

use std::collections::BTreeMap;

use api::backup::Measure;
use types::{Span, StampName, TenantName, settings::Authority};

use super::{
    tests::{asked, ground, hour, point, proceeds, tenant},
    *,
};

fn release(migration: Option<Migration>) -> BadRelease {
    BadRelease {
        began: hour(16),
        image: "new".to_owned(),
        former: "old".to_owned(),
        migration,
    }
}

fn damage(first_sign: i64) -> Damage {
    Damage {
        first_sign: Some(hour(first_sign)),
        margin: Span::from_minutes(0),
        leave_out: Vec::new(),
    }
}

#[test]
fn a_release_goes_back_by_what_it_did_to_the_schema() {
    let ruling = |migration| decide_bad_release(&ground(), &release(migration), &asked()).to_string();
    assert_eq!(
        ruling(Some(Migration::ImageOnly)),
        "run old again over the database of acme: no data is lost"
    );
    assert_eq!(
        ruling(Some(Migration::Expanded)),
        "run old again over the database of acme: no data is lost, the schema of the release stays"
    );
    for migration in [Migration::Contracted, Migration::Breaking] {
        let told = ruling(Some(migration));
        assert!(
            told.starts_with(
                "the former image cannot read this schema; take acme back to p12 in generation 7: goes back \
                 12h"
            ),
            "{told}"
        );
    }
    assert_eq!(
        ruling(None),
        "refuse: the release does not say what it did to the schema, and that is not guessed"
    );
}

#[test]
fn an_image_goes_back_where_there_are_no_backups_at_all() {
    let mut seen = ground();
    seen.points = None;
    let ruling = decide_bad_release(&seen, &release(Some(Migration::ImageOnly)), &asked());
    assert!(matches!(ruling, Ruling::Proceed(Rollback::Image(_))), "{ruling}");
    let ruling = decide_bad_release(&seen, &release(Some(Migration::Breaking)), &asked());
    let why = Barrier::NoDriver;
    assert_eq!(ruling, Ruling::Refuse { why });
}

/// Five days of points instead of one.
fn old_ground() -> Ground {
    let mut seen = ground();
    let points = [-60, -40, -20, 4].map(|line| point(&format!("p{line}"), line));
    seen.points = Some(points.to_vec());
    seen
}

#[test]
fn who_got_in_was_there_a_day_before_the_first_sign() {
    let plan = proceeds(decide_ransomware(&old_ground(), &damage(10), &asked()));
    assert_eq!(plan.point.id, "p-20");
    assert_eq!(plan.contain, Measure::ALL.to_vec());
    assert!(plan.new_secrets);
    let longer = Damage {
        margin: Span::from_hours(40),
        ..damage(10)
    };
    let plan = proceeds(decide_ransomware(&old_ground(), &longer, &asked()));
    assert_eq!(plan.point.id, "p-40");
}

#[test]
fn a_point_that_they_could_have_changed_is_not_clean() {
    let mut seen = old_ground();
    for point in seen.points.iter_mut().flatten() {
        match point.id.as_str() {
            "p-20" => point.repository.immutable_until = None,
            "p-40" => point.repository.other_identity = false,
            _ => {}
        }
    }
    let plan = proceeds(decide_ransomware(&seen, &damage(10), &asked()));
    assert_eq!(plan.point.id, "p-60");
    let lock_ended = seen.points.iter_mut().flatten();
    for point in lock_ended {
        point.repository.immutable_until = Some(hour(23));
    }
    let ruling = decide_ransomware(&seen, &damage(10), &asked());
    assert!(
        ruling
            .to_string()
            .contains("vault is not locked under another identity"),
        "{ruling}"
    );
}

#[test]
fn containment_waits_for_no_point_and_for_no_saga() {
    let mut seen = ground();
    (seen.points, seen.room, seen.running) = (None, None, Some("failover".to_owned()));
    assert_eq!(
        decide_containment(&seen).to_string(),
        "contain acme in generation 7: its ways to the outside are cut, its credentials are frozen, it is apart from its \
         neighbours"
    );
}

#[test]
fn going_back_after_an_intrusion_always_takes_two_people() {
    let mut seen = old_ground();
    seen.promise.authority = Authority::Automatic;
    let plan = proceeds(decide_ransomware(&seen, &damage(10), &asked()));
    assert_eq!(plan.approvals_needed, 2);
}

#[test]
fn a_tenant_is_no_neighbour_of_itself() {
    let neighbours = [tenant("acme"), tenant("globex")];
    let plan = proceeds(decide_tenant(&ground(), &damage(16), &neighbours, &asked()));
    assert_eq!(plan.neighbours, [tenant("globex")]);
}

const LIMITS: Limits = Limits {
    concurrent: 2,
    wave_max: 3,
    failures_max: 1,
};

fn candidate(name: &str, rank: u32, needs: &[&str]) -> Candidate {
    let mut seen = ground();
    seen.tenant = tenant(name);
    for point in seen.points.iter_mut().flatten() {
        point.tenant = tenant(name);
    }
    Candidate {
        ground: seen,
        stamp: StampName::new("shared").unwrap(),
        rank,
        needs: needs.iter().map(|name| tenant(name)).collect(),
    }
}

fn names(waves: &Waves) -> Vec<Vec<&str>> {
    let waves = waves.waves.iter();
    waves
        .map(|wave| wave.restores.iter().map(|plan| plan.tenant.as_str()).collect())
        .collect()
}

#[test]
fn waves_go_by_tier_and_by_what_is_needed_and_the_first_is_one_tenant() {
    let candidates = [
        candidate("a", 1, &[]),
        candidate("b", 0, &["z"]),
        candidate("c", 0, &[]),
        candidate("d", 0, &[]),
        candidate("e", 0, &[]),
        candidate("f", 0, &[]),
        candidate("z", 9, &[]),
    ];
    let waves = proceeds(decide_mass(&candidates, &damage(16), &LIMITS, &asked()));
    assert_eq!(
        names(&waves),
        [vec!["c"], vec!["d", "e", "f"], vec!["z"], vec!["b"], vec!["a"]]
    );
    // Eleven and a half minutes each, two at a time.
    let ends: Vec<_> = waves.waves.iter().map(|wave| wave.ends_after_s).collect();
    assert_eq!(ends, [694, 2_082, 2_776, 3_470, 4_164]);
    assert_eq!(waves.left_out, BTreeMap::new());
}

#[test]
fn who_needs_a_tenant_that_cannot_come_back_is_left_out_with_it() {
    let mut lost = candidate("a", 0, &[]);
    lost.ground.points = Some(Vec::new());
    let candidates = [
        lost,
        candidate("b", 0, &["a"]),
        candidate("c", 0, &["b"]),
        candidate("d", 0, &[]),
    ];
    let waves = proceeds(decide_mass(&candidates, &damage(16), &LIMITS, &asked()));
    assert_eq!(names(&waves), [vec!["d"]]);
    assert_eq!(
        waves.left_out[&tenant("c")],
        "it needs b, which is left out",
        "{waves}"
    );
    let only_lost = &candidates[..3];
    let ruling = decide_mass(only_lost, &damage(16), &LIMITS, &asked());
    assert!(
        matches!(
            ruling,
            Ruling::Refuse {
                why: Barrier::NobodyLeft { .. }
            }
        ),
        "{ruling}"
    );
}

#[test]
fn a_circle_is_refused_with_its_names() {
    let candidates = [
        candidate("a", 0, &["b"]),
        candidate("b", 0, &["a"]),
        candidate("c", 0, &[]),
    ];
    let ruling = decide_mass(&candidates, &damage(16), &LIMITS, &asked());
    assert_eq!(
        ruling.to_string(),
        "refuse: they need each other in a circle: a, b"
    );
}

#[test]
fn a_wave_takes_no_more_than_the_room_of_its_stamp() {
    let mut candidates = ["a", "b", "c", "d"].map(|name| candidate(name, 0, &[]));
    for candidate in &mut candidates {
        // A copy takes 12 GiB; 30 may be used.
        let room = candidate.ground.room.as_mut().unwrap();
        room.free_bytes = 50 << 30;
    }
    let waves = proceeds(decide_mass(&candidates, &damage(16), &LIMITS, &asked()));
    assert_eq!(names(&waves), [vec!["a"], vec!["b", "c"], vec!["d"]]);
}

/// Every tenant is in exactly one wave or left out, no wave is too large, and nobody comes before who it needs.
#[test]
fn whatever_is_asked_for_waves_keep_their_limits() {
    for seed in 0..300_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut below = |bound: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % bound
        };
        let count = below(12) + 1;
        let mut candidates = Vec::new();
        for number in 0..count {
            let rank = u32::try_from(below(3)).unwrap();
            // Only backwards: no circle.
            let needs: Vec<_> = (0..number)
                .filter(|_| below(5) == 0)
                .map(|need| format!("t{need}"))
                .collect();
            let needs: Vec<_> = needs.iter().map(String::as_str).collect();
            candidates.push(candidate(&format!("t{number}"), rank, &needs));
        }
        let limits = Limits {
            wave_max: usize::try_from(below(4) + 1).unwrap(),
            ..LIMITS
        };
        let waves = proceeds(decide_mass(&candidates, &damage(16), &limits, &asked()));
        let mut back: Vec<TenantName> = Vec::new();
        for (number, wave) in waves.waves.iter().enumerate() {
            let most = if number == 0 { 1 } else { limits.wave_max };
            assert!((1..=most).contains(&wave.restores.len()), "seed {seed}: {waves}");
            for plan in &wave.restores {
                let of = candidates
                    .iter()
                    .find(|candidate| candidate.ground.tenant == plan.tenant);
                let missing = of.unwrap().needs.iter().filter(|need| !back.contains(need));
                assert_eq!(missing.count(), 0, "seed {seed}: {waves}");
            }
            back.extend(wave.restores.iter().map(|plan| plan.tenant.clone()));
        }
        back.sort();
        back.dedup();
        assert_eq!(back.len() + waves.left_out.len(), candidates.len(), "seed {seed}");
        assert_eq!(
            decide_mass(&candidates, &damage(16), &limits, &asked()),
            Ruling::Proceed(waves)
        );
    }
}
