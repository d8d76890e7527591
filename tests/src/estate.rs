//! One real estate.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use local::host::{Home, Program};
use serde_json::Value;
use types::{
    EstateName, RegionName,
    host::Layout,
    settings::{ControllerSettings, DatabaseSettings, SiteRole, SiteSettings},
};

use crate::lab::Network;

/// For what comes at once on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

/// A running estate, made from the example.
pub struct TestEstate {
    name: EstateName,
    file: PathBuf,
    home: Home,
    /// More arguments for `up`.
    up: Vec<String>,
    _directory: tempfile::TempDir,
}

impl TestEstate {
    /// Starts one; returns when it is protected.
    pub fn up(test: &str) -> Self {
        let estate = Self::declared(test);
        let up = estate.run_up();
        assert_eq!(up.code, 0, "plimsoll up failed\n{}\n{}", up.stdout, up.stderr);
        estate
    }

    /// The same with each site in its place on a network that can be cut.
    pub fn up_within(test: &str, network: &Network) -> Self {
        let mut estate = Self::declared(test);
        estate.up = network.arguments();
        let up = estate.run_up();
        assert_eq!(up.code, 0, "plimsoll up failed\n{}\n{}", up.stdout, up.stderr);
        estate
    }

    /// The same with a passage of its file replaced.
    pub fn up_with(test: &str, passage: &str, replacement: &str) -> Self {
        Self::up_with_all(test, &[(passage, replacement)])
    }

    /// The same with several passages replaced.
    pub fn up_with_all(test: &str, passages: &[(&str, &str)]) -> Self {
        let estate = Self::declared(test);
        let mut text = fs::read_to_string(&estate.file).unwrap();
        for (passage, replacement) in passages {
            assert!(text.contains(passage), "the example no longer says {passage:?}");
            text = text.replace(passage, replacement);
        }
        fs::write(&estate.file, text).unwrap();
        let up = estate.run_up();
        assert_eq!(up.code, 0, "plimsoll up failed\n{}\n{}", up.stdout, up.stderr);
        estate
    }

    /// Writes the estate file, and starts nothing.
    pub fn declared(test: &str) -> Self {
        let name = EstateName::new(format!("e2e-{test}-{}", std::process::id())).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let example =
            fs::read_to_string(root().join("examples/estates/two-warehouse-distributor.yaml")).unwrap();
        let mut text = example;
        for (found, instead) in [
            ("name: two-warehouse-distributor", format!("name: {name}")),
            // How fast a recovery is, is measured by drills on a quiet machine. A test proves that it is right, and a
            // slow machine has time for that.
            ("rto: 10s", "rto: 5m".to_owned()),
            ("rto: 30s", "rto: 5m".to_owned()),
        ] {
            assert!(text.contains(found), "the example no longer says {found:?}");
            text = text.replace(found, &instead);
        }
        let file = directory.path().join("estate.yaml");
        fs::write(&file, text).unwrap();
        let given = std::env::var_os("PLIMSOLL_HOME").map(PathBuf::from);
        let data = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
        let home = Home::find(given.as_deref(), data.as_deref()).unwrap();
        Self {
            name,
            file,
            home,
            up: Vec::new(),
            _directory: directory,
        }
    }

