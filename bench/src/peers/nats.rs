//! NATS JetStream with `sync_interval: always`: one publish with a message id, answered when the stream has it.

use std::{net::SocketAddr, path::Path, process::Command, sync::Arc};

use super::{Server, ask};
use crate::{
    gateway::free_address,
    load::{Answer, Protocol},
};

/// Starts one in this directory.
pub fn start(program: &Path, directory: &Path) -> anyhow::Result<Server> {
    std::fs::create_dir_all(directory)?;
    let address = free_address()?;
    let settings = directory.join("nats.conf");
    let text = format!(
        "listen: \"{address}\"\nping_interval: \"10m\"\njetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
        directory.join("store").display()
    );
    std::fs::write(&settings, text)?;
    let mut command = Command::new(program);
    command.arg("--config").arg(settings);
    Server::start(command, address)
}

/// Publishes one message per request.
#[derive(Clone)]
pub struct Publish {
    body: Arc<[u8]>,
    inbox: String,
}

impl Publish {
    /// With this body.
    pub fn new(body: Vec<u8>) -> Self {
        Self {
            body: body.into(),
            inbox: String::new(),
        }
    }
}

const STREAM: &str = r#"{"name":"bench","subjects":["bench"],"storage":"file","retention":"limits","num_replicas":1,"duplicate_window":120000000000}"#;

const PING: &[u8] = b"PING\r\n";

/// The end of a line, or of a message with its payload.
fn whole(input: &[u8]) -> Option<usize> {
    let line = input.iter().position(|byte| *byte == b'\n')? + 1;
    let text = std::str::from_utf8(&input[..line]).ok()?;
    if !text.starts_with("MSG ") {
        return Some(line);
    }
    let payload: usize = text.split_whitespace().next_back()?.parse().ok()?;
    let end = line + payload + 2;
    (input.len() >= end).then_some(end)
}

impl Protocol for Publish {
    fn connect(&mut self, address: SocketAddr) -> anyhow::Result<std::net::TcpStream> {
        let mut stream = std::net::TcpStream::connect(address)?;
        self.inbox = format!("_INBOX.{}", stream.local_addr()?.port());
        let mut input = Vec::new();
        ask(&mut stream, b"", &mut input, whole)?;
        let inbox = &self.inbox;
        let hello = format!(
            "CONNECT {{\"verbose\":false,\"headers\":true}}\r\nSUB {inbox} 1\r\nPUB $JS.API.STREAM.CREATE.bench \
             {inbox} {}\r\n{STREAM}\r\n",
            STREAM.len()
        );
        let mut made = ask(&mut stream, hello.as_bytes(), &mut input, whole)?;
        while !made.starts_with(b"MSG") {
            anyhow::ensure!(!made.starts_with(b"-ERR"), "{}", String::from_utf8_lossy(&made));
            // It may tell more about itself in between.
            made = ask(&mut stream, b"", &mut input, whole)?;
        }
        let made = String::from_utf8_lossy(&made);
        anyhow::ensure!(!made.contains("error"), "no stream: {made}");
        Ok(stream)
    }

    fn request(&self, number: u64, out: &mut Vec<u8>) {
        use std::io::Write as _;
        // "NATS/1.0", the id's line and an empty one.
        const HEAD: usize = 10 + 13 + 32 + 2 + 2;
        // Writing into a vector cannot fail.
        let _ = write!(
            out,
            "HPUB bench {} {HEAD} {}\r\nNATS/1.0\r\nNats-Msg-Id: {number:032}\r\n\r\n",
            self.inbox,
            HEAD + self.body.len()
        );
        out.extend_from_slice(&self.body);
        out.extend_from_slice(b"\r\n");
    }

    fn answer(&self, input: &[u8]) -> Answer {
        // It asks whether the client lives, and does not insist within a measurement.
        let ping = if input.starts_with(PING) { PING.len() } else { 0 };
        match whole(&input[ping..]) {
            None => Answer::Incomplete,
            Some(length) => {
                let (message, end) = (&input[ping..ping + length], ping + length);
                let wrong = message.windows(5).any(|five| five == b"error");
                match message.starts_with(b"MSG") && !wrong {
                    true => Answer::Done(end),
                    false => Answer::Wrong(end),
                }
            }
        }
    }
}
