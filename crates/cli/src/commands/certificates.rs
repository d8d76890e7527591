//! `plimsoll certificates`: when they end, and new ones while everything runs.
//!
//! The estate's own programs follow their files. PostgreSQL, Redis and Traefik are told, each in its own way.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use local::{
    agent::{process_tree, sessions},
    host,
};
use rustix::process::{Pid, Signal, kill_process};
use types::{
    RegionName, Span, Timestamp,
    settings::{SessionStoreSettings, SiteRole, SiteSettings, TlsFiles},
};

use crate::{
    args::{Output, RotateCertificates},
    commands::table::table,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// The authority's name among the certificates.
const AUTHORITY: &str = "ca";
/// What ends sooner than this is an emergency.
const URGENT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a store is asked to read its certificate again.
const STORE_TIME_MAX: Duration = Duration::from_secs(5);
/// Pause between two tries.
const STORE_PAUSE: Duration = Duration::from_millis(200);

/// Shows every certificate; the answer is no when one of them ends within a month.
pub fn list(estate: &OpenEstate, output: Output) -> Result<Exit, Failure> {
    let all = host::list_certificates(&estate.layout)?;
    match output {
        Output::Json => {
            let rows: Vec<_> = all
                .iter()
                .map(|one| serde_json::json!({ "whose": one.whose, "ends": one.ends }))
                .collect();
            anstream::println!("{}", serde_json::to_string_pretty(&rows).unwrap_or_default());
        }
        Output::Text => {
            let mut shown = table(["certificate", "ends", "left", ""]);
            for one in &all {
                let word = word(one.ends).unwrap_or_default();
                shown.add_row([
                    one.whose.clone(),
                    one.ends.to_string(),
                    left(one.ends),
                    word.to_owned(),
                ]);
            }
            anstream::println!("{shown}");
        }
    }
    Ok(if all.iter().any(|one| word(one.ends).is_some()) {
        Exit::No
    } else {
        Exit::Done
    })
}

/// What `status` warns of: one line for each certificate that ends within a month.
pub fn warnings(estate: &OpenEstate) -> Vec<String> {
    let all = host::list_certificates(&estate.layout).unwrap_or_default();
    let soon = all.into_iter().filter_map(|one| Some((word(one.ends)?, one)));
    soon.map(|(word, one)| {
        let what = if one.whose == AUTHORITY {
            "it is not renewed by itself"
        } else {
            "`plimsoll certificates rotate`"
        };
        format!(
            "{word}: the certificate of {} ends in {} ({}): {what}",
            one.whose,
            left(one.ends),
            one.ends
        )
    })
    .collect()
}

/// Makes every program a new identity, which all of them take up at once.
pub async fn rotate(estate: &OpenEstate, request: &RotateCertificates, talk: &Talk) -> Result<Exit, Failure> {
    let step = talk.step("new certificates");
    renew(estate, request.life.as_duration()).await?;
    step.done_as(format!("every program has a certificate for {}", request.life));
    Ok(Exit::Done)
}

/// The same for whoever drills it.
pub async fn renew(estate: &OpenEstate, life: Duration) -> Result<(), Failure> {
    let all = host::list_certificates(&estate.layout)?.into_iter();
    let programs: Vec<_> = all
        .map(|one| one.whose)
        .filter(|whose| whose != AUTHORITY)
        .collect();
    host::rotate_identities(&estate.home.files(), &estate.layout, &programs, life)?;
    reload(estate, &estate.regions()).await
}

/// Has those programs of these regions read their certificates again that do not look by themselves.
pub async fn reload(estate: &OpenEstate, regions: &[RegionName]) -> Result<(), Failure> {
    let sites = host::read_sites(&estate.layout)?;
    for region in regions {
        if estate.region_program(region).running().is_none() {
            // It reads them when it is started.
            continue;
        }
        let site = site(estate, region.as_str())?;
        if let SiteRole::Region(settings) = &site.role {
            reload_postgres(estate, region, &settings.database.data_dir);
            if let Some(mut store) = settings.sessions.clone() {
                // Its loopback address may be another one than ours.
                store.listen.set_ip(sites.address(region.as_str()).into());
                let identity = estate.layout.identity(&format!("{region}-redis"));
                reload_store(&store, &identity).await.map_err(|error| {
                    Failure::machine(
                        "PL0420",
                        format!("the session store of {region} keeps its old certificate"),
                    )
                    .because(&error)
                    .hint("run the same command again; a restart of the region takes it up too")
                })?;
            }
        }
        touch(
            &estate
                .layout
                .rendered()
                .join(region.as_str())
                .join("traefik/dynamic.yml"),
        )?;
    }
    if estate.front_door_program().running().is_some()
        && let SiteRole::FrontDoor(door) = site(estate, "front-door")?.role
    {
        touch(&door.live_file)?;
    }
    Ok(())
}

/// A store on a busy machine may answer later than its agent would wait.
async fn reload_store(store: &SessionStoreSettings, identity: &TlsFiles) -> Result<(), sessions::Error> {
    let began = Instant::now();
    loop {
        match sessions::renew(store, identity).await {
            Err(_) if began.elapsed() < STORE_TIME_MAX => tokio::time::sleep(STORE_PAUSE).await,
            ended => return ended,
        }
    }
}

/// The settings of a site.
pub fn site(estate: &OpenEstate, name: &str) -> Result<SiteSettings, Failure> {
    let path = estate.layout.rendered().join(name).join("agent.json");
    let text = fs::read(&path).map_err(Failure::file("read", &path))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::machine("PL0006", format!("{} cannot be understood", path.display())).because(&error)
    })
}

