//! PostgreSQL: one insert with a unique key per transaction, through a prepared statement.

use std::{
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{Server, ask, pause};
use crate::{
    gateway::free_address,
    load::{Answer, Protocol},
};

/// It refuses to run as root.
const USER: &str = "postgres";

/// Starts one in this directory, with the programs in `programs`.
pub fn start(programs: &Path, directory: &Path) -> anyhow::Result<Server> {
    std::fs::create_dir_all(directory)?;
    let address = free_address()?;
    let data = directory.join("data");
    if let Some(parent) = directory.parent() {
        std::fs::set_permissions(parent, std::fs::Permissions::from_mode(0o711))?;
    }
    let owned = Command::new("chown").arg(USER).arg(directory).status()?;
    anyhow::ensure!(owned.success(), "there is no user {USER}");
    let made = as_user(programs.join("initdb"))
        .args(["--auth", "trust", "--username", USER, "--no-locale", "--pgdata"])
        .arg(&data)
        .output()
        .context("run initdb")?;
    anyhow::ensure!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut command = as_user(programs.join("postgres"));
    command
        .arg("-D")
        .arg(&data)
        .args([
            "-p",
            &address.port().to_string(),
            "-k",
            "",
            "-c",
            "listen_addresses=127.0.0.1",
        ])
        .args([
            "-c",
            "max_connections=400",
            "-c",
            "shared_buffers=512MB",
            "-c",
            "max_wal_size=4GB",
        ]);
    let server = Server::start(command, address)?;
    // It listens before it can serve.
    let deadline = Instant::now() + Duration::from_secs(30);
    while Insert::new(Vec::new()).connect(address).is_err() {
        anyhow::ensure!(Instant::now() < deadline, "postgres does not serve");
        pause();
    }
    Ok(server)
}

fn as_user(program: PathBuf) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
        .arg(program);
    command
}

/// Inserts one row per request.
#[derive(Clone)]
pub struct Insert {
    body: Arc<[u8]>,
}

impl Insert {
    /// With this body.
    pub fn new(body: Vec<u8>) -> Self {
        Self { body: body.into() }
    }
}

/// Appends a message: a kind, its length, and what it says.
fn say(out: &mut Vec<u8>, kind: &[u8], contents: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(kind);
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    contents(out);
    let length = u32::try_from(out.len() - at).unwrap_or(u32::MAX);
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Where the messages up to "ready for query" end, and whether one of them has this kind.
fn ready(input: &[u8], wanted: u8) -> Option<(usize, bool)> {
    let (mut at, mut found) = (0, false);
    loop {
        let head = input.get(at..at + 5)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        found |= head[0] == wanted;
        at += 1 + length;
        if head[0] == b'Z' {
            return (input.len() >= at).then_some((at, found));
        }
    }
}

const TABLE: &str =
    "create table if not exists inbox (integration text, id text, body bytea, primary key (integration, id))";
const INSERT: &str = "insert into inbox values ('lane-0', $1, $2) on conflict do nothing";

impl Protocol for Insert {
    fn connect(&mut self, address: SocketAddr) -> anyhow::Result<std::net::TcpStream> {
        let mut stream = std::net::TcpStream::connect(address)?;
        let mut input = Vec::new();
        let end = |input: &[u8]| ready(input, b'E').map(|(end, _)| end);
        let mut hello = Vec::new();
        say(&mut hello, b"", |out| {
            out.extend_from_slice(&196_608_u32.to_be_bytes());
            out.extend_from_slice(b"user\0postgres\0database\0postgres\0\0");
        });
        ask(&mut stream, &hello, &mut input, end)?;
        let mut prepare = Vec::new();
        say(&mut prepare, b"Q", |out| {
            out.extend_from_slice(format!("{TABLE}\0").as_bytes())
        });
        // Two connections at once may both try to make it; one of them fails, and it is there.
        ask(&mut stream, &prepare, &mut input, end)?;
        prepare.clear();
        say(&mut prepare, b"P", |out| {
            out.extend_from_slice(format!("insert\0{INSERT}\0\0\0").as_bytes());
        });
        say(&mut prepare, b"S", |_| ());
        let prepared = ask(&mut stream, &prepare, &mut input, end)?;
        anyhow::ensure!(
            ready(&prepared, b'E').is_some_and(|(_, error)| !error),
            "cannot prepare"
        );
        Ok(stream)
    }

    fn request(&self, number: u64, out: &mut Vec<u8>) {
        let id = format!("{number:032}");
        say(out, b"B", |out| {
            // Unnamed portal, the statement, one format for all parameters (binary), two parameters, no result format.
            out.extend_from_slice(b"\0insert\0\0\x01\0\x01\0\x02");
            for value in [id.as_bytes(), &self.body] {
                let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(value);
            }
            out.extend_from_slice(b"\0\0");
        });
        say(out, b"E", |out| out.extend_from_slice(b"\0\0\0\0\0"));
        say(out, b"S", |_| ());
    }

    fn answer(&self, input: &[u8]) -> Answer {
        match ready(input, b'E') {
            None => Answer::Incomplete,
            Some((end, false)) => Answer::Done(end),
            Some((end, true)) => Answer::Wrong(end),
        }
    }
}
