//! One environment: which regions it has, where its stamps live, and how much smaller it is.

use std::collections::BTreeMap;

use estate::{Budget, Posture, RegionRole, Stage};
use ipnet::Ipv4Net;
use types::{EnvironmentName, RegionName, Span, StampName};

use super::{
    Notes,
    addresses::Addresses,
    blueprint::{Environment, Stamp},
    cache::SharedCache,
    names,
    placement::Sizes,
    survey::Survey,
};

/// A region as it is in one environment.
pub(super) struct Place<'e> {
    pub(super) region: &'e estate::Region,
    pub(super) role: RegionRole,
    pub(super) posture: Posture,
    /// The other one of its pair, where this environment has both.
    pub(super) partner: Option<&'e RegionName>,
    pub(super) addresses: Ipv4Net,
}

/// Where a stamp lives.
#[derive(Clone, Copy)]
pub(super) struct Home<'e> {
    pub(super) region: &'e RegionName,
    pub(super) standby: Option<&'e RegionName>,
}

/// Plans one environment.
pub(super) struct Planner<'p, 'e> {
    pub(super) survey: &'p Survey<'e>,
    pub(super) addresses: &'p Addresses<'e>,
    pub(super) name: &'e EnvironmentName,
    pub(super) environment: &'e estate::Environment,
    /// Active regions first.
    pub(super) places: Vec<Place<'e>>,
    pub(super) domain: String,
    /// What the stamps that share a region's cache need together.
    pub(super) shared_caches: BTreeMap<&'e RegionName, SharedCache>,
}

/// A stamp with what was decided about it for all regions.
pub(super) struct Sized<'e> {
    pub(super) name: &'e StampName,
    pub(super) estate: &'e estate::Stamp,
    pub(super) home: Home<'e>,
    pub(super) plan: Stamp,
    pub(super) sizes: Sizes,
}

impl<'p, 'e> Planner<'p, 'e> {
    pub(super) fn new(
        survey: &'p Survey<'e>,
        name: &'e EnvironmentName,
        environment: &'e estate::Environment,
        addresses: &'p Addresses<'e>,
    ) -> Self {
        let domain = match environment.stage {
            Stage::Production => survey.estate.organisation.domain.clone(),
            Stage::Development | Stage::Test | Stage::Staging | Stage::Recovery => {
                format!("{name}.{}", survey.estate.organisation.domain)
            }
        };
        let mut planner = Self {
            survey,
            addresses,
            name,
            environment,
            places: places(survey.estate, name, environment, addresses),
            domain,
            shared_caches: BTreeMap::new(),
        };
        planner.share_caches();
        planner
    }

    pub(super) fn plan(&self, notes: &mut Notes) -> Environment {
        self.explain(notes);
        let sized: Vec<Sized<'e>> = self
            .survey
            .estate
            .stamps
            .iter()
            .filter_map(|(name, stamp)| self.size(name, stamp, notes))
            .collect();
        self.check_caches(&sized, notes);
        self.explain_objects(&sized, notes);
        let regions = self
            .places
            .iter()
            .map(|place| self.region(place, &sized, notes))
            .collect();
        let front_door = self.front_door(&sized, notes);
        let watching = self.watching(&sized, notes);
        Environment {
            name: self.name.clone(),
            stage: self.environment.stage,
            domain: self.domain.clone(),
            tags: self.tags(),
            runs: self.environment.runs.clone().filter(|_| !self.always_runs()),
            mute: self.environment.stage != Stage::Production,
            budget: None,
            front_door,
            watching,
            access: self.access(notes),
            regions,
            stamps: sized.into_iter().map(|one| one.plan).collect(),
        }
    }

