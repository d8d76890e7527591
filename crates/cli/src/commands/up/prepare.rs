//! Makes everything on disk that the estate's programs need, then renders their settings.

use std::{collections::BTreeMap, fs::File, path::Path};

use estate::Estate;
use local::host::{self, Home, Seed, SeedInputs};
use types::{
    TenantName,
    host::{self as machine, Host, Layout, Programs, SitePlace, Sites},
};

use super::Request;
use crate::{failure::Failure, open_estate::OpenEstate, talk::Talk};

/// What was made ready.
pub struct Prepared {
    /// The estate's lock, so that nobody else starts it meanwhile.
    pub lock: File,
    /// Whose certificates are new.
    pub renewed: Vec<String>,
    /// Its ports, until its programs listen on them.
    pub ports: host::ReservedPorts,
}

/// Gathers, plans, renders, writes. Starts nothing.
pub fn prepare(home: &Home, estate: &Estate, request: &Request, talk: &Talk) -> Result<Prepared, Failure> {
    let files = home.files();
    let layout = home.layout(&estate.name);
    let found = find_programs(home, request.odoo.as_deref())?;
    files.shared_directory(home.directory())?;
    files.shared_directory(&home.directory().join("estates"))?;
    files.directory(layout.root())?;
    let lock = lock(&layout)?;
    if !has_database(&layout, estate) {
        host::ensure_room(layout.root())?;
    }

    let (tenant, database) = tenant(estate, request.tenant.as_ref())?;
    let addons = host::install_addons(&files, &home.cache().join("addons"))?;
    let binaries =
        host::install_binaries(&files, &beside_us()?, &layout.root().join("bin")).map_err(missing_binary)?;
    let remembered = layout.root().join("ports.json");
    let sites = host::ensure_sites(&files, &layout, told_sites(estate, &request.sites)?)?;
    let (ports, reserved) = host::allocate_ports(&files, &remembered, &plan::ports(estate))?;
    refuse_taken_ports(&layout, &ports)?;
    let redis_ports: Vec<_> = estate
        .regions
        .iter()
        .filter_map(|region| {
            Some((
                region.name.clone(),
                *ports.get(&format!("{}/redis", region.name))?,
            ))
        })
        .collect();
    let integrations: Vec<_> = estate.integrations.iter().map(|one| one.name.clone()).collect();
    let secrets = host::ensure_secrets(&files, &layout, &integrations, &redis_ports)?;
    let renewed = host::ensure_identities(&files, &layout, &identities(estate), &sites)?;

    let target = Host {
        layout: layout.clone(),
        programs: Programs {
            postgres_bin_dir: found.postgres_bin_dir.clone(),
            postgres_major: found.postgres_major,
            redis_server: found.redis_server.clone(),
            traefik: found.traefik.clone(),
            odoo_python: found.odoo_python.clone(),
            odoo_dist: found.odoo_dist.clone(),
            addons: addons.directory.clone(),
            odoo_launcher: addons.launcher.clone(),
            gateway: binaries.gateway,
        },
        ports,
        sites,
        seed: layout.root().join("seed"),
    };
    let tree = compile(estate, &tenant, &target, talk)?;
    refuse_to_change_what_runs(&layout, &tree)?;

    if !has_database(&layout, estate) {
        let inputs = SeedInputs {
            found: &found,
            addons: &addons,
            database: &database,
        };
        let step = talk.step(format!("template database with Odoo {}", found.odoo_version));
        let seed = Seed::ensure(&files, &home.cache(), &inputs, &mut |line| step.detail(line))?;
        step.done_as(if seed.made {
            "template database made and cached"
        } else {
            "template database from the cache"
        });
        let step = talk.step("the estate's own copy of it");
        host::estate_seed(&files, &layout, &seed, &inputs, &secrets)?;
        step.done();
    }
    // What is not in any program's settings, such as whom to tell, is asked of the file later.
    let written = std::fs::read(&request.file).map_err(Failure::file("read", &request.file))?;
    files.file(&layout.estate_file(), &written)?;
    let changed = host::write_tree(&files, &layout.rendered(), &tree)?;
    talk.kept(match changed.len() {
        0 => "rendered configuration is as it was".to_owned(),
        n => format!(
            "{n} configuration files rendered into {}",
            layout.rendered().display()
        ),
    });
    Ok(Prepared {
        lock,
        renewed,
        ports: reserved,
    })
}

