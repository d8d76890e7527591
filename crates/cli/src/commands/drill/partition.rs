//! The link between two sites is cut under load, silently, in one direction or both, and made whole again: three views of
//! who leads keep writes where they are, orders go on, and whoever asks is told what a further loss would mean.
//!
//! It needs sites with network namespaces of their own (`plimsoll up --site NAME=ADDRESS@NAMESPACE`).

use std::time::{Duration, Instant};

use api::controller::Protection;
use local::host::check_cut;
use recovery::evidence::Finding;
use types::{RegionName, Timestamp, host};

use super::{
    disturb::{Disturbance, UnderLoad, finding, length, works},
    links::{self, Deaf},
    load::{Meanwhile, Order, now},
    run::{self, Measured},
    scene::Scene,
};
use crate::{
    args::{Between, CutLinks, Direction},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Until silence is told, and a little more.
const LASTS_MIN: Duration = Duration::from_secs(5);
/// What lasts longer is no drill.
const LASTS_MAX: Duration = Duration::from_secs(300);
/// The guard makes links whole this long after their time, should the drill hang.
const GRACE: Duration = Duration::from_secs(30);
/// How often the controller is asked.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What to cut, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub between: Between,
    pub direction: Direction,
    pub lasts: Duration,
}

/// How long the cut lasts, if that is allowed.
pub fn lasts(request: &CutLinks) -> Result<Duration, Failure> {
    let lasts = request.lasts.as_duration();
    if (LASTS_MIN..=LASTS_MAX).contains(&lasts) {
        return Ok(lasts);
    }
    Err(Failure {
        exit: Exit::Usage,
        ..Failure::no("PL0448", format!("a cut of {} is not allowed", request.lasts))
    }
    .hint("5s to 5m: silence must be noticed, and a drill must end"))
}

/// Checks that every site has a namespace whose links can be cut.
pub fn check(estate: &OpenEstate) -> Result<(), Failure> {
    let mut sites: Vec<_> = estate.regions().iter().map(ToString::to_string).collect();
    sites.push(host::CONTROLLER.to_owned());
    for site in sites {
        let (_, namespace) = estate.place(&site).ok_or_else(|| no_namespace(&site))?;
        check_cut(&namespace).map_err(|error| {
            Failure::machine("PL0447", format!("links of {site} cannot be cut here"))
                .because(&error)
                .hint("run it as root, or as whoever made the network namespaces; `ip` of iproute2 must be there")
        })?;
    }
    Ok(())
}

fn no_namespace(site: &str) -> Failure {
    Failure::no(
        "PL0446",
        format!("{site} has no network namespace of its own, so there is no link to cut"),
    )
    .hint("start the estate with one for each site: `plimsoll up FILE --site NAME=ADDRESS@NAMESPACE …`")
}

/// Tells what would be cut.
pub async fn show(estate: &OpenEstate, request: &CutLinks, talk: &Talk) -> Result<(), Failure> {
    let status = estate.controller()?.status().await?;
    let leader = run::leader(&status)?;
    let pairs = pairs(estate, &leader, request.between, request.direction)?;
    for (sender, receiver) in &pairs {
        let how = match (estate.place(sender), estate.place(receiver)) {
            (Some((address, _)), Some((_, namespace))) => {
                format!("packets from {address} vanish in {}", namespace.display())
            }
            _ => "no namespace of its own".to_owned(),
        };
        talk.say(format_args!(
            "for {}: nothing passes from {sender} to {receiver} ({how})",
            request.lasts
        ));
    }
    Ok(())
}

/// From whom to whom nothing passes.
fn pairs(
    estate: &OpenEstate,
    leader: &RegionName,
    between: Between,
    direction: Direction,
) -> Result<Vec<(String, String)>, Failure> {
    let regions = estate.regions();
    let standby = regions
        .iter()
        .find(|region| *region != leader)
        .ok_or_else(|| Failure::no("PL0403", "there is no standby region"))?;
    Ok(directed(leader.as_str(), standby.as_str(), between, direction))
}

fn directed(leader: &str, standby: &str, between: Between, direction: Direction) -> Vec<(String, String)> {
    let (here, there) = match between {
        Between::Regions => (leader, standby),
        Between::Witness => (leader, host::CONTROLLER),
        Between::StandbyWitness => (standby, host::CONTROLLER),
    };
    let out = (here.to_owned(), there.to_owned());
    let into = (there.to_owned(), here.to_owned());
    match direction {
        Direction::Both => vec![out, into],
        Direction::Out => vec![out],
        Direction::In => vec![into],
    }
}

/// What vanishes where.
fn deaf(estate: &OpenEstate, pairs: &[(String, String)]) -> Result<Vec<Deaf>, Failure> {
    let one = |(sender, receiver): &(String, String)| {
        let (from, _) = estate.place(sender).ok_or_else(|| no_namespace(sender))?;
        let (_, namespace) = estate.place(receiver).ok_or_else(|| no_namespace(receiver))?;
        Ok(Deaf {
            site: receiver.clone(),
            namespace,
            of: sender.clone(),
            from,
        })
    };
    pairs.iter().map(one).collect()
}

