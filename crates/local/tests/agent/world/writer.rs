//! Somebody who tries to write to a region all the time, over TCP as Odoo does, and remembers what was acknowledged.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_postgres::{Client, Config, NoTls};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Site;

static NEXT: AtomicI64 = AtomicI64::new(1);

/// A write that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    pub id: i64,
    pub sent: Instant,
    pub acknowledged: Instant,
}

pub struct Writer {
    written: Arc<Mutex<Vec<Written>>>,
    _cancel: DropGuard,
}

async fn connect(port: u16) -> Option<Client> {
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user("plimsoll")
        .password("s3cret")
        .dbname("tenant");
    let (client, connection) = tokio::time::timeout(Duration::from_millis(500), config.connect(NoTls))
        .await
        .ok()?
        .ok()?;
    tokio::spawn(connection);
    Some(client)
}

/// The same to a database that answers, however long a loaded machine takes for it.
pub async fn connected(port: u16) -> Client {
    let began = Instant::now();
    loop {
        if let Some(client) = connect(port).await {
            return client;
        }
        assert!(began.elapsed() < super::PATIENCE, "the database does not answer");
    }
}

impl Writer {
    pub fn start(site: &Site) -> Self {
        let cancel = CancellationToken::new();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (list, until) = (Arc::clone(&written), cancel.clone());
        let (port, side) = (site.port, site.name.to_string());
        tokio::spawn(async move {
            tokio::select! {
                () = until.cancelled() => {}
                () = write_for_ever(port, side, list) => {}
            }
        });
        Self {
            written,
            _cancel: cancel.drop_guard(),
        }
    }

    pub fn written(&self) -> Vec<Written> {
        self.written.lock().unwrap().clone()
    }

    /// Waits until something that was sent after now is acknowledged.
    pub async fn writes(&self) -> Written {
        let began = Instant::now();
        loop {
            if let Some(found) = self.written().iter().find(|written| written.sent > began) {
                return *found;
            }
            assert!(began.elapsed() < super::PATIENCE, "nothing was written");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn write_for_ever(port: u16, side: String, list: Arc<Mutex<Vec<Written>>>) {
    let mut client: Option<Client> = None;
    loop {
        if client.as_ref().is_none_or(Client::is_closed) {
            client = connect(port).await;
        }
        if let Some(open) = &client {
            let (id, sent) = (NEXT.fetch_add(1, Ordering::SeqCst), Instant::now());
            let sql = "insert into written values ($1, $2)";
            let write = async { open.execute(sql, &[&id, &side]).await };
            match tokio::time::timeout(Duration::from_secs(30), write).await {
                Ok(Ok(_)) => list.lock().unwrap().push(Written {
                    id,
                    sent,
                    acknowledged: Instant::now(),
                }),
                Ok(Err(_)) => {}
                Err(_) => client = None,
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What the database of a site holds.
pub async fn ids(site: &Site) -> Vec<i64> {
    let client = connected(site.port).await;
    let rows = client
        .query("select id from written order by id", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
