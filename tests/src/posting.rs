//! What partners do: post through the public address, with the token of their lane.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{TestEstate, wait_for};

/// A gateway that does not lead, or whose follower is away for a moment, says "the same again".
const PATIENCE: Duration = Duration::from_secs(180);
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

/// Where a partner posts to one lane, with its token. Asking the estate for it costs more than a message, so whoever
/// posts often keeps it.
#[derive(Clone, Debug)]
pub struct Door {
    url: String,
    ca: PathBuf,
    token: String,
}

impl Door {
    /// A place below it.
    #[must_use]
    pub fn below(mut self, path: &str) -> Self {
        self.url = format!("{}/{path}", self.url);
        self
    }

    /// Posts once.
    pub fn post(&self, headers: &[&str], body: &[u8]) -> Reply {
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
        .arg(&self.ca)
        .args(["-H", &format!("Authorization: Bearer {}", self.token)]);
        for header in headers {
            curl.args(["-H", header]);
        }
        let mut curl = curl
            .arg(&self.url)
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
}

impl TestEstate {
    /// Where partners post to a lane.
    pub fn door(&self, lane: &str) -> Door {
        let layout = self.layout();
        let name = types::IntegrationName::new(lane).unwrap();
        let token = fs::read_to_string(layout.integration_token(&name)).unwrap();
        Door {
            url: format!("{}/in/{lane}", self.public_url()),
            ca: layout.identity("cli").ca,
            token: token.trim().to_owned(),
        }
    }

    /// Posts to a lane once.
    pub fn post(&self, lane: &str, headers: &[&str], body: &[u8]) -> Reply {
        self.door(lane).post(headers, body)
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
