//! Keeps the region's session store in its role: the leading region's accepts logins, the others hold copies of it.
//!
//! A reconciler and not a step of a saga: which store leads follows from which region leads, whatever brought that about,
//! and a store that was restarted has forgotten it. Everybody who was logged in stays so when writes move, because the
//! copy is asynchronous but the move begins with people's requests waiting.
//!
//! Redis is asked over the loopback address with its password. The command that changes the role has a secret name, so
//! that nobody who can reach the store by mistake can empty it with one word.

use std::{collections::BTreeMap, fs, io, net::SocketAddr, path::PathBuf, time::Duration};

use api::site::{ComponentObservation, ComponentState, Role};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    sync::watch,
};
use tokio_util::sync::CancellationToken;
use types::{
    ComponentName, Redacted, RegionName,
    settings::{SessionStoreSettings, TlsFiles, Upstream},
};

/// Name of the component, for people.
pub const NAME: &str = "sessions";
/// How often the store is looked at when nothing changes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A store on the same machine answers in a millisecond.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(1);
/// `INFO replication` is a page of text.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Why the store is not in its role.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not answer, or a secret cannot be read.
    #[error("the session store does not answer")]
    Io(#[from] io::Error),
    /// It took too long.
    #[error("the session store does not answer in time")]
    TooSlow,
    /// It refused.
    #[error("the session store refuses: {0}")]
    Refused(String),
    /// Not known here.
    #[error("no address of {0}'s session store is known here")]
    NoAddress(RegionName),
}

/// What the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Replication {
    is_copy: bool,
    source: Option<(String, u16)>,
    link_up: bool,
    copies: u32,
}

