//! One side of the pair: a member of etcd, Patroni, and the PostgreSQL that Patroni starts.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;

use super::{Programs, Settings};
use crate::{
    gateway::free_address,
    peers::{own, unprivileged},
    usage,
};

/// One member of etcd.
pub struct Store {
    pub name: String,
    pub client: SocketAddr,
    peer: SocketAddr,
    directory: PathBuf,
    /// All three, as etcd wants them told.
    pub members: String,
}

impl Store {
    pub fn new(name: &str, root: &Path) -> anyhow::Result<Self> {
        let directory = root.join(name);
        fs::create_dir_all(&directory)?;
        own(&directory)?;
        Ok(Self {
            name: name.to_owned(),
            client: free_address()?,
            peer: free_address()?,
            directory,
            members: String::new(),
        })
    }

    pub fn as_member(&self) -> String {
        format!("{}=http://{}", self.name, self.peer)
    }

    pub fn start(&self, programs: &Programs) -> anyhow::Result<Child> {
        let (client, peer) = (format!("http://{}", self.client), format!("http://{}", self.peer));
        let mut command = unprivileged(&programs.etcd);
        command
            .args(["--name", &self.name, "--data-dir"])
            .arg(self.directory.join("etcd"))
            .args([
                "--listen-client-urls",
                &client,
                "--advertise-client-urls",
                &client,
            ])
            .args([
                "--listen-peer-urls",
                &peer,
                "--initial-advertise-peer-urls",
                &peer,
            ])
            .args(["--initial-cluster", &self.members]);
        spawn(command, &self.directory, "etcd.log")
    }
}

/// One side.
pub struct Side {
    pub store: Store,
    /// Patroni's own address.
    pub rest: SocketAddr,
    pub database: SocketAddr,
    running: Vec<Child>,
}

impl Side {
    pub fn new(
        mut store: Store,
        members: &str,
        hosts: &[String],
        settings: &Settings,
        programs: &Programs,
        root: &Path,
    ) -> anyhow::Result<Self> {
        members.clone_into(&mut store.members);
        let side = Self {
            store,
            rest: free_address()?,
            database: free_address()?,
            running: Vec::new(),
        };
        let text = side.configuration(hosts, settings, programs);
        fs::write(root.join(&side.store.name).join("patroni.yaml"), text)?;
        Ok(side)
    }

    fn data(&self) -> PathBuf {
        self.store.directory.join("data")
    }

    /// What is not said here is Patroni's default. Rewind lets a lost side come back without a copy of everything, which
    /// is what the next run waits for and no part of what is measured.
    fn configuration(&self, hosts: &[String], settings: &Settings, programs: &Programs) -> String {
        let (name, rest, database) = (&self.store.name, self.rest, self.database);
        let (directory, data) = (self.store.directory.display(), self.data());
        let (data, bin, hosts) = (data.display(), programs.postgres.display(), hosts.join(","));
        let written = settings.written();
        let dcs: String = written
            .iter()
            .map(|(name, value)| format!("    {name}: {value}\n"))
            .collect();
        format!(
            "scope: bench\nname: {name}\nrestapi:\n  listen: {rest}\n  connect_address: {rest}\netcd3:\n  hosts: {hosts}\n\
             bootstrap:\n  dcs:\n{dcs}    postgresql:\n      use_pg_rewind: true\n\
             \x20 initdb:\n    - encoding: UTF8\n    - no-locale\n    - data-checksums\n\
             postgresql:\n  listen: {database}\n  connect_address: {database}\n  data_dir: {data}\n  bin_dir: {bin}\n\
             \x20 pgpass: {directory}/pgpass\n  authentication:\n\
             \x20   superuser: {{ username: postgres, password: example }}\n\
             \x20   replication: {{ username: replicator, password: example }}\n\
             \x20 parameters: {{ unix_socket_directories: '' }}\n  pg_hba:\n    - host all all 127.0.0.1/32 trust\n\
             \x20   - host replication all 127.0.0.1/32 trust\n"
        )
    }

    /// Starts etcd and Patroni, which starts PostgreSQL.
    pub fn start(&mut self, programs: &Programs) -> anyhow::Result<()> {
        self.running.push(self.store.start(programs)?);
        let mut patroni = unprivileged(&programs.patroni);
        patroni.arg(self.store.directory.join("patroni.yaml"));
        self.running
            .push(spawn(patroni, &self.store.directory, "patroni.log")?);
        Ok(())
    }

    /// SIGKILL to everything of it at once; returns how many processes that were.
    pub fn kill(&mut self) -> anyhow::Result<usize> {
        let mut all = Vec::new();
        // Patroni lets go of the server that it starts: it is no descendant.
        for root in self.running.iter().map(Child::id).chain(self.postmaster()) {
            all.extend(usage::tree(root)?);
        }
        if all.is_empty() {
            return Ok(0);
        }
        // Some end by themselves when others do.
        let _ = Command::new("kill")
            .arg("-KILL")
            .args(all.iter().map(u32::to_string))
            .output()?;
        for mut process in self.running.drain(..) {
            process.wait()?;
        }
        Ok(all.len())
    }

    /// The server of our data directory, if it still is the process that its file names.
    fn postmaster(&self) -> Option<u32> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let process = file.lines().next()?.trim().parse().ok()?;
        let works_in = fs::read_link(format!("/proc/{process}/cwd")).ok()?;
        (works_in == self.data()).then_some(process)
    }
}

/// With what it says in a file, for whoever wonders.
fn spawn(mut command: Command, directory: &Path, log: &str) -> anyhow::Result<Child> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(directory.join(log))?;
    let name = command.get_program().display().to_string();
    command
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("start {name}"))
}
