//! `plimsoll inform`: drafts for partners after a recovery, an outage or a drill. Nothing is sent: people do that.

mod facts;
mod letter;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use api::gateway::{LaneStatus, lanes::Delivery, reconciliation::ReconciliationReport};
use estate::Estate;
use recovery::evidence::{
    Evidence,
    chain::{Kind, NewEntry},
};
use types::{IntegrationName, Timestamp};

use super::{check::Source, evidence::sign, gateway::leader};
use crate::{
    args::Inform,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};
use facts::{Letter, Refused, about_an_outage, after_a_recovery};
use letter::{Templates, tag};

/// Evidence is some megabytes.
const DOCUMENT_BYTES_MAX: u64 = 256 << 20;

/// Writes the drafts.
pub async fn run(estate: &OpenEstate, request: &Inform, talk: &Talk) -> Result<Exit, Failure> {
    let declared = declared(estate, request)?;
    let templates = Templates::load(request.templates.as_deref())?;
    let subject = &request.about;
    let (reference, mut letters) = match (&subject.recovery, &subject.drill, &subject.outage) {
        (Some(id), _, _) => recovery(estate, &declared, id).await?,
        (_, Some(id), _) => drill(estate, &declared, id)?,
        (_, _, Some(lane)) => match outage(estate, &declared, lane, request.anyway, talk).await? {
            Some(found) => found,
            None => return Ok(Exit::No),
        },
        (None, None, None) => return Err(usage()),
    };
    if let Some(partner) = &request.partner {
        letters.retain(|letter| letter.partner == *partner);
    }
    if letters.is_empty() {
        talk.say("no partner is concerned; nothing was written");
        return Ok(Exit::Done);
    }
    let directory = keep(estate, &reference, &templates, &letters)?;
    talk.say(format_args!(
        "{} drafts in {}; nothing was sent",
        letters.len(),
        directory.display()
    ));
    Ok(Exit::Done)
}

/// Clap asks for one of them; this is said should that ever change.
fn usage() -> Failure {
    Failure {
        exit: Exit::Usage,
        ..Failure::no("PL0444", "say what partners are to be told about")
    }
    .hint("--recovery ID, --drill ID or --outage LANE")
}

fn declared(estate: &OpenEstate, request: &Inform) -> Result<Estate, Failure> {
    let kept = estate.layout.estate_file();
    let path = request.file.as_deref().unwrap_or(&kept);
    let source = Source::load(path).map_err(|failure| failure.hint("give the estate file with --file"))?;
    let checked = source.check().map_err(|found| {
        Failure::no("PL0444", format!("{} has mistakes", path.display()))
            .hint(format!("`plimsoll check` tells its {} mistakes", found.len()))
    })?;
    Ok(checked.estate)
}

async fn recovery(
    estate: &OpenEstate,
    declared: &Estate,
    id: &str,
) -> Result<(String, Vec<Letter>), Failure> {
    let leader = leader::find(estate).await;
    let report: ReconciliationReport = if id == "last" {
        let answer = leader
            .as_ref()
            .map_err(|_| no_leader())?
            .gateway
            .reconciliation()
            .await;
        answer.map_err(leader::refused)?.ok_or_else(|| unknown("last"))?
    } else {
        document(&estate.layout.evidence(), id, "report.json")?
    };
    // Partners are asked for what is dead now. Without a leader nobody knows, and the rest is told all the same.
    let dead = match &leader {
        Ok(leader) => leader.gateway.dead_letters(None).await.ok(),
        Err(_) => None,
    };
    let refused: Vec<Refused> = dead
        .into_iter()
        .flat_map(|dead| dead.letters)
        .filter(|one| one.since >= report.summary.started)
        .map(|one| Refused {
            integration: one.integration,
            id: one.message_id,
            why: one.why,
        })
        .collect();
    let reference = format!("reconciliation-{}", report.summary.generation);
    let letters = after_a_recovery(declared, &reference, &report, &refused);
    Ok((reference, letters))
}

/// The same letters as after a real outage, marked as an exercise.
fn drill(estate: &OpenEstate, declared: &Estate, id: &str) -> Result<(String, Vec<Letter>), Failure> {
    let evidence: Evidence = document(&estate.layout.evidence(), id, "evidence.json")?;
    let Some(first) = evidence.runs.first() else {
        return Err(unknown(id));
    };
    let accepted = evidence
        .runs
        .iter()
        .flat_map(|run| &run.capabilities)
        .filter_map(|one| one.accepted);
    let until = accepted.max().unwrap_or(evidence.finished);
    let lane = first
        .disturbed
        .as_ref()
        .and_then(|one| one.what.strip_prefix("outage of "));
    let integrations: Vec<IntegrationName> = declared
        .integrations
        .iter()
        .map(|one| one.name.clone())
        .filter(|name| lane.is_none_or(|lane| name.as_str() == lane))
        .collect();
    let mut letters = about_an_outage(declared, id, &integrations, first.fault_at, Some(until));
    for letter in &mut letters {
        letter.facts.exercise = true;
    }
    Ok((id.to_owned(), letters))
}

