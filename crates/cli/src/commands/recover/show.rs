//! The plan and its reasons, for people and for programs.

use std::fmt::Display;

use recovery::{decide::restore::Ruling, sagas::Step};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{args::Output, commands::runbook};

/// What is shown.
pub struct Shown {
    saga: &'static str,
    decision: &'static str,
    told: String,
    code: Option<&'static str>,
    hint: Option<&'static str>,
    plan: Option<Value>,
    /// What comes before, whatever becomes of the rest.
    at_once: Option<String>,
    steps: Vec<Step>,
}

impl Shown {
    /// A ruling, and the steps of the saga that would carry it out.
    pub fn of<P: Display + Serialize>(saga: &'static str, ruling: &Ruling<P>) -> Self {
        let (decision, barrier, plan) = match ruling {
            Ruling::Proceed(plan) => ("proceed", None, serde_json::to_value(plan).ok()),
            Ruling::Wait { .. } => ("wait", None, None),
            Ruling::Refuse { why } => ("refuse", Some(why), None),
        };
        Self {
            saga,
            decision,
            told: ruling.to_string(),
            code: barrier.map(|barrier| barrier.code()),
            hint: barrier.map(|barrier| barrier.hint()),
            plan,
            at_once: None,
            steps: runbook::steps(saga).unwrap_or_default(),
        }
    }

    /// The same after something that waits for nothing.
    pub fn after(self, at_once: String) -> Self {
        Self {
            at_once: Some(at_once),
            ..self
        }
    }

    /// Whether it could begin if it were there.
    pub fn proceeds(&self) -> bool {
        self.decision == "proceed"
    }

    pub fn print(&self, output: Output) {
        match output {
            Output::Json => anstream::println!("{:#}", self.json()),
            Output::Text => anstream::print!("{}", self.text()),
        }
    }

    fn json(&self) -> Value {
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| json!({ "name": step.name, "says": step.says, "noReturn": step.no_return }))
            .collect();
        json!({
            "saga": self.saga,
            "decision": self.decision,
            "because": self.told,
            "code": self.code,
            "atOnce": self.at_once,
            "plan": self.plan,
            "steps": steps,
            "carriedOut": false,
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if let Some(at_once) = &self.at_once {
            text.push_str(&format!("at once   {at_once}\n"));
        }
        text.push_str(&format!("decision  {}\n", self.decision));
        // Each reason on a line of its own.
        for part in self.told.split("; ") {
            text.push_str(&format!("          {part}\n"));
        }
        if let Some(hint) = self.hint {
            text.push_str(&format!("hint      {hint}\n"));
        }
        text.push_str(&format!("saga      {}\n", self.saga));
        for (number, step) in self.steps.iter().enumerate() {
            let mark = if step.no_return { " (no return)" } else { "" };
            text.push_str(&format!(
                "  {:>2}. {}{mark}: {}\n",
                number + 1,
                step.name,
                step.says
            ));
        }
        text.push_str("not there yet: Plimsoll carries none of these steps out\n");
        text
    }
}
