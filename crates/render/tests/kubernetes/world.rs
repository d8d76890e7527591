//! Blueprints for tests, and their trees.

use std::{collections::BTreeMap, path::Path};

use estate::Estate;
use plan::cloud::blueprint::Blueprint;
use plimsoll_render as render;
use types::{StampName, TenantName};

/// The example estates.
pub const EXAMPLES: [&str; 3] = [
    "two-warehouse-distributor",
    "third-party-logistics",
    "multinational",
];

/// An example, as it is read.
pub fn example(name: &str) -> Estate {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../examples/estates/{name}.yaml"));
    let text = std::fs::read_to_string(path).unwrap();
    match estate::read(name, &text) {
        Ok(checked) => checked.estate,
        Err(found) => panic!(
            "{}",
            estate::render_diagnostics(name, &text, &found, estate::Color::Never)
        ),
    }
}

/// An example, planned.
pub fn blueprint(name: &str) -> Blueprint {
    plan::cloud::plan(&example(name)).unwrap().0
}

/// All examples, planned.
pub fn all() -> Vec<(&'static str, Blueprint)> {
    EXAMPLES.map(|name| (name, blueprint(name))).into()
}

/// One environment of shared stamps with so many tenants each, on CloudNativePG, which takes the most manifests.
pub fn shared(stamps: usize, tenants: usize) -> Blueprint {
    let mut estate = example(EXAMPLES[0]);
    estate.integrations.clear();
    estate
        .environments
        .retain(|_, environment| environment.stage == estate::Stage::Production);
    let (_, mut stamp) = estate.stamps.pop_first().unwrap();
    let (_, tenant) = estate.tenants.pop_first().unwrap();
    stamp.tenancy = estate::Tenancy::Shared;
    stamp.tenants_max = 50;
    stamp.cache.memory = types::ByteSize::mib(64);
    stamp.quota.database_size_max = types::ByteSize::gib(10);
    stamp.database.engine = estate::Engine::CloudNativePg;
    for number in 0..stamps {
        let name = StampName::new(format!("shared-{number}")).unwrap();
        for other in 0..tenants {
            let mut tenant = tenant.clone();
            let id = TenantName::new(format!("tenant-{number}-{other}")).unwrap();
            tenant.stamp = name.clone();
            tenant.database = id.to_string();
            tenant.host = format!("{id}.{}", estate.organisation.domain);
            estate.tenants.insert(id, tenant);
        }
        estate.stamps.insert(name, stamp.clone());
    }
    for site in &mut estate.sites {
        site.tenants = estate.tenants.keys().cloned().collect();
    }
    plan::cloud::plan(&estate).unwrap().0
}

/// The folder's files.
pub fn rendered(blueprint: &Blueprint) -> BTreeMap<String, String> {
    let tree = render::cloud(blueprint).unwrap();
    tree.iter()
        .filter(|(path, _)| path.as_str().starts_with("kubernetes/"))
        .map(|(path, content)| (path.as_str().to_owned(), content.to_owned()))
        .collect()
}

/// All documents of a tree, with where they are.
pub fn documents(tree: &BTreeMap<String, String>) -> Vec<(String, serde_json::Value)> {
    let manifests = tree.iter().filter(|(path, _)| path.ends_with(".yaml"));
    manifests
        .flat_map(|(path, content)| {
            content.split("\n---\n").map(move |text| {
                let document =
                    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
                (path.clone(), document)
            })
        })
        .collect()
}

/// The documents of one kind.
pub fn kind<'d>(documents: &'d [(String, serde_json::Value)], kind: &str) -> Vec<&'d serde_json::Value> {
    documents
        .iter()
        .map(|(_, document)| document)
        .filter(|document| document["kind"] == kind)
        .collect()
}

/// A path as seen from a directory.
pub fn joined(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').collect();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}
