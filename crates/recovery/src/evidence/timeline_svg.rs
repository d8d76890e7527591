//! The timeline of one run as inline SVG: the phases on one bar, below it how long each capability was away.

use std::fmt::Write as _;

use types::Timestamp;

use super::{
    CapabilityResult, Run, clocks, millis_after,
    page::{escape, seconds},
    summary::phases,
};

/// Width of the drawing in its own units; the page scales it.
const WIDTH: f64 = 960.0;
/// Room for names on the left.
const LEFT: f64 = 168.0;
/// Room for numbers on the right.
const RIGHT: f64 = 84.0;
/// Where the bar of phases is.
const BAR_TOP: f64 = 64.0;
const BAR_HEIGHT: f64 = 26.0;
/// Height of a capability's row.
const ROW: f64 = 30.0;
/// Labels of clocks closer than this share no line.
const LABEL_WIDTH: f64 = 26.0;
/// Lines for labels above the bar.
const LABEL_LINES: usize = 3;

struct Scale {
    end_ms: f64,
}

impl Scale {
    fn x(&self, millis: u64) -> f64 {
        LEFT + (as_f64(millis) / self.end_ms).min(1.0) * (WIDTH - LEFT - RIGHT)
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixels")]
const fn as_f64(number: u64) -> f64 {
    number as f64
}

/// Every clock that has a number, with its name, milliseconds after t0.
fn marks(run: &Run) -> Vec<(&'static str, &'static str, u64)> {
    let after = |at: Timestamp| millis_after(at, run.fault_at);
    clocks(run)
        .into_iter()
        .filter(|clock| !clock.mark.is_empty())
        .filter_map(|clock| Some((clock.mark, clock.name, after(clock.at?))))
        .collect()
}

/// Draws one run.
pub(super) fn draw(run: &Run) -> String {
    let marks = marks(run);
    let measured = run.capabilities.iter().filter_map(|result| result.measured_ms);
    let longest = marks
        .iter()
        .map(|(_, _, at)| *at)
        .chain(measured)
        .max()
        .unwrap_or(0)
        .max(1_000);
    let scale = Scale {
        end_ms: as_f64(longest) * 1.06,
    };
    let rows = BAR_TOP + BAR_HEIGHT + 18.0;
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    let axis = ROW.mul_add(run.capabilities.len() as f64, rows);
    let height = axis + 30.0;

    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">"#,
        escape(&told(run))
    );
    draw_axis(&mut svg, &scale, longest, axis);
    draw_phases(&mut svg, &scale, run);
    draw_marks(&mut svg, &scale, (run.zero(), &marks), axis);
    let mut top = rows;
    for result in &run.capabilities {
        draw_capability(&mut svg, &scale, result, top);
        top += ROW;
    }
    svg.push_str("</svg>");
    svg
}

/// The drawing in words, for those who do not see it.
fn told(run: &Run) -> String {
    let results = run.capabilities.iter().map(|result| {
        let (_, text) = result_of(result);
        format!("{} {text}", result.capability)
    });
    let results: Vec<_> = results.collect();
    format!("Timeline of run {}: {}", run.number, results.join("; "))
}

/// How a capability's result looks and reads: not by its colour alone.
fn result_of(result: &CapabilityResult) -> (&'static str, String) {
    let class = match result.kept {
        Some(true) => "kept",
        Some(false) => "broken",
        None => "unknown",
    };
    let text = match (result.measured_ms, result.probed) {
        (Some(measured), _) if result.kept == Some(false) => format!("{}, late", seconds(measured)),
        (Some(measured), _) => seconds(measured),
        (None, true) => "not back".to_owned(),
        (None, false) => "not measured".to_owned(),
    };
    (class, text)
}

fn draw_axis(svg: &mut String, scale: &Scale, longest: u64, bottom: f64) {
    // At most about ten ticks, at round numbers of seconds.
    let step = [250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000]
        .into_iter()
        .find(|step| longest / step <= 10)
        .unwrap_or(600_000);
    let mut at = 0;
    while as_f64(at) <= scale.end_ms {
        let x = scale.x(at);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{x:.1}" y1="{BAR_TOP}" x2="{x:.1}" y2="{bottom:.1}"/><text class="tick" x="{x:.1}" y="{:.1}">{}</text>"#,
            bottom + 18.0,
            escape(&seconds(at)),
        );
        at += step;
    }
}

