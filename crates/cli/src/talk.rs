//! Talk with the person on standard error: steps with their time, plain lines when nobody watches a terminal.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const SOFT: Style = Style::new().dimmed();

/// How we talk.
#[derive(Clone, Copy, Debug)]
pub struct Talk {
    quiet: bool,
    terminal: bool,
}

impl Talk {
    pub fn new(quiet: bool) -> Self {
        Self {
            quiet,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Whether only errors and results are wanted.
    pub const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// One line, unless quiet.
    pub fn say(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{line}");
        }
    }

    /// Something is done.
    pub fn done(&self, what: impl std::fmt::Display, took: Duration) {
        self.say(format_args!(
            "  {GOOD}✓{GOOD:#} {what:<52} {SOFT}{:>6.1} s{SOFT:#}",
            took.as_secs_f64()
        ));
    }

    /// Something was there already.
    pub fn kept(&self, what: impl std::fmt::Display) {
        self.say(format_args!("  {SOFT}· {what}{SOFT:#}"));
    }

    /// A failure, always shown.
    pub fn error(&self, failure: &Failure) {
        anstream::eprintln!("{BAD}error[{}]{BAD:#}: {}", failure.code, failure.message);
        for cause in &failure.causes {
            anstream::eprintln!("  caused by: {cause}");
        }
        if let Some(hint) = &failure.hint {
            anstream::eprintln!("  hint: {hint}");
        }
    }

    /// Begins a step that takes a while.
    pub fn step(&self, what: impl Into<String>) -> Step {
        let what = what.into();
        let hidden = self.quiet || !self.terminal;
        let target = if hidden {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.set_message(what.clone());
        bar.enable_steady_tick(Duration::from_millis(120));
        Step {
            talk: *self,
            bar,
            what,
            began: Instant::now(),
        }
    }
}

/// A step in progress; dropped without `done` it just disappears, because an error message follows.
pub struct Step {
    talk: Talk,
    bar: ProgressBar,
    what: String,
    began: Instant,
}

impl Step {
    /// What it is doing now: in place on a terminal, a line of its own elsewhere.
    pub fn detail(&self, detail: &str) {
        if self.talk.terminal {
            self.bar.set_message(format!("{}: {detail}", self.what));
        } else {
            self.talk.say(format_args!("    {detail}"));
        }
    }

    /// The same, but silent where lines would pile up.
    pub fn pulse(&self, detail: &str) {
        self.bar.set_message(format!("{}: {detail}", self.what));
    }

    /// Done.
    pub fn done(self) {
        self.bar.finish_and_clear();
        self.talk.done(&self.what, self.began.elapsed());
    }

    /// Done, with other words than it began with.
    pub fn done_as(self, what: impl std::fmt::Display) {
        self.bar.finish_and_clear();
        self.talk.done(what, self.began.elapsed());
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
