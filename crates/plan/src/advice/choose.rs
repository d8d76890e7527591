//! From answers to a shape: what is kept ready, who shares what, what is promised, how large it is.

use types::Span;

use super::answers::{Answers, Apart, Appetite, Decider, Downtime, Fragility, Loss};

/// Everything that is decided; the estate file only writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) standby: Standby,
    pub(super) tenancy: Tenancy,
    /// Of what the business cannot wait for.
    pub(super) rto: Span,
    pub(super) rpo: Span,
    pub(super) decider: Decider,
    /// Longest outage of a partner that is buffered.
    pub(super) outage: Span,
    /// What is rehearsed: stages beside production.
    pub(super) staging: bool,
    pub(super) recovery: bool,
    /// Of one stamp.
    pub(super) size: Size,
}

/// What stands by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standby {
    None,
    Cold,
    Warm,
    Hot,
}

/// Who shares what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tenancy {
    /// One company, everything its own.
    Single,
    /// All in shared stamps.
    Shared,
    /// One in a stamp of its own, the others in shared ones.
    Mixed,
    /// Each with processes and a server of its own.
    Hybrid,
    /// Each with a cluster of its own.
    Dedicated,
}

/// Processes and database of a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) web_replicas: u32,
    pub(super) integration_replicas: u32,
    pub(super) cores: u32,
    pub(super) storage_gib: u32,
    pub(super) messages_per_hour: u32,
}

/// Workers of one web replica, and people that one worker serves without anybody waiting.
const WEB_WORKERS: u32 = 4;
const PEOPLE_PER_WORKER: u32 = 8;
/// Confirmed orders that an integration worker takes in a second, with half of it kept free.
const ORDERS_PER_SECOND: u32 = 3;
/// A day of orders arrives in so many hours.
const BUSY_HOURS: u32 = 8;
/// Companies in one shared stamp: their recovery must stay within promises of minutes.
pub(super) const SHARED_MAX: u32 = 40;

impl Shape {
    pub(super) fn recommended(answers: &Answers) -> Self {
        let standby = standby(answers);
        let tenancy = tenancy(answers);
        Self {
            standby,
            tenancy,
            rto: rto(answers, standby),
            rpo: rpo(answers, standby),
            decider: decider(answers),
            outage: match answers.fragile {
                Fragility::Hours => Span::from_hours(24),
                Fragility::Weekend => Span::from_hours(72),
                Fragility::Week => Span::from_hours(168),
            },
            staging: answers.appetite != Appetite::Frugal,
            recovery: answers.appetite == Appetite::Cautious && standby != Standby::None,
            size: size(answers, tenancy),
        }
    }

    /// The same with another standby, and promises that it can keep.
    fn standing_by(&self, answers: &Answers, standby: Standby) -> Self {
        Self {
            standby,
            rto: rto(answers, standby),
            rpo: rpo(answers, standby),
            recovery: self.recovery && standby != Standby::None,
            ..self.clone()
        }
    }

    fn shared_by(&self, answers: &Answers, tenancy: Tenancy) -> Self {
        Self {
            tenancy,
            size: size(answers, tenancy),
            ..self.clone()
        }
    }

    /// How many shared stamps there are.
    pub(super) fn shared_stamps(&self, answers: &Answers) -> u32 {
        let sharing = match self.tenancy {
            Tenancy::Shared => answers.companies,
            Tenancy::Mixed => answers.companies.saturating_sub(1),
            Tenancy::Single | Tenancy::Hybrid | Tenancy::Dedicated => 0,
        };
        sharing.div_ceil(SHARED_MAX)
    }
}

