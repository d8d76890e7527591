//! The disasters: what is declared, decided and run.

use recovery::{
    decide::restore::{
        BadRelease, Barrier, Candidate, Considered, Damage, Limits, Migration, PassedOver, RestorePlan,
        Rollback, Ruling, decide_bad_release, decide_containment, decide_corruption, decide_mass,
        decide_ransomware, decide_tenant,
    },
    sagas::restore::{bad_release, corruption, image_back, mass, ransomware, tenant},
};
use saga::Outcome;
use types::{Span, StampName, TenantName, Timestamp};

use super::{
    End, ROUNDS_MAX,
    drive::{Driven, Saga},
    judge,
    setting::{Setting, asked, minutes_ago},
};

/// Whoever got in is noticed no later than this.
pub(super) const NOTICED_AFTER_MINUTES: i64 = 1_440;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disaster {
    /// Data of a tenant is wrong.
    Corruption,
    /// A release has to go.
    BadRelease,
    /// Somebody got in.
    Ransomware,
    /// One tenant of a shared stamp goes back.
    Tenant,
    /// All tenants go back.
    Mass,
}

impl Disaster {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Corruption,
        Self::BadRelease,
        Self::Ransomware,
        Self::Tenant,
        Self::Mass,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Corruption => "corruption",
            Self::BadRelease => "bad-release",
            Self::Ransomware => "ransomware",
            Self::Tenant => "tenant",
            Self::Mass => "mass",
        }
    }

    pub(super) const fn touches_all(self) -> bool {
        matches!(self, Self::Mass)
    }

    pub(super) fn recover(self, setting: &Setting, driven: &mut Driven) -> End {
        let Some((tenant, history)) = setting.tenants.first().zip(setting.histories.first()) else {
            return End::GivenUp;
        };
        let damage = damaged(history.damaged_at);
        let seen = || setting.ground(tenant);
        match self {
            Self::Corruption => one_tenant(setting, driven, corruption::definition, self, || {
                decide_corruption(&seen(), &damage, &asked())
            }),
            Self::Tenant => one_tenant(setting, driven, tenant::definition, self, || {
                decide_tenant(&seen(), &damage, &setting.tenants, &asked())
            }),
            Self::Ransomware => {
                let noticed = history.broken_into_at.map(|came| {
                    let micros = came.as_micros() + setting.noticed_after * 60_000_000;
                    Timestamp::from_micros(micros).min(minutes_ago(0))
                });
                contained(setting, driven, tenant);
                one_tenant(setting, driven, ransomware::definition, self, || {
                    decide_ransomware(&seen(), &damaged(noticed), &asked())
                })
            }
            Self::BadRelease => bad(setting, driven, tenant),
            Self::Mass => all_tenants(setting, driven),
        }
    }
}

fn damaged(first_sign: Option<Timestamp>) -> Damage {
    Damage {
        first_sign,
        margin: Span::from_minutes(0),
        leave_out: Vec::new(),
    }
}

/// Decides and acts until the tenant is back, or nothing is left to go back to.
fn one_tenant(
    setting: &Setting,
    driven: &mut Driven,
    definition: Saga,
    disaster: Disaster,
    decide: impl Fn() -> Ruling<RestorePlan>,
) -> End {
    for _ in 0..ROUNDS_MAX {
        let plan = match decide() {
            Ruling::Proceed(plan) => plan,
            Ruling::Refuse {
                why: Barrier::NoPoint { before, considered },
            } => match (claimed(&considered), setting.tenants.first()) {
                (Some(point), Some(tenant)) => {
                    setting.prove_apart(tenant, point);
                    continue;
                }
                _ => {
                    driven
                        .violations
                        .extend(judge::wrongly_refused(setting, disaster, before));
                    return End::Refused;
                }
            },
            other => {
                driven.violations.push(format!("nobody expects {other}"));
                return End::GivenUp;
            }
        };
        let Some(outcome) = driven.run(&setting.stamp, definition, serde_json::json!(plan)) else {
            return End::GivenUp;
        };
        setting.stamp.arrive();
        let Some(look) = setting.stamp.look(&plan.tenant) else {
            return End::GivenUp;
        };
        if matches!(outcome, Outcome::Done { .. }) {
            let found = judge::not_recovered(&look, &plan, &outcome);
            driven.violations.extend(found);
            return End::Recovered;
        }
        driven.violations.extend(judge::not_as_before(&look, &plan));
        if gives_up(&outcome) {
            return End::GivenUp;
        }
    }
    End::GivenUp
}

/// People who do not agree do not agree the next time either.
fn gives_up(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unwound { node, .. } if node == "await_approval")
}

