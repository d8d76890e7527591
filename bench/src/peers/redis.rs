//! Redis with an append-only file that is synced before every answer: `SET key body NX` is its durable, idempotent insert.

use std::{path::Path, process::Command, sync::Arc};

use super::Server;
use crate::{
    gateway::free_address,
    load::{Answer, Protocol},
};

/// Starts one in this directory.
pub fn start(directory: &Path) -> anyhow::Result<Server> {
    std::fs::create_dir_all(directory)?;
    let address = free_address()?;
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .arg("--dir")
        .arg(directory);
    Server::start(command, address)
}

/// Sets one key per request, if it is not there.
#[derive(Clone)]
pub struct SetNew {
    body: Arc<[u8]>,
}

impl SetNew {
    /// With this body.
    pub fn new(body: Vec<u8>) -> Self {
        Self { body: body.into() }
    }
}

impl Protocol for SetNew {
    fn request(&self, number: u64, out: &mut Vec<u8>) {
        use std::io::Write as _;
        // Writing into a vector cannot fail.
        let _ = write!(
            out,
            "*4\r\n$3\r\nSET\r\n$32\r\n{number:032}\r\n${}\r\n",
            self.body.len()
        );
        out.extend_from_slice(&self.body);
        out.extend_from_slice(b"\r\n$2\r\nNX\r\n");
    }

    fn answer(&self, input: &[u8]) -> Answer {
        match input.iter().position(|byte| *byte == b'\n') {
            None => Answer::Incomplete,
            Some(end) if input.starts_with(b"+OK") => Answer::Done(end + 1),
            Some(end) => Answer::Wrong(end + 1),
        }
    }
}
