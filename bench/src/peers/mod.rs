//! Peers with the same durability, and the limits of the machine.

pub mod limits;
pub mod nats;
pub mod postgres;
pub mod rabbitmq;
pub mod redis;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

/// A server of somebody else's; killed when dropped.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it listens.
    fn start(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let name = command.get_program().display().to_string();
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let server = Self { process, address };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            anyhow::ensure!(Instant::now() < deadline, "{name} does not listen");
            pause();
        }
        Ok(server)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // With everything it started: SIGKILL alone would leave those behind.
        let below = crate::usage::tree(self.process.id()).unwrap_or_default();
        let _ = self.process.kill();
        let _ = self.process.wait();
        for process in below.iter().skip(1) {
            // Most have followed it already.
            let _ = Command::new("kill")
                .args(["-KILL", &process.to_string()])
                .output();
        }
    }
}

fn pause() {
    #[expect(
        clippy::disallowed_methods,
        reason = "another program tells nobody that it listens"
    )]
    std::thread::sleep(Duration::from_millis(20));
}

/// Sends something and reads until `whole` finds the end of the answer, which is taken off `input`.
fn ask(
    stream: &mut TcpStream,
    question: &[u8],
    input: &mut Vec<u8>,
    whole: impl Fn(&[u8]) -> Option<usize>,
) -> anyhow::Result<Vec<u8>> {
    stream.write_all(question)?;
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = whole(input) {
            return Ok(input.drain(..end).collect());
        }
        let count = stream.read(&mut piece)?;
        anyhow::ensure!(count > 0, "the server closed the connection while it was set up");
        input.extend_from_slice(&piece[..count]);
    }
}
