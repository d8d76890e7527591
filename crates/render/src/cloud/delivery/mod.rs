//! The folder `delivery/` of the rendered tree: how images and changes get where they run.
//!
//! ```text
//! delivery/
//! ├─ README.md            which pipeline does what, and what it needs
//! ├─ bin/                 the steps, the same for both systems and for people
//! ├─ images/odoo/         how the tenants' image is built
//! ├─ windows.json         when releases may begin
//! ├─ github/workflows/    image, application, infrastructure: copied to .github/workflows
//! └─ azure-devops/        the same three
//! ```
//!
//! A pipeline is a list of calls of `bin/`: what it does can be tried at a desk, and is the same on both systems.
//! Applications and infrastructure have pipelines apart, because a release must never touch a network.

mod azure_devops;
mod github;
mod readme;
mod stacks;
mod windows;

use plan::cloud::blueprint::{Blueprint, Environment};
use types::FileTree;

use crate::{Error, yaml::Yaml};

/// A file under `assets/delivery/`, with its path in the tree.
macro_rules! asset {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../assets/delivery/", $path)))
    };
}

/// Files that are the same for every estate.
const ASSETS: [(&str, &str); 9] = [
    asset!("bin/build-image"),
    asset!("bin/scan-image"),
    asset!("bin/check-estate"),
    asset!("bin/check-migration"),
    asset!("bin/may-release"),
    asset!("bin/promote"),
    asset!("bin/terraform-stack"),
    asset!("images/odoo/Containerfile"),
    asset!("images/odoo/containerignore"),
];

/// Renders the folder.
pub(super) fn render(blueprint: &Blueprint, tree: &mut FileTree) -> Result<(), Error> {
    for (path, content) in ASSETS {
        tree.insert(format!("delivery/{path}"), content)?;
    }
    let stacks = stacks::all(blueprint, tree);
    tree.insert("delivery/README.md", readme::page(blueprint, &stacks))?;
    tree.insert("delivery/windows.json", windows::document(blueprint)?)?;
    for (name, pipeline) in [
        ("github/workflows/image.yml", github::image(blueprint)),
        ("github/workflows/application.yml", github::application(blueprint)),
        (
            "github/workflows/infrastructure.yml",
            github::infrastructure(&stacks),
        ),
        ("azure-devops/image.yml", azure_devops::image(blueprint)),
        (
            "azure-devops/application.yml",
            azure_devops::application(blueprint),
        ),
        (
            "azure-devops/infrastructure.yml",
            azure_devops::infrastructure(&stacks),
        ),
    ] {
        let mut text = String::from("# Rendered by Plimsoll; change the estate instead.\n");
        pipeline.write(&mut text);
        tree.insert(format!("delivery/{name}"), text)?;
    }
    Ok(())
}

/// Environments that releases pass through, in order. Recovery is not one: it runs what production ran.
fn promoted(blueprint: &Blueprint) -> Vec<&Environment> {
    blueprint
        .environments
        .iter()
        .filter(|environment| environment.stage != estate::Stage::Recovery)
        .collect()
}

/// The environment whose muted copy of production tries every upgrade: the last one before production that has one.
fn rehearsal(blueprint: &Blueprint) -> Option<&Environment> {
    promoted(blueprint)
        .into_iter()
        .rfind(|environment| environment.stage == estate::Stage::Staging)
}

/// Whether people must agree before something happens there.
fn is_approved(environment: &Environment) -> bool {
    environment.stage == estate::Stage::Production
}

/// A call of a step.
fn step(call: impl AsRef<str>) -> String {
    let call = call.as_ref();
    let program = call.split(' ').next().unwrap_or_default();
    let interpreter = if program == "may-release" { "python3" } else { "sh" };
    format!("{interpreter} delivery/bin/{call}")
}

/// A list of texts.
fn texts(items: impl IntoIterator<Item = String>) -> Yaml {
    Yaml::list(items.into_iter().map(Yaml::from))
}
