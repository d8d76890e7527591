//! `plimsoll evidence trend`: what all drills of an estate say together.

use std::{fs, path::Path};

use recovery::evidence::{
    Evidence, Spread, Verdict,
    chain::{self, Kind, Verified, digest_of},
    trend::{self, LeftOut, Proven, Scenario, Trend},
};
use types::Span;

use super::{CHAIN, FileState, files, key, read, strays};
use crate::{
    args::{EvidenceTrend, Output, Which},
    commands::{
        drill::{DOCUMENT, now},
        table::table,
    },
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// What a directory of evidence holds, sorted into what counts and what does not.
#[derive(Default)]
struct Gathered {
    drills: Vec<Proven>,
    left_out: Vec<LeftOut>,
}

pub fn trend(
    request: &EvidenceTrend,
    open: impl Fn(&Which) -> Result<OpenEstate, Failure>,
    talk: &Talk,
) -> Result<Exit, Failure> {
    let directory = match &request.directory {
        Some(directory) => directory.clone(),
        None => open(&request.which)?.layout.evidence(),
    };
    // An estate without any drill has no chain yet; a directory that somebody names should have one.
    if request.directory.is_none() && !directory.join(CHAIN).exists() {
        return Err(none(&directory, &[]));
    }
    let gathered = gather(request.key.as_deref(), &directory)?;
    let Some(estate) = gathered.drills.last().map(|drill| drill.evidence.estate.clone()) else {
        return Err(none(&directory, &gathered.left_out));
    };
    let trend = trend::trend(&estate, now(), gathered.drills, gathered.left_out);
    if trend.scenarios.is_empty() {
        return Err(none(&directory, &trend.left_out));
    }
    match request.output {
        Output::Json => anstream::println!("{}", serde_json::to_string_pretty(&trend).unwrap_or_default()),
        Output::Text => tell(&trend),
    }
    if let Some(page) = &request.page {
        fs::write(page, trend::html(&trend)).map_err(Failure::file("write", page))?;
        talk.say(format_args!("page      {}", page.display()));
    }
    let suspect = trend.left_out.iter().any(|left| left.suspect);
    if suspect {
        talk.say(
            "some evidence is not what was signed, and does not count: `plimsoll evidence verify` tells more",
        );
    }
    Ok(if suspect { Exit::No } else { Exit::Done })
}

/// Every drill of the estate whose evidence is what was signed.
pub fn drills(estate: &OpenEstate) -> Result<Vec<Evidence>, Failure> {
    let directory = estate.layout.evidence();
    // An estate without any drill has no chain yet.
    if !directory.join(CHAIN).exists() {
        return Ok(Vec::new());
    }
    let gathered = gather(None, &directory)?;
    Ok(gathered.drills.into_iter().map(|drill| drill.evidence).collect())
}

fn none(directory: &Path, left_out: &[LeftOut]) -> Failure {
    let mut failure = Failure::no(
        "PL0029",
        format!(
            "no drill in {} counts, so that there is no trend",
            directory.display()
        ),
    )
    .hint(
        "`plimsoll drill region-loss` rehearses a disaster on the running estate and leaves signed evidence",
    );
    failure.causes = left_out
        .iter()
        .map(|left| format!("{}: {}", left.what, left.why))
        .collect();
    failure
}

fn gather(public_key: Option<&str>, directory: &Path) -> Result<Gathered, Failure> {
    let text = read(&directory.join(CHAIN))?;
    let key = key(public_key, directory)?;
    let (entries, broken) = chain::proven(&text, &key);
    let mut gathered = Gathered::default();
    for entry in entries.iter().filter(|entry| entry.entry.kind == Kind::Drill) {
        match document(directory, entry)? {
            Ok(evidence) => gathered.drills.push(Proven {
                sequence: entry.entry.sequence,
                evidence,
            }),
            Err(why) => gathered.left_out.push(LeftOut {
                what: format!(
                    "entry {} of the chain, {}",
                    entry.entry.sequence, entry.entry.what
                ),
                why,
                suspect: true,
            }),
        }
    }
    if let Some(broken) = broken {
        gathered.left_out.push(LeftOut {
            what: format!("the chain from line {} on", broken.line),
            why: broken.why.to_owned(),
            suspect: true,
        });
    } else {
        // Behind a broken line nothing is known of what the chain has.
        let strays = strays(directory, &entries)?.into_iter().map(|what| LeftOut {
            what,
            why: "it is not in the chain: the drill still runs, or was ended early".to_owned(),
            suspect: false,
        });
        gathered.left_out.extend(strays);
    }
    Ok(gathered)
}

/// The document of an entry, or why it does not count.
fn document(directory: &Path, entry: &Verified) -> Result<Result<Evidence, String>, Failure> {
    for (name, state) in files(directory, entry)? {
        match state {
            FileState::Same => {}
            FileState::Changed => return Ok(Err(format!("{name} was changed since it was signed"))),
            FileState::Missing => return Ok(Err(format!("{name} is missing"))),
        }
    }
    let named = entry
        .files
        .iter()
        .find(|(name, _)| Path::new(name).file_name().is_some_and(|name| name == DOCUMENT));
    let Some((name, digest)) = named else {
        return Ok(Err(format!("it vouches for no {DOCUMENT}")));
    };
    let text = read(&directory.join(name))?;
    // What is read now is what counts, not what was there a moment ago.
    if digest_of(text.as_bytes()) != *digest {
        return Ok(Err(format!("{name} was changed since it was signed")));
    }
    let Ok(evidence) = serde_json::from_str::<Evidence>(&text) else {
        return Ok(Err(format!("{name} has a form that this program does not read")));
    };
    let same = evidence.id == entry.entry.id && evidence.estate == entry.entry.estate;
    Ok(if same {
        Ok(evidence)
    } else {
        Err(format!("{name} is of another drill than its entry"))
    })
}

fn tell(trend: &Trend) {
    anstream::println!("estate {}: the trend over its drills", trend.estate);
    for scenario in &trend.scenarios {
        tell_scenario(scenario);
    }
    anstream::println!("\n{}", trend.rule);
    if !trend.never_measured.is_empty() {
        let names: Vec<_> = trend.never_measured.iter().map(ToString::to_string).collect();
        anstream::println!("never measured: {}", names.join(", "));
    }
    for left in &trend.left_out {
        anstream::println!("left out: {}: {}", left.what, left.why);
    }
}

fn tell_scenario(scenario: &Scenario) {
    anstream::println!(
        "\n{}: the last one ended {} ago\n",
        scenario.scenario,
        trend::age(scenario.since_last_ms)
    );
    let mut drills = table([
        "ended",
        "drill",
        "runs",
        "acknowledged",
        "lost",
        "duplicated",
        "promises",
    ]);
    for one in &scenario.drills {
        drills.add_row([
            one.at.to_string(),
            trend::short(&one.drill).to_owned(),
            one.runs.to_string(),
            one.documents.acknowledged.to_string(),
            one.documents.lost.to_string(),
            one.documents.duplicated.to_string(),
            match &one.verdict {
                Verdict::Kept => "kept".to_owned(),
                Verdict::Broken { because } => format!("{} broken", because.len()),
                Verdict::Nothing => "nothing proven".to_owned(),
            },
        ]);
    }
    anstream::println!("{drills}\n");
    let mut points = table(["capability", "drill", "RTO", "p50", "p95", "worst", "kept"]);
    for series in &scenario.capabilities {
        for (index, point) in series.points.iter().enumerate() {
            let cell = |part: fn(Spread) -> u64| {
                let told = point.measured_ms.map(|spread| {
                    format!(
                        "{:.3} s",
                        Span::from_millis(part(spread)).as_duration().as_secs_f64()
                    )
                });
                told.unwrap_or_else(|| "-".to_owned())
            };
            points.add_row([
                if index == 0 {
                    series.capability.to_string()
                } else {
                    String::new()
                },
                trend::short(&point.drill).to_owned(),
                Span::from_millis(point.rto_ms).to_string(),
                cell(|spread| spread.p50),
                cell(|spread| spread.p95),
                cell(|spread| spread.max),
                format!("{} of {}", point.kept, point.probed),
            ]);
        }
    }
    if !points.is_empty() {
        anstream::println!("{points}\n");
    }
    for series in &scenario.capabilities {
        anstream::println!("{}: {}", series.capability, series.change);
    }
}