/// The newest point that somebody could look at.
fn claimed(considered: &[Considered]) -> Option<&str> {
    let claimed = considered
        .iter()
        .find(|point| matches!(point.passed_over, PassedOver::OnlyClaimed));
    claimed.map(|point| point.id.as_str())
}

/// First of all, and whatever becomes of the rest.
fn contained(setting: &Setting, driven: &mut Driven, tenant: &TenantName) {
    for _ in 0..ROUNDS_MAX {
        match decide_containment(&setting.ground(tenant)) {
            Ruling::Proceed(plan) => {
                let params = serde_json::json!(plan);
                let outcome = driven.run(&setting.stamp, ransomware::containment, params);
                if matches!(outcome, Some(Outcome::Done { .. })) {
                    driven.violations.extend(judge::not_contained(setting, tenant));
                    return;
                }
            }
            other => driven.violations.push(format!("nobody expects {other}")),
        }
    }
}

fn bad(setting: &Setting, driven: &mut Driven, tenant: &TenantName) -> End {
    let release = BadRelease {
        began: setting.released_at,
        image: setting.image.to_owned(),
        former: setting.former.to_owned(),
        migration: Some(setting.migration),
    };
    let decide = || decide_bad_release(&setting.ground(tenant), &release, &asked());
    if matches!(setting.migration, Migration::Contracted | Migration::Breaking) {
        return one_tenant(
            setting,
            driven,
            bad_release::definition,
            Disaster::BadRelease,
            || match decide() {
                Ruling::Proceed(Rollback::Restore(plan)) => Ruling::Proceed(*plan),
                // An image alone over a schema that it cannot read: nobody expects that.
                Ruling::Proceed(Rollback::Image(_)) => Ruling::Refuse {
                    why: Barrier::MigrationUndeclared,
                },
                Ruling::Wait { why } => Ruling::Wait { why },
                Ruling::Refuse { why } => Ruling::Refuse { why },
            },
        );
    }
    for _ in 0..ROUNDS_MAX {
        let Ruling::Proceed(Rollback::Image(plan)) = decide() else {
            driven
                .violations
                .push("an image was expected to go back".to_owned());
            return End::GivenUp;
        };
        let outcome = driven.run(&setting.stamp, image_back::definition, serde_json::json!(plan));
        setting.stamp.arrive();
        let done = matches!(outcome, Some(Outcome::Done { .. }));
        let expected = if done { setting.former } else { setting.image };
        driven
            .violations
            .extend(judge::another_image(setting, tenant, expected));
        if done {
            return End::Recovered;
        }
    }
    End::GivenUp
}

/// Wave after wave, each decided from what the last one came to.
fn all_tenants(setting: &Setting, driven: &mut Driven) -> End {
    // All were damaged by the same thing.
    let first_sign = setting
        .histories
        .iter()
        .filter_map(|history| history.damaged_at)
        .min();
    let Ok(stamp) = StampName::new("shared") else {
        return End::GivenUp;
    };
    let limits = Limits {
        concurrent: 2,
        wave_max: 2,
        failures_max: 1,
    };
    let mut back: Vec<TenantName> = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let left = setting.tenants.iter().enumerate();
        let left = left.filter(|(_, tenant)| !back.contains(tenant));
        let candidates: Vec<_> = left
            .map(|(number, tenant)| Candidate {
                ground: setting.ground(tenant),
                stamp: stamp.clone(),
                rank: u32::try_from(number % 2).unwrap_or(0),
                needs: Vec::new(),
            })
            .collect();
        let waves = match decide_mass(&candidates, &damaged(first_sign), &limits, &asked()) {
            Ruling::Proceed(waves) => waves,
            Ruling::Refuse {
                why: Barrier::NobodyLeft { .. },
            } if back.is_empty() => return End::Refused,
            Ruling::Refuse {
                why: Barrier::NobodyLeft { .. },
            } => return End::Recovered,
            other => {
                driven.violations.push(format!("nobody expects {other}"));
                return End::GivenUp;
            }
        };
        let Some(wave) = waves.waves.first() else {
            return End::GivenUp;
        };
        let params = serde_json::json!(wave);
        let Some(outcome) = driven.run(&setting.stamp, mass::definition, params) else {
            return End::GivenUp;
        };
        setting.stamp.arrive();
        for plan in &wave.restores {
            let Some(look) = setting.stamp.look(&plan.tenant) else {
                continue;
            };
            if matches!(outcome, Outcome::Done { .. }) && look.serving == plan.copy {
                let found = judge::not_recovered(&look, plan, &outcome);
                driven.violations.extend(found);
                back.push(plan.tenant.clone());
            } else {
                driven.violations.extend(judge::not_as_before(&look, plan));
            }
        }
        if back.len() == setting.tenants.len() {
            return End::Recovered;
        }
        if gives_up(&outcome) {
            return End::GivenUp;
        }
    }
    End::GivenUp
}
