//! An estate that was started on this machine: its settings as rendered, and clients to its programs.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use api::{client::Client, controller::ControllerClient, gateway::GatewayClient};
use local::host::{Home, Program};
use types::{
    EstateName, RegionName,
    host::{self, Layout, Sites},
    settings::ControllerSettings,
};

use crate::{args::Which, failure::Failure};

/// Calls to programs on the same machine answer at once or not at all.
const CALL_TIME_MAX: Duration = Duration::from_secs(3);

/// Root's estates are not where another user's are, which is the usual reason for not finding one.
const ELSEWHERE: &str =
    "start one with `plimsoll up FILE`, or say where it was started with --home or PLIMSOLL_HOME";

/// An estate on this machine.
pub struct OpenEstate {
    pub home: Home,
    pub layout: Layout,
    pub controller: ControllerSettings,
    sites: Sites,
}

impl OpenEstate {
    /// Opens the estate somebody means, which must have been started here before.
    pub fn open(home: Home, which: &Which) -> Result<Self, Failure> {
        let name = choose(&home, which)?;
        let layout = home.layout(&name);
        let controller: ControllerSettings = settings(&layout.rendered().join("controller.json"))?;
        let sites = local::host::read_sites(&layout)?;
        Ok(Self {
            home,
            layout,
            controller,
            sites,
        })
    }

    /// Refuses what needs a running estate when none of its programs runs.
    pub fn must_run(&self) -> Result<(), Failure> {
        if self.programs().iter().any(|program| program.running().is_some()) {
            return Ok(());
        }
        Err(Failure::no(
            "PL0010",
            format!("the estate `{}` is down", self.controller.estate),
        )
        .hint("start it with `plimsoll up FILE`"))
    }

    /// Speaks to the controller. Made when it is needed: an estate whose certificates are damaged can still be stopped.
    pub fn controller(&self) -> Result<ControllerClient, Failure> {
        let url = format!("https://{}", self.controller.listen);
        let client = Client::new(&url, &self.layout.identity("cli"), CALL_TIME_MAX)?;
        Ok(ControllerClient(client))
    }

    /// Speaks to each region's gateway.
    pub fn gateways(&self) -> Result<Vec<(RegionName, GatewayClient)>, Failure> {
        let regions = self.controller.regions.iter();
        let speak = regions.map(|endpoints| {
            let client = Client::new(&endpoints.gateway, &self.layout.identity("cli"), CALL_TIME_MAX)?;
            Ok((endpoints.region.clone(), GatewayClient(client)))
        });
        speak.collect()
    }

    /// The regions, the one that led first in front.
    pub fn regions(&self) -> Vec<RegionName> {
        self.controller
            .regions
            .iter()
            .map(|endpoints| endpoints.region.clone())
            .collect()
    }

    /// The controller's program.
    pub fn controller_program(&self) -> Program {
        self.program(
            host::CONTROLLER,
            "plimsolld",
            self.layout.rendered().join("controller.json"),
            self.layout.controller(),
        )
    }

    /// The program of a region's agent.
    pub fn region_program(&self, region: &RegionName) -> Program {
        let settings = self.layout.rendered().join(region.as_str()).join("agent.json");
        self.program(
            region.as_str(),
            "plimsoll-agent",
            settings,
            self.layout.region(region),
        )
    }

    /// The program of the front door's agent.
    pub fn front_door_program(&self) -> Program {
        let settings = self.layout.rendered().join("front-door/agent.json");
        self.program(
            host::FRONT_DOOR,
            "plimsoll-agent",
            settings,
            self.layout.front_door(),
        )
    }

    /// All of the estate's own programs.
    pub fn programs(&self) -> Vec<Program> {
        let mut programs = vec![self.controller_program(), self.front_door_program()];
        programs.extend(self.regions().iter().map(|region| self.region_program(region)));
        programs
    }

    /// Where a site is, when it has a network namespace of its own.
    pub fn place(&self, site: &str) -> Option<(Ipv4Addr, PathBuf)> {
        let namespace = self.sites.namespace(site)?;
        Some((self.sites.address(site), namespace))
    }

    fn program(&self, name: &str, binary: &str, settings: PathBuf, directory: PathBuf) -> Program {
        Program {
            name: name.to_owned(),
            program: self.layout.root().join("bin").join(binary),
            settings,
            directory,
            env: Vec::new(),
            namespace: self.sites.namespace(name),
        }
    }
}

fn choose(home: &Home, which: &Which) -> Result<EstateName, Failure> {
    let mut known = home.estates()?;
    known.retain(|name| is_begun(home, name));
    let place = home.directory().display();
    let list = || {
        known
            .iter()
            .map(EstateName::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (&which.estate, known.as_slice()) {
        (Some(name), known) if known.contains(name) => Ok(name.clone()),
        (Some(name), []) => {
            Err(Failure::no("PL0004", format!("there is no estate `{name}` in {place}")).hint(ELSEWHERE))
        }
        (Some(name), _) => Err(
            Failure::no("PL0004", format!("there is no estate `{name}` in {place}"))
                .hint(format!("estates there: {}", list())),
        ),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Failure::no("PL0004", format!("there is no estate in {place}")).hint(ELSEWHERE)),
        (None, _) => Err(Failure {
            exit: crate::failure::Exit::Usage,
            ..Failure::no("PL0005", format!("there are several estates in {place}"))
        }
        .hint(format!("choose one with --estate: {}", list()))),
    }
}

/// Whether an `up` got further than its lock: one that was refused leaves nothing else, and is no estate.
fn is_begun(home: &Home, name: &EstateName) -> bool {
    // What cannot be read is somebody's.
    let Ok(entries) = fs::read_dir(home.layout(name).root()) else {
        return true;
    };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names != ["lock"]
}

/// Settings that an earlier `up` rendered.
fn settings<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = fs::read(path).map_err(|error| {
        // Somebody else's estate is complete, as far as we know.
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            return Failure::file("read", path)(error);
        }
        Failure::machine(
            "PL0006",
            format!(
                "the estate was not started completely: {} is missing",
                path.display()
            ),
        )
        .because(&error)
        .hint("run `plimsoll up FILE` again")
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::machine(
            "PL0006",
            format!("{} was made by another version of Plimsoll", path.display()),
        )
        .because(&error)
        .hint("run `plimsoll up FILE` again")
    })
}
