//! Where and with what a drill ran.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use recovery::evidence::HostFacts;
use types::settings::{SiteRole, SiteSettings};

use crate::open_estate::OpenEstate;

/// The machine, as far as it tells.
pub fn facts() -> HostFacts {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let system = read("/etc/os-release");
    let system = system
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .unwrap_or("unknown");
    let memory = read("/proc/meminfo");
    let memory = memory.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    HostFacts {
        system: system.trim_matches('"').to_owned(),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        cpus: std::thread::available_parallelism().map_or(0, |n| u32::try_from(n.get()).unwrap_or(u32::MAX)),
        memory_bytes: memory.unwrap_or(0) << 10,
    }
}

/// What ran, program to version.
pub fn versions(estate: &OpenEstate) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::from([("plimsoll".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    if let Ok(odoo) = fs::read_to_string(estate.home.runtime().join("odoo/VERSION")) {
        versions.insert("odoo".to_owned(), odoo.trim().to_owned());
    }
    let Some(site) = first_site(estate) else {
        return versions;
    };
    let SiteRole::Region(region) = &site.role else {
        return versions;
    };
    let mut programs: Vec<(&str, PathBuf, &str)> = vec![(
        "postgresql",
        region.database.bin_dir.join("postgres"),
        "--version",
    )];
    for process in &site.processes {
        match process.program.file_name().and_then(|name| name.to_str()) {
            Some("redis-server") => programs.push(("redis", process.program.clone(), "--version")),
            Some("traefik") => programs.push(("traefik", process.program.clone(), "version")),
            _ => {}
        }
    }
    for (name, program, argument) in programs {
        if let Ok(output) = Command::new(program).arg(argument).output() {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            versions.insert(
                name.to_owned(),
                text.lines().next().unwrap_or_default().trim().to_owned(),
            );
        }
    }
    versions
}

fn first_site(estate: &OpenEstate) -> Option<SiteSettings> {
    let region = estate.regions().into_iter().next()?;
    let path = estate.layout.rendered().join(region.as_str()).join("agent.json");
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
