//! `plimsoll fallback-pack --site NAME`: what a warehouse works with on paper while the ERP is away.
//!
//! The region that leads is asked first, and sets labels aside for this pack alone. While none leads, a standby is read: its
//! database answers what it has received, with the labels that were set aside last. A timer has a standby read first, so
//! that packs cost the region that leads nothing.

mod code128;
mod csv;
mod due;
mod pack;
mod page;

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::json;
use types::{RegionName, SiteName, Span, Timestamp};

use super::{
    erp::{CallError, Erp, failed},
    gateway::{leader, words},
};
pub use due::old;

use crate::{
    args::{FallbackPack, ReadFrom},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};
use pack::{LabelRange, Pack, Warehouse};
use page::About;

/// Labels of a pack when nobody says how many.
const LABELS: u32 = 40;
/// For people.
const PAGE: &str = "pack.html";
/// For programs; it says when it was made.
const DOCUMENT: &str = "pack.json";

/// Where the last pack of a site lies, for `plimsoll status`: whoever prints it may keep it anywhere.
const NOTE: &str = "made.json";

/// What was read, and where.
struct Read {
    region: RegionName,
    pack: Pack,
    fresh_labels: bool,
}

/// Which pack is wanted.
struct Wanted<'a> {
    site: SiteName,
    warehouse: Option<&'a str>,
    from: ReadFrom,
    labels: u32,
    directory: PathBuf,
}

/// Makes the pack of one site, or all that are due.
pub async fn run(estate: &OpenEstate, request: &FallbackPack, talk: &Talk) -> Result<Exit, Failure> {
    let Some(site) = &request.site else {
        return due::run(estate, request, talk).await;
    };
    let own = || directory_of(&estate.layout.root().join("fallback"), site);
    let wanted = Wanted {
        site: site.clone(),
        warehouse: request.warehouse.as_deref(),
        from: request.from.unwrap_or(ReadFrom::Leader),
        labels: request.labels.unwrap_or(LABELS),
        directory: request.out.clone().unwrap_or_else(own),
    };
    make(estate, &wanted, request.valid, talk).await?;
    Ok(Exit::Done)
}

/// Where packs of a site are kept below a directory of all.
fn directory_of(all: &Path, site: &SiteName) -> PathBuf {
    all.join(site.as_str())
}

/// When a site's last pack was made, wherever it lies.
fn last_made(estate: &OpenEstate, site: &SiteName) -> Option<Timestamp> {
    let text = std::fs::read(note_of(estate, site)).ok()?;
    let note: serde_json::Value = serde_json::from_slice(&text).ok()?;
    note["generated"].as_str()?.parse().ok()
}

fn note_of(estate: &OpenEstate, site: &SiteName) -> PathBuf {
    directory_of(&estate.layout.root().join("fallback"), site).join(NOTE)
}

/// Notes it for those who ask how old it is. The pack is there without it.
fn note(estate: &OpenEstate, wanted: &Wanted<'_>, generated: Timestamp) -> Result<(), Failure> {
    let path = note_of(estate, &wanted.site);
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(Failure::file("make the directory", directory))?;
    }
    let text = json!({ "generated": generated, "directory": wanted.directory }).to_string();
    replace(&path, text.as_bytes())
}

/// Makes a pack; returns when.
async fn make(
    estate: &OpenEstate,
    wanted: &Wanted<'_>,
    valid: Span,
    talk: &Talk,
) -> Result<Timestamp, Failure> {
    let read = read(estate, wanted, talk).await?;
    let generated = Timestamp::from_system(SystemTime::now());
    let life = i64::try_from(valid.as_duration().as_micros()).unwrap_or(i64::MAX);
    let valid_until = Timestamp::from_micros(generated.as_micros().saturating_add(life));
    let about = About {
        estate: estate.controller.estate.as_str(),
        site: &wanted.site,
        region: read.region.as_str(),
        generated,
        valid_until,
        fresh_labels: read.fresh_labels,
    };
    write(&wanted.directory, &about, &read.pack)?;
    note(estate, wanted, generated)?;
    let pack = &read.pack;
    talk.say(format_args!(
        "{} lines to pick, {} deliveries, {} receipts, {} labels; read from {}{}; valid until {valid_until}",
        pack.picks.lines.len(),
        pack.deliveries.transfers.len(),
        pack.receipts.transfers.len(),
        pack.labels.first().map_or(0, |range| range.labels.len()),
        read.region,
        if pack.standby { ", a standby" } else { "" },
    ));
    anstream::println!("{}", wanted.directory.join(PAGE).display());
    Ok(generated)
}

