//! Which certificate somebody shows: asked by shaking hands, as every caller does.

use rustls::pki_types::ServerName;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use types::{Timestamp, settings::TlsFiles};

use super::{ends, mutual_client};

/// Whoever is on this machine shakes hands in milliseconds.
const SHAKE_TIME_MAX: Duration = Duration::from_secs(3);
/// PostgreSQL's request for TLS: a length and a number (its manual, "Message Formats").
const POSTGRES_ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// How a conversation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// With the handshake.
    Handshake,
    /// As PostgreSQL's does: in clear, with a request for TLS.
    Postgres,
}

/// When the certificate ends that is shown there. It must be one of the estate's authority, all of which answer to
/// `localhost`, wherever they are.
///
/// # Errors
/// When nobody answers, or with something else.
pub async fn shown(place: (&str, u16), greeting: Greeting, identity: &TlsFiles) -> io::Result<Timestamp> {
    tokio::time::timeout(SHAKE_TIME_MAX, shake(place, greeting, identity)).await?
}

async fn shake(place: (&str, u16), greeting: Greeting, identity: &TlsFiles) -> io::Result<Timestamp> {
    let config = mutual_client(identity).map_err(io::Error::other)?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let mut stream = TcpStream::connect(place).await?;
    if greeting == Greeting::Postgres {
        stream.write_all(&POSTGRES_ASKS_FOR_TLS).await?;
        if stream.read_u8().await? != b'S' {
            return Err(io::Error::other("it speaks no TLS"));
        }
    }
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let (_, session) = stream.get_ref();
    let leaf = session.peer_certificates().and_then(|chain| chain.first());
    leaf.and_then(|leaf| ends(leaf))
        .ok_or_else(|| io::Error::other("it shows no certificate"))
}
