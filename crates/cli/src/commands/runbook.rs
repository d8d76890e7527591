//! `plimsoll runbook`: what a saga does, step by step, from its definition. Works without an estate.

use recovery::sagas::{Step, bootstrap, failback, failover, switchover};

use crate::failure::{Exit, Failure};

const SAGAS: [(&str, &str); 4] = [
    (
        switchover::KIND,
        "writes move to the other region as planned; nothing is lost, nobody is refused",
    ),
    (failover::KIND, "writes move away from a region that is lost"),
    (failback::KIND, "a region that was lost becomes a standby again"),
    (bootstrap::KIND, "the first lead of a new estate"),
];

pub fn run(saga: Option<&str>) -> Result<Exit, Failure> {
    let Some(kind) = saga else {
        for (kind, what) in SAGAS {
            anstream::println!("{kind:<12} {what}");
        }
        return Ok(Exit::Done);
    };
    let known = SAGAS.iter().find(|(name, _)| *name == kind);
    let (Some((name, what)), Some(steps)) = (known, steps(kind)) else {
        let names: Vec<_> = SAGAS.iter().map(|(name, _)| *name).collect();
        return Err(Failure::no("PL0413", format!("there is no saga `{kind}`"))
            .hint(format!("there are: {}", names.join(", "))));
    };
    anstream::println!("# {name}\n\n{}\n", sentence(what));
    for (number, step) in steps.iter().enumerate() {
        anstream::println!("{}", line(number + 1, step));
    }
    Ok(Exit::Done)
}

fn sentence(what: &str) -> String {
    let mut letters = what.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn line(number: usize, step: &Step) -> String {
    let mut text = format!("{number}. **{}**: {}", step.name, step.says);
    if !step.after.is_empty() {
        text.push_str(&format!(" After: {}.", step.after.join(", ")));
    }
    if let Some(deadline) = step.deadline {
        text.push_str(&format!(" Given up after {} s.", deadline.as_secs()));
    }
    if step.undo {
        text.push_str(" Can be taken back.");
    }
    if step.no_return {
        text.push_str(" **From here on there is only forward.**");
    }
    text
}

fn steps(kind: &str) -> Option<Vec<Step>> {
    let definition = match kind {
        switchover::KIND => switchover::definition(),
        failover::KIND => failover::definition(),
        failback::KIND => failback::definition(),
        bootstrap::KIND => bootstrap::definition(),
        _ => return None,
    };
    // A definition that is wrong is found by its own tests.
    definition.ok().map(|definition| definition.steps().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_every_saga_says_what_it_does() {
        for (kind, _) in SAGAS {
            for step in steps(kind).unwrap() {
                assert!(
                    step.says.ends_with('.'),
                    "{kind}: `{}` says {:?}",
                    step.name,
                    step.says
                );
            }
        }
    }
}
