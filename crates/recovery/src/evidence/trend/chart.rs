//! One capability over its drills as inline SVG: a point per drill, its spread, and the promise as a dashed line.
//!
//! Drills stand at equal distances in their order: with a true scale of time, a morning's drills would lie on one another.

use std::fmt::Write as _;

use types::Span;

use super::{Point, Series};
use crate::evidence::page::{day, escape, seconds};

/// Width of the drawing in its own units; the page scales it.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 196.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 156.0;
/// A promise so many times longer than anything measured would press the points onto the axis.
const PROMISE_FACTOR: u64 = 4;
/// Room for the date of a drill.
const DATE_WIDTH: f64 = 150.0;

struct Scale {
    columns: usize,
    top_ms: u64,
}

#[expect(clippy::cast_precision_loss, reason = "pixels")]
const fn as_f64(number: u64) -> f64 {
    number as f64
}

// === impl Scale ===

impl Scale {
    fn of(points: &[Point]) -> Self {
        let longest = points
            .iter()
            .filter_map(|point| point.measured_ms)
            .map(|spread| spread.max)
            .max()
            .unwrap_or(0);
        let promises = points.iter().map(|point| point.rto_ms);
        let near = promises.filter(|rto| longest == 0 || *rto / PROMISE_FACTOR <= longest);
        let top_ms = near.chain([longest]).max().unwrap_or(0).max(1_000);
        Self {
            columns: points.len(),
            top_ms: top_ms + top_ms / 10,
        }
    }

    fn column(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / as_f64(self.columns.max(1) as u64)
    }

    fn x(&self, index: usize) -> f64 {
        (as_f64(index as u64) + 0.5).mul_add(self.column(), LEFT)
    }

    fn y(&self, millis: u64) -> f64 {
        let part = (as_f64(millis) / as_f64(self.top_ms)).min(1.0);
        part.mul_add(TOP - BOTTOM, BOTTOM)
    }
}

/// Draws one capability.
pub(super) fn draw(series: &Series) -> String {
    let scale = Scale::of(&series.points);
    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{} over {} drills">"#,
        escape(series.capability.as_str()),
        series.points.len()
    );
    axes(&mut svg, &scale, &series.points);
    promise(&mut svg, &scale, &series.points);
    medians(&mut svg, &scale, &series.points);
    for (index, point) in series.points.iter().enumerate() {
        dot(&mut svg, &scale, index, point);
    }
    svg.push_str("</svg>");
    svg
}

fn axes(svg: &mut String, scale: &Scale, points: &[Point]) {
    // Four lines or fewer, at round numbers.
    let step = [
        250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
    ]
    .into_iter()
    .find(|step| scale.top_ms / step <= 4)
    .unwrap_or(scale.top_ms / 4);
    let mut at = 0;
    while at <= scale.top_ms {
        let y = scale.y(at);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" y1="{y:.1}" x2="{:.1}" y2="{y:.1}"/><text class="name" x="{:.1}" y="{:.1}">{}</text>"#,
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0,
            escape(&Span::from_millis(at).to_string()),
        );
        at += step.max(1);
    }
    // A date has no room below every point of many.
    let mut free_from = f64::MIN;
    for (index, point) in points.iter().enumerate() {
        let x = scale.x(index);
        if x - DATE_WIDTH / 2.0 >= free_from {
            free_from = x + DATE_WIDTH / 2.0;
            let _ = write!(
                svg,
                r#"<text class="tick" x="{x:.1}" y="{:.1}">{}</text>"#,
                BOTTOM + 22.0,
                day(point.at)
            );
        }
    }
}

/// Joins the medians; a drill after which it was not back interrupts the line.
fn medians(svg: &mut String, scale: &Scale, points: &[Point]) {
    let mut path = String::new();
    let mut letter = 'M';
    for (index, point) in points.iter().enumerate() {
        match point.median_ms {
            Some(median) => {
                let _ = write!(path, "{letter}{:.1} {:.1}", scale.x(index), scale.y(median));
                letter = 'L';
            }
            None => letter = 'M',
        }
    }
    if !path.is_empty() {
        let _ = write!(svg, r#"<path class="line" d="{path}"/>"#);
    }
}

/// The promise of each drill's time, as steps where it was changed.
fn promise(svg: &mut String, scale: &Scale, points: &[Point]) {
    let half = scale.column() / 2.0;
    let mut path = String::new();
    // What it was in the drill before, where that lies in the picture.
    let mut before = false;
    for (index, point) in points.iter().enumerate() {
        let inside = point.rto_ms <= scale.top_ms;
        if inside {
            let (x, y) = (scale.x(index), scale.y(point.rto_ms));
            let letter = if before { 'L' } else { 'M' };
            let _ = write!(path, "{letter}{:.1} {y:.1}L{:.1} {y:.1}", x - half, x + half);
        }
        before = inside;
    }
    let Some(last) = points.last() else { return };
    let told = escape(&Span::from_millis(last.rto_ms).to_string());
    if !path.is_empty() {
        let _ = write!(
            svg,
            r#"<path class="target" d="{path}"><title>promised, now {told}</title></path>"#
        );
    }
    let (y, text) = if before {
        (scale.y(last.rto_ms) + 4.0, format!("RTO {told}"))
    } else {
        (TOP - 8.0, format!("RTO {told} ↑"))
    };
    let _ = write!(
        svg,
        r#"<text class="value" x="{:.1}" y="{y:.1}">{text}</text>"#,
        WIDTH - RIGHT + 8.0
    );
}

fn dot(svg: &mut String, scale: &Scale, index: usize, point: &Point) {
    let x = scale.x(index);
    let class = if point.is_kept() { "kept" } else { "broken" };
    let mut title = format!(
        "{}: kept in {} of {} runs",
        day(point.at),
        point.kept,
        point.probed
    );
    if point.not_back > 0 {
        let _ = write!(title, ", not back in {}", point.not_back);
    }
    let mut body = String::new();
    if let Some(spread) = point.measured_ms {
        let _ = write!(
            title,
            "; median {}, 95 % {}, worst {}",
            seconds(spread.p50),
            seconds(spread.p95),
            seconds(spread.max)
        );
        let _ = write!(
            body,
            r#"<line class="spread" x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{:.1}"/>"#,
            scale.y(spread.p50),
            scale.y(spread.max)
        );
    }
    let y = point.median_ms.map_or(TOP, |median| scale.y(median));
    let label = point.median_ms.map_or_else(|| "not back".to_owned(), seconds);
    let _ = write!(body, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="5"/>"#);
    // Many points have no room for their numbers, which the table has.
    if scale.column() >= 60.0 {
        // Below the point, clear of the line and the shade; beside it where that would touch the dates.
        let (x, y, anchor) = if y + 20.0 < BOTTOM {
            (x, y + 20.0, "middle")
        } else {
            (x + 10.0, y - 8.0, "start")
        };
        let _ = write!(
            body,
            r#"<text class="value {class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{label}</text>"#
        );
    }
    let _ = write!(svg, "<g><title>{title}</title>{body}</g>");
}
