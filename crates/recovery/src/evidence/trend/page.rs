//! The trend as one self-contained page, with the looks of a drill's page.

use std::fmt::Write as _;

use types::Span;

use super::{Change, RULE, Rehearsed, Scenario, Series, Trend, age, chart, short};
use crate::evidence::{
    Verdict,
    page::{END, begin, cells, day, escape},
};

/// The page.
pub fn html(trend: &Trend) -> String {
    let estate = escape(trend.estate.as_str());
    let mut page = begin(&format!("Trend of recovery · {estate}"));
    let drills: usize = trend.scenarios.iter().map(|scenario| scenario.drills.len()).sum();
    let _ = write!(
        page,
        "<header>\n<p class=\"eyebrow\">Plimsoll · recovery evidence</p>\n<h1>Trend of recovery</h1>\n\
         <p class=\"sub\">Estate <b>{estate}</b> · {drills} {} whose signature and digests are right · {}</p>\n</header>\n",
        if drills == 1 { "drill" } else { "drills" },
        day(trend.at),
    );
    attention(&mut page, trend);
    for one in &trend.scenarios {
        scenario(&mut page, one);
    }
    left_out(&mut page, trend);
    let _ = write!(
        page,
        "<footer>\n<h2>How to read this</h2>\n<p class=\"note\">Every point is the median of one drill's runs, from the \
         fault (or from asking for a planned move) to a real transaction of that kind, accepted and read back through the \
         public address; the shade reaches to the worst run. The dashed line is the promise (RTO) of that time, an arrow \
         says that it lies above the picture. Drills stand in their order, not to the scale of time.</p>\n\
         <p class=\"note\">{}. Simulated runs never count.</p>\n\
         <p class=\"note\">Form {} of <code>plimsoll evidence trend</code>; what it is made of is checked by \
         <code>plimsoll evidence verify</code>.</p>\n</footer>\n",
        escape(RULE),
        trend.schema,
    );
    page.push_str(END);
    page
}

/// What somebody should look at first.
fn attention(page: &mut String, trend: &Trend) {
    let mut lines = Vec::new();
    for scenario in &trend.scenarios {
        for series in &scenario.capabilities {
            if matches!(series.change, Change::Slower(_)) {
                lines.push(format!(
                    "{}, {}: {}",
                    scenario.scenario, series.capability, series.change
                ));
            }
        }
        let last = scenario.drills.last();
        if let Some(Verdict::Broken { because }) = last.map(|last| &last.verdict) {
            let promises = match because.len() {
                1 => "a promise was".to_owned(),
                count => format!("{count} promises were"),
            };
            lines.push(format!(
                "{}: {promises} broken in the last drill",
                scenario.scenario
            ));
        }
    }
    lines.extend(
        trend
            .left_out
            .iter()
            .filter(|left| left.suspect)
            .map(|left| format!("{}: {}", left.what, left.why)),
    );
    if !lines.is_empty() {
        page.push_str("<section class=\"verdict broken\"><h2>Look at this</h2><ul>");
        for line in lines {
            let _ = write!(page, "<li>{}</li>", escape(&line));
        }
        page.push_str("</ul></section>\n");
    }
    if !trend.never_measured.is_empty() {
        let names: Vec<_> = trend
            .never_measured
            .iter()
            .map(|name| escape(name.as_str()))
            .collect();
        let _ = writeln!(
            page,
            "<section class=\"verdict unknown\"><h2>Never measured</h2><p>{}: no drill tried a real transaction of it, so \
             nothing is claimed.</p></section>",
            names.join(", ")
        );
    }
}

fn scenario(page: &mut String, scenario: &Scenario) {
    let _ = writeln!(
        page,
        "<section>\n<h2>{}</h2>\n<p class=\"note\">The last one ended {} ago.</p>",
        escape(&scenario.scenario),
        age(scenario.since_last_ms)
    );
    drills(page, &scenario.drills);
    for one in &scenario.capabilities {
        series(page, one);
    }
    page.push_str("</section>\n");
}

fn drills(page: &mut String, drills: &[Rehearsed]) {
    page.push_str(
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=col>ended</th><th scope=col>drill</th><th scope=col>runs</th><th scope=col>acknowledged</th>\
         <th scope=col>lost</th><th scope=col>duplicated</th><th scope=col>promises</th></tr></thead>\n<tbody>\n",
    );
    for one in drills {
        let (class, told) = verdict(&one.verdict);
        let _ = writeln!(
            page,
            "<tr><th scope=row>{}</th><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td><span class=\"badge {class}\">{told}</span></td></tr>",
            day(one.at),
            escape(short(&one.drill)),
            one.runs,
            one.documents.acknowledged,
            one.documents.lost,
            one.documents.duplicated,
        );
    }
    page.push_str("</tbody></table></div>\n");
}

fn verdict(verdict: &Verdict) -> (&'static str, String) {
    match verdict {
        Verdict::Kept => ("kept", "kept".to_owned()),
        Verdict::Broken { because } => ("broken", format!("{} broken", because.len())),
        Verdict::Nothing => ("unknown", "nothing proven".to_owned()),
    }
}

fn series(page: &mut String, series: &Series) {
    let class = match series.change {
        Change::Slower(_) => "broken",
        Change::Faster(_) | Change::Steady(_) => "kept",
        Change::TooFew { .. } => "unknown",
    };
    let _ = writeln!(
        page,
        "<article>\n<h3>{} <small><span class=\"badge {class}\">{}</span></small></h3>\n<div class=\"scroll\">{}</div>\n\
         <div class=\"scroll\"><table class=\"points\">\n<thead><tr><th scope=col>drill</th><th scope=col>promised</th><th scope=col>median</th>\
         <th scope=col>95 %</th><th scope=col>worst</th><th scope=col>kept</th></tr></thead>\n<tbody>",
        escape(series.capability.as_str()),
        escape(&series.change.to_string()),
        chart::draw(series),
    );
    for point in &series.points {
        let class = if point.is_kept() { "kept" } else { "broken" };
        let _ = writeln!(
            page,
            "<tr><th scope=row>{}</th><td>{}</td>{}<td><span class=\"badge {class}\">{} of {}</span></td></tr>",
            day(point.at),
            Span::from_millis(point.rto_ms),
            cells(point.measured_ms),
            point.kept,
            point.probed,
        );
    }
    page.push_str("</tbody></table></div>\n</article>\n");
}

fn left_out(page: &mut String, trend: &Trend) {
    if trend.left_out.is_empty() {
        return;
    }
    page.push_str("<section>\n<h2>Left out</h2>\n<ul>\n");
    for left in &trend.left_out {
        let _ = writeln!(page, "<li>{}: {}</li>", escape(&left.what), escape(&left.why));
    }
    page.push_str("</ul>\n</section>\n");
}
