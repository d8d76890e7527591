//! A partner to whom we send refuses everything for a while, or answers too late. What is for it waits and is told of; what
//! is for others goes on; afterwards the partner has everything.
//!
//! The drill stands in for the partner, at the address on this machine that the estate file gives it. A partner elsewhere is
//! left alone: nobody rehearses with somebody else's system, and what a stand-in takes the partner would never get.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api::gateway::{LaneStatus, lanes::Delivery};
use recovery::evidence::Finding;
use tokio::net::{TcpListener, lookup_host};
use tokio_util::sync::{CancellationToken, DropGuard};
use types::{
    IntegrationName, Span,
    settings::{IdempotencySource, IntegrationSettings, OutboundSettings, OutboundTarget},
};

use super::{
    disturb::{Disturbance, UnderLoad, finding, length, works},
    lane::Lane,
    load::{Meanwhile, now},
    probe,
    public::Public,
    run::Measured,
    scene::Scene,
    stand_in::{Manners, StandIn},
};
use crate::{
    args::{How, LoseIntegration},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

/// What a confirmed order is to whoever wants to hear of it.
const CONFIRMED: &str = "order.confirmed";
/// The gateway's own header where the estate file names none.
const KEY: &str = "idempotency-key";
/// So long the gateway waits for an answer to what it posts.
const GATEWAY_WAITS: Duration = Duration::from_secs(20);
/// A partner that is slow is taken for gone after five answers in a row that did not come, on a machine that does other
/// things too.
const NOTICED_WITHIN: Duration = Duration::from_secs(180);
/// A late answer is at least this late, and at most that: a drill must end.
const ANSWERS_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(120)];
/// How often an order is confirmed, of which the partner is told.
const CONFIRM_EVERY: Duration = Duration::from_millis(500);
/// Messages that the partner has taken before anything is done to it.
const BEFORE: usize = 3;

/// Whom the drill stands in for, and what that partner does.
#[derive(Clone, Debug)]
pub struct Wanted {
    lane: IntegrationName,
    address: String,
    key: String,
    how: How,
    answers_after: Span,
    lasts: Duration,
}

impl Wanted {
    /// Looks for the lane in the estate.
    pub fn of(estate: &OpenEstate, request: &LoseIntegration, how: How) -> Result<Self, Failure> {
        let [least, most] = ANSWERS_AFTER;
        if !(least..=most).contains(&request.answers_after.as_duration()) {
            let text = format!("an answer after {} is not allowed", request.answers_after);
            let failure = Failure::no("PL0449", text);
            return Err(Failure {
                exit: Exit::Usage,
                ..failure
            }
            .hint("1s to 2m"));
        }
        let lanes = Public::integrations(estate)?;
        let wanted =
            |lane: &&IntegrationSettings| request.lane.as_ref().is_none_or(|name| *name == lane.name);
        let found = lanes
            .iter()
            .filter(wanted)
            .find_map(|lane| Some((lane, here(lane.outbound.as_ref()?)?)))
            .ok_or_else(|| nobody_here(request.lane.as_ref()))?;
        let (lane, address) = found;
        Ok(Self {
            lane: lane.name.clone(),
            address,
            key: match &lane.idempotency {
                IdempotencySource::Header(name) => name.clone(),
                IdempotencySource::Pointer(_) | IdempotencySource::File | IdempotencySource::Sequence => {
                    KEY.to_owned()
                }
            },
            how,
            answers_after: request.answers_after,
            lasts: request.away.as_duration(),
        })
    }

    const fn manners(&self) -> Manners {
        match self.how {
            How::Refusing => Manners::Refuses,
            How::Slow => Manners::TakesItsTime(self.answers_after.as_duration()),
        }
    }

    /// Whether the gateway takes the partner for one that is away.
    fn is_away(&self) -> bool {
        self.how == How::Refusing || self.answers_after.as_duration() > GATEWAY_WAITS
    }

    fn fault(&self) -> String {
        match self.how {
            How::Refusing => format!("the partner of {} answers 503", self.lane),
            How::Slow => format!(
                "the partner of {} answers after {}",
                self.lane, self.answers_after
            ),
        }
    }

