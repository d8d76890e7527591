//! Serving an `axum` router over TLS, with handshakes off the accept loop and a drain at the end.

use std::{future::IntoFuture as _, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::caller::Caller;

/// A peer that has not finished its handshake by then is dropped, so that silent connections cost little.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);
/// Handshakes at the same time; more wait in the kernel's queue.
const HANDSHAKES_MAX: usize = 64;

/// A bound socket that accepts TLS connections.
pub struct TlsListener {
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
}

impl TlsListener {
    /// Binds `address` (port 0 picks a free one) and begins to accept.
    ///
    /// The accepting task ends when `cancel` fires.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        config: Arc<rustls::ServerConfig>,
        cancel: CancellationToken,
    ) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        let local = tcp.local_addr()?;
        let (sender, accepted) = mpsc::channel(HANDSHAKES_MAX);
        tokio::spawn(accept(tcp, TlsAcceptor::from(config), sender, cancel));
        Ok(Self { accepted, local })
    }

    /// Where it listens.
    pub const fn local(&self) -> SocketAddr {
        self.local
    }
}

async fn accept(
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
    cancel: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let tasks = TaskTracker::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let (stream, address) = tokio::select! {
            () = cancel.cancelled() => return,
            accepted = tcp.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: give the others time to end instead of spinning.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tasks.spawn(async move {
            let _slot = slot;
            let _ = stream.set_nodelay(true);
            match tokio::time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream)).await {
                // A closed channel means that the server is shutting down: nobody is left to serve this connection.
                Ok(Ok(stream)) => drop(sender.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!(%address, %error, "TLS handshake failed"),
                Err(_) => tracing::debug!(%address, "TLS handshake took too long"),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            // The accepting task has ended because of the cancel; graceful shutdown ends this future.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.local)
    }
}

/// Serves until `cancel` fires, then lets requests in flight finish for at most `drain`. Handlers find the [`Caller`]
/// as `ConnectInfo`.
///
/// # Errors
/// What `axum::serve` reports.
pub async fn serve(
    listener: TlsListener,
    router: Router,
    cancel: CancellationToken,
    drain: Duration,
) -> io::Result<()> {
    let graceful = cancel.clone();
    let service = router.into_make_service_with_connect_info::<Caller>();
    let server =
        axum::serve(listener, service).with_graceful_shutdown(async move { graceful.cancelled().await });
    tokio::select! {
        done = server.into_future() => done,
        () = async { cancel.cancelled().await; tokio::time::sleep(drain).await } => Ok(()),
    }
}

/// The same for a socket of this machine alone, without TLS: whoever is on the other side ended it.
///
/// # Errors
/// What `axum::serve` reports.
pub async fn serve_loopback(
    listener: TcpListener,
    router: Router,
    cancel: CancellationToken,
    drain: Duration,
) -> io::Result<()> {
    let graceful = cancel.clone();
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // An answer must not wait for the next one.
        let _ = stream.set_nodelay(true);
    });
    let server = axum::serve(listener, router.into_make_service())
        .with_graceful_shutdown(async move { graceful.cancelled().await });
    tokio::select! {
        done = server.into_future() => done,
        () = async { cancel.cancelled().await; tokio::time::sleep(drain).await } => Ok(()),
    }
}