/// Its first process reads certificates again on SIGHUP. One that does not run reads them when it is started.
fn reload_postgres(estate: &OpenEstate, region: &RegionName, data: &Path) {
    let noted = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let noted = noted
        .lines()
        .next()
        .and_then(|line| line.trim().parse::<u32>().ok());
    let agent = estate.region_program(region).running();
    // Only a process of this region: a number may be somebody else's by now.
    let ours = agent
        .map(|agent| process_tree::list(agent.pid))
        .unwrap_or_default();
    let found = ours.iter().find(|process| Some(process.pid) == noted);
    if let Some(pid) = found.and_then(|process| Pid::from_raw(i32::try_from(process.pid).ok()?)) {
        let _ = kill_process(pid, Signal::HUP);
    }
}

/// Traefik watches the file and reads what it names. Its content is not written: an agent may be writing a new one.
fn touch(path: &Path) -> Result<(), Failure> {
    let file = fs::File::options()
        .append(true)
        .open(path)
        .map_err(Failure::file("open", path))?;
    file.set_modified(SystemTime::now())
        .map_err(Failure::file("touch", path))
}

fn remaining(ends: Timestamp) -> Duration {
    ends.since(Timestamp::from_system(SystemTime::now()))
}

/// How loud one that ends then has to be told of.
fn word(ends: Timestamp) -> Option<&'static str> {
    let left = remaining(ends);
    if left.is_zero() {
        Some("ENDED")
    } else if left < URGENT {
        Some("URGENT")
    } else if left < host::RENEW_BEFORE {
        Some("soon")
    } else {
        None
    }
}

fn left(ends: Timestamp) -> String {
    let left = remaining(ends).as_secs();
    match left / 86_400 {
        0 => Span::from_secs(left).to_string(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_warned_a_month_and_a_week_before() {
        let in_days =
            |days: u64| Timestamp::from_system(SystemTime::now() + Duration::from_secs(days * 86_400 + 60));
        let words = [0, 6, 8, 29, 31].map(|days| word(in_days(days)));
        assert_eq!(
            words,
            [Some("URGENT"), Some("URGENT"), Some("soon"), Some("soon"), None]
        );
        assert_eq!(word(Timestamp::from_micros(0)), Some("ENDED"));
        assert_eq!(left(in_days(8)), "8 days");
    }
}