/// Runs once.
pub async fn once(scene: Scene<'_>, wanted: Wanted) -> Result<Measured, Failure> {
    let (estate, step) = (scene.estate, scene.step);
    let under = UnderLoad::begin(scene).await?;
    let pairs = pairs(estate, &under.leader, wanted.between, wanted.direction)?;
    let deaf = deaf(estate, &pairs)?;
    let fault = told_of(&pairs);
    let t0 = now();
    let links = links::cut(estate, &deaf, wanted.lasts + GRACE)?;
    step.detail(&fault);
    let probes = under.probes(t0);
    let exposed = exposed(estate, wanted.lasts, t0).await?;
    tokio::time::sleep(wanted.lasts.saturating_sub(now().since(t0))).await;
    let accepted = scene.accepted(probes).await;
    let (whole, meanwhile) = (now(), under.load.watch().orders());
    links.mend()?;
    step.detail("the link is whole again");
    scene.protected().await?;
    let protected_again = now();
    let again = under.transactions("again").await;
    let (told_at, why) = match exposed {
        Some((at, why)) => (Some(at), why),
        None => (None, "the estate was called protected all the time".to_owned()),
    };
    let disturbance = Disturbance {
        what: format!("partition, {fault}"),
        fault: format!("{fault}, for {} s", whole.since(t0).as_secs()),
        t0,
        lengths: vec![
            length("cut", Some(whole.since(t0))),
            length("until it was told", told_at.map(|at| at.since(t0))),
            length(
                "protected again after the link was whole",
                Some(protected_again.since(whole)),
            ),
        ],
        findings: vec![
            finding(
                "whoever asks is told that a loss would not be survived",
                told_at.is_some(),
                why,
            ),
            acknowledged(&meanwhile, t0, whole),
            works("everything works while the link is cut", &accepted),
            works("everything works once it is whole", &again),
        ],
        accepted,
    };
    under.end(disturbance).await
}

fn told_of(pairs: &[(String, String)]) -> String {
    match pairs {
        [(here, there), _] => format!("the link between {here} and {there} is cut"),
        _ => {
            let one = |(from, to): &(String, String)| format!("nothing passes from {from} to {to}");
            pairs.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

/// When the controller first said that the estate is exposed, and why; `None` when it did not while the cut lasted.
async fn exposed(
    estate: &OpenEstate,
    limit: Duration,
    t0: Timestamp,
) -> Result<Option<(Timestamp, String)>, Failure> {
    let controller = estate.controller()?;
    let until = Instant::now() + limit.saturating_sub(now().since(t0));
    while Instant::now() < until {
        // The controller is no site of ours: it is asked over a line that is never cut.
        if let Protection::Exposed { because } = controller.status().await?.protection {
            return Ok(Some((now(), because.join("; "))));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(None)
}

/// Orders that were first posted after the cut and acknowledged before it ended.
fn acknowledged(orders: &[Order], from: Timestamp, to: Timestamp) -> Finding {
    let meanwhile = Meanwhile::of(orders, from, to);
    finding(
        "orders are acknowledged meanwhile",
        meanwhile.acknowledged > 0,
        format!(
            "{} acknowledged, {} of them on disk in both regions",
            meanwhile.acknowledged, meanwhile.in_both
        ),
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command, Drill};

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn directions_are_seen_from_the_region_that_is_cut_off() {
        let cut = |between, direction| directed("west", "north", between, direction);
        assert_eq!(
            cut(Between::Regions, Direction::Both),
            [pair("west", "north"), pair("north", "west")]
        );
        assert_eq!(cut(Between::Regions, Direction::In), [pair("north", "west")]);
        assert_eq!(
            cut(Between::Witness, Direction::Out),
            [pair("west", "controller")]
        );
        assert_eq!(
            cut(Between::StandbyWitness, Direction::In),
            [pair("controller", "north")]
        );
        assert_eq!(
            told_of(&cut(Between::Witness, Direction::Both)),
            "the link between west and controller is cut"
        );
        assert_eq!(
            told_of(&cut(Between::Witness, Direction::In)),
            "nothing passes from controller to west"
        );
    }

    #[test]
    fn a_cut_is_long_enough_to_be_noticed_and_ends() {
        let asked = |lasts: &str| {
            let words = ["plimsoll", "drill", "partition", "--lasts", lasts];
            match Args::try_parse_from(words).unwrap().command {
                Command::Drill(Drill::Partition(request)) => super::lasts(&request).map_err(|no| no.code),
                _ => panic!("another command"),
            }
        };
        assert_eq!(asked("15s").unwrap(), Duration::from_secs(15));
        assert_eq!(asked("1s").unwrap_err(), "PL0448");
        assert_eq!(asked("10m").unwrap_err(), "PL0448");
    }
}
