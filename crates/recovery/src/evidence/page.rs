//! The evidence as one self-contained page: no scripts, nothing loaded from elsewhere, readable in light and dark.

use std::fmt::Write as _;

use types::Timestamp;

use super::{Disturbed, Evidence, Run, Spread, Summary, Verdict, clocks, millis_after, timeline_svg};

const STYLE: &str = include_str!("page.css");
/// A page after its content.
pub(super) const END: &str = "</main>\n</body>\n</html>\n";

/// Text made safe for HTML, in content and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Milliseconds as seconds for people: `4.32 s`.
pub(super) fn seconds(millis: u64) -> String {
    let hundredths = (millis + 5) / 10;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}

/// Milliseconds as seconds, to the last one: what is only just too late does not look as if it were in time.
pub(super) fn exact(millis: u64) -> String {
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}

/// The page.
pub fn html(evidence: &Evidence) -> String {
    let (estate, scenario) = (escape(evidence.estate.as_str()), escape(&evidence.scenario));
    let mut page = begin(&format!("{scenario} · {estate}"));
    header(&mut page, evidence);
    if let Some(summary) = &evidence.summary {
        let timed = summary.capabilities.iter().any(|one| one.probed > 0);
        verdict(&mut page, &summary.verdict, timed);
        figures(&mut page, evidence, summary);
        // Where no return was timed, findings tell what held.
        if timed || evidence.runs.iter().any(Run::moves_writes) {
            capabilities(&mut page, summary);
        }
        phase_table(&mut page, evidence, summary);
    }
    page.push_str("<section>\n<h2>Runs</h2>\n");
    if evidence.runs.iter().any(is_drawn) {
        legend(&mut page);
    }
    for run in &evidence.runs {
        run_card(&mut page, run);
    }
    page.push_str("</section>\n");
    provenance(&mut page, evidence);
    page.push_str(END);
    page
}

/// A page up to its content, with a title that is safe already.
pub(super) fn begin(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
}

fn header(page: &mut String, evidence: &Evidence) {
    let runs = evidence.runs.len();
    let _ = write!(
        page,
        "<header>\n<p class=\"eyebrow\">Plimsoll · recovery evidence</p>\n<h1>{}</h1>\n\
         <p class=\"sub\">Estate <b>{}</b>, tenant <b>{}</b> · {runs} {} · {}</p>\n</header>\n",
        escape(&evidence.scenario),
        escape(evidence.estate.as_str()),
        escape(evidence.tenant.as_str()),
        if runs == 1 { "run" } else { "runs" },
        day(evidence.started),
    );
}

/// A wall-clock time without its fraction, safe for HTML.
pub(super) fn day(at: Timestamp) -> String {
    let text = at.to_string();
    let whole = text.split('.').next().unwrap_or(&text);
    format!("{} UTC", escape(&whole.replace('T', " ").replace('Z', "")))
}

fn verdict(page: &mut String, verdict: &Verdict, timed: bool) {
    match verdict {
        Verdict::Kept if !timed => page.push_str(
            "<section class=\"verdict kept\"><h2>Every promise was kept</h2>\
             <p>No acknowledged document was lost or duplicated, and every finding below held.</p></section>\n",
        ),
        Verdict::Kept => page.push_str(
            "<section class=\"verdict kept\"><h2>Every promise was kept</h2>\
             <p>No acknowledged document was lost or duplicated, and every measured capability was back in time.</p></section>\n",
        ),
        Verdict::Broken { because } => {
            page.push_str("<section class=\"verdict broken\"><h2>A promise was broken</h2><ul>");
            for line in because {
                let _ = write!(page, "<li>{}</li>", escape(line));
            }
            page.push_str("</ul></section>\n");
        }
        Verdict::Nothing => page.push_str(
            "<section class=\"verdict unknown\"><h2>Nothing is proven</h2>\
             <p>No real process was involved: a simulated run never counts as a verified recovery.</p></section>\n",
        ),
    }
}

