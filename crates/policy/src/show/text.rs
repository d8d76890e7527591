//! A report for people.

use std::{collections::BTreeMap, fmt::Write as _};

use anstyle::{AnsiColor, Style};

use crate::{Color, Finding, Report, Severity, report::Waived};

/// Findings of one policy that are shown; the rest is counted.
const SHOWN_PER_POLICY_MAX: usize = 20;

pub(crate) fn render(report: &Report, color: Color) -> String {
    let paint = Paint(color);
    let mut out = String::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        let count = shown.entry(&finding.code).or_default();
        *count += 1;
        if *count <= SHOWN_PER_POLICY_MAX {
            show_finding(&mut out, finding, paint);
        }
    }
    for (code, count) in shown
        .into_iter()
        .filter(|(_, count)| *count > SHOWN_PER_POLICY_MAX)
    {
        let _ = writeln!(out, "{code}: {} more\n", count - SHOWN_PER_POLICY_MAX);
    }
    for waived in &report.waived {
        show_waived(&mut out, waived, paint);
    }
    if !report.waived.is_empty() {
        out.push('\n');
    }
    let verdict = if report.passes() {
        paint.with(AnsiColor::Green, "passed")
    } else {
        paint.with(AnsiColor::Red, "refused")
    };
    let _ = writeln!(
        out,
        "{verdict}: {}, {}, {} waived; {} over {}",
        counted(report.count(Severity::Error), "error", "errors"),
        counted(report.count(Severity::Warning), "warning", "warnings"),
        report.waived.len(),
        counted(report.policies.len(), "policy", "policies"),
        counted(report.files, "file", "files"),
    );
    out
}

fn show_finding(out: &mut String, finding: &Finding, paint: Paint) {
    let head = format!("{}[{}]", finding.severity.as_str(), finding.code);
    let head = match finding.severity {
        Severity::Error => paint.with(AnsiColor::Red, &head),
        Severity::Warning => paint.with(AnsiColor::Yellow, &head),
    };
    let _ = writeln!(out, "{head}: {}", finding.message);
    if let Some(place) = &finding.place {
        let _ = writeln!(out, "  --> {}:{}", place.path, place.line);
    }
    let _ = writeln!(out, "   at {}", finding.at);
    let _ = writeln!(
        out,
        "  {}: {}\n",
        paint.with(AnsiColor::Cyan, "help"),
        finding.hint
    );
}

fn show_waived(out: &mut String, waived: &Waived, paint: Paint) {
    let (finding, waiver) = (&waived.finding, &waived.waiver);
    let head = paint.with(AnsiColor::Blue, &format!("waived[{}]", finding.code));
    let _ = writeln!(
        out,
        "{head}: {}\n   at {}\n   by {} until {}: {}",
        finding.message, finding.at, waiver.person, waiver.expires, waiver.reason
    );
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) Color);

impl Paint {
    pub(super) fn with(self, color: AnsiColor, text: &str) -> String {
        match self.0 {
            Color::Never => text.to_owned(),
            Color::Always => {
                let style = Style::new().fg_color(Some(color.into())).bold();
                format!("{style}{text}{style:#}")
            }
        }
    }
}
