//! What the machine allows: the disk with nothing but group commit, and an HTTP server that stores nothing.

use std::{
    fs::OpenOptions,
    net::SocketAddr,
    os::unix::fs::FileExt as _,
    path::Path,
    time::{Duration, Instant},
};

use axum::{Router, http::StatusCode, routing::post};

use crate::gateway::free_address;

/// Records of one write.
const RECORDS: usize = 64;
/// The file that is written over and over: zero-filled before, as the journal's segments are.
const FILE_BYTES: u64 = 64 << 20;

/// Records per second that reach the disk, `RECORDS` per write and sync.
pub fn group_commit(directory: &Path, record_bytes: usize, length: Duration) -> anyhow::Result<f64> {
    let path = directory.join("limit");
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(&path)?;
    let zeros = vec![0; 1 << 20];
    for at in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, at)?;
    }
    file.sync_all()?;
    let batch = vec![7; record_bytes * RECORDS];
    let (began, mut at, mut batches) = (Instant::now(), 0, 0_u64);
    while began.elapsed() < length {
        file.write_all_at(&batch, at)?;
        file.sync_data()?;
        at = (at + batch.len() as u64) % (FILE_BYTES - batch.len() as u64);
        batches += 1;
    }
    std::fs::remove_file(path)?;
    Ok((batches * RECORDS as u64) as f64 / began.elapsed().as_secs_f64())
}

/// Serves 202 to every post, on a thread of its own, until the process ends.
pub fn http() -> anyhow::Result<SocketAddr> {
    let address = free_address()?;
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
        else {
            return;
        };
        runtime.block_on(async move {
            let router = Router::new().route(
                "/in/{lane}",
                post(async |_: axum::body::Bytes| StatusCode::ACCEPTED),
            );
            if let Ok(listener) = tokio::net::TcpListener::bind(address).await {
                let _ = ready.send(());
                let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                    let _ = stream.set_nodelay(true);
                });
                let _ = axum::serve(listener, router).await;
            }
        });
    });
    is_ready.recv()?;
    Ok(address)
}