fn figures(page: &mut String, evidence: &Evidence, summary: &Summary) {
    let documents = &summary.documents;
    let commits: u64 = evidence
        .runs
        .iter()
        .filter_map(|run| run.wal)
        .map(|wal| wal.commits)
        .sum();
    let unknown = evidence.runs.iter().any(|run| run.wal.is_none());
    let figure = |page: &mut String, number: &str, name: &str, bad: bool| {
        let class = if bad { " class=\"bad\"" } else { "" };
        let _ = writeln!(
            page,
            "<div{class}><dt>{}</dt><dd>{}</dd></div>",
            escape(name),
            escape(number)
        );
    };
    page.push_str("<dl class=\"figures\">\n");
    figure(
        page,
        &documents.acknowledged.to_string(),
        "documents acknowledged",
        false,
    );
    figure(
        page,
        &documents.lost.to_string(),
        "of them lost",
        documents.lost > 0,
    );
    figure(
        page,
        &documents.duplicated.to_string(),
        "duplicated",
        documents.duplicated > 0,
    );
    let wal = if unknown {
        format!("≥ {commits}")
    } else {
        commits.to_string()
    };
    let loses_a_region = |run: &Run| run.moves_writes() && !run.is_planned();
    if evidence.runs.iter().any(loses_a_region) {
        figure(page, &wal, "commits only the lost region had", false);
    }
    page.push_str("</dl>\n");
}

/// Three cells of a table.
pub(super) fn cells(spread: Option<Spread>) -> String {
    match spread {
        Some(Spread { p50, p95, max }) => {
            format!(
                "<td>{}</td><td>{}</td><td>{}</td>",
                seconds(p50),
                seconds(p95),
                seconds(max)
            )
        }
        None => "<td>–</td><td>–</td><td>–</td>".to_owned(),
    }
}

