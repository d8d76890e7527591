//! Tries to write to every region's database all the time, as somebody would whom no fence of ours knows: a superuser
//! over the Unix socket, below gateway, router and ERP.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio_postgres::{Client, Config, NoTls};
use types::{RegionName, settings::DatabaseSettings};

use crate::{TestEstate, wait_for};

/// Pause between two tries.
const TRY_EVERY: Duration = Duration::from_millis(50);
/// A try that takes longer counts as refused.
const TRY_TIME_MAX: Duration = Duration::from_millis(500);

/// A write that a database accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Which region's.
    pub region: RegionName,
    /// When it was sent.
    pub sent: Instant,
    /// When the commit was acknowledged.
    pub committed: Instant,
}

/// Writers on every region.
pub struct Writers {
    accepted: Arc<Mutex<Vec<Accepted>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Writers {
    /// Begins.
    pub fn start(estate: &TestEstate) -> Self {
        let (accepted, stop) = (
            Arc::<Mutex<Vec<Accepted>>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let threads = estate
            .regions()
            .into_iter()
            .map(|region| {
                let (settings, accepted, stop) =
                    (estate.database(&region), Arc::clone(&accepted), Arc::clone(&stop));
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    runtime.block_on(write(&region, &settings, &accepted, &stop));
                })
            })
            .collect();
        Self {
            accepted,
            stop,
            threads,
        }
    }

    /// Waits until `region` has accepted a write that was sent after `after`.
    pub fn wait_for_write(&self, region: &RegionName, after: Instant) {
        wait_for(&format!("a write of {region}"), Duration::from_secs(120), || {
            let accepted = self.accepted.lock().unwrap();
            let newest = accepted.iter().rev().find(|write| write.region == *region)?;
            (newest.sent > after).then_some(())
        });
    }

    /// Ends, and returns every accepted write in the order of their commits.
    pub fn finish(self) -> Vec<Accepted> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let mut accepted = self.accepted.lock().unwrap().clone();
        accepted.sort_by_key(|write| write.committed);
        accepted
    }

    /// How often the writes moved from one region to another: with one writer at any time, once per failover.
    ///
    /// A write that was sent to the old region before the new one accepted its first, and acknowledged after, would
    /// count as a move back: that, too, would be two writers at a time.
    pub fn moves(accepted: &[Accepted]) -> usize {
        accepted
            .windows(2)
            .filter(|pair| pair[0].region != pair[1].region)
            .count()
    }
}

async fn write(
    region: &RegionName,
    settings: &DatabaseSettings,
    accepted: &Mutex<Vec<Accepted>>,
    stop: &AtomicBool,
) {
    let mut client: Option<Client> = None;
    while !stop.load(Ordering::Relaxed) {
        let sent = Instant::now();
        match tokio::time::timeout(TRY_TIME_MAX, attempt(&mut client, settings)).await {
            Ok(Ok(())) => {
                let write = Accepted {
                    region: region.clone(),
                    sent,
                    committed: Instant::now(),
                };
                accepted.lock().unwrap().push(write);
            }
            Ok(Err(_)) | Err(_) => client = None,
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}

async fn attempt(
    client: &mut Option<Client>,
    settings: &DatabaseSettings,
) -> Result<(), tokio_postgres::Error> {
    if client.as_ref().is_none_or(Client::is_closed) {
        let password = fs::read_to_string(&settings.superuser_password_file).unwrap();
        let (connected, connection) = Config::new()
            .host_path(&settings.socket_dir)
            .port(settings.port)
            .user(&settings.superuser)
            .password(password.trim())
            .dbname("postgres")
            .connect(NoTls)
            .await?;
        tokio::spawn(connection);
        *client = Some(connected);
    }
    let Some(client) = client else { return Ok(()) };
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS written (at timestamptz); INSERT INTO written VALUES (now())",
        )
        .await
}