/// The seed is of no use any more once a database stands.
pub fn tidy(estate: &OpenEstate) -> Result<(), Failure> {
    for leftover in ["seed", "seed.complete"] {
        let path = estate.layout.root().join(leftover);
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file("remove", &path)(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn compile(
    estate: &Estate,
    tenant: &TenantName,
    target: &Host,
    talk: &Talk,
) -> Result<types::FileTree, Failure> {
    let (blueprint, _report) = plan::local(estate, Some(tenant), target).map_err(refused)?;
    for finding in plan::audit(&blueprint) {
        talk.say(format_args!("  ! {finding}"));
    }
    render::local(&blueprint)
        .map_err(|error| Failure::machine("PL0011", "cannot render the estate").because(&error))
}

fn refused(refusal: plan::Refusal) -> Failure {
    let failure = Failure::no(refusal.code(), refusal.to_string());
    match refusal {
        plan::Refusal::BadPath { .. } => failure.hint("set PLIMSOLL_HOME to another directory"),
        plan::Refusal::SocketPathTooLong { .. } => failure
            .hint("set PLIMSOLL_HOME to a shorter path, or shorten the names of the estate and its regions"),
        _ => failure,
    }
}

fn tenant(estate: &Estate, asked: Option<&TenantName>) -> Result<(TenantName, String), Failure> {
    let names = || {
        estate
            .tenants
            .keys()
            .map(TenantName::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let chosen = match asked {
        Some(name) => estate.tenants.get_key_value(name).ok_or_else(|| {
            Failure::no("PL0012", format!("the estate has no tenant `{name}`"))
                .hint(format!("its tenants: {}", names()))
        })?,
        None if estate.tenants.len() == 1 => estate
            .tenants
            .iter()
            .next()
            .ok_or_else(|| Failure::no("PL0012", "the estate has no tenant"))?,
        None => {
            return Err(Failure::no(
                "PL0012",
                "one machine runs one tenant, and the estate has several",
            )
            .hint(format!("choose one with --tenant: {}", names())));
        }
    };
    Ok((chosen.0.clone(), chosen.1.database.clone()))
}

/// Where somebody told that sites are; `None` when nobody told anything.
fn told_sites(estate: &Estate, told: &[SitePlace]) -> Result<Option<Sites>, Failure> {
    let known: Vec<&str> = [machine::CONTROLLER, machine::FRONT_DOOR]
        .into_iter()
        .chain(estate.regions.iter().map(|region| region.name.as_str()))
        .collect();
    if let Some(unknown) = told.iter().find(|one| !known.contains(&one.site.as_str())) {
        return Err(
            Failure::no("PL0028", format!("the estate has no site `{}`", unknown.site))
                .hint(format!("its sites: {}", known.join(", "))),
        );
    }
    let places = told.iter().map(|one| (one.site.clone(), one.place.clone()));
    Ok((!told.is_empty()).then(|| places.collect()))
}

fn identities(estate: &Estate) -> Vec<String> {
    let mut programs = ["controller", "cli", "front-door"].map(str::to_owned).to_vec();
    for region in &estate.regions {
        programs.extend(
            ["agent", "gateway", "postgres", "redis", "ingress"]
                .map(|program| format!("{}-{program}", region.name)),
        );
    }
    programs
}

/// Whether any region holds a database: then the estate has begun, and no seed may ever be used again.
fn has_database(layout: &Layout, estate: &Estate) -> bool {
    estate.regions.iter().any(|region| {
        layout
            .region(&region.name)
            .join("postgres/data/PG_VERSION")
            .exists()
    })
}

/// Programs read their settings at start: new files under running programs would be a lie.
fn refuse_to_change_what_runs(layout: &Layout, tree: &types::FileTree) -> Result<(), Failure> {
    let changed = host::tree_changes(&layout.rendered(), tree)?;
    if changed.is_empty() || !anything_runs(layout) {
        return Ok(());
    }
    let first: Vec<_> = changed
        .iter()
        .take(3)
        .map(|path| path.display().to_string())
        .collect();
    let more = if changed.len() > first.len() { ", …" } else { "" };
    let what = format!(
        "the estate runs with another configuration ({}{more} would change)",
        first.join(", ")
    );
    Err(Failure::no("PL0015", what).hint("`plimsoll down`, then `plimsoll up FILE` again"))
}

/// Only while nothing of the estate runs: its own programs sit on these ports otherwise.
fn refuse_taken_ports(layout: &Layout, ports: &BTreeMap<String, u16>) -> Result<(), Failure> {
    if anything_runs(layout) {
        return Ok(());
    }
    match host::busy_ports(ports) {
        busy if busy.is_empty() => Ok(()),
        ports => Err(host::Error::PortsTaken { ports }.into()),
    }
}

fn anything_runs(layout: &Layout) -> bool {
    let above = ["controller", "front-door"].map(|name| layout.root().join(name));
    let regions = std::fs::read_dir(layout.root().join("regions"))
        .into_iter()
        .flatten()
        .flatten();
    above
        .into_iter()
        .chain(regions.map(|entry| entry.path()))
        .any(|directory| host::is_running_in(&directory))
}

fn find_programs(home: &Home, odoo: Option<&Path>) -> Result<host::Found, Failure> {
    let Some(odoo) = odoo else {
        return Ok(host::find_programs(home, None)?);
    };
    // It ends up in configuration files, which are read in other directories.
    let odoo = std::path::absolute(odoo).map_err(Failure::file("resolve", odoo))?;
    host::find_programs(home, Some(&odoo)).map_err(|error| {
        let of_odoo = match &error {
            host::Error::Missing { looked, .. } => looked.iter().any(|path| path.starts_with(&odoo)),
            host::Error::File { path, .. } => path.starts_with(&odoo),
            _ => false,
        };
        let failure = Failure::from(error);
        if of_odoo {
            failure.hint(
                "--odoo or PLIMSOLL_ODOO must name a directory with venv/bin/python, dist/odoo and VERSION",
            )
        } else {
            failure
        }
    })
}

/// Plimsoll's own programs are not installed by `script/setup`: they are built together.
fn missing_binary(error: host::Error) -> Failure {
    let missing = matches!(error, host::Error::Missing { .. });
    let failure = Failure::from(error);
    if missing {
        failure.hint("build all of Plimsoll's programs: cargo build --release --bins")
    } else {
        failure
    }
}

/// Our sibling programs lie beside us.
fn beside_us() -> Result<std::path::PathBuf, Failure> {
    let us = std::env::current_exe()
        .map_err(|error| Failure::machine("PL0001", "cannot find my own program").because(&error))?;
    Ok(us.parent().unwrap_or(Path::new("/")).to_path_buf())
}

fn lock(layout: &Layout) -> Result<File, Failure> {
    let path = layout.root().join("lock");
    let file = File::create(&path).map_err(Failure::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(host::Error::Locked { path }.into()),
    }
}
