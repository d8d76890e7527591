//! The interpreter, set up so that it is pure and bounded.
//!
//! `regorus` can only be bounded by time. Built without `std` it has no clock and asks for one, so it gets one that
//! advances by one tick whenever it is read: what looks like time to it counts its steps. A rule that is too expensive is
//! refused on every machine alike, fast or slow.

use std::{cell::Cell, num::NonZeroU32, time::Duration};

use regorus::{
    Value,
    utils::limits::{ExecutionTimerConfig, TimeSource, set_time_source},
};

use crate::{Error, Module, code, extensions};

/// Steps of one evaluation: some minutes of work. Our own packs need about a thousand per Kubernetes object.
pub(crate) const STEPS_MAX: u64 = 400_000_000;
/// Steps between two readings of the clock that counts them.
const STEPS_PER_READING: u32 = 1_000;

thread_local! {
    static READINGS: Cell<u64> = const { Cell::new(0) };
}

/// Counts how often it was read, on each thread for itself; only differences are ever looked at.
struct CountedReadings;

impl TimeSource for CountedReadings {
    fn now(&self) -> Option<Duration> {
        let count = READINGS.get().wrapping_add(1);
        READINGS.set(count);
        Some(Duration::from_nanos(count))
    }
}

/// An interpreter with modules.
#[derive(Clone)]
pub(crate) struct Rego {
    engine: regorus::Engine,
}

impl Rego {
    /// An interpreter that knows our functions, and no modules.
    pub(crate) fn new() -> Result<Self, Error> {
        Self::with_steps_max(STEPS_MAX)
    }

    pub(crate) fn with_steps_max(steps_max: u64) -> Result<Self, Error> {
        // Fails when it is set already, by us: nobody else in this program uses the interpreter.
        let _ = set_time_source(&CountedReadings);
        let mut engine = regorus::Engine::new();
        let check_interval = NonZeroU32::MIN.saturating_add(STEPS_PER_READING - 1);
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: Duration::from_nanos(steps_max / u64::from(STEPS_PER_READING)),
            check_interval,
        });
        // A function that fails must not make its rule, and so the finding, disappear.
        engine.set_strict_builtin_errors(true);
        engine.set_gather_prints(true);
        extensions::register(&mut engine)?;
        Ok(Self { engine })
    }

    /// Adds a module and returns its package, `data.` in front.
    pub(crate) fn add(&mut self, module: &Module) -> Result<String, Error> {
        self.engine
            .add_policy(module.path.clone(), module.text.clone())
            .map_err(|error| Error::from_rego(code::BAD_REGO, &error))
    }

    /// Whether a module itself declares a rule of its package, as a whole or in parts.
    pub(crate) fn declares(&self, module: &Module, name: &str) -> bool {
        self.engine
            .has_declared_rule_rooted_at(&module.path, name)
            .unwrap_or(false)
    }

    pub(crate) fn set_input(&mut self, input: Value) {
        self.engine.set_input(input);
    }

    /// Evaluates one rule, given by its whole path. Mistakes that only show when modules are put together show here.
    pub(crate) fn eval(&mut self, rule: &str) -> Result<Value, Error> {
        self.engine
            .eval_rule(rule.to_owned())
            .map_err(|error| Error::from_rego(code::EVALUATION, &error))
    }

    /// Evaluates whatever is found at a path, such as a table made of several rules.
    pub(crate) fn eval_path(&mut self, path: &str) -> Result<Value, Error> {
        let results = self
            .engine
            .eval_query(path.to_owned(), false)
            .map_err(|error| Error::from_rego(code::EVALUATION, &error))?;
        Ok(results
            .result
            .first()
            .and_then(|result| result.expressions.first())
            .map_or(Value::Undefined, |expression| expression.value.clone()))
    }

    /// What rules printed since this was last asked.
    pub(crate) fn take_prints(&mut self) -> Vec<String> {
        self.engine.take_prints().unwrap_or_default()
    }

    pub(crate) fn measure_coverage(&mut self) {
        self.engine.set_enable_coverage(true);
    }

    pub(crate) fn coverage(&self) -> Result<regorus::coverage::Report, Error> {
        self.engine
            .get_coverage_report()
            .map_err(|error| Error::from_rego(code::EVALUATION, &error))
    }

    /// Names of the rules that a module declares in its package.
    pub(crate) fn rules_of(&mut self, path: &str) -> Vec<String> {
        use regorus::unstable::{Expr, Rule, RuleHead};
        let modules = self.engine.get_modules();
        let mut names: Vec<String> = Vec::new();
        for module in modules
            .iter()
            .filter(|module| module.package.span.source.get_path() == path)
        {
            for rule in &module.policy {
                let head = match rule.as_ref() {
                    Rule::Spec { head, .. } => match head {
                        RuleHead::Compr { refr, .. }
                        | RuleHead::Set { refr, .. }
                        | RuleHead::Func { refr, .. } => refr,
                    },
                    Rule::Default { refr, .. } => refr,
                };
                // A rule may be written in several parts.
                if let Expr::Var { span, .. } = head.as_ref()
                    && !names.iter().any(|name| name == span.text())
                {
                    names.push(span.text().to_owned());
                }
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rego(text: &str, steps_max: u64) -> Rego {
        let mut rego = Rego::with_steps_max(steps_max).unwrap();
        rego.add(&Module {
            path: "t.rego".to_owned(),
            text: text.to_owned(),
        })
        .unwrap();
        rego
    }

    const COUNT_PAIRS: &str = "package t\nx := count([1 | some a in numbers.range(1, 1000); some b in numbers.range(1, 1000); a != b])";

    #[test]
    fn a_rule_that_takes_too_many_steps_is_refused_the_same_way_every_time() {
        let refused = || rego(COUNT_PAIRS, 100_000).eval("data.t.x").unwrap_err();
        assert_eq!(refused().code, code::LIMIT);
        assert_eq!(refused(), refused());
        assert_eq!(
            rego("package t\nx := 1", 100_000).eval("data.t.x").unwrap(),
            Value::from(1_u64)
        );
    }

    #[test]
    fn there_is_no_clock_no_chance_and_no_network_in_the_language() {
        for call in [
            "time.now_ns()",
            "rand.intn(\"a\", 9)",
            "http.send({})",
            "opa.runtime()",
            "uuid.rfc4122(\"a\")",
        ] {
            let mut rego = rego(&format!("package t\nx := {call}"), 1_000_000);
            assert!(rego.eval("data.t.x").is_err(), "{call}");
        }
    }

    #[test]
    fn a_function_that_fails_is_an_error_and_not_silence() {
        let error = rego("package t\nx := to_number(\"y\")", 1_000_000)
            .eval("data.t.x")
            .unwrap_err();
        assert_eq!(error.code, code::EVALUATION);
        assert_eq!(error.position.unwrap().line, 2);
    }
}