/// Nothing is written while the outage is shorter than what was declared, unless it was asked for anyway.
async fn outage(
    estate: &OpenEstate,
    declared: &Estate,
    lane: &IntegrationName,
    anyway: bool,
    talk: &Talk,
) -> Result<Option<(String, Vec<Letter>)>, Failure> {
    let known = declared.integrations.iter().find(|one| one.name == *lane);
    let limit = known
        .ok_or_else(|| unknown(lane.as_str()).hint(lanes(declared)))?
        .buffering
        .outage;
    let status = leader::find(estate).await?.status;
    let found = status.lanes.iter().find(|one| one.integration == *lane);
    let now = Timestamp::from_system(SystemTime::now());
    let Some(lasts) = found.and_then(|status| lasts(status, now)) else {
        talk.say(format_args!("{lane} delivers"));
        return Ok(None);
    };
    if lasts < limit.as_duration() && !anyway {
        talk.say(format_args!(
            "the outage of {lane} is shorter than the {limit} that were declared; --anyway writes the drafts now"
        ));
        return Ok(None);
    }
    let micros = i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX);
    let since = Timestamp::from_micros(now.as_micros().saturating_sub(micros));
    let reference = format!("outage-{lane}");
    let letters = about_an_outage(declared, &reference, std::slice::from_ref(lane), since, None);
    Ok(Some((reference, letters)))
}

/// How long a lane has not delivered; nothing while it does.
fn lasts(status: &LaneStatus, now: Timestamp) -> Option<Duration> {
    match &status.delivery {
        Delivery::Open { since_ms, .. } | Delivery::Probation { since_ms, .. } => {
            Some(Duration::from_millis(*since_ms))
        }
        Delivery::Paused(hold) => Some(now.since(hold.since)),
        Delivery::Elsewhere | Delivery::Closed => None,
    }
}

fn document<T: serde::de::DeserializeOwned>(evidence: &Path, id: &str, name: &str) -> Result<T, Failure> {
    // An id is the name of a directory, and of nothing above it.
    if id.is_empty() || id.starts_with('.') || id.contains(['/', '\\']) {
        return Err(unknown(id));
    }
    let path = evidence.join(id).join(name);
    let size = std::fs::metadata(&path)
        .map_err(|error| unknown(id).because(&error))?
        .len();
    if size > DOCUMENT_BYTES_MAX {
        return Err(unknown(id));
    }
    let text = std::fs::read(&path).map_err(Failure::file("read", &path))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::machine("PL0444", format!("{} cannot be understood", path.display())).because(&error)
    })
}

fn unknown(id: &str) -> Failure {
    Failure::no("PL0444", format!("there is nothing named `{id}` to tell partners about")).hint(
        "recoveries and drills are directories of the estate's evidence; `plimsoll evidence verify` lists them",
    )
}

fn lanes(declared: &Estate) -> String {
    let names: Vec<_> = declared
        .integrations
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    format!("lanes there are: {}", names.join(", "))
}

fn no_leader() -> Failure {
    Failure::machine("PL0605", "no gateway of the estate leads now")
        .hint("name a report that was signed: `plimsoll inform --recovery reconciliation-…`")
}

/// Writes the drafts beside the evidence, each set in a directory of its own, and signs that they were written.
fn keep(
    estate: &OpenEstate,
    reference: &str,
    templates: &Templates,
    letters: &[Letter],
) -> Result<PathBuf, Failure> {
    let evidence = estate.layout.evidence();
    let names = (1..).map(|times| match times {
        1 => format!("inform-{reference}"),
        times => format!("inform-{reference}-{times}"),
    });
    let mut names = names.filter(|name| !evidence.join(name).exists());
    let Some(id) = names.next() else {
        return Ok(evidence);
    };
    let directory = evidence.join(&id);
    // All are written before the first is kept: half a set misleads.
    let mut drafts = Vec::new();
    for letter in letters {
        let written = templates.write(letter)?;
        anstream::println!(
            "To: {}\nSubject: {}\n\n{}",
            to(letter),
            written.subject,
            written.body
        );
        let name = format!("{}.{}.eml", letter.partner, tag(letter.language));
        drafts.push((name, written.draft(letter.to.as_deref())));
    }
    std::fs::create_dir_all(&directory).map_err(Failure::file("make the directory", &directory))?;
    for (name, draft) in drafts {
        estate
            .home
            .files()
            .file(&directory.join(name), draft.as_bytes())?;
    }
    let entry = NewEntry {
        estate: estate.controller.estate.clone(),
        kind: Kind::Notice,
        id,
        what: match letters.len() {
            1 => format!("a draft for 1 partner about {reference}"),
            partners => format!("drafts for {partners} partners about {reference}"),
        },
        at: Timestamp::from_system(SystemTime::now()),
        files: BTreeMap::new(),
    };
    sign(estate, &directory, entry)?;
    Ok(directory)
}

fn to(letter: &Letter) -> String {
    let name = letter.partner.to_string();
    letter
        .to
        .clone()
        .unwrap_or_else(|| format!("{name} (no contact is declared)"))
}

#[cfg(test)]
mod tests;