fn draw_phases(svg: &mut String, scale: &Scale, run: &Run) {
    let middle = BAR_TOP + BAR_HEIGHT / 2.0 + 4.0;
    if !run.moves_writes() {
        return;
    }
    let _ = write!(
        svg,
        r#"<text class="name" x="{:.1}" y="{middle}">recovery</text>"#,
        LEFT - 12.0
    );
    for (index, phase) in phases(run).iter().enumerate() {
        let (Some(from), Some(to)) = (phase.from, phase.to) else {
            continue;
        };
        let (from, to) = (millis_after(from, run.fault_at), millis_after(to, run.fault_at));
        let (x, width) = (scale.x(from), scale.x(to) - scale.x(from));
        if width <= 0.0 {
            continue;
        }
        let length = seconds(to.saturating_sub(from));
        let _ = write!(
            svg,
            r#"<rect class="p{index}" x="{x:.1}" y="{BAR_TOP}" width="{width:.1}" height="{BAR_HEIGHT}"><title>{}: {length}</title></rect>"#,
            escape(phase.name),
        );
        // A name that does not fit its phase is in the legend all the same.
        if width > as_f64(phase.name.len() as u64) * 6.6 + 10.0 {
            let _ = write!(
                svg,
                r#"<text class="in" x="{:.1}" y="{middle}">{}</text>"#,
                x + width / 2.0,
                escape(phase.name)
            );
        }
    }
}

/// Marks every clock above the bar; labels that would touch move to another line.
fn draw_marks(svg: &mut String, scale: &Scale, (zero, marks): (&str, &[(&str, &str, u64)]), bottom: f64) {
    let mut ends = [f64::MIN; LABEL_LINES];
    for (mark, name, at) in marks {
        let x = scale.x(*at);
        let line = ends
            .iter()
            .position(|end| x - end >= LABEL_WIDTH)
            .unwrap_or(LABEL_LINES - 1);
        ends[line] = x;
        let y = BAR_TOP - 8.0 - 17.0 * [0.0, 1.0, 2.0][line];
        let class = if *mark == "t0" { "mark fault" } else { "mark" };
        let end = if *mark == "t0" {
            bottom
        } else {
            BAR_TOP + BAR_HEIGHT
        };
        let _ = write!(
            svg,
            r#"<g class="{class}"><title>{mark} {}: {} after the {zero}</title><line x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{end:.1}"/><text x="{x:.1}" y="{y:.1}">{mark}</text></g>"#,
            escape(name),
            escape(&seconds(*at)),
            y + 3.0,
        );
    }
}

fn draw_capability(svg: &mut String, scale: &Scale, result: &CapabilityResult, top: f64) {
    let (middle, y) = (top + ROW / 2.0 + 4.0, top + 8.0);
    let _ = write!(
        svg,
        r#"<text class="name" x="{:.1}" y="{middle:.1}">{}</text>"#,
        LEFT - 12.0,
        escape(result.capability.as_str())
    );
    let (class, text) = result_of(result);
    let end = match (result.measured_ms, result.probed) {
        (Some(measured), _) => scale.x(measured),
        (None, true) => WIDTH - RIGHT,
        (None, false) => LEFT,
    };
    let _ = write!(
        svg,
        r#"<rect class="{class}" x="{LEFT}" y="{y:.1}" width="{:.1}" height="14" rx="2"/><text class="value {class}" x="{:.1}" y="{middle:.1}">{}</text>"#,
        (end - LEFT).max(0.0),
        end + 8.0,
        escape(&text),
    );
    if as_f64(result.rto.as_millis()) <= scale.end_ms {
        let x = scale.x(result.rto.as_millis());
        let _ = write!(
            svg,
            r#"<line class="target" x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{:.1}"><title>promised: {}</title></line>"#,
            top + 3.0,
            top + ROW - 4.0,
            result.rto,
        );
    }
}