/// Keeps the store in its role until cancelled.
pub async fn keep(
    settings: SessionStoreSettings,
    mut role: watch::Receiver<Role>,
    tell: watch::Sender<Option<ComponentObservation>>,
    cancel: CancellationToken,
) {
    loop {
        let wanted = role.borrow_and_update().clone();
        let seen = tokio::time::timeout(ANSWER_TIME_MAX, ensure(&settings, &wanted)).await;
        tell.send_replace(observation(&wanted, &seen.unwrap_or(Err(Error::TooSlow))));
        tokio::select! {
            () = cancel.cancelled() => return,
            changed = role.changed() => if changed.is_err() {
                return;
            },
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Has the store read its certificate and key again, which it does not do by itself.
///
/// # Errors
/// When it does not answer, or refuses them.
pub async fn renew(settings: &SessionStoreSettings, identity: &TlsFiles) -> Result<(), Error> {
    let certificate = identity.certificate.to_string_lossy();
    let renewed = async {
        let mut store = Store::connect(settings).await?;
        // Told its certificate again, even by the same name, it reads the key with it.
        let words = ["CONFIG", "SET", "tls-cert-file", &certificate];
        store.ask(&words).await.map(drop)
    };
    let limited = tokio::time::timeout(ANSWER_TIME_MAX, renewed).await;
    limited.unwrap_or(Err(Error::TooSlow))
}

/// Looks, and changes the role if it is another one. A region that neither leads nor follows leaves the store as it is.
async fn ensure(settings: &SessionStoreSettings, role: &Role) -> Result<Replication, Error> {
    let mut store = Store::connect(settings).await?;
    let seen = store.replication().await?;
    let target = match role {
        Role::Active if seen.is_copy => ["NO".to_owned(), "ONE".to_owned()],
        Role::Standby { upstream } => {
            let address = address(&settings.upstreams, upstream)?;
            if seen.source == Some((address.host.clone(), address.port)) {
                return Ok(seen);
            }
            [address.host.clone(), address.port.to_string()]
        }
        Role::Active | Role::Waiting | Role::Fenced | Role::Routing(_) => return Ok(seen),
    };
    let command = secret(&settings.role_command_file)?;
    store
        .ask(&[command.expose(), target[0].as_str(), target[1].as_str()])
        .await?;
    tracing::info!(to = target.join(" "), "the session store has a new role");
    store.replication().await
}

fn address<'a>(
    upstreams: &'a BTreeMap<RegionName, Upstream>,
    region: &RegionName,
) -> Result<&'a Upstream, Error> {
    upstreams
        .get(region)
        .ok_or_else(|| Error::NoAddress(region.clone()))
}

fn observation(role: &Role, seen: &Result<Replication, Error>) -> Option<ComponentObservation> {
    let (state, detail) = match (role, seen) {
        (Role::Waiting | Role::Fenced | Role::Routing(_), _) => (ComponentState::Off, None),
        (_, Err(error)) => (ComponentState::Unhealthy, Some(error.to_string())),
        (Role::Active, Ok(seen)) if seen.is_copy => {
            (ComponentState::Unhealthy, Some("it is a copy still".to_owned()))
        }
        (Role::Active, Ok(seen)) => (
            ComponentState::Ready,
            Some(match seen.copies {
                1 => "accepts logins, 1 copy".to_owned(),
                copies => format!("accepts logins, {copies} copies"),
            }),
        ),
        (Role::Standby { upstream }, Ok(seen)) if seen.is_copy && seen.link_up => {
            (ComponentState::Ready, Some(format!("a copy of {upstream}'s")))
        }
        (Role::Standby { upstream }, Ok(_)) => (
            ComponentState::Unhealthy,
            Some(format!("not a copy of {upstream}'s yet")),
        ),
    };
    Some(ComponentObservation {
        name: ComponentName::new(NAME).ok()?,
        state,
        pid: None,
        starts: 1,
        detail,
    })
}

fn secret(path: &PathBuf) -> Result<Redacted<String>, io::Error> {
    Ok(Redacted::new(fs::read_to_string(path)?.trim().to_owned()))
}

/// A connection; made for one look, because a look is rare and a kept connection would have to be watched.
struct Store {
    stream: BufReader<TcpStream>,
}

impl Store {
    async fn connect(settings: &SessionStoreSettings) -> Result<Self, Error> {
        let address: SocketAddr = settings.listen;
        let mut store = Self {
            stream: BufReader::new(TcpStream::connect(address).await?),
        };
        let password = secret(&settings.password_file)?;
        store.ask(&["AUTH", password.expose()]).await?;
        Ok(store)
    }

    async fn replication(&mut self) -> Result<Replication, Error> {
        Ok(parse(&self.ask(&["INFO", "replication"]).await?))
    }

    /// Sends one command in Redis's own protocol and reads its answer: a line, or a text of known length.
    async fn ask(&mut self, words: &[&str]) -> Result<String, Error> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.stream.get_mut().write_all(command.as_bytes()).await?;
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let line = line.trim_end();
        let rest = line.get(1..).unwrap_or_default();
        match line.as_bytes().first() {
            Some(b'+') => Ok(rest.to_owned()),
            Some(b'$') => {
                let length: usize = rest.parse().map_err(|_| Error::Refused(line.to_owned()))?;
                let mut text = vec![0; length.min(ANSWER_BYTES_MAX) + 2];
                self.stream.read_exact(&mut text).await?;
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            _ => Err(Error::Refused(rest.to_owned())),
        }
    }
}

fn parse(text: &str) -> Replication {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.trim_end().strip_prefix(key)?.strip_prefix(':'))
    };
    let host = value("master_host").map(str::to_owned);
    let port = value("master_port").and_then(|port| port.parse().ok());
    Replication {
        is_copy: value("role") == Some("slave"),
        source: host.zip(port),
        link_up: value("master_link_status") == Some("up"),
        copies: value("connected_slaves")
            .and_then(|count| count.parse().ok())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_tells_about_its_role_is_understood() {
        let copy = "# Replication\r\nrole:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:7001\r\n\
                    master_link_status:up\r\nconnected_slaves:0\r\n";
        let expected = Replication {
            is_copy: true,
            source: Some(("127.0.0.1".to_owned(), 7001)),
            link_up: true,
            copies: 0,
        };
        assert_eq!(parse(copy), expected);
        let leads = "role:master\r\nconnected_slaves:2\r\n";
        let expected = Replication {
            copies: 2,
            ..Replication::default()
        };
        assert_eq!(parse(leads), expected);
    }

    #[test]
    fn a_copy_that_is_not_connected_is_no_protection() {
        let role = Role::Standby {
            upstream: RegionName::new("a").unwrap(),
        };
        let state = |link_up| {
            let seen = Replication {
                is_copy: true,
                link_up,
                ..Replication::default()
            };
            observation(&role, &Ok(seen)).unwrap().state
        };
        assert_eq!(state(true), ComponentState::Ready);
        assert_eq!(state(false), ComponentState::Unhealthy);
    }
}