async fn read(estate: &OpenEstate, wanted: &Wanted<'_>, talk: &Talk) -> Result<Read, Failure> {
    let mut regions = estate.regions();
    // Whoever leads has everything; which one that is matters less than to have paper.
    let leading = leader::find(estate).await.ok().map(|leader| leader.status.region);
    regions.sort_by_key(|region| (Some(region) != leading.as_ref()) == (wanted.from == ReadFrom::Leader));
    let mut failure = None;
    for region in regions {
        let leads = Some(&region) == leading.as_ref();
        let labels = if leads { wanted.labels } else { 0 };
        if wanted.labels > labels {
            talk.say(format_args!(
                "{region} is a standby and sets no labels aside: the pack has the last ones again"
            ));
        }
        match of_region(estate, &region, wanted, labels, talk).await {
            Ok(read) => return Ok(read),
            Err(error) if error.code == "PL0443" => return Err(error),
            Err(error) => {
                talk.say(format_args!("{region}: {}", error.causes.join(": ")));
                failure.get_or_insert(error);
            }
        }
    }
    Err(failure.unwrap_or_else(|| Failure::no("PL0006", "the estate has no region")))
}

async fn of_region(
    estate: &OpenEstate,
    region: &RegionName,
    wanted: &Wanted<'_>,
    labels: u32,
    talk: &Talk,
) -> Result<Read, Failure> {
    let erp = Erp::of(estate, region)?;
    let told = |error: CallError| failed(region, &error);
    let known: Vec<Warehouse> = erp
        .call("plimsoll.fallback/warehouses", &json!({}))
        .await
        .map_err(told)?;
    let code = choose(&known, &wanted.site, wanted.warehouse)?;
    let mut fresh_labels = false;
    if labels > 0 {
        let asked = json!({ "warehouse": code, "count": labels, "by": words::person() });
        match erp
            .call::<LabelRange>("plimsoll.fallback/reserve_labels", &asked)
            .await
        {
            Ok(_) => fresh_labels = true,
            // A pack without fresh labels is better than none.
            Err(error) => talk.say(format_args!("no labels could be set aside in {region}: {error}")),
        }
    }
    let pack = erp
        .call("plimsoll.fallback/pack", &json!({ "warehouse": code }))
        .await;
    Ok(Read {
        region: region.clone(),
        pack: pack.map_err(told)?,
        fresh_labels,
    })
}

/// The ERP's warehouse of a site: the one that was named, or whose code is the site's name or one of its words.
fn choose(known: &[Warehouse], site: &SiteName, named: Option<&str>) -> Result<String, Failure> {
    let is = |warehouse: &&Warehouse| match named {
        Some(code) => warehouse.code == code,
        None => {
            let mut words = std::iter::once(site.as_str()).chain(site.as_str().split('-'));
            words.any(|word| word.eq_ignore_ascii_case(&warehouse.code))
        }
    };
    let found: Vec<&Warehouse> = known.iter().filter(is).collect();
    match found.as_slice() {
        [one] => Ok(one.code.clone()),
        _ => {
            let codes: Vec<&str> = known.iter().map(|one| one.code.as_str()).collect();
            let asked = named.unwrap_or(site.as_str());
            Err(
                Failure::no("PL0443", format!("the ERP has not one warehouse for `{asked}`")).hint(format!(
                    "name it with --warehouse; there are {}",
                    codes.join(", ")
                )),
            )
        }
    }
}

/// The page behind its tables: whoever finds it finds the rest too. Last what says when all of it was made: a pack that
/// broke off is due again.
fn write(directory: &Path, about: &About<'_>, pack: &Pack) -> Result<(), Failure> {
    std::fs::create_dir_all(directory).map_err(Failure::file("make the directory", directory))?;
    let mut files: Vec<(PathBuf, Vec<u8>)> = csv::files(pack)
        .into_iter()
        .map(|(name, text)| (directory.join(name), text.into_bytes()))
        .collect();
    let json = json!({
        "estate": about.estate, "site": about.site, "region": about.region, "generated": about.generated,
        "validUntil": about.valid_until, "freshLabels": about.fresh_labels, "pack": pack,
    });
    files.push((directory.join(PAGE), page::html(about, pack).into_bytes()));
    files.push((directory.join(DOCUMENT), format!("{json:#}\n").into_bytes()));
    for (path, content) in files {
        replace(&path, &content)?;
    }
    Ok(())
}

/// Never half a file, nor an empty one where the power fails: the last pack is what people have then.
fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let partial = path.with_extension("partial");
    let whole = |mut file: File| file.write_all(content).and_then(|()| file.sync_all());
    let written = File::create(&partial).and_then(whole);
    written.map_err(Failure::file("write", &partial))?;
    std::fs::rename(&partial, path).map_err(Failure::file("write", path))
}

#[cfg(test)]
mod tests;
