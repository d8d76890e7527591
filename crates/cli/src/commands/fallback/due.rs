//! `plimsoll fallback-pack --due`: every site has a pack that is not older than wanted. For a timer.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::Path,
    time::{Duration, SystemTime},
};

use serde::Deserialize;
use types::{SiteName, Span, Timestamp};

use super::{DOCUMENT, Wanted, directory_of, last_made, make, replace};
use crate::{
    args::{FallbackPack, ReadFrom},
    commands::check::Source,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// A pack of five hundred transfers is some megabytes.
const BYTES_MAX: u64 = 64 << 20;

/// Makes the packs that are due. One that fails holds up no other, and leaves the last one of its site.
pub async fn run(estate: &OpenEstate, request: &FallbackPack, talk: &Talk) -> Result<Exit, Failure> {
    let own = estate.layout.root().join("fallback");
    let all = request.out.as_deref().unwrap_or(&own);
    let now = Timestamp::from_system(SystemTime::now());
    let mut exit = Exit::Done;
    let mut made = BTreeMap::new();
    for (site, declared) in sites(estate)? {
        let directory = directory_of(all, &site);
        let limit = request.older_than.unwrap_or(declared);
        let before = made_at(&directory);
        made.extend(before.map(|at| (site.clone(), at)));
        if !is_due(before, now, limit.as_duration()) {
            talk.say(format_args!("{site}: not older than {limit}"));
            continue;
        }
        talk.say(format_args!("{site}: due"));
        let wanted = Wanted {
            site: site.clone(),
            warehouse: None,
            from: request.from.unwrap_or(ReadFrom::Standby),
            labels: request.labels.unwrap_or(0),
            directory,
        };
        match make(estate, &wanted, request.valid, talk).await {
            Ok(at) => drop(made.insert(site, at)),
            Err(failure) => {
                talk.error(&failure);
                exit = Exit::No;
            }
        }
    }
    if let Some(path) = &request.metrics {
        replace(path, metrics(&made).as_bytes())?;
    }
    Ok(exit)
}

/// For the collector of text files of the machine's own exporter; a site without a pack has no line.
fn metrics(made: &BTreeMap<SiteName, Timestamp>) -> String {
    let mut text = "# HELP plimsoll_fallback_pack_timestamp_seconds When the pack of a site was made.\n\
                    # TYPE plimsoll_fallback_pack_timestamp_seconds gauge\n"
        .to_owned();
    for (site, at) in made {
        let seconds = at.as_micros() / 1_000_000;
        text += &format!("plimsoll_fallback_pack_timestamp_seconds{{site=\"{site}\"}} {seconds}\n");
    }
    text
}

/// A line for each site whose last pack is older than the estate allows, or that never had one.
pub fn old(estate: &OpenEstate) -> Vec<String> {
    // A file that can no longer be read is a matter for `plimsoll check`.
    let sites = sites(estate).unwrap_or_default();
    let now = Timestamp::from_system(SystemTime::now());
    let told = sites.into_iter().filter_map(|(site, limit)| {
        let why = is_old(last_made(estate, &site), now, limit)?;
        Some(format!("fallback pack {site}: {why}"))
    });
    told.collect()
}

fn is_old(made: Option<Timestamp>, now: Timestamp, limit: Span) -> Option<String> {
    let Some(made) = made else {
        return Some("never made".to_owned());
    };
    let late = now.since(made) > limit.as_duration();
    late.then(|| format!("made at {made}, and may be {limit} old"))
}

/// The sites that hold goods of the estate's tenant here, by the file that it was started with.
fn sites(estate: &OpenEstate) -> Result<Vec<(SiteName, Span)>, Failure> {
    let path = estate.layout.estate_file();
    let checked = Source::load(&path)?.check().map_err(|found| {
        Failure::no(
            "PL0443",
            format!("{} has {} mistakes", path.display(), found.len()),
        )
        .hint("`plimsoll check` tells them")
    })?;
    let tenant = &estate.controller.tenant;
    let ours = checked.estate.sites.into_iter();
    let ours = ours.filter(|site| site.tenants.is_empty() || site.tenants.contains(tenant));
    Ok(ours.map(|site| (site.name, site.pack_age)).collect())
}

/// When the pack that lies there was made; `None` where there is none that can be read.
pub(super) fn made_at(directory: &Path) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Made {
        generated: Timestamp,
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(directory.join(DOCUMENT)).ok()?;
    file.take(BYTES_MAX).read_to_end(&mut text).ok()?;
    let made: Made = serde_json::from_slice(&text).ok()?;
    Some(made.generated)
}

/// Whether a pack has to be made: there is none, it is too old, or it is of a time that has not come.
fn is_due(made: Option<Timestamp>, now: Timestamp, limit: Duration) -> bool {
    made.is_none_or(|made| made > now || now.since(made) >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_due_when_it_is_missing_old_or_of_the_future() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let hour = Duration::from_secs(3_600);
        assert!(is_due(None, at(0), hour));
        assert!(!is_due(Some(at(10)), at(10), hour));
        assert!(!is_due(Some(at(10)), at(3_609), hour));
        assert!(is_due(Some(at(10)), at(3_610), hour));
        assert!(is_due(Some(at(11)), at(10), hour), "a clock was set back");
    }

    #[test]
    fn a_pack_that_is_missing_or_old_is_told_of_and_a_fresh_one_is_not() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, limit) = (at("2026-11-21T10:00:00Z"), Span::from_hours(1));
        assert_eq!(is_old(None, now, limit).as_deref(), Some("never made"));
        assert_eq!(is_old(Some(at("2026-11-21T09:00:00Z")), now, limit), None);
        assert_eq!(
            is_old(Some(at("2026-11-21T08:59:59Z")), now, limit).as_deref(),
            Some("made at 2026-11-21T08:59:59.000Z, and may be 1h old")
        );
    }

    #[test]
    fn an_exporter_is_told_when_each_pack_was_made() {
        let site = SiteName::new("warehouse-north").unwrap();
        let text = metrics(&BTreeMap::from([(
            site,
            "2026-11-21T10:00:00.5Z".parse().unwrap(),
        )]));
        let line = "\nplimsoll_fallback_pack_timestamp_seconds{site=\"warehouse-north\"} 1795255200\n";
        assert!(text.ends_with(line), "{text}");
    }

    #[test]
    fn the_time_of_a_pack_is_read_from_the_pack_and_half_a_pack_has_none() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(made_at(directory.path()), None);
        let path = directory.path().join(DOCUMENT);
        std::fs::write(&path, "{\"generated\": \"2026-11-21T10:00:00Z\", \"pack\": {}}").unwrap();
        assert_eq!(
            made_at(directory.path()),
            Some("2026-11-21T10:00:00Z".parse().unwrap())
        );
        std::fs::write(&path, "{\"generated\": \"2026-11-2").unwrap();
        assert_eq!(made_at(directory.path()), None);
    }
}