    async fn stand_in(&self) -> Result<StandIn, Failure> {
        let taken = |error: std::io::Error| {
            Failure::no(
                "PL0449",
                format!("cannot stand in for the partner at {}", self.address),
            )
            .because(&error)
            .hint("end what listens there: the drill is the partner while it runs")
        };
        let mut addresses = lookup_host(&self.address).await.map_err(taken)?;
        let here: Option<SocketAddr> = addresses.find(|address| address.ip().is_loopback());
        let here = here.ok_or_else(|| nobody_here(Some(&self.lane)))?;
        let listener = TcpListener::bind(here).await.map_err(taken)?;
        Ok(StandIn::at(listener, &self.key))
    }
}

/// The address on this machine to which a lane posts what it is told of confirmed orders.
fn here(outbound: &OutboundSettings) -> Option<String> {
    let OutboundTarget::Post { to } = &outbound.target else {
        return None;
    };
    let url = reqwest::Url::parse(to)
        .ok()
        .filter(|url| url.scheme() == "http")?;
    let host = url
        .host_str()
        .filter(|host| matches!(*host, "127.0.0.1" | "localhost"))?;
    let told = outbound.events.iter().any(|event| event == CONFIRMED);
    told.then(|| format!("{host}:{}", url.port_or_known_default().unwrap_or(80)))
}

fn nobody_here(lane: Option<&IntegrationName>) -> Failure {
    let text = match lane {
        Some(lane) => {
            format!("the partner of {lane} is not on this machine, or is not told of confirmed orders")
        }
        None => "no lane of the estate tells a partner on this machine of confirmed orders".to_owned(),
    };
    Failure::no("PL0449", text).hint(format!(
        "rehearse with an estate whose lane has `outbound: {{ to: \"http://127.0.0.1:PORT/\", events: [{CONFIRMED}] }}`"
    ))
}

/// Runs once.
pub async fn once(scene: Scene<'_>, wanted: &Wanted) -> Result<Measured, Failure> {
    let (estate, step) = (scene.estate, scene.step);
    let limit = scene.request.timeout;
    let partner = wanted.stand_in().await?;
    let under = UnderLoad::begin(scene).await?;
    let lane = Lane::of(estate, &wanted.lane, &under)?;
    let telling = Telling::begin(scene.public, scene.nth.id);
    step.detail("waiting until the partner is told of orders");
    let well = lane
        .wait(limit, |seen| {
            is_closed(seen) && partner.seen().taken.len() >= BEFORE
        })
        .await?;
    if well.is_none() {
        return Err(Failure::no(
            "PL0449",
            format!("nothing reached the partner of {} in time", wanted.lane),
        )
        .hint("`plimsoll gateway show LANE` says why"));
    }

    let t0 = now();
    partner.behave(wanted.manners());
    step.detail(&wanted.fault());
    let stopped = match wanted.is_away() {
        true => {
            lane.wait(limit.max(NOTICED_WITHIN), |seen| !is_closed(seen))
                .await?
        }
        false => None,
    };
    let opened = stopped.as_ref().map(|_| now().since(t0));
    let told = stopped.as_ref().map(word);
    let others = under.transactions("meanwhile").await;
    tokio::time::sleep(wanted.lasts.saturating_sub(now().since(t0))).await;
    let (away, stored) = (lane.status().await?, under.load.watch().orders());
    let meanwhile = Meanwhile::of(&stored, t0, now());

    step.detail("the partner is well again");
    let (back, confirmed) = (now(), telling.confirmed());
    partner.behave(Manners::Takes);
    let has_all = |seen: &LaneStatus| {
        is_closed(seen) && waits_for(seen) == 0 && partner.seen().taken.len() as u64 >= confirmed
    };
    let drained = lane.wait(limit, has_all).await?;
    let drained = drained.map(|_| now().since(back));
    let again = under.transactions("again").await;
    let seen = partner.seen();
    let disturbance = Disturbance {
        what: format!("outage of the partner of {}", wanted.lane),
        fault: format!("{}, for {} s", wanted.fault(), back.since(t0).as_secs()),
        t0,
        lengths: vec![
            length("until the lane stopped trying", opened),
            length("away", Some(back.since(t0))),
            length("until the partner had all that waited", drained),
        ],
        findings: vec![
            stops(wanted, told, &away),
            finding(
                "orders are acknowledged and stored in both regions meanwhile",
                meanwhile.all_in_both(),
                format!(
                    "{} acknowledged, {} on disk in both regions",
                    meanwhile.acknowledged, meanwhile.in_both
                ),
            ),
            works("everything else works meanwhile", &others),
            finding(
                "the partner gets all that waited by itself",
                drained.is_some(),
                format!(
                    "{} waited; {confirmed} orders had been confirmed, and it has {} messages: it refused {} tries, and {} \
                     came again under their keys",
                    waits_for(&away),
                    seen.taken.len(),
                    seen.refused,
                    seen.again()
                ),
            ),
            finding(
                "every message has a key by which the partner knows it",
                seen.without_key == 0,
                format!("{} had none", seen.without_key),
            ),
            works("everything works once the partner is well again", &again),
        ],
        // How long somebody else is away is no promise of ours: what came back, and when, is in the lengths.
        accepted: BTreeMap::new(),
    };
    under.end(disturbance).await
}

