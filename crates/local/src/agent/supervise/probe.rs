//! Asks a program of the site whether it serves.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use types::settings::ReadyWhen;

/// A program that takes longer does not serve anybody.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(3);
/// The first line of an answer fits.
const STATUS_LINE_MAX: usize = 64;

/// Whether a program serves; if not, why, in one line.
///
/// # Errors
/// The reason, for people.
pub async fn ask(ready: &ReadyWhen) -> Result<(), String> {
    let asked = async {
        match ready {
            ReadyWhen::Running => Ok(()),
            ReadyWhen::Tcp(address) => connect(*address).await.map(drop),
            ReadyWhen::HttpGet { port, path } => get(*port, path).await,
        }
    };
    match tokio::time::timeout(ANSWER_TIME_MAX, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", ANSWER_TIME_MAX.as_secs())),
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    TcpStream::connect(address)
        .await
        .map_err(|error| format!("port {}: {error}", address.port()))
}

async fn get(port: u16, path: &str) -> Result<(), String> {
    let mut stream = connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: plimsoll-agent\r\nConnection: close\r\n\r\n"
    );
    let failed = |error: std::io::Error| format!("GET {path} on port {port}: {error}");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut line = Vec::new();
    while line.len() < STATUS_LINE_MAX && !line.contains(&b'\n') {
        if stream.read_buf(&mut line).await.map_err(failed)? == 0 {
            break;
        }
    }
    match status(&line) {
        Some(status) if status < 400 => Ok(()),
        Some(status) => Err(format!("GET {path} on port {port}: status {status}")),
        None => Err(format!("GET {path} on port {port}: no HTTP")),
    }
}

fn status(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    words.next()?.starts_with("HTTP/1.").then_some(())?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_read() {
        for (line, expected) in [
            (b"HTTP/1.1 200 OK\r\nA: b\r\n".as_slice(), Some(200)),
            (b"HTTP/1.0 503 Service Unavailable\r\n", Some(503)),
            (b"HTTP/1.1 204\r\n", Some(204)),
            (b"SSH-2.0-x\r\n", None),
            (b"", None),
        ] {
            assert_eq!(status(line), expected, "{line:?}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_says_why() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(ask(&ReadyWhen::Tcp(address)).await, Ok(()));
        drop(listener);
        let why = ask(&ReadyWhen::Tcp(address)).await.unwrap_err();
        assert!(why.starts_with(&format!("port {}: ", address.port())), "{why}");
    }
}
