//! A pair of PostgreSQL servers under Patroni, with etcd in three members as Patroni's and etcd's documents ask for:
//!
//! ```text
//!   side 0: postgres, patroni, etcd      side 1: postgres, patroni, etcd      witness: etcd
//! ```
//!
//! so that a majority survives the loss of a side. It is the shape that Plimsoll's lease has too: two regions, a witness.

mod programs;
mod side;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::Value;

pub use programs::Programs;
use side::{Side, Store};

/// What may be turned about how soon Patroni fails over.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For people.
    pub name: &'static str,
    /// How long a leader's key lives without being renewed, seconds.
    pub ttl: u32,
    /// Between two looks of a member, seconds.
    pub loop_wait: u32,
    /// How long DCS and PostgreSQL may fail before a leader gives up, seconds.
    pub retry_timeout: u32,
    /// How long a leader may try to start PostgreSQL again before it gives up, seconds.
    pub primary_start_timeout: u32,
}

/// As it comes: <https://patroni.readthedocs.io/en/latest/dynamic_configuration.html>.
pub const DEFAULT: Settings = Settings {
    name: "default",
    ttl: 30,
    loop_wait: 10,
    retry_timeout: 10,
    primary_start_timeout: 300,
};

/// The "minimum possible value" of each on the same page; Patroni raises anything below.
pub const TIGHTEST: Settings = Settings {
    name: "tightest",
    ttl: 20,
    loop_wait: 1,
    retry_timeout: 3,
    primary_start_timeout: 0,
};

/// A cluster that cannot be brought to where it should be by then will not come.
const WELL_WITHIN: Duration = Duration::from_secs(120);
/// How often it is asked how it is; what is measured does not come from this.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A member that does not answer within this is not well.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// A running pair; everything of it is killed when it is dropped.
pub struct Cluster {
    programs: Programs,
    settings: Settings,
    sides: [Side; 2],
    witness: Store,
    witness_runs: Option<Child>,
}

/// A side that was killed.
pub struct Lost {
    /// Which.
    pub side: usize,
    /// When the kill began.
    pub at: Instant,
    /// How many processes it was.
    pub processes: usize,
    /// Whether the lost etcd member led the three.
    pub store_led: bool,
}

impl Cluster {
    /// Starts one in this directory and waits until a standby streams from a leader.
    pub fn start(programs: &Programs, settings: Settings, root: &Path) -> anyhow::Result<Self> {
        let stores = [
            Store::new("side-0", root)?,
            Store::new("side-1", root)?,
            Store::new("witness", root)?,
        ];
        let members = stores.each_ref().map(Store::as_member).join(",");
        let hosts: Vec<String> = stores.iter().map(|store| store.client.to_string()).collect();
        let [first, second, mut witness] = stores;
        witness.members.clone_from(&members);
        let side = |store: Store| Side::new(store, &members, &hosts, &settings, programs, root);
        let mut cluster = Self {
            programs: programs.clone(),
            settings,
            sides: [side(first)?, side(second)?],
            witness,
            witness_runs: None,
        };
        cluster.witness_runs = Some(cluster.witness.start(programs)?);
        for side in &mut cluster.sides {
            side.start(programs)?;
        }
        cluster.wait_until_well()?;
        Ok(cluster)
    }

    /// Where both databases are.
    pub fn databases(&self) -> [SocketAddr; 2] {
        self.sides.each_ref().map(|side| side.database)
    }

    /// Waits until the loss of the leader would be survived: one leads, the other streams, all three etcd members follow
    /// one of them, and the settings are those that were asked for.
    pub fn wait_until_well(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + WELL_WITHIN;
        loop {
            let why = match self.look() {
                Ok(()) => return Ok(()),
                Err(why) => why,
            };
            if Instant::now() > deadline {
                return Err(why.context("Patroni's pair does not get well"));
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "another program tells nobody when it is well"
            )]
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn look(&self) -> anyhow::Result<()> {
        self.store_leader()?;
        let answer = get(self.sides[0].rest, "/cluster")?;
        let members = answer["members"].as_array().context("no members")?;
        let states = |role: &str, state: &str| {
            members
                .iter()
                .any(|member| member["role"] == role && member["state"] == state)
        };
        anyhow::ensure!(
            members.len() == 2 && states("leader", "running") && states("replica", "streaming"),
            "{answer}"
        );
        let config = get(self.sides[0].rest, "/config")?;
        for (name, wanted) in self.settings.written() {
            anyhow::ensure!(
                config[name] == wanted,
                "{name} is {} and not {wanted}",
                config[name]
            );
        }
        Ok(())
    }

    /// The one that leads.
    fn leader(&self) -> anyhow::Result<usize> {
        let answer = get(self.sides[0].rest, "/cluster")?;
        let members = answer["members"].as_array().context("no members")?;
        let leader = members.iter().find(|member| member["role"] == "leader");
        let name = leader.and_then(|leader| leader["name"].as_str());
        self.sides
            .iter()
            .position(|side| Some(side.store.name.as_str()) == name)
            .context("none leads")
    }

    /// The etcd member that all three follow, by its place in `sides`, or 2 for the witness.
    fn store_leader(&self) -> anyhow::Result<usize> {
        let stores = [&self.sides[0].store, &self.sides[1].store, &self.witness];
        let mut statuses = Vec::new();
        for store in stores {
            statuses.push(post(store.client, "/v3/maintenance/status", "{}")?);
        }
        let leader = &statuses[0]["leader"];
        anyhow::ensure!(
            leader.is_string() && statuses.iter().all(|status| status["leader"] == *leader),
            "etcd has no leader"
        );
        let led = statuses
            .iter()
            .position(|status| status["header"]["member_id"] == *leader);
        led.context("etcd's leader is not one of them")
    }

    /// Kills everything of the leader's side.
    pub fn lose_leader(&mut self) -> anyhow::Result<Lost> {
        let side = self.leader()?;
        let store_led = self.store_leader()? == side;
        let at = Instant::now();
        let processes = self.sides[side].kill()?;
        Ok(Lost {
            side,
            at,
            processes,
            store_led,
        })
    }

    /// Starts a lost side again.
    pub fn bring_back(&mut self, side: usize) -> anyhow::Result<()> {
        let programs = self.programs.clone();
        self.sides[side].start(&programs)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for side in &mut self.sides {
            let _ = side.kill();
        }
        if let Some(mut witness) = self.witness_runs.take() {
            let _ = witness.kill();
            let _ = witness.wait();
        }
    }
}

impl Settings {
    /// As they are written.
    fn written(&self) -> [(&'static str, u32); 4] {
        [
            ("ttl", self.ttl),
            ("loop_wait", self.loop_wait),
            ("retry_timeout", self.retry_timeout),
            ("primary_start_timeout", self.primary_start_timeout),
        ]
    }
}

fn get(address: SocketAddr, path: &str) -> anyhow::Result<Value> {
    ask(address, &format!("GET {path} HTTP/1.0\r\n\r\n"))
}

fn post(address: SocketAddr, path: &str, body: &str) -> anyhow::Result<Value> {
    let length = body.len();
    ask(
        address,
        &format!(
            "POST {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// HTTP/1.0: the answer ends with the connection.
fn ask(address: SocketAddr, request: &str) -> anyhow::Result<Value> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_WITHIN)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.contains(" 200 ") => Ok(serde_json::from_str(body)?),
        _ => bail!("{}", answer.lines().next().unwrap_or("no answer")),
    }
}