/// Whether the lane stopped trying a partner that is away, and went on with one that is only slow.
fn stops(wanted: &Wanted, told: Option<String>, away: &LaneStatus) -> Finding {
    if wanted.is_away() {
        let held = told.is_some();
        let seen = told.unwrap_or_else(|| "it went on trying each message".to_owned());
        return finding("the lane stops trying, and says why", held, seen);
    }
    finding(
        "the lane goes on with a partner that is slow",
        is_closed(away),
        word(away),
    )
}

/// Confirms orders until dropped, so that there is something to tell the partner.
struct Telling {
    confirmed: Arc<AtomicU64>,
    _ended: DropGuard,
}

impl Telling {
    fn begin(public: &Public, id: &str) -> Self {
        let (cancel, public, id) = (CancellationToken::new(), public.clone(), id.to_owned());
        let (ended, confirmed) = (cancel.clone(), Arc::<AtomicU64>::default());
        let count = Arc::clone(&confirmed);
        tokio::spawn(async move {
            let confirming = async {
                for number in 1_u64.. {
                    let reference = format!("{id}-told-{number}");
                    // What fails is an order less of which the partner hears.
                    if probe::confirm_order(&public, &reference).await.is_some() {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    tokio::time::sleep(CONFIRM_EVERY).await;
                }
            };
            ended.run_until_cancelled(confirming).await
        });
        Self {
            confirmed,
            _ended: cancel.drop_guard(),
        }
    }

    fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::SeqCst)
    }
}

/// Whether everything leaves as it comes.
const fn is_closed(lane: &LaneStatus) -> bool {
    matches!(lane.sending, Some(Delivery::Closed))
}

fn waits_for(lane: &LaneStatus) -> u64 {
    lane.documents.map_or(0, |documents| documents.unsent)
}

fn word(lane: &LaneStatus) -> String {
    match &lane.sending {
        Some(Delivery::Closed) => "it sends".to_owned(),
        Some(Delivery::Open { why, .. }) => format!("stopped trying: {why}"),
        Some(Delivery::Probation { why, .. }) => format!("tries one message: {why}"),
        Some(Delivery::Paused(hold)) => format!("paused by {}: {}", hold.by, hold.why),
        Some(Delivery::Elsewhere) | None => "another gateway sends".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_partner_on_this_machine_who_is_told_of_orders_is_stood_in_for() {
        let post = |to: &str| json!({ "post": { "to": to } });
        let address = |target, events: &[&str]| {
            let outbound = json!({ "events": events, "target": target });
            here(&serde_json::from_value(outbound).unwrap())
        };
        let told = [CONFIRMED, "shipment.done"];
        assert_eq!(
            address(post("http://127.0.0.1:18099/in"), &told).as_deref(),
            Some("127.0.0.1:18099")
        );
        assert_eq!(
            address(post("http://localhost/in"), &told).as_deref(),
            Some("localhost:80")
        );
        assert_eq!(
            address(post("http://127.0.0.1:18099/in"), &["shipment.done"]),
            None
        );
        assert_eq!(address(post("https://127.0.0.1:18099/in"), &told), None);
        assert_eq!(address(post("http://carrier.example.net/in"), &told), None);
        assert_eq!(address(json!({ "files": { "to": "file:///out" } }), &told), None);
    }
}
