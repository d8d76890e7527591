//! One tenant of a shared stamp goes back; its neighbours are looked at before and after the copy was made.
//!
//! As [`super::corruption`], with `note_neighbours` before anything else and `neighbours_unmoved` before the fence: the
//! copy is made by then, and if it has cost a neighbour anything, it goes.

use std::collections::BTreeMap;

use api::backup::{DatabaseName, Serving};
use driver::backup::RestorePorts;
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use serde::{Deserialize, Serialize};
use types::TenantName;

use super::{
    corruption::{open_again, side_by_side},
    steps::{fence, hold_outbound, plan, swap},
};
use crate::sagas::until_done;

/// Kind of this saga in records.
pub const KIND: &str = "tenant-restore";

/// How a neighbour serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// With this database.
    pub database: DatabaseName,
    /// Under this identity.
    pub incarnation: String,
    /// Whether it accepts writes.
    pub accepts: bool,
}

/// The saga; its parameters are a [`crate::decide::restore::RestorePlan`] with neighbours.
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<RestorePorts>, InvalidDefinition> {
    let mut nodes = vec![
        Node::new("note_neighbours", note_neighbours)
            .says("How the other tenants of the stamp serve is written down."),
        hold_outbound().after(["note_neighbours"]),
    ];
    nodes.extend(side_by_side("hold_outbound"));
    nodes.extend([
        Node::new("neighbours_unmoved", neighbours_unmoved)
            .after(["await_approval"])
            .says("The other tenants serve as before: if the copy has cost one of them anything, it goes and nothing has changed."),
        fence().after(["neighbours_unmoved"]),
        swap().after(["fence"]),
    ]);
    nodes.extend(open_again("swap"));
    Definition::new(KIND, nodes)
}

type Neighbours = BTreeMap<TenantName, Neighbour>;

async fn note_neighbours(ports: &RestorePorts, inputs: &Inputs) -> Result<Neighbours, ActionError> {
    let mut noted = Neighbours::new();
    for name in plan(inputs)?.neighbours {
        let Serving {
            database,
            incarnation,
            accepts,
            ..
        } = ports.tenants.serving(&name).await.map_err(until_done)?;
        let neighbour = Neighbour {
            database,
            incarnation,
            accepts,
        };
        noted.insert(name, neighbour);
    }
    Ok(noted)
}

async fn neighbours_unmoved(ports: &RestorePorts, inputs: &Inputs) -> Result<Neighbours, ActionError> {
    let before: Neighbours = inputs.output("note_neighbours")?;
    let now = note_neighbours(ports, inputs).await?;
    let moved = before.iter().filter(|(name, was)| now.get(*name) != Some(*was));
    let moved: Vec<_> = moved.map(|(name, _)| name.as_str()).collect();
    if moved.is_empty() {
        Ok(now)
    } else {
        Err(ActionError::fail(format!(
            "neighbours do not serve as before: {}",
            moved.join(", ")
        )))
    }
}
