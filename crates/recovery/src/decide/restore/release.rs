//! A release is bad: what going back costs depends on what it did to the schema. Pure.
//!
//! | declared as | back by | loses |
//! | --- | --- | --- |
//! | image only | the former image | nothing |
//! | expand, not contracted yet | the former image; the schema stays | nothing |
//! | contracted, or breaking | a restore point from before it | stated |
//!
//! A release that declares nothing is not guessed at: the former image over a schema that it does not know writes wrong
//! data without an error.

use serde::{Deserialize, Serialize};
use types::{Generation, TenantName, Timestamp};

use super::{Asked, Barrier, Delay, Ground, RestorePlan, Ruling, plan::plan_restore};

/// What a release did to the schema, as it declares itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Migration {
    /// Nothing.
    ImageOnly,
    /// It added what it needs; the former code still works.
    Expanded,
    /// It removed what the former code needs.
    Contracted,
    /// It changed data or schema in one go.
    Breaking,
}

/// A release that has to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRelease {
    /// When its migration began: what was written since then has its shape.
    pub began: Timestamp,
    /// Its image, by digest.
    pub image: String,
    /// The image before it, by digest.
    pub former: String,
    /// What it declares; `None`: nothing.
    pub migration: Option<Migration>,
}

/// How a release is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// The former image over the same database.
    Image(ImagePlan),
    /// The database goes back as well.
    Restore(Box<RestorePlan>),
}

/// The former image over the same database: what the saga is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePlan {
    /// Whose.
    pub tenant: TenantName,
    /// Every act carries this; going back carries the one after it.
    pub generation: Generation,
    /// The image that goes.
    pub from: String,
    /// The image that comes.
    pub to: String,
    /// The schema that the release made stays.
    pub schema_stays: bool,
    /// Who declared it, and why.
    pub asked: Asked,
    /// When this was decided.
    pub decided: Timestamp,
}

/// Decides how a bad release is taken back.
pub fn decide_bad_release(ground: &Ground, release: &BadRelease, asked: &Asked) -> Ruling<Rollback> {
    let Some(migration) = release.migration else {
        return Ruling::Refuse {
            why: Barrier::MigrationUndeclared,
        };
    };
    let schema_stays = match migration {
        Migration::ImageOnly => false,
        Migration::Expanded => true,
        Migration::Contracted | Migration::Breaking => {
            return plan_restore(ground, asked, release.began, false).map(|plan| {
                Rollback::Restore(Box::new(RestorePlan {
                    image: Some(release.former.clone()),
                    ..plan
                }))
            });
        }
    };
    if let Some(kind) = ground.running.clone() {
        return Ruling::Wait {
            why: Delay::Saga { kind },
        };
    }
    let tenant = ground.tenant.clone();
    let Some(serving) = &ground.serving else {
        return Ruling::Wait {
            why: Delay::Serving { tenant },
        };
    };
    Ruling::Proceed(Rollback::Image(ImagePlan {
        tenant,
        generation: serving.generation.next(),
        from: release.image.clone(),
        to: release.former.clone(),
        schema_stays,
        asked: asked.clone(),
        decided: ground.now,
    }))
}

impl std::fmt::Display for ImagePlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "run {} again over the database of {}: no data is lost{}",
            self.to,
            self.tenant,
            if self.schema_stays {
                ", the schema of the release stays"
            } else {
                ""
            }
        )
    }
}

impl std::fmt::Display for Rollback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Image(plan) => plan.fmt(f),
            Self::Restore(plan) => write!(f, "the former image cannot read this schema; {plan}"),
        }
    }
}
