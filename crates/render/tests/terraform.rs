//! The folder `terraform/` of the example estates.
//!
//! One estate is kept as files, to be read; of the others, and of the modules, the names of the files.
//! After a change that is meant: `BLESS=1 cargo test -p plimsoll-render --test terraform`, then read the difference.
//! What Terraform itself says is asked by `script/check-rendered`.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use plan::cloud::Blueprint;
use plimsoll_render as render;

const READ: &str = "two-warehouse-distributor";
const LISTED: [&str; 2] = ["third-party-logistics", "multinational"];

type Files = BTreeMap<String, String>;

fn blueprint(example: &str) -> Blueprint {
    let estates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/estates");
    let text = fs::read_to_string(estates.join(format!("{example}.yaml"))).unwrap();
    let estate = estate::read(example, &text).unwrap().estate;
    plan::cloud::plan(&estate).unwrap().0
}

fn rendered(blueprint: &Blueprint) -> Files {
    let tree = render::cloud(blueprint).unwrap();
    tree.iter()
        .filter_map(|(path, text)| {
            Some((
                path.as_str().strip_prefix("terraform/")?.to_owned(),
                text.to_owned(),
            ))
        })
        .collect()
}

fn golden(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/cloud")
        .join(example)
        .join("terraform")
}

fn stacks(files: &Files) -> BTreeSet<&str> {
    files
        .keys()
        .filter_map(|path| path.strip_suffix("/terraform.tf"))
        .collect()
}

fn names(files: &Files) -> String {
    files.keys().map(|path| format!("{path}\n")).collect()
}

fn is_reviewed(file: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert!(
        text == expected,
        "{} differs; BLESS=1 takes it over",
        file.display()
    );
}

#[test]
fn the_stacks_of_an_example_are_as_reviewed() {
    let files = rendered(&blueprint(READ));
    let root = golden(READ);
    if std::env::var_os("BLESS").is_some() {
        let _ = fs::remove_dir_all(&root);
    }
    let (modules, stacks): (Files, Files) = files
        .into_iter()
        .partition(|(path, _)| path.starts_with("modules/"));
    for (path, text) in &stacks {
        is_reviewed(&root.join(path), text);
    }
    let mut kept = 0;
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if entry.is_dir() {
                open.push(entry)
            } else {
                kept += 1
            }
        }
    }
    assert_eq!(
        kept,
        stacks.len() + usize::from(root.join("modules.list").exists()),
        "files that nobody renders"
    );
    // They are in `assets/` to be read.
    is_reviewed(&root.join("modules.list"), &names(&modules));
}

#[test]
fn the_other_examples_have_the_stacks_that_were_reviewed() {
    for example in LISTED {
        is_reviewed(
            &golden(example).join("files.list"),
            &names(&rendered(&blueprint(example))),
        );
    }
}

#[test]
fn every_state_has_a_key_of_its_own_and_no_stack_reads_another_ones_state() {
    for example in LISTED.into_iter().chain([READ]) {
        let files = rendered(&blueprint(example));
        let mut keys = BTreeSet::new();
        for stack in stacks(&files) {
            let settings = &files[&format!("{stack}/terraform.tf")];
            let key = settings
                .lines()
                .find_map(|line| line.trim().strip_prefix("key "))
                .unwrap();
            assert!(
                keys.insert(key.trim().to_owned()),
                "{stack} has the state of another stack: {key}"
            );
        }
        assert!(
            files
                .values()
                .all(|text| !text.contains("terraform_remote_state"))
        );
    }
}

#[test]
fn a_release_can_reach_neither_the_network_nor_data() {
    let files = rendered(&blueprint(READ));
    let platform: Vec<&str> = stacks(&files)
        .into_iter()
        .filter(|stack| stack.ends_with("/platform"))
        .collect();
    assert!(!platform.is_empty());
    for stack in platform {
        let main = &files[&format!("{stack}/main.tf")];
        for module in [
            "network",
            "peering",
            "cluster",
            "vault",
            "flexible-server",
            "storage",
            "cache",
            "site-gateway",
        ] {
            assert!(
                !main.contains(&format!("/modules/{module}\"")),
                "{stack} calls {module}"
            );
        }
    }
}

#[test]
fn whatever_holds_data_refuses_to_be_destroyed() {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/terraform/modules");
    for (module, resource) in [
        ("flexible-server", "azurerm_postgresql_flexible_server\" \"this\""),
        ("storage", "azurerm_storage_account\" \"this\""),
        ("storage", "azurerm_storage_container\" \"this\""),
        ("vault", "azurerm_key_vault\" \"this\""),
        ("registry", "azurerm_container_registry\" \"this\""),
        ("observability", "azurerm_log_analytics_workspace\" \"this\""),
    ] {
        let text = fs::read_to_string(modules.join(module).join("main.tf")).unwrap();
        let block = text
            .split("\nresource \"")
            .find(|block| block.starts_with(resource))
            .unwrap();
        assert!(block.contains("prevent_destroy = true"), "{module}: {resource}");
    }
}

#[test]
fn stacks_do_not_grow_with_the_number_of_tenants() {
    let mut blueprint = blueprint(READ);
    let before = rendered(&blueprint);
    for environment in &mut blueprint.environments {
        for stamp in &mut environment.stamps {
            let first = stamp.tenants[0].clone();
            for number in 0..5_000 {
                let mut tenant = first.clone();
                tenant.name = format!("tenant-{number}").parse().unwrap();
                tenant.host = format!("tenant-{number}.{}", environment.domain);
                stamp.tenants.push(tenant);
            }
        }
    }
    assert_eq!(rendered(&blueprint), before);
}

#[test]
fn rendering_again_changes_nothing() {
    let blueprint = blueprint(READ);
    assert_eq!(rendered(&blueprint), rendered(&blueprint));
}