    /// Where a stamp lives here, and everything about it that is the same in every region.
    fn size(&self, name: &'e StampName, stamp: &'e estate::Stamp, notes: &mut Notes) -> Option<Sized<'e>> {
        let home = self.home(stamp)?;
        if *home.region != stamp.region {
            notes.report.decide_at(
                "stamps",
                self.name.as_str(),
                &format!("what lives in `{}` lives in `{}` here", stamp.region, home.region),
                "this environment does not have the other region",
            );
        }
        let sizes = self.sizes(name, stamp, home, notes);
        let plan = self.stamp(name, stamp, home, &sizes, notes);
        Some(Sized {
            name,
            estate: stamp,
            home,
            plan,
            sizes,
        })
    }

    pub(super) fn home(&self, stamp: &estate::Stamp) -> Option<Home<'e>> {
        let estate = self.survey.estate;
        let standby = estate.standby_of(&stamp.region).map(|region| &region.name);
        let place = self
            .place(&stamp.region)
            .or_else(|| self.place(standby?))
            .or_else(|| self.places.first())?;
        // A region that only follows never leads, even where somebody wrote it down as a home.
        let leads = match place.role {
            RegionRole::Active => place,
            RegionRole::Standby => self.place(place.partner?)?,
        };
        Some(Home {
            region: &leads.region.name,
            standby: leads.partner,
        })
    }

    pub(super) fn place(&self, region: &RegionName) -> Option<&Place<'e>> {
        self.places.iter().find(|place| place.region.name == *region)
    }

    /// Whether somebody waits for it: what nobody waits for has no spare parts.
    pub(super) const fn is_waited_for(&self) -> bool {
        match self.environment.stage {
            Stage::Development | Stage::Test => false,
            Stage::Staging | Stage::Production | Stage::Recovery => true,
        }
    }

    pub(super) const fn is_production(&self) -> bool {
        matches!(self.environment.stage, Stage::Production)
    }

    const fn always_runs(&self) -> bool {
        matches!(self.environment.stage, Stage::Production | Stage::Recovery)
    }

    /// A number of replicas or cores, scaled and rounded up.
    pub(super) fn scaled(&self, number: u64) -> u64 {
        (number * u64::from(self.percent())).div_ceil(100)
    }

    pub(super) fn scaled_count(&self, number: u16) -> u16 {
        u16::try_from(self.scaled(u64::from(number))).unwrap_or(number)
    }

    pub(super) fn percent(&self) -> u8 {
        self.environment.scale_percent.clamp(1, 100)
    }

    /// Whether data keeps production's size: copies of it must fit.
    pub(super) fn holds_production_data(&self) -> bool {
        self.is_production() || self.environment.copies_production || self.percent() == 100
    }

    /// Name of a resource of a region.
    pub(super) fn regional(&self, region: &RegionName, what: &[&str], longest: usize) -> String {
        let mut parts = vec![
            self.survey.estate.name.as_str(),
            self.name.as_str(),
            region.as_str(),
        ];
        parts.extend(what);
        names::joined(&parts, longest)
    }

    /// Name of a resource of a region that must be unique in all of Azure.
    pub(super) fn regional_global(&self, region: &RegionName, what: &[&str], longest: usize) -> String {
        let mut parts = vec![
            self.survey.estate.name.as_str(),
            self.name.as_str(),
            region.as_str(),
        ];
        parts.extend(what);
        names::global(self.survey.salt, &parts, longest)
    }

    /// Domain of names that only resolve inside of a region's networks.
    pub(super) fn internal_domain(&self, region: &RegionName) -> String {
        format!("{region}.internal.{}", self.domain)
    }

    fn tags(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("environment".to_owned(), self.name.to_string()),
            ("stage".to_owned(), self.environment.stage.as_str().to_owned()),
        ])
    }

    fn explain(&self, notes: &mut Notes) {
        let name = self.name.as_str();
        let report = &mut notes.report;
        if !self.is_production() {
            report.decide_at(
                "environments",
                name,
                "mute: mail, EDI, labels and payments are held, and no partner can be reached",
                "a copy that speaks to partners ships goods twice",
            );
            report.decide_at(
                "environments",
                name,
                &format!(
                    "{} % of production's replicas and cores, rounded up",
                    self.percent()
                ),
                "as the estate says; everything else is as in production, or a test would prove nothing",
            );
        }
        if !self.is_waited_for() {
            report.decide_at(
                "environments",
                name,
                "no second database, no second cache and no spare nodes",
                "nobody waits for it; what high availability does is rehearsed in staging",
            );
        }
        for place in &self.places {
            if place.role == RegionRole::Standby {
                let (what, why) = posture(place.posture);
                report.decide_at("standby", &format!("{name}/{}", place.region.name), what, why);
            }
            self.explain_promise(place, report);
            if place.posture == Posture::Cold {
                report.caution_at(
                    "standby",
                    &format!("{name}/{}", place.region.name),
                    "cold: its clusters and databases are planned, and built when they are needed",
                    "as the estate says; recovery takes hours, and messages are on disk in one region only",
                );
            }
        }
    }

    fn explain_promise(&self, place: &Place<'_>, report: &mut crate::Report) {
        let least = keeps(place.posture);
        let Some(rto) = self.survey.rto_min.filter(|rto| *rto < least) else {
            return;
        };
        if self.is_production() && place.role == RegionRole::Standby {
            report.caution_at(
                "standby",
                &format!("{}/{}", self.name, place.region.name),
                &format!(
                    "{}, and the shortest promise is {rto}: it will hardly be kept before {least}",
                    place.posture.as_str()
                ),
                "processes and databases must be started or scaled before people are let in",
            );
        }
    }
}

