//! Estates for tests.

use std::path::Path;

use estate::Estate;
use types::{StampName, TenantName};

/// All examples, the first one that every reader sees first.
pub const EXAMPLES: [&str; 3] = [
    "two-warehouse-distributor",
    "third-party-logistics",
    "multinational",
];

/// The text of an example.
pub fn text(name: &str) -> String {
    let path = format!("../../examples/estates/{name}.yaml");
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// An example.
pub fn named(name: &str) -> Estate {
    read(&text(name))
}

/// Reads a text that must be right.
pub fn read(text: &str) -> Estate {
    match estate::read("test", text) {
        Ok(checked) => checked.estate,
        Err(found) => panic!(
            "{}",
            estate::render_diagnostics("test", text, &found, estate::Color::Never)
        ),
    }
}

/// The first example.
pub fn example() -> Estate {
    named(EXAMPLES[0])
}

/// An estate of shared stamps with so many tenants each.
pub fn shared(stamps: usize, tenants: usize) -> Estate {
    let mut estate = example();
    estate.integrations.clear();
    let (_, mut stamp) = estate.stamps.pop_first().unwrap();
    let (_, tenant) = estate.tenants.pop_first().unwrap();
    stamp.tenancy = estate::Tenancy::Shared;
    stamp.tenants_max = 50;
    stamp.cache.memory = types::ByteSize::mib(64);
    stamp.quota.database_size_max = types::ByteSize::gib(10);
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
    estate
}