fn capabilities(page: &mut String, summary: &Summary) {
    page.push_str(
        "<section>\n<h2>Capabilities</h2>\n<p class=\"note\">From the fault, or from asking for a planned \
         move, to a real transaction of that kind, accepted and read back through the public address.</p>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=col>capability</th>\
         <th scope=col>promised</th><th scope=col>median</th><th scope=col>95 %</th><th scope=col>worst</th><th scope=col>kept</th></tr></thead>\n<tbody>\n",
    );
    for one in &summary.capabilities {
        let (class, kept) = match (one.probed, one.kept) {
            (0, _) => ("unknown", "not measured".to_owned()),
            (probed, kept) if kept == probed => ("kept", format!("{kept} of {probed}")),
            (probed, kept) => ("broken", format!("{kept} of {probed}")),
        };
        let _ = writeln!(
            page,
            "<tr><th scope=row>{}</th><td>{}</td>{}<td><span class=\"badge {class}\">{kept}</span></td></tr>",
            escape(one.capability.as_str()),
            one.rto,
            cells(one.measured),
        );
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

fn phase_table(page: &mut String, evidence: &Evidence, summary: &Summary) {
    // What is measured where writes stay has no bar in the drawings.
    let keyed = evidence.runs.iter().any(Run::moves_writes);
    let (title, column) = match keyed {
        true => ("Where the time went", "phase"),
        false => ("What was measured", "what"),
    };
    let _ = write!(
        page,
        "<section>\n<h2>{title}</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=col>{column}</th>\
         <th scope=col>median</th><th scope=col>95 %</th><th scope=col>worst</th></tr></thead>\n<tbody>\n",
    );
    for (index, one) in summary.phases.iter().enumerate() {
        let _ = writeln!(
            page,
            "<tr><th scope=row>{}{}</th>{}</tr>",
            if keyed {
                format!("<i class=\"key k{index}\"></i>")
            } else {
                String::new()
            },
            escape(&one.phase),
            cells(one.length)
        );
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

/// Whether there is anything to draw of it.
fn is_drawn(run: &Run) -> bool {
    run.moves_writes() || run.capabilities.iter().any(|one| one.probed)
}

fn legend(page: &mut String) {
    page.push_str(
        "<p class=\"note\">Bars below the phases show how long each capability was away; the dashed line is its promise, \
         where it lies in the picture.</p>\n",
    );
}

fn run_card(page: &mut String, run: &Run) {
    if let Some(disturbed) = &run.disturbed {
        return disturbed_card(page, run, disturbed);
    }
    let _ = writeln!(
        page,
        "<article>\n<h3>Run {} <small>{} → {} · generation {}</small></h3>\n<p class=\"note\">{}, after {} under load. \
         Decided because {}.</p>\n<div class=\"scroll\">{}</div>",
        run.number,
        escape(run.from.as_str()),
        escape(run.to.as_str()),
        run.generation,
        escape(&run.fault),
        seconds(run.fault_after_ms),
        escape(&run.reason),
        timeline_svg::draw(run),
    );
    clock_table(page, run);
    let documents = &run.documents;
    let silent = if run.is_planned() {
        "the new region had received everything before it was promoted"
    } else {
        "the lost region has not told what it had in addition"
    };
    let wal = run.wal.map_or_else(
        || silent.to_owned(),
        |wal| {
            format!(
                "{} commits over {:.2} s of WAL had not been replicated",
                wal.commits, wal.seconds
            )
        },
    );
    let stated = run
        .estimated_loss
        .map_or_else(String::new, |loss| format!(" Stated before: {loss}."));
    let _ = write!(
        page,
        "<p class=\"note\">{} documents posted, {} acknowledged, <b>{} lost, {} duplicated</b>; {}.{} Seed {}, saga <code>{}</code>.</p>\n</article>\n",
        documents.posted,
        documents.acknowledged,
        documents.lost,
        documents.duplicated,
        escape(&wal),
        escape(&stated),
        run.seed,
        escape(&run.saga),
    );
}

/// A run after which writes are where they were.
fn disturbed_card(page: &mut String, run: &Run, disturbed: &Disturbed) {
    let drawing = match is_drawn(run) {
        true => format!("<div class=\"scroll\">{}</div>\n", timeline_svg::draw(run)),
        false => String::new(),
    };
    let _ = writeln!(
        page,
        "<article>\n<h3>Run {}: {} <small>{} leads · generation {}</small></h3>\n<p class=\"note\">{}, after {} under \
         load.</p>\n{drawing}<ul>",
        run.number,
        escape(&disturbed.what),
        escape(run.to.as_str()),
        run.generation,
        escape(&run.fault),
        seconds(run.fault_after_ms),
    );
    for length in &disturbed.lengths {
        let told = length
            .ms
            .map_or("no end in the time of the drill".to_owned(), seconds);
        let _ = writeln!(page, "<li>{}: {told}</li>", escape(&length.name));
    }
    for finding in &disturbed.findings {
        let (class, word) = if finding.held {
            ("kept", "held")
        } else {
            ("broken", "not so")
        };
        let _ = writeln!(
            page,
            "<li><span class=\"badge {class}\">{word}</span> {}: {}</li>",
            escape(&finding.what),
            escape(&finding.seen)
        );
    }
    let documents = &run.documents;
    let _ = writeln!(
        page,
        "</ul>\n<p class=\"note\">{} documents posted, {} acknowledged, <b>{} lost, {} duplicated</b>. Seed {}.</p>\n</article>",
        documents.posted, documents.acknowledged, documents.lost, documents.duplicated, run.seed,
    );
}

fn clock_table(page: &mut String, run: &Run) {
    page.push_str("<div class=\"scroll\"><table class=\"clocks\">\n<thead><tr>");
    // The first is where all others are counted from.
    let shown = || {
        clocks(run)
            .into_iter()
            .skip(1)
            .filter(|clock| !clock.mark.is_empty())
    };
    for clock in shown() {
        let _ = write!(page, "<th scope=col>{} {}</th>", clock.mark, clock.name);
    }
    page.push_str("</tr></thead>\n<tbody><tr>");
    for clock in shown() {
        match clock.at {
            Some(at) => {
                let _ = write!(page, "<td>{}</td>", seconds(millis_after(at, run.fault_at)));
            }
            None => page.push_str("<td>–</td>"),
        }
    }
    page.push_str("</tr></tbody></table></div>\n");
}

fn provenance(page: &mut String, evidence: &Evidence) {
    let host = &evidence.host;
    page.push_str("<footer>\n<h2>Provenance</h2>\n<dl>\n");
    let line = |page: &mut String, name: &str, value: &str| {
        let _ = writeln!(
            page,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escape(name),
            escape(value)
        );
    };
    line(page, "drill", &evidence.id);
    line(page, "seed", &evidence.seed.to_string());
    line(page, "began", &evidence.started.to_string());
    line(page, "ended", &evidence.finished.to_string());
    line(page, "system", &format!("{}, Linux {}", host.system, host.kernel));
    line(
        page,
        "machine",
        &format!("{} processors, {} GiB", host.cpus, host.memory_bytes >> 30),
    );
    for (program, version) in &evidence.versions {
        line(page, program, version);
    }
    let _ = write!(
        page,
        "</dl>\n<p class=\"note\">Evidence schema {}. What lies beside this page is signed: <code>plimsoll evidence verify</code>.</p>\n</footer>\n",
        evidence.schema
    );
}
