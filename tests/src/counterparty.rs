//! A trading partner: mock-edi as a process of its own, and the translator between its mailbox and our gateway.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{Reply, TestEstate, estate::root, wait_for};

/// Free ports may be taken by others between finding and using one; so often another is looked for.
const PORTS_TRIED: usize = 10;
/// The partner's own latency and errors included.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running mock-edi.
pub struct Counterparty {
    process: Child,
    listens: String,
}

/// A document that lay in the partner's mailbox, and what our gateway made of it.
#[derive(Clone, Debug)]
pub struct Carried {
    /// `850`, `CONTRL`.
    pub code: String,
    /// Its number in the partner's outbox.
    pub id: u64,
    /// The interchange, as it was posted.
    pub interchange: String,
    /// What the gateway answered.
    pub reply: Reply,
    /// What the partner makes of that answer; null where there was none.
    pub heard: Value,
}

impl Counterparty {
    /// Starts one with these arguments; `script/mock-edi --help` shows them.
    pub fn start(arguments: &[&str]) -> Self {
        for _ in 0..PORTS_TRIED {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let mut process = Command::new(root().join("script/mock-edi"))
                .args(["--quiet", "--no-request-log", "--port", &port.to_string()])
                .args(arguments)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            // It says so once it listens, and nothing where it cannot.
            let mut said = BufReader::new(process.stdout.take().unwrap());
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            // What else it says is few lines, and must find room.
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            if line.contains("listening on") {
                let listens = format!("127.0.0.1:{port}");
                return Self { process, listens };
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("mock-edi found no port in {PORTS_TRIED} tries");
    }

    /// Where it listens, as `host:port`.
    pub fn listens(&self) -> &str {
        &self.listens
    }

    /// Lets it know us: `partner` is our id, the rest what the control plane knows of partners.
    pub fn know_supplier(&self, partner: &Value) {
        self.ask("POST", "partners", Some(partner));
    }

    /// Looks something up.
    pub fn look(&self, path: &str) -> Value {
        self.ask("GET", path, None)
    }

    /// Changes something of what it knows.
    pub fn change(&self, path: &str, body: &Value) {
        self.ask("PATCH", path, Some(body));
    }

    /// Tells it to do something.
    pub fn tell(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, Some(body))
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "-X", method]);
        if let Some(body) = body {
            curl.args(["-d", &body.to_string()]);
        }
        let output = curl
            .arg(format!("http://{}/_mock/{path}", self.listens))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{method} {path}: {text} {talk}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{method} {path}: {error}: {text}"))
    }

    /// Hands an interchange in at the partner's own door, as often as it takes; what the partner says of it.
    pub fn take(&self, interchange: &[u8]) -> Value {
        wait_for("mock-edi to take an interchange", PATIENCE, || {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--fail", "--data-binary", "@-"])
                .args(["-H", "Content-Type: application/edi-x12"])
                .arg(format!("http://{}/edi", self.listens));
            let mut curl = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            curl.stdin.take().unwrap().write_all(interchange).unwrap();
            let output = curl.wait_with_output().unwrap();
            let taken = output.status.success();
            taken.then(|| serde_json::from_slice(&output.stdout).unwrap())
        })
    }

    /// Empties our mailbox at the partner, posts each interchange to a lane of the gateway, and brings its answers back.
    /// Last first: no mailbox promises an order.
    pub fn carry(&self, partner: &str, estate: &TestEstate, lane: &str) -> Vec<Carried> {
        let mailbox = self.look(&format!("mailbox?partner={partner}"));
        let mut carried = Vec::new();
        for row in mailbox.as_array().unwrap().iter().rev() {
            let interchange = row["payload"].as_str().unwrap().to_owned();
            let reply = estate.deliver(lane, &[], interchange.as_bytes());
            let heard = match &reply.body[..] {
                [] => Value::Null,
                answer => self.take(answer),
            };
            carried.push(Carried {
                code: row["code"].as_str().unwrap().to_owned(),
                id: row["id"].as_u64().unwrap(),
                interchange,
                reply,
                heard,
            });
        }
        carried
    }
}

impl Drop for Counterparty {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
