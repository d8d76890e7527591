//! A directory with a Plimsoll home of its own, the commands run in it, and what they said.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use estate::Estate;
use snapbox::{Assert, Data, IntoData as _, assert::Action, cmd::Command};
use types::{
    EstateName,
    host::{Host, Layout, Programs},
};

/// Nothing that is tried here starts anything, so that no command takes long; a loaded machine may let it wait.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(300);

/// A directory in which commands are run; what they say is written down.
pub struct World {
    directory: tempfile::TempDir,
    program: PathBuf,
    said: String,
}

impl World {
    /// An empty home and a copy of the examples.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let world = Self {
            directory,
            program: env!("CARGO_BIN_EXE_plimsoll").into(),
            said: String::new(),
        };
        fs::create_dir(world.path("home")).unwrap();
        for examples in ["examples/estates", "examples/estates/invalid"] {
            fs::create_dir_all(world.path(examples)).unwrap();
            for entry in fs::read_dir(repository().join(examples)).unwrap() {
                let from = entry.unwrap().path();
                if from.is_file() {
                    fs::copy(&from, world.path(examples).join(from.file_name().unwrap())).unwrap();
                }
            }
        }
        world
    }

    /// The same with a program that lies in this directory, so that the test decides what lies beside it.
    pub fn with_program_of_its_own() -> Self {
        let mut world = Self::new();
        let own = world.path("bin/plimsoll");
        fs::create_dir(world.path("bin")).unwrap();
        if fs::hard_link(&world.program, &own).is_err() {
            // By another process: a file that this one has open for writing cannot be run as long as somebody whom
            // another test starts just now has it open too.
            let copied = std::process::Command::new("cp")
                .args([&world.program, &own])
                .status();
            assert!(copied.unwrap().success());
        }
        world.program = own;
        world
    }

    /// A path below the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file, with the directories it needs.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// An estate as an earlier `up` rendered it, down by now.
    pub fn estate_that_is_down(&self) -> Layout {
        let source = "examples/estates/two-warehouse-distributor.yaml";
        let text = fs::read_to_string(self.path(source)).unwrap();
        let Ok(checked) = estate::read(source, &text) else {
            panic!("{source} is fine")
        };
        let layout = self.layout(&checked.estate.name);
        let host = host(&checked.estate, layout.clone());
        let (blueprint, _) = plan::local(&checked.estate, None, &host).unwrap();
        for (path, content) in render::local(&blueprint).unwrap().iter() {
            let path = layout.rendered().join(path.as_str());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        layout
    }

    /// Where an estate of this name lies.
    pub fn layout(&self, estate: &EstateName) -> Layout {
        Layout::new(self.path("home/estates").join(estate.as_str()))
    }

    /// Runs a command as a person would type it, and writes down what it said.
    pub fn run(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, arguments @ ..] = words.as_slice() else {
            panic!("nothing to run")
        };
        assert_eq!(*name, "plimsoll");
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.directory.path())
            .env("PLIMSOLL_HOME", self.path("home"))
            // What help is wrapped to where no terminal tells.
            .env("COLUMNS", "100")
            .stdin(Data::new())
            .timeout(COMMAND_TIME_MAX)
            .output()
            .unwrap();
        self.said += &format!("$ {line}\n");
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let text = String::from_utf8_lossy(bytes).replace(self.directory.path().to_str().unwrap(), "DIR");
            if !text.is_empty() {
                self.said += &format!("--- {stream}\n{}\n", text.trim_end_matches('\n'));
            }
        }
        self.said += &format!("--- exit {}\n\n", output.status.code().unwrap());
    }

    /// What was said so far, for tests that replace what differs between machines.
    pub fn said_mut(&mut self) -> &mut String {
        &mut self.said
    }

    /// Compares what was said with a reviewed transcript; `BLESS=1` takes over what is new.
    pub fn assert_transcript(&self, name: &str) {
        let action = match std::env::var_os("BLESS") {
            Some(_) => Action::Overwrite,
            None => Action::Verify,
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/transcripts")
            .join(name);
        let said = self.said.trim_end_matches('\n').to_owned() + "\n";
        Assert::new()
            .action(action)
            .eq(said.raw(), Data::read_from(&file, None).raw());
    }

    /// Nothing was made: neither an estate nor anything else.
    pub fn assert_home_is_empty(&self) {
        let found: Vec<_> = fs::read_dir(self.path("home"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(found, Vec::<PathBuf>::new());
    }
}

/// The root of the checkout.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn host(estate: &Estate, layout: Layout) -> Host {
    Host {
        seed: layout.root().join("seed"),
        layout,
        programs: Programs {
            postgres_bin_dir: "/usr/lib/postgresql/15/bin".into(),
            postgres_major: 15,
            redis_server: "/usr/bin/redis-server".into(),
            traefik: "/opt/traefik".into(),
            odoo_python: "/opt/odoo/venv/bin/python".into(),
            odoo_dist: "/opt/odoo/dist".into(),
            addons: "/opt/addons".into(),
            odoo_launcher: "/opt/addons/launcher/odoo_plimsoll.py".into(),
            gateway: "/opt/bin/plimsoll-gateway".into(),
        },
        // Nobody listens there: these are system ports, and nothing is started.
        ports: plan::ports(estate).into_iter().zip(900..).collect(),
        sites: types::host::Sites::default(),
    }
}