fn standby(answers: &Answers) -> Standby {
    match (answers.downtime, answers.appetite) {
        (Downtime::Seconds, _) | (Downtime::Minutes, Appetite::Cautious) => Standby::Hot,
        (Downtime::Minutes, Appetite::Balanced | Appetite::Frugal)
        | (Downtime::Hours, Appetite::Cautious | Appetite::Balanced)
        | (Downtime::Day, Appetite::Cautious) => Standby::Warm,
        // What may not be lost must be somewhere else, and only a gateway there can hold it.
        (Downtime::Hours, Appetite::Frugal) | (Downtime::Day, Appetite::Balanced | Appetite::Frugal) => {
            match answers.loss {
                Loss::Nothing | Loss::Moments => Standby::Warm,
                Loss::Hours if answers.appetite == Appetite::Frugal && answers.downtime == Downtime::Day => {
                    Standby::None
                }
                Loss::Hours => Standby::Cold,
            }
        }
    }
}

fn tenancy(answers: &Answers) -> Tenancy {
    match (answers.companies, answers.apart) {
        (1, Apart::Proven) => Tenancy::Dedicated,
        (1, Apart::None | Apart::One | Apart::All) => Tenancy::Single,
        (_, Apart::None) => Tenancy::Shared,
        (_, Apart::One) => Tenancy::Mixed,
        (_, Apart::All) => Tenancy::Hybrid,
        (_, Apart::Proven) => Tenancy::Dedicated,
    }
}

/// Seconds leave no time to ask anybody.
fn decider(answers: &Answers) -> Decider {
    match answers.downtime {
        Downtime::Seconds => Decider::Controller,
        Downtime::Minutes | Downtime::Hours | Downtime::Day => answers.decider,
    }
}

fn rto(answers: &Answers, standby: Standby) -> Span {
    let wanted = match answers.downtime {
        Downtime::Seconds => Span::from_secs(30),
        Downtime::Minutes => Span::from_minutes(30),
        Downtime::Hours => Span::from_hours(4),
        Downtime::Day => Span::from_hours(24),
    };
    // What a standby, or the people who decide, cannot keep is not promised.
    let standing = match standby {
        Standby::Hot => Span::from_secs(10),
        Standby::Warm => Span::from_minutes(20),
        Standby::Cold | Standby::None => Span::from_hours(8),
    };
    let deciding = match decider(answers) {
        Decider::Controller => Span::from_secs(10),
        Decider::OnePerson => Span::from_minutes(15),
        Decider::TwoPeople => Span::from_minutes(30),
    };
    wanted.max(standing).max(deciding)
}

fn rpo(answers: &Answers, standby: Standby) -> Span {
    let wanted = match answers.loss {
        Loss::Nothing => Span::default(),
        Loss::Moments => Span::from_minutes(1),
        Loss::Hours => Span::from_hours(4),
    };
    let standing = match standby {
        Standby::Hot | Standby::Warm => Span::default(),
        Standby::Cold => Span::from_hours(4),
        Standby::None => Span::from_hours(24),
    };
    // Nothing can only be promised of what comes in by a gateway.
    let wanted = if answers.integrations == 0 {
        wanted.max(Span::from_minutes(1))
    } else {
        wanted
    };
    wanted.max(standing)
}

fn size(answers: &Answers, tenancy: Tenancy) -> Size {
    // What a stamp serves: its share, with room for one that is larger than the others.
    let stamps = match tenancy {
        Tenancy::Single => 1,
        Tenancy::Shared => answers.companies.div_ceil(SHARED_MAX),
        Tenancy::Mixed => 2,
        Tenancy::Hybrid | Tenancy::Dedicated => answers.companies.div_ceil(2).max(1),
    };
    let users = answers.users.div_ceil(stamps);
    let orders = answers.orders.div_ceil(stamps);
    let per_hour = orders.div_ceil(BUSY_HOURS);
    let cores = match (users, per_hour) {
        (0..=60, 0..=2_000) => 2,
        (0..=200, 0..=6_000) => 4,
        (0..=600, 0..=15_000) => 8,
        (0..=1_500, 0..=40_000) => 16,
        (0..=4_000, _) => 32,
        _ => 64,
    };
    Size {
        web_replicas: users.div_ceil(WEB_WORKERS * PEOPLE_PER_WORKER).clamp(2, 60),
        integration_replicas: per_hour.div_ceil(3_600 * ORDERS_PER_SECOND).clamp(2, 16),
        cores,
        storage_gib: cores.next_power_of_two().max(2) * 64,
        messages_per_hour: (per_hour * 2 / answers.integrations.max(1)).clamp(100, 1_000_000),
    }
}

