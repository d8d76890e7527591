//! The folder `runbooks/` of the rendered tree: what people do at three in the morning.
//!
//! ```text
//! runbooks/
//! ├─ README.md               by what is seen, by scenario, by capability
//! ├─ scenarios/SCENARIO.md   when, who decides, what never to do, steps, what then
//! ├─ capabilities/NAME.md    promise, what it stands on, how to see that it works, how to go on without
//! └─ integrations/STAMP.md   a section for each integration: whom to call, how long it is buffered
//! ```
//!
//! For production: other environments have nothing that anybody is woken for. The pages say plainly what Plimsoll does by
//! itself and what is by hand, and they use only commands that exist.

mod capabilities;
mod commands;
mod ground;
mod index;
mod integrations;
mod page;
mod scenarios;

use plan::cloud::Blueprint;
use types::FileTree;

use crate::Error;
use ground::Ground;

pub(super) use page::{Page, Scenario};

/// Renders the folder.
pub(super) fn render(blueprint: &Blueprint, tree: &mut FileTree) -> Result<(), Error> {
    let Some(ground) = Ground::new(blueprint) else {
        return Ok(());
    };
    tree.insert("runbooks/README.md", index::page(&ground))?;
    for scenario in Scenario::ALL {
        tree.insert(scenario.path(), scenarios::page(&ground, scenario))?;
    }
    for one in ground.capabilities() {
        let path = format!("runbooks/capabilities/{}.md", one.name);
        tree.insert(path, capabilities::page(&ground, one))?;
    }
    for pair in ground
        .pairs()
        .iter()
        .filter(|pair| !pair.active.stamp.lanes.is_empty())
    {
        let path = format!("runbooks/integrations/{}.md", pair.active.stamp.name);
        tree.insert(path, integrations::page(&ground, &pair.active))?;
    }
    Ok(())
}
