//! Whether the front door reaches the regions: a region may be well, and the link from here to it cut.
//!
//! A connection is tried and closed again. The operating system over there answers it, so a busy ingress is reached, and
//! so is one that refuses because it is just being started: only silence counts, which is what a cut link sounds like.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::Uri;
use tokio::{net::TcpStream, task::JoinSet};
use types::RegionName;

/// Pause between two tries.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// A packet that was lost is sent again after a second, so two may be lost before this counts as silence.
const ANSWER_TIME_MAX: Duration = Duration::from_millis(3_500);

/// What was reached, and since when what was not.
#[derive(Debug, Default)]
pub struct Reach {
    silent_since: Mutex<BTreeMap<RegionName, Instant>>,
}

impl Reach {
    /// Regions that give no sign of life, for this many milliseconds.
    pub fn unreached(&self) -> BTreeMap<RegionName, u64> {
        let silent_since = self.silent_since.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = |since: &Instant| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        silent_since
            .iter()
            .map(|(region, since)| (region.clone(), millis(since)))
            .collect()
    }

    /// Tries the ingresses of all regions, given as base URLs, for ever.
    pub async fn keep_trying(self: &Arc<Self>, ingresses: &BTreeMap<RegionName, String>) {
        // Dropped with this future, and its tasks with it.
        let mut trying = JoinSet::new();
        for (region, base) in ingresses {
            if let Some(address) = address(base) {
                let (reach, region) = (Arc::clone(self), region.clone());
                trying.spawn(async move { reach.keep_trying_one(&region, address).await });
            }
        }
        while trying.join_next().await.is_some() {}
    }

    async fn keep_trying_one(&self, region: &RegionName, (host, port): (String, u16)) {
        loop {
            let began = Instant::now();
            let silent = match tokio::time::timeout(
                ANSWER_TIME_MAX,
                TcpStream::connect((host.as_str(), port)),
            )
            .await
            {
                Ok(Ok(_)) => false,
                Ok(Err(error)) => is_silence(&error),
                Err(_) => true,
            };
            self.note(region, silent, began);
            tokio::time::sleep(TRY_EVERY).await;
        }
    }

    fn note(&self, region: &RegionName, silent: bool, began: Instant) {
        let mut silent_since = self.silent_since.lock().unwrap_or_else(PoisonError::into_inner);
        if silent {
            silent_since.entry(region.clone()).or_insert(began);
        } else {
            silent_since.remove(region);
        }
    }
}

fn address(base: &str) -> Option<(String, u16)> {
    let uri: Uri = base.parse().ok()?;
    let port = uri.port_u16().unwrap_or(443);
    // An address of IPv6 stands in brackets there, and in none here.
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    Some((host.to_owned(), port))
}

/// Whether nobody answered; who refuses is there, and a fault of this machine says nothing about the region.
fn is_silence(error: &io::Error) -> bool {
    use io::ErrorKind::{HostUnreachable, NetworkUnreachable, TimedOut};
    matches!(error.kind(), TimedOut | HostUnreachable | NetworkUnreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> RegionName {
        RegionName::new(name).unwrap()
    }

    #[test]
    fn addresses_are_read_from_base_urls() {
        let read = |base| address(base).unwrap();
        assert_eq!(read("https://10.86.0.3:8445"), ("10.86.0.3".to_owned(), 8445));
        assert_eq!(read("https://[::1]:8445"), ("::1".to_owned(), 8445));
        assert_eq!(read("https://localhost"), ("localhost".to_owned(), 443));
        assert_eq!(address("/"), None);
    }

    #[test]
    fn silence_counts_from_its_first_try_and_ends_with_any_answer() {
        let (reach, west) = (Arc::<Reach>::default(), region("west"));
        let began = Instant::now().checked_sub(Duration::from_secs(5)).unwrap();
        reach.note(&west, true, began);
        reach.note(&west, true, Instant::now());
        assert!(reach.unreached()[&west] >= 5_000);
        reach.note(&west, false, Instant::now());
        assert!(reach.unreached().is_empty());
    }

    #[tokio::test]
    async fn an_ingress_that_refuses_or_does_not_read_is_reached() {
        // Never accepted from: the operating system answers.
        let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = |listener: &std::net::TcpListener| format!("https://{}", listener.local_addr().unwrap());
        let ingresses = BTreeMap::from([(region("busy"), url(&busy)), (region("refusing"), url(&refusing))]);
        drop(refusing);
        let reach = Arc::<Reach>::default();
        let since = Instant::now();
        for name in ["busy", "refusing"] {
            reach.note(&region(name), true, since);
        }
        let reached = async {
            while !reach.unreached().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = reach.keep_trying(&ingresses) => {}
            () = reached => {}
        }
        assert!(reach.unreached().is_empty());
    }
}