/// What runs in a standby, and why no more.
const fn posture(posture: Posture) -> (&'static str, &'static str) {
    match posture {
        Posture::Hot => (
            "hot: a replica, a gateway, and as many processes as in the active region; workers and schedulers start when it leads",
            "it serves within seconds; schedulers must run in one region only",
        ),
        Posture::Warm => (
            "warm: a replica, a gateway, and one process of each class; a failover scales it up",
            "its nodes may grow to what leading takes; it serves few people at once and all of them minutes later",
        ),
        Posture::Cold => (
            "cold: network, vault and backups",
            "the cheapest that can be recovered at all",
        ),
    }
}

/// The shortest promise that a standby of this posture can keep; measured by drills, stated here so that a plan is
/// questioned before they are.
const fn keeps(posture: Posture) -> Span {
    match posture {
        Posture::Cold => Span::from_hours(4),
        Posture::Warm => Span::from_minutes(15),
        Posture::Hot => Span::from_secs(1),
    }
}

/// Regions of an environment in their roles there, active ones first.
fn places<'e>(
    estate: &'e estate::Estate,
    name: &EnvironmentName,
    environment: &estate::Environment,
    addresses: &Addresses<'e>,
) -> Vec<Place<'e>> {
    let here = |region: &RegionName| environment.regions.contains(region);
    let mut places: Vec<Place<'e>> = estate
        .regions
        .iter()
        .filter(|region| here(&region.name))
        .map(|region| {
            // A standby without the region it follows has nothing to follow.
            let follows = region.standby_for.as_ref().filter(|active| here(active));
            let (role, posture, partner) = match follows {
                Some(active) => (RegionRole::Standby, region.posture, Some(active)),
                None => {
                    let standby = estate.standby_of(&region.name).map(|standby| &standby.name);
                    (
                        RegionRole::Active,
                        Posture::Hot,
                        standby.filter(|standby| here(standby)),
                    )
                }
            };
            Place {
                region,
                role,
                posture,
                partner,
                addresses: addresses.of(name, &region.name),
            }
        })
        .collect();
    places.sort_by_key(|place| place.role == RegionRole::Standby);
    places
}

/// Each environment's part of the budget, in proportion to what it is estimated to cost.
pub(super) fn share_budget(budget: &Budget, environments: &mut [Environment], notes: &mut Notes) {
    let costs: Vec<u64> = environments.iter().map(crate::cost::monthly_cents).collect();
    let all: u64 = costs.iter().sum::<u64>().max(1);
    let monthly = u64::from(budget.monthly);
    for (environment, cost) in environments.iter_mut().zip(costs) {
        // Rounded down, so that the parts never exceed the whole; at least 1, because Azure knows no budget of nothing.
        let share = u128::from(monthly) * u128::from(cost) / u128::from(all);
        environment.budget = Some(Budget {
            monthly: u32::try_from(share).unwrap_or(budget.monthly).max(1),
            currency: budget.currency,
            alert_at_percent: budget.alert_at_percent.clone(),
        });
    }
    notes.report.decide(
        "budget",
        format!(
            "{} {} a month, shared among environments in proportion to their estimates",
            budget.monthly,
            budget.currency.as_str()
        ),
        "an alarm about all of them together says too late which one it is",
    );
}
