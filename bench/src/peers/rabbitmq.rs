//! RabbitMQ: a persistent message to a quorum queue of one node, with publisher confirms (AMQP 0-9-1). It knows no
//! idempotency: a message that is sent again is there twice.

use std::{net::SocketAddr, path::Path, process::Command, sync::Arc};

use super::{Server, ask, pause};
use crate::{
    gateway::free_address,
    load::{Answer, Protocol},
};

/// Where Debian has it; the one in the path changes the user first.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A broker with the port mapper that Erlang leaves behind; the mapper goes last, because it stays while it is used.
pub struct Rabbit {
    /// The broker.
    pub server: Server,
    _mapper: Mapper,
}

struct Mapper {
    port: String,
}

impl Drop for Mapper {
    fn drop(&mut self) {
        // It has a port of its own, so that nobody else's mapper is meant. As long as it has not noticed that the broker
        // is gone, it refuses.
        for _ in 0..100 {
            let asked = Command::new("epmd").args(["-port", &self.port, "-kill"]).output();
            if asked.is_ok_and(|asked| asked.stdout.starts_with(b"Killed")) {
                return;
            }
            pause();
        }
    }
}

/// Starts one in this directory.
pub fn start(directory: &Path) -> anyhow::Result<Rabbit> {
    anyhow::ensure!(Path::new(PROGRAM).exists(), "there is no {PROGRAM}");
    std::fs::create_dir_all(directory)?;
    let address = free_address()?;
    let mapper = Mapper {
        port: free_address()?.port().to_string(),
    };
    let plugins = directory.join("plugins");
    std::fs::write(&plugins, "[].")?;
    let mut command = Command::new(PROGRAM);
    command
        .env("HOME", directory)
        .env("ERL_EPMD_PORT", &mapper.port)
        .env("RABBITMQ_NODENAME", "bench@localhost")
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", address.port().to_string())
        .env("RABBITMQ_DIST_PORT", free_address()?.port().to_string())
        .env("RABBITMQ_MNESIA_BASE", directory.join("data"))
        .env("RABBITMQ_LOG_BASE", directory.join("log"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", plugins);
    Ok(Rabbit {
        server: Server::start(command, address)?,
        _mapper: mapper,
    })
}

/// Publishes one message per request.
#[derive(Clone)]
pub struct Confirmed {
    body: Arc<[u8]>,
}

impl Confirmed {
    /// With this body.
    pub fn new(body: Vec<u8>) -> Self {
        Self { body: body.into() }
    }
}

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const END: u8 = 0xCE;

fn frame(out: &mut Vec<u8>, kind: u8, channel: u16, payload: &[u8]) {
    out.push(kind);
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(payload);
    out.push(END);
}

fn method(channel: u16, (class, number): (u16, u16), arguments: &[u8]) -> Vec<u8> {
    let mut payload = class.to_be_bytes().to_vec();
    payload.extend_from_slice(&number.to_be_bytes());
    payload.extend_from_slice(arguments);
    let mut out = Vec::new();
    frame(&mut out, METHOD, channel, &payload);
    out
}

/// Where the first frame ends.
fn whole(input: &[u8]) -> Option<usize> {
    let head = input.get(..7)?;
    let end = 8 + u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
    (input.len() >= end).then_some(end)
}

/// Class and number of a method.
fn which(frame: &[u8]) -> Option<(u16, u16)> {
    let four = frame.get(7..11)?;
    Some((
        u16::from_be_bytes([four[0], four[1]]),
        u16::from_be_bytes([four[2], four[3]]),
    ))
}

impl Protocol for Confirmed {
    fn connect(&mut self, address: SocketAddr) -> anyhow::Result<std::net::TcpStream> {
        let mut stream = std::net::TcpStream::connect(address)?;
        let mut input = Vec::new();
        let mut step = |question: &[u8], expected: (u16, u16)| -> anyhow::Result<Vec<u8>> {
            let answer = ask(&mut stream, question, &mut input, whole)?;
            anyhow::ensure!(
                which(&answer) == Some(expected),
                "{:?} instead of {expected:?}",
                which(&answer)
            );
            Ok(answer)
        };
        step(b"AMQP\0\0\x09\x01", (10, 10))?;
        let start = method(0, (10, 11), b"\0\0\0\0\x05PLAIN\0\0\0\x0c\0guest\0guest\x05en_US");
        let tune = step(&start, (10, 30))?;
        // The limits as offered, no heartbeat.
        let mut limits = tune[11..17].to_vec();
        limits.extend_from_slice(&[0, 0]);
        let mut open = method(0, (10, 31), &limits);
        open.extend(method(0, (10, 40), b"\x01/\0\0"));
        step(&open, (10, 41))?;
        step(&method(1, (20, 10), b"\0"), (20, 11))?;
        // Durable, with one argument: x-queue-type = "quorum".
        let queue = b"\0\0\x05bench\x02\0\0\0\x18\x0cx-queue-typeS\0\0\0\x06quorum";
        step(&method(1, (50, 10), queue), (50, 11))?;
        step(&method(1, (85, 10), b"\0"), (85, 11))?;
        Ok(stream)
    }

    fn request(&self, number: u64, out: &mut Vec<u8>) {
        out.extend(method(1, (60, 40), b"\0\0\0\x05bench\0"));
        let mut header = vec![0, 60, 0, 0];
        header.extend_from_slice(&(self.body.len() as u64).to_be_bytes());
        // Delivery mode 2 (persistent) and a message id.
        header.extend_from_slice(&[0x10, 0x80, 2, 32]);
        header.extend_from_slice(format!("{number:032}").as_bytes());
        frame(out, HEADER, 1, &header);
        frame(out, BODY, 1, &self.body);
    }

    fn answer(&self, input: &[u8]) -> Answer {
        match whole(input) {
            None => Answer::Incomplete,
            Some(end) if which(input) == Some((60, 80)) => Answer::Done(end),
            Some(end) => Answer::Wrong(end),
        }
    }
}
