//! `plimsoll runbook`: what a saga does, step by step, from its definition. Works without an estate.

use recovery::sagas::{
    Step, bootstrap, failback, failover,
    restore::{bad_release, corruption, image_back, mass, ransomware, tenant},
    switchover,
};

use crate::failure::{Exit, Failure};

const SAGAS: [(&str, &str); 11] = [
    (
        switchover::KIND,
        "writes move to the other region as planned; nothing is lost, nobody is refused",
    ),
    (failover::KIND, "writes move away from a region that is lost"),
    (failback::KIND, "a region that was lost becomes a standby again"),
    (bootstrap::KIND, "the first lead of a new estate"),
    (
        corruption::KIND,
        "data of a tenant is wrong: it goes back to the last proven point before (not carried out yet)",
    ),
    (
        image_back::KIND,
        "a bad release goes, its former image can read the schema (not carried out yet)",
    ),
    (
        bad_release::KIND,
        "a bad release goes, and the database goes back with it (not carried out yet)",
    ),
    (
        ransomware::CONTAINMENT,
        "nothing of a tenant reaches anybody any more (not carried out yet)",
    ),
    (
        ransomware::KIND,
        "a tenant goes back to before somebody got in, under new secrets (not carried out yet)",
    ),
    (
        tenant::KIND,
        "one tenant of a shared stamp goes back, its neighbours do not notice (not carried out yet)",
    ),
    (
        mass::KIND,
        "one wave of many tenants that go back (not carried out yet)",
    ),
];

pub fn run(saga: Option<&str>) -> Result<Exit, Failure> {
    let Some(kind) = saga else {
        for (kind, what) in SAGAS {
            anstream::println!("{kind:<15} {what}");
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

/// The steps of a saga, if there is one of that kind.
pub fn steps(kind: &str) -> Option<Vec<Step>> {
    let moves = match kind {
        switchover::KIND => Some(switchover::definition()),
        failover::KIND => Some(failover::definition()),
        failback::KIND => Some(failback::definition()),
        bootstrap::KIND => Some(bootstrap::definition()),
        _ => None,
    };
    // A definition that is wrong is found by its own tests.
    if let Some(definition) = moves {
        return definition.ok().map(|definition| definition.steps().collect());
    }
    let definition = match kind {
        corruption::KIND => corruption::definition(),
        image_back::KIND => image_back::definition(),
        bad_release::KIND => bad_release::definition(),
        ransomware::CONTAINMENT => ransomware::containment(),
        ransomware::KIND => ransomware::definition(),
        tenant::KIND => tenant::definition(),
        mass::KIND => mass::definition(),
        _ => return None,
    };
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
