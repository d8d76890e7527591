//! The folder `monitoring/` of the rendered tree.
//!
//! ```text
//! monitoring/environments/ENV/
//! ├─ rules/*.yaml            what is recorded and alarmed, one group a file
//! ├─ prometheus-rules.yaml   the same as a custom resource
//! ├─ tests/*.yaml            cases in which each alarm fires and keeps silent
//! ├─ alertmanager.yaml       who hears of what, when
//! ├─ synthetic.json          real transactions that prove capabilities
//! └─ dashboards/*.json       for executives, operators, engineers
//! ```
//!
//! Names of metrics are a contract: `docs/reference/monitoring.md`.

mod alertmanager;
mod dashboards;
mod intervals;
mod model;
mod rules;
mod synthetic;
#[cfg(test)]
mod tests;
mod watched;
mod write;

use estate::Stage;
use plan::cloud::Blueprint;
use types::FileTree;

use crate::Error;
pub(super) use synthetic::proves;
use watched::Watched;
use write::Cases;

/// Renders the folder.
pub(super) fn render(blueprint: &Blueprint, tree: &mut FileTree) -> Result<(), Error> {
    for environment in &blueprint.environments {
        let watched = Watched::new(blueprint, environment);
        let folder = folder(&watched.environment);
        // Running all cases takes a minute of a processor; below staging the rules are the same but for severities.
        let cases = match environment.stage {
            Stage::Production | Stage::Staging => Cases::Written,
            Stage::Development | Stage::Test | Stage::Recovery => Cases::LeftOut,
        };
        write::rules(tree, &folder, &watched.environment, &rules::all(&watched), cases)?;
        alertmanager::insert(tree, &folder, blueprint, environment, &watched)?;
        dashboards::insert(tree, &folder, &watched)?;
        synthetic::insert(tree, &folder, blueprint, environment)?;
    }
    Ok(())
}

/// Folder of an environment.
fn folder(environment: &str) -> String {
    format!("monitoring/environments/{environment}")
}