/// One choice with its reasons, and the shapes of what else could be.
pub(super) struct Explained {
    pub(super) about: &'static str,
    pub(super) taken: String,
    pub(super) why: Vec<String>,
    pub(super) others: Vec<Other>,
}

/// What else could be.
pub(super) struct Other {
    pub(super) what: String,
    pub(super) why_not: String,
    pub(super) shape: Shape,
}

pub(super) fn explain(answers: &Answers, shape: &Shape) -> Vec<Explained> {
    vec![
        explain_standby(answers, shape),
        explain_tenancy(answers, shape),
        explain_promise(answers, shape),
        explain_integrations(answers, shape),
        explain_rehearsal(shape),
    ]
}

const fn standby_name(standby: Standby) -> &'static str {
    match standby {
        Standby::None => "no standby region",
        Standby::Cold => "a cold standby region",
        Standby::Warm => "a warm standby region",
        Standby::Hot => "a hot standby region",
    }
}

fn explain_standby(answers: &Answers, shape: &Shape) -> Explained {
    let mut why = vec![match answers.downtime {
        Downtime::Seconds => "seconds leave no time to start anything".to_owned(),
        Downtime::Minutes => "half an hour is enough to grow, and not to restore".to_owned(),
        Downtime::Hours => "an afternoon is enough to grow, and hardly to restore".to_owned(),
        Downtime::Day => "a day is enough to restore from backups".to_owned(),
    }];
    if answers.loss == Loss::Nothing && shape.standby != Standby::None {
        why.push(
            "what may not be lost is on disk in two regions before partners hear that it arrived".to_owned(),
        );
    }
    if answers.appetite == Appetite::Cautious
        && shape.standby == Standby::Hot
        && answers.downtime == Downtime::Minutes
    {
        why.push(
            "what is ready does not have to find machines on the day when everybody looks for some"
                .to_owned(),
        );
    }
    let others = [Standby::Hot, Standby::Warm, Standby::Cold, Standby::None]
        .into_iter()
        .filter(|other| *other != shape.standby)
        .map(|other| {
            let changed = shape.standing_by(answers, other);
            let weaker = changed.rto > shape.rto || changed.rpo > shape.rpo;
            Other {
                what: standby_name(other).to_owned(),
                why_not: if weaker {
                    format!(
                        "it promises {} instead of {}, and may lose {}",
                        changed.rto, shape.rto, changed.rpo
                    )
                } else {
                    "nothing of what was answered needs it".to_owned()
                },
                shape: changed,
            }
        })
        .collect();
    Explained {
        about: "standby",
        taken: standby_name(shape.standby).to_owned(),
        why,
        others,
    }
}

const fn tenancy_name(tenancy: Tenancy) -> &'static str {
    match tenancy {
        Tenancy::Single => "a stamp of its own",
        Tenancy::Shared => "shared stamps",
        Tenancy::Mixed => "one company in a stamp of its own, the others in shared ones",
        Tenancy::Hybrid => "processes and a database server for each company, entrance and cache shared",
        Tenancy::Dedicated => "a cluster for each company",
    }
}