    /// Gives a region's database a disk of its own of `mebibytes`, in a namespace of mounts; before the estate starts.
    /// Returns its directory.
    pub fn mount_database_disk(&self, region: &RegionName, mebibytes: u32) -> PathBuf {
        let directory = self.layout().region(region).join("postgres");
        self.home.files().directory(&directory).unwrap();
        let owner = fs::metadata(&directory).unwrap();
        let (uid, gid) = (owner.uid(), owner.gid());
        let options = format!("size={mebibytes}m,mode=700,uid={uid},gid={gid}");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "plimsoll-test"])
            .arg(&directory)
            .status();
        assert!(mount.unwrap().success(), "cannot mount {}", directory.display());
        directory
    }

    /// `plimsoll up` with this estate's file.
    pub fn run_up(&self) -> Output {
        let mut all = vec!["up", self.file.to_str().unwrap()];
        all.extend(self.up.iter().map(String::as_str));
        run(&all)
    }

    /// Any other command, with `--estate` added.
    pub fn plimsoll(&self, arguments: &[&str]) -> Output {
        let mut all = arguments.to_vec();
        all.extend(["--estate", self.name.as_str()]);
        run(&all)
    }

    /// Begins a command, with `--estate` added, and does not wait for its end.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        Command::new(plimsoll())
            .args(arguments)
            .args(["--estate", self.name.as_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// `plimsoll status --output json`, or `None` while the controller does not answer.
    pub fn status(&self) -> Option<Value> {
        serde_json::from_str(&self.plimsoll(&["status", "--output", "json"]).stdout).ok()
    }

    /// What the controller answers to a request of the operator's, or `None` while it does not answer.
    pub fn ask_controller(&self, path: &str) -> Option<Value> {
        let settings: ControllerSettings =
            serde_json::from_slice(&fs::read(self.layout().rendered().join("controller.json")).ok()?).ok()?;
        let identity = self.layout().identity("cli");
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--max-time", "5", "--cacert"])
            .arg(identity.ca)
            .arg("--cert")
            .arg(identity.certificate)
            .arg("--key")
            .arg(identity.key)
            .arg(format!("https://{}{path}", settings.listen));
        serde_json::from_slice(&curl.output().ok()?.stdout).ok()
    }

    /// Waits until the loss of the active region would be survived.
    pub fn wait_until_protected(&self) {
        wait_for("the estate to be protected", Duration::from_secs(180), || {
            let status = self.status()?;
            (status["protection"] == "protected").then_some(())
        });
    }

    /// The same of a controller that answers, however long a busy machine takes for it.
    pub fn status_told(&self) -> Value {
        wait_for("the controller to answer", PATIENCE, || self.status())
    }

    /// The region that leads by the controller's record.
    pub fn active(&self) -> RegionName {
        let status = self.status_told();
        RegionName::new(status["active"].as_str().expect("some region leads")).unwrap()
    }

    /// The public base URL, without a slash at its end.
    pub fn public_url(&self) -> String {
        let status = self.status_told();
        status["public_url"]
            .as_str()
            .unwrap()
            .trim_end_matches('/')
            .to_owned()
    }

    /// Both regions, the one that led first in front.
    pub fn regions(&self) -> Vec<RegionName> {
        let text = fs::read(self.layout().rendered().join("controller.json")).unwrap();
        let settings: Value = serde_json::from_slice(&text).unwrap();
        let regions = settings["regions"].as_array().unwrap();
        regions
            .iter()
            .map(|region| RegionName::new(region["region"].as_str().unwrap()).unwrap())
            .collect()
    }

    /// The other region.
    pub fn other(&self, region: &RegionName) -> RegionName {
        self.regions().into_iter().find(|other| other != region).unwrap()
    }

    /// Where things of the estate lie.
    pub fn layout(&self) -> Layout {
        self.home.layout(&self.name)
    }

    /// Settings of a region's database.
    pub fn database(&self, region: &RegionName) -> DatabaseSettings {
        let path = self.layout().rendered().join(region.as_str()).join("agent.json");
        let settings: SiteSettings = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        match settings.role {
            SiteRole::Region(region) => region.database,
            SiteRole::FrontDoor(_) => panic!("{region} is no region"),
        }
    }

    /// One value from a region's database, asked as superuser.
    pub fn sql(&self, region: &RegionName, query: &str) -> String {
        let settings = self.database(region);
        let password = fs::read_to_string(&settings.superuser_password_file).unwrap();
        let output = Command::new(settings.bin_dir.join("psql"))
            .args([
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                &settings.superuser,
            ])
            .args([
                "-d",
                &settings.tenant_database,
                "-p",
                &settings.port.to_string(),
                "-h",
            ])
            .arg(&settings.socket_dir)
            .args(["-c", query])
            .env("PGPASSWORD", password)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{query}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The controller's program, for tests that kill it and start it with a fault.
    pub fn controller(&self) -> Program {
        self.program(
            "controller",
            "plimsolld",
            "controller.json",
            self.layout().controller(),
        )
    }

    /// A region's agent.
    pub fn agent(&self, region: &RegionName) -> Program {
        self.program(
            region.as_str(),
            "plimsoll-agent",
            &format!("{region}/agent.json"),
            self.layout().region(region),
        )
    }

    /// Starts one of the estate's own programs.
    pub fn start(&self, program: &Program) {
        local::host::start(&self.home.files(), program).unwrap();
    }

    /// Process id of a component that serves, as its region's agent last told.
    pub fn serving(&self, region: &RegionName, component: &str) -> Option<u32> {
        let status = self.status()?;
        let region = status["regions"]
            .as_array()?
            .iter()
            .find(|one| one["region"] == region.as_str())?;
        let components = region["observation"]["components"].as_array()?;
        let found = components
            .iter()
            .find(|one| one["name"] == component && one["state"] == "ready")?;
        u32::try_from(found["pid"].as_u64()?).ok()
    }

    /// The same, once it serves: on a busy machine it may miss a look of its agent's now and then.
    pub fn wait_until_serving(&self, region: &RegionName, component: &str) -> u32 {
        let what = format!("{component} in {region} to serve");
        wait_for(&what, PATIENCE, || self.serving(region, component))
    }

    /// Processes that belong to this estate: those whose command line or working directory names its directory.
    pub fn processes(&self) -> Vec<(u32, String)> {
        let root = self.layout().root().to_path_buf();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<u32>().ok())
            else {
                continue;
            };
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let directory = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            if pid != std::process::id()
                && (command.contains(root.to_str().unwrap()) || directory.starts_with(&root))
            {
                found.push((pid, command));
            }
        }
        found
    }

    fn program(&self, name: &str, binary: &str, settings: &str, directory: PathBuf) -> Program {
        let layout = self.layout();
        Program {
            name: name.to_owned(),
            program: layout.root().join("bin").join(binary),
            settings: layout.rendered().join(settings),
            directory,
            env: Vec::new(),
            namespace: local::host::read_sites(&layout).unwrap().namespace(name),
        }
    }

    /// The last lines of every program's log, for a failed test.
    fn show_logs(&self) {
        let logs = self.plimsoll(&["logs", "-n", "25"]);
        println!("--- logs of {}\n{}", self.name, logs.stdout);
        println!("--- status\n{}", self.plimsoll(&["status"]).stdout);
    }
}

impl Drop for TestEstate {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
        let destroyed = self.plimsoll(&["destroy", "--yes"]);
        if destroyed.code != 0 && !std::thread::panicking() {
            panic!("plimsoll destroy failed\n{}", destroyed.stderr);
        }
    }
}

/// Polls until `look` returns something.
///
/// # Panics
/// When nothing came within `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited {} s for {what}", limit.as_secs());
        #[expect(
            clippy::disallowed_methods,
            reason = "the pause between two looks at a condition"
        )]
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn run(arguments: &[&str]) -> Output {
    let output = Command::new(plimsoll()).args(arguments).output().unwrap();
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The program under test: it lies beside the directory of the test's own binary.
pub fn plimsoll() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let found = test.parent().and_then(Path::parent).unwrap().join("plimsoll");
    assert!(
        found.exists(),
        "{} is missing: cargo build --workspace --bins",
        found.display()
    );
    found
}

/// The project's directory.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}
