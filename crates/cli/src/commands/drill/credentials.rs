//! Certificates that are about to end are renewed under load: first every program gets one that lives for moments, then
//! the next one; after the end of the first, everything works. Nobody is started again.

use std::time::{Duration, Instant};

use api::{
    controller::EstateStatus,
    tls::{Greeting, shown},
};
use local::host::IDENTITY_LIFE;
use recovery::evidence::{Finding, Length};
use types::{Timestamp, settings::SiteRole};

use super::{
    disturb::{Disturbance, UnderLoad, finding, length, works},
    load::now,
    run::Measured,
    scene::Scene,
};
use crate::{commands::certificates, failure::Failure, open_estate::OpenEstate};

/// How often it is looked which certificates are shown.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Times in certificates are whole seconds.
const WHOLE_SECOND: Duration = Duration::from_secs(1);

/// Runs once.
pub async fn once(scene: Scene<'_>, life: Duration) -> Result<Measured, Failure> {
    let (estate, step) = (scene.estate, scene.step);
    let under = UnderLoad::begin(scene).await?;
    let doors = doors(estate)?;
    let t0 = now();
    step.detail(&format!("certificates that live for {} s", life.as_secs()));
    let short = short(estate, &doors, life).await;
    // Whatever came of it: an estate must not be left with certificates that end in a moment.
    step.detail("certificates that live for a year");
    let renewed = now();
    let mut long = certificates::renew(estate, IDENTITY_LIFE).await.map(|()| None);
    let short = short?;
    if long.is_ok() {
        let late = |ends: Timestamp| ends.since(t0) > life + WHOLE_SECOND;
        long = Ok(wait(estate, &doors, scene.request.timeout, late).await);
    }
    let long = long?;
    step.detail("waiting for the end of the first ones");
    tokio::time::sleep((life + WHOLE_SECOND * 2).saturating_sub(now().since(t0))).await;
    let again = under.transactions("again").await;
    let after = estate.controller()?.status().await?;
    let disturbance = Disturbance {
        what: "certificates".to_owned(),
        fault: format!(
            "every certificate replaced by one for {} s, and that one by the next",
            life.as_secs()
        ),
        t0,
        // Nothing was away, so no promise of coming back is measured.
        accepted: std::collections::BTreeMap::new(),
        lengths: vec![
            taken(
                "until every program shows a certificate that lives for moments",
                short,
                t0,
            ),
            taken("until every program shows the next one", long, renewed),
        ],
        findings: vec![
            finding(
                "every program shows its new certificate",
                short.is_some() && long.is_some(),
                format!("{} ports of the estate were asked", doors.len()),
            ),
            nobody_restarted(&under.before, &after),
            works(
                "everything works after the end of the certificates that were replaced",
                &again,
            ),
        ],
    };
    under.end(disturbance).await
}

fn taken(name: &str, at: Option<Timestamp>, since: Timestamp) -> Length {
    length(name, at.map(|at| at.since(since)))
}

async fn short(estate: &OpenEstate, doors: &[Door], life: Duration) -> Result<Option<Timestamp>, Failure> {
    let began = now();
    certificates::renew(estate, life).await?;
    let soon = |ends: Timestamp| ends.since(began) <= life + WHOLE_SECOND * 5;
    // The rest of their life is for those that replace them.
    Ok(wait(estate, doors, life / 2, soon).await)
}

/// A place of the estate at which a certificate is shown.
struct Door {
    host: String,
    port: u16,
    greeting: Greeting,
}

impl Door {
    fn at(url: &str) -> Option<Self> {
        let url = reqwest::Url::parse(url).ok()?;
        let (host, port) = (url.host_str()?.to_owned(), url.port_or_known_default()?);
        Some(Self {
            host,
            port,
            greeting: Greeting::Handshake,
        })
    }
}

/// Every such place.
fn doors(estate: &OpenEstate) -> Result<Vec<Door>, Failure> {
    let controller = format!("https://{}", estate.controller.listen);
    let mut doors: Vec<_> = [controller.as_str(), &estate.controller.public_url]
        .map(Door::at)
        .into_iter()
        .collect();
    for endpoints in &estate.controller.regions {
        let agent = Door::at(&endpoints.agent);
        if let SiteRole::Region(region) = certificates::site(estate, endpoints.region.as_str())?.role {
            doors.push(agent.as_ref().map(|agent| Door {
                host: agent.host.clone(),
                port: region.database.port,
                greeting: Greeting::Postgres,
            }));
            // A region knows where the other regions' stores can be copied.
            let stores = region.sessions.iter().flat_map(|store| store.upstreams.values());
            doors.extend(stores.map(|store| {
                Some(Door {
                    host: store.host.clone(),
                    port: store.port,
                    greeting: Greeting::Handshake,
                })
            }));
        }
        doors.extend([agent, Door::at(&endpoints.gateway)]);
    }
    let all = doors.into_iter().collect::<Option<Vec<_>>>();
    all.ok_or_else(|| Failure::machine("PL0006", "an address in the estate's settings is none"))
}

/// Waits until every door shows a certificate with such an end; `None` when that did not come in time.
async fn wait(
    estate: &OpenEstate,
    doors: &[Door],
    limit: Duration,
    is: impl Fn(Timestamp) -> bool,
) -> Option<Timestamp> {
    let (identity, began) = (estate.layout.identity("cli"), Instant::now());
    while began.elapsed() < limit {
        let mut all = true;
        for door in doors {
            let ends = shown((&door.host, door.port), door.greeting, &identity).await;
            all &= ends.is_ok_and(&is);
        }
        if all {
            return Some(now());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    None
}

/// How often everything was started, before and after.
fn nobody_restarted(before: &EstateStatus, after: &EstateStatus) -> Finding {
    let starts = |status: &EstateStatus| {
        let regions = status
            .regions
            .iter()
            .filter_map(|region| region.observation.as_ref());
        let all = regions.chain(status.front_door.as_ref());
        all.map(|seen| {
            (
                seen.run,
                seen.components.iter().map(|one| one.starts).collect::<Vec<_>>(),
            )
        })
        .collect::<Vec<_>>()
    };
    let (before, after) = (starts(before), starts(after));
    let count: usize = after.iter().map(|(_, starts)| starts.len()).sum();
    finding(
        "no program was started again",
        before == after,
        format!("{count} components"),
    )
}
