//! Printers that take bytes over TCP (port 9100) and say nothing of what they have printed.
//!
//! Nothing of this protocol makes a label exactly one label: a connection that breaks while bytes are on their way leaves
//! both possibilities. So the steps are apart. Until [`RawPrinter::connect`] has returned nothing was printed, and it is
//! tried again freely; from the first byte of [`Line::print`] on, whatever goes wrong is [`Error::Unknown`].

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use types::settings::Duplicates;

use super::Error;

/// A printer that is on answers at once.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(3);
/// A printer takes bytes as fast as it prints, once its memory is full.
const WRITE_TIME_MAX: Duration = Duration::from_secs(60);
/// A printer that is asked how it is answers at once; behind a long label it takes its time.
const STATUS_TIME_MAX: Duration = Duration::from_secs(10);
/// After our end of the stream, a printer closes its own. Many never do, and silence is no trouble.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// The question: host status, of ZPL.
const STATUS: &[u8] = b"~HS\r\n";
/// It is answered in so many strings, each between these two.
const STRINGS: usize = 3;
const BEGIN: u8 = 0x02;
const END: u8 = 0x03;
/// All of them are far shorter.
const STATUS_BYTES_MAX: usize = 1024;

/// One printer.
pub struct RawPrinter {
    address: String,
    duplicates: Duplicates,
    status: bool,
}

/// A printer that listens.
pub struct Line {
    stream: TcpStream,
    status: bool,
}

// === impl RawPrinter ===

impl RawPrinter {
    /// At an address.
    pub fn new(address: &str, duplicates: Duplicates, status: bool) -> Self {
        Self {
            address: address.to_owned(),
            duplicates,
            status,
        }
    }

    /// Whether a label of which nobody knows is left to a person.
    pub fn asks(&self) -> bool {
        self.duplicates == Duplicates::Ask
    }

    /// Connects, and asks the printer how it is where it answers that. Nothing is printed by this.
    ///
    /// # Errors
    /// [`Error::Unreachable`], also for one that cannot print now.
    pub async fn connect(&self) -> Result<Line, Error> {
        let away = |why: String| Error::Unreachable(format!("the printer {} {why}", self.address));
        let connected = timeout(CONNECT_TIME_MAX, self.stream()).await;
        let stream = connected
            .map_err(|_| away("does not answer".to_owned()))?
            .map_err(|error| away(format!("cannot be reached: {error}")))?;
        let mut line = Line {
            stream,
            status: self.status,
        };
        if self.status {
            let status = line.ask().await.map_err(away)?;
            if let Some(trouble) = trouble(&status) {
                return Err(away(trouble.to_owned()));
            }
        }
        Ok(line)
    }

    async fn stream(&self) -> std::io::Result<TcpStream> {
        let addresses: Vec<SocketAddr> = lookup_host(&self.address).await?.collect();
        TcpStream::connect(&addresses[..]).await
    }
}

// === impl Line ===

impl Line {
    /// Sends a label so many times over.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub async fn print(mut self, label: &[u8], copies: u32) -> Result<(), Error> {
        let sent = timeout(WRITE_TIME_MAX, self.send(label, copies)).await;
        let unknown = |why: String| Error::Unknown(why);
        sent.map_err(|_| unknown("the printer takes nothing more".to_owned()))?
            .map_err(|error| unknown(error.to_string()))?;
        if self.status {
            // It reads in order: whoever answers this has read the label.
            self.ask().await.map_err(unknown)?;
        }
        self.stream
            .shutdown()
            .await
            .map_err(|error| unknown(error.to_string()))?;
        self.listen().await
    }

    async fn send(&mut self, label: &[u8], copies: u32) -> std::io::Result<()> {
        for _ in 0..copies {
            self.stream.write_all(label).await?;
        }
        self.stream.flush().await
    }

    /// A connection that is reset may have been so before everything was read.
    async fn listen(&mut self) -> Result<(), Error> {
        let mut rest = [0; 256];
        let closed = timeout(SILENCE_MAX, async {
            while self.stream.read(&mut rest).await? > 0 {}
            Ok::<_, std::io::Error>(())
        });
        match closed.await {
            Ok(Err(error)) => Err(Error::Unknown(error.to_string())),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// The strings of the printer's status.
    async fn ask(&mut self) -> Result<Vec<String>, String> {
        let answer = timeout(STATUS_TIME_MAX, async {
            self.stream.write_all(STATUS).await?;
            let mut answer = Vec::new();
            let mut part = [0; 256];
            while answer.iter().filter(|byte| **byte == END).count() < STRINGS {
                let read = self.stream.read(&mut part).await?;
                answer.extend_from_slice(&part[..read]);
                if read == 0 || answer.len() > STATUS_BYTES_MAX {
                    return Err(std::io::Error::other("its status is none"));
                }
            }
            Ok(answer)
        });
        match answer.await {
            Ok(Ok(answer)) => Ok(strings(&answer)),
            Ok(Err(error)) => Err(format!("does not say how it is: {error}")),
            Err(_) => Err("does not say how it is".to_owned()),
        }
    }
}

fn strings(answer: &[u8]) -> Vec<String> {
    let parts = answer.split(|byte| *byte == END).take(STRINGS);
    let inside = parts.filter_map(|part| {
        part.iter()
            .position(|byte| *byte == BEGIN)
            .map(|at| &part[at + 1..])
    });
    inside
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect()
}

/// Why a printer with this status prints nothing now.
fn trouble(status: &[String]) -> Option<&'static str> {
    let flag = |string: usize, field: usize| {
        let field = status.get(string).and_then(|text| text.split(',').nth(field));
        field.is_some_and(|text| text.trim() == "1")
    };
    [
        (flag(0, 1), "is out of paper"),
        (flag(0, 2), "is paused"),
        (flag(1, 2), "has its head open"),
        (flag(1, 3), "is out of ribbon"),
    ]
    .into_iter()
    .find_map(|(set, what)| set.then_some(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printers_status_says_why_it_does_not_print() {
        let status = |first: &str, second: &str| {
            strings(format!("\u{2}{first}\u{3}\r\n\u{2}{second}\u{3}\r\n\u{2}1234,0\u{3}\r\n").as_bytes())
        };
        let well = (
            "030,0,0,1245,000,0,0,0,000,0,0,0",
            "000,0,0,0,0,2,4,0,00000000,1,000",
        );
        assert_eq!(trouble(&status(well.0, well.1)), None);
        for (first, second, expected) in [
            ("030,1,0,1245,000,0,0,0,000,0,0,0", well.1, "is out of paper"),
            ("030,0,1,1245,000,0,0,0,000,0,0,0", well.1, "is paused"),
            (well.0, "000,0,1,0,0,2,4,0,00000000,1,000", "has its head open"),
            (well.0, "000,0,0,1,0,2,4,0,00000000,1,000", "is out of ribbon"),
        ] {
            assert_eq!(trouble(&status(first, second)), Some(expected));
        }
        assert_eq!(strings(b"nothing"), Vec::<String>::new());
    }
}