fn explain_tenancy(answers: &Answers, shape: &Shape) -> Explained {
    let companies = answers.companies;
    let why = match shape.tenancy {
        Tenancy::Single => vec!["there is one company, and nobody to share with".to_owned()],
        Tenancy::Shared => vec![
            format!("{companies} companies may share, and quotas keep one from slowing down the others"),
            format!("at most {SHARED_MAX} in a stamp, so that all of them come back in time"),
        ],
        Tenancy::Mixed => vec!["one company is stricter or larger, and must not share its fate".to_owned()],
        Tenancy::Hybrid => vec!["each company must be kept apart where its data and work are".to_owned()],
        Tenancy::Dedicated => {
            vec!["isolation must be proven, and a cluster is the smallest thing that proves it".to_owned()]
        }
    };
    let order = [
        Tenancy::Shared,
        Tenancy::Mixed,
        Tenancy::Hybrid,
        Tenancy::Dedicated,
    ];
    let place = |one| order.iter().position(|other| *other == one);
    let others = order
        .into_iter()
        .filter(|other| *other != shape.tenancy && (companies > 1 || *other == Tenancy::Dedicated))
        .map(|other| Other {
            what: tenancy_name(other).to_owned(),
            why_not: if place(other) < place(shape.tenancy) {
                "it shares what was asked to be kept apart".to_owned()
            } else {
                "nobody asked for so much distance, and every further part is one more to run".to_owned()
            },
            shape: shape.shared_by(answers, other),
        })
        .collect();
    Explained {
        about: "tenancy",
        taken: tenancy_name(shape.tenancy).to_owned(),
        why,
        others,
    }
}

fn explain_promise(answers: &Answers, shape: &Shape) -> Explained {
    let mut why = vec!["the shortest that the standby region and whoever decides can keep".to_owned()];
    if decider(answers) != answers.decider {
        why.push("seconds are too short for people, so the controller decides".to_owned());
    }
    if answers.loss == Loss::Nothing && shape.rpo > Span::default() {
        why.push(if answers.integrations == 0 {
            "nothing can only be promised of messages, and there are none: what people type may lose its last moments".to_owned()
        } else {
            "nothing can only be promised where another region holds each message".to_owned()
        });
    }
    let who = match shape.decider {
        Decider::Controller => "the controller decides",
        Decider::OnePerson => "one person decides",
        Decider::TwoPeople => "two people decide",
    };
    let nothing = shape.rpo == Span::default();
    let lost = if nothing {
        "nothing that partners sent is lost".to_owned()
    } else {
        format!("at most {} is lost", shape.rpo)
    };
    Explained {
        about: "promise",
        taken: format!(
            "orders and shipping work again within {}, {lost}, {who}",
            shape.rto
        ),
        why,
        others: Vec::new(),
    }
}

fn explain_integrations(answers: &Answers, shape: &Shape) -> Explained {
    let longer = Shape {
        outage: Span::from_hours(168),
        ..shape.clone()
    };
    let others = (shape.outage < longer.outage && answers.integrations > 0).then(|| Other {
        what: "a week of messages".to_owned(),
        why_not: "nobody expects partners to be down for so long".to_owned(),
        shape: longer,
    });
    Explained {
        about: "integrations",
        taken: format!(
            "{} streams, each with a lane of its own that holds {} of messages",
            answers.integrations, shape.outage
        ),
        why: vec!["a lane that stands still neither stops the others nor loses anything".to_owned()],
        others: others.into_iter().collect(),
    }
}

fn explain_rehearsal(shape: &Shape) -> Explained {
    let mut stages = vec!["test"];
    stages.extend(shape.staging.then_some("staging with copies of production"));
    stages.extend(shape.recovery.then_some("recovery"));
    let mut others = Vec::new();
    if shape.staging {
        others.push(Other {
            what: "a test environment alone".to_owned(),
            why_not: "a release would meet real data in production for the first time".to_owned(),
            shape: Shape {
                staging: false,
                recovery: false,
                ..shape.clone()
            },
        });
    }
    if !shape.recovery && shape.standby != Standby::None {
        others.push(Other {
            what: "a recovery environment as well".to_owned(),
            why_not: "drills use the standby region; a place of its own is for those who rehearse every week"
                .to_owned(),
            shape: Shape {
                recovery: true,
                staging: true,
                ..shape.clone()
            },
        });
    }
    Explained {
        about: "rehearsal",
        taken: stages.join(", "),
        why: vec!["what is never rehearsed does not work on the day".to_owned()],
        others,
    }
}
