//! `plimsoll fallback-pack --due`: every site has a pack that is not older than wanted. For a timer.

use std::{
    io::Read as _,
    path::Path,
    time::{Duration, SystemTime},
};

use serde::Deserialize;
use types::{SiteName, Timestamp};

use super::{DOCUMENT, Wanted, directory_of, make};
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
    let (now, limit) = (
        Timestamp::from_system(SystemTime::now()),
        request.older_than.as_duration(),
    );
    let mut exit = Exit::Done;
    for site in sites(estate)? {
        let directory = directory_of(all, &site);
        if !is_due(made_at(&directory), now, limit) {
            talk.say(format_args!("{site}: not older than {}", request.older_than));
            continue;
        }
        talk.say(format_args!("{site}: due"));
        let wanted = Wanted {
            site,
            warehouse: None,
            from: request.from.unwrap_or(ReadFrom::Standby),
            labels: request.labels.unwrap_or(0),
            directory,
        };
        if let Err(failure) = make(estate, &wanted, request.valid, talk).await {
            talk.error(&failure);
            exit = Exit::No;
        }
    }
    Ok(exit)
}

/// The sites that hold goods of the estate's tenant here, by the file that it was started with.
fn sites(estate: &OpenEstate) -> Result<Vec<SiteName>, Failure> {
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
    Ok(ours.map(|site| site.name).collect())
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
