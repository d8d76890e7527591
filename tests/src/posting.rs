//! What partners do: post through the public address, with the token of their lane.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{TestEstate, wait_for};

/// A gateway that does not lead, or whose follower is away for a moment, says "the same again".
const PATIENCE: Duration = Duration::from_secs(60);
/// For one answer.
const ANSWER_SECONDS_MAX: &str = "30";

/// What the gateway answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The header that says whether an interchange came before.
    pub arrival: String,
    /// The body.
    pub body: Vec<u8>,
}

impl TestEstate {
    /// Posts to a lane once.
    pub fn post(&self, lane: &str, headers: &[&str], body: &[u8]) -> Reply {
        let layout = self.layout();
        let name = types::IntegrationName::new(lane).unwrap();
        let token = fs::read_to_string(layout.integration_token(&name)).unwrap();
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--max-time",
            ANSWER_SECONDS_MAX,
            "--data-binary",
            "@-",
        ])
        .args(["--write-out", "%{stderr}%{http_code} %header{x-plimsoll-arrival}"])
        .arg("--cacert")
        .arg(layout.identity("cli").ca)
        .args(["-H", &format!("Authorization: Bearer {}", token.trim())]);
        for header in headers {
            curl.args(["-H", header]);
        }
        let mut curl = curl
            .arg(format!("{}/in/{lane}", self.public_url()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        curl.stdin.take().unwrap().write_all(body).unwrap();
        let output = curl.wait_with_output().unwrap();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        let (status, arrival) = talk.trim().split_once(' ').unwrap_or((talk.trim(), ""));
        Reply {
            status: status.parse().unwrap_or(0),
            arrival: arrival.trim().to_owned(),
            body: output.stdout,
        }
    }

    /// Posts to a lane until it is stored.
    pub fn deliver(&self, lane: &str, headers: &[&str], body: &[u8]) -> Reply {
        wait_for(&format!("`{lane}` to store a message"), PATIENCE, || {
            let reply = self.post(lane, headers, body);
            let stored = (200..300).contains(&reply.status);
            let again = matches!(reply.status, 0 | 502 | 503 | 504);
            assert!(
                stored || again,
                "{lane}: {} {}",
                reply.status,
                String::from_utf8_lossy(&reply.body)
            );
            stored.then_some(reply)
        })
    }
}
