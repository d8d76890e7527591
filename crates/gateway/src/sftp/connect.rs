//! From settings to a session: TCP, host key, proof, subsystem.

use std::sync::{Arc, OnceLock};

use russh::{
    Preferred,
    client::{self, AuthResult, Handle},
    keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key},
};
use russh_sftp::client::{Config as SftpConfig, RawSftpSession};
use types::settings::{SftpCredential, SftpSettings};

use super::{ANSWER_TIME_MAX_SECONDS, CONNECT_TIME_MAX, Error, session::Session};

/// Of one packet, whatever its length field says.
const PACKET_BYTES_MAX: u32 = 256 << 10;

/// Lets a server in whose host key is known.
struct Pins {
    host_keys: Vec<String>,
    /// The fingerprint that did not fit, for the error: the library only says that we refused.
    seen: Arc<OnceLock<String>>,
}

impl client::Handler for Pins {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let fingerprint = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256).to_string(),
            // We do not offer to take one: pins are of keys.
            PublicKeyOrCertificate::Certificate(_) => "of a certificate".to_owned(),
        };
        let known = self.host_keys.contains(&fingerprint);
        if !known {
            let _ = self.seen.set(fingerprint);
        }
        Ok(known)
    }
}

impl Session {
    /// Connects, checks the host key, proves who we are and opens the subsystem.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn connect(settings: &SftpSettings) -> Result<Self, Error> {
        let opened = tokio::time::timeout(CONNECT_TIME_MAX, open(settings)).await;
        opened.unwrap_or_else(|_| Err(unreachable(settings, "it takes too long")))
    }
}

fn unreachable(settings: &SftpSettings, why: impl ToString) -> Error {
    Error::Unreachable {
        address: format!("{}:{}", settings.host, settings.port),
        why: why.to_string(),
    }
}

async fn open(settings: &SftpSettings) -> Result<Session, Error> {
    let secret = tokio::fs::read_to_string(&settings.secret_file).await;
    let secret = secret.map_err(|error| Error::Secret(error.to_string()))?;
    let seen = Arc::new(OnceLock::new());
    let pins = Pins {
        host_keys: settings.host_keys.clone(),
        seen: Arc::clone(&seen),
    };
    let config = client::Config {
        nodelay: true,
        preferred: Preferred {
            compression: std::borrow::Cow::Borrowed(&[russh::compression::NONE]),
            ..Preferred::default()
        },
        ..client::Config::default()
    };
    let address = (settings.host.as_str(), settings.port);
    let connected = client::connect(Arc::new(config), address, pins).await;
    let mut handle = connected.map_err(|error| match seen.get() {
        Some(seen) => Error::HostKey { seen: seen.clone() },
        None => unreachable(settings, error),
    })?;
    prove(&mut handle, settings, &secret).await?;
    let refused = |doing: &str, why: String| Error::Refused {
        doing: doing.to_owned(),
        why,
    };
    let opened = handle.channel_open_session().await;
    let channel = opened.map_err(|error| refused("open a channel", error.to_string()))?;
    let asked = channel.request_subsystem(true, "sftp").await;
    asked.map_err(|error| refused("ask for SFTP", error.to_string()))?;
    let limits = SftpConfig {
        max_packet_len: PACKET_BYTES_MAX,
        request_timeout_secs: ANSWER_TIME_MAX_SECONDS,
        ..SftpConfig::default()
    };
    let raw = RawSftpSession::new_with_config(channel.into_stream(), limits);
    let version = raw.init().await;
    let version = version.map_err(|error| refused("begin with SFTP", error.to_string()))?;
    Ok(Session::new(handle, raw, &version))
}

async fn prove(handle: &mut Handle<Pins>, settings: &SftpSettings, secret: &str) -> Result<(), Error> {
    let (user, asked) = match settings.credential {
        SftpCredential::Key => {
            let key = decode_secret_key(secret, None);
            let key =
                key.map_err(|_| Error::Secret("it is not a private key without a passphrase".to_owned()))?;
            let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
            let user = settings.user.as_str();
            (user, handle.authenticate_publickey(user, key).await)
        }
        SftpCredential::Password => {
            let line = secret.lines().map(str::trim).find(|line| !line.is_empty());
            let line = line.ok_or_else(|| Error::Secret("it is empty".to_owned()))?;
            let (user, password) = line.split_once(':').unwrap_or((&settings.user, line));
            (user, handle.authenticate_password(user, password).await)
        }
    };
    match asked {
        Ok(AuthResult::Success) => Ok(()),
        Ok(AuthResult::Failure { .. }) => Err(Error::NotLetIn(user.to_owned())),
        Err(error) => Err(unreachable(settings, error)),
    }
}
