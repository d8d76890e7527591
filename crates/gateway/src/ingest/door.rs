//! Threads that serve partners' connections: each has a runtime and a [`Counter`] of its own, and a connection stays with
//! one thread, so that nothing on the way of a message is shared but the ledger's lock and the journal's queue.

use std::{
    io,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime::{self, LocalOptions},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Visitor, Way,
    certificate::Shown,
    counter::Counter,
    patience::Patience,
    respond,
    sources::{Place, Sources},
};
use crate::gateway::Gateway;

/// Connections at the same time; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 8192;
/// The same of the door that no ingress stands before: whoever fills it keeps nobody else out.
const CERTIFICATE_CONNECTIONS_MAX: usize = 1024;
/// More threads than this only move messages between cores: one fills a core at about a hundred thousand a second.
const THREADS_MAX: usize = 4;
/// Also on two cores, which one thread and the journal's cannot fill: whoever answers waits for whoever writes.
const THREADS_MIN: usize = 2;
/// A partner that has not finished its handshake by then is dropped.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);
/// A connection that for so long takes no answer and brings no complete request head is closed.
const HEAD_TIME_MAX: Duration = Duration::from_secs(60);
/// Where no ingress stands before us, a connection whose certificate has opened no integration by then, handshake and all,
/// is closed, whatever it has asked meanwhile: what asks for our health needs one request.
const STRANGER_TIME_MAX: Duration = Duration::from_secs(10);
/// Connections that one source has there at a time: a partner's office has some, and sixteen of them fill the door.
const SOURCE_CONNECTIONS_MAX: usize = 64;

/// A listener, and who comes in by it.
pub struct Entrance {
    /// The listener.
    pub listener: TcpListener,
    /// How TLS is spoken there, unless an ingress on the same machine does.
    pub tls: Option<TlsAcceptor>,
    /// Who comes in.
    pub way: Way,
}

/// A connection on its way to its thread.
struct Arrived {
    stream: std::net::TcpStream,
    tls: Option<TlsAcceptor>,
    way: Way,
    /// Held as long as the connection lives.
    slot: OwnedSemaphorePermit,
    /// One of its source's, where these are counted.
    place: Option<Place>,
}

/// How long who comes in this way may do nothing.
pub(super) fn patience_with(way: Way) -> Patience {
    let now = Instant::now();
    match way {
        Way::Any => Patience::new(HEAD_TIME_MAX, now),
        Way::CertificatesOnly => Patience::with_stranger(HEAD_TIME_MAX, STRANGER_TIME_MAX, now),
    }
}

/// The threads.
pub struct Doors {
    threads: Vec<Thread>,
}

struct Thread {
    arrivals: mpsc::UnboundedSender<Arrived>,
    ended: oneshot::Receiver<()>,
}

impl Doors {
    /// Starts the threads; they end some time after `cancel` fires, when their connections are done or `drain` is over.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn open(gateway: &Arc<Gateway>, drain: Duration) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (1..=threads_on(cores)).map(|number| {
            let (arrivals, arriving) = mpsc::unbounded_channel();
            let (ending, ended) = oneshot::channel();
            let gateway = Arc::clone(gateway);
            std::thread::Builder::new()
                .name(format!("ingest-{number}"))
                .spawn(move || {
                    let runtime = runtime::Builder::new_current_thread()
                        .enable_all()
                        .build_local(LocalOptions::default());
                    match runtime {
                        Ok(runtime) => runtime.block_on(serve(gateway, arriving, drain)),
                        Err(error) => {
                            tracing::error!(%error, "nothing can be taken in: the gateway ends");
                            gateway.cancel.cancel();
                        }
                    }
                    let _ = ending.send(());
                })?;
            Ok(Thread { arrivals, ended })
        });
        Ok(Self {
            threads: threads.collect::<io::Result<_>>()?,
        })
    }

    /// Hands what arrives at the listeners to the threads, until `cancel` fires and the threads have ended.
    pub async fn receive(self, entrances: Vec<Entrance>, cancel: CancellationToken) {
        let tasks = TaskTracker::new();
        let arrivals: Arc<[_]> = self.threads.iter().map(|one| one.arrivals.clone()).collect();
        let behind_ingress = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let direct = Arc::new(Semaphore::new(CERTIFICATE_CONNECTIONS_MAX));
        for entrance in entrances {
            let arrivals = Arc::clone(&arrivals);
            let (slots, sources) = match entrance.way {
                Way::Any => (Arc::clone(&behind_ingress), None),
                Way::CertificatesOnly => (Arc::clone(&direct), Some(Sources::new(SOURCE_CONNECTIONS_MAX))),
            };
            let cancel = cancel.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = accept(entrance, &arrivals, slots, sources) => {}
                }
            });
        }
        drop(arrivals);
        tasks.close();
        tasks.wait().await;
        for Thread { arrivals, ended } in self.threads {
            drop(arrivals);
            let _ = ended.await;
        }
    }
}

/// The journal's thread and everything towards the ERP need a core too.
fn threads_on(cores: usize) -> usize {
    cores
        .saturating_sub(1)
        .clamp(THREADS_MIN.min(cores.max(1)), THREADS_MAX)
}

async fn accept(
    entrance: Entrance,
    threads: &[mpsc::UnboundedSender<Arrived>],
    slots: Arc<Semaphore>,
    sources: Option<Sources>,
) {
    let Entrance { listener, tls, way } = entrance;
    let mut turn = threads.iter().cycle();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let accepted = listener.accept().await.and_then(|(stream, from)| {
            // An answer must not wait for the next one.
            stream.set_nodelay(true)?;
            Ok((stream.into_std()?, from.ip()))
        });
        match accepted {
            Ok((stream, from)) => {
                let place = match sources.as_ref().map(|sources| sources.take(from)) {
                    None => None,
                    Some(Some(place)) => Some(place),
                    // Closed before a handshake, which would cost us more than them.
                    Some(None) => {
                        tracing::debug!(%from, "a source has as many connections as it may");
                        continue;
                    }
                };
                let tls = tls.clone();
                if let Some(thread) = turn.next() {
                    let _ = thread.send(Arrived {
                        stream,
                        tls,
                        way,
                        slot,
                        place,
                    });
                }
            }
            Err(error) => {
                // Out of file descriptors, most likely: give the others time to end instead of spinning.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// One thread's life.
async fn serve(gateway: Arc<Gateway>, mut arriving: mpsc::UnboundedReceiver<Arrived>, drain: Duration) {
    let counter = Counter::new(Arc::clone(&gateway));
    let clerk = tokio::task::spawn_local(Rc::clone(&counter).clerk());
    let connections = TaskTracker::new();
    let cancel = gateway.cancel.clone();
    // Ends when the accepting tasks have.
    while let Some(arrived) = arriving.recv().await {
        let visitor = Visitor::new(Arc::clone(&gateway), Rc::clone(&counter), arrived.way);
        connections.spawn_local(welcome(arrived, visitor, cancel.clone()));
    }
    connections.close();
    let _ = tokio::time::timeout(drain, connections.wait()).await;
    clerk.abort();
}

async fn welcome(arrived: Arrived, visitor: Visitor, cancel: CancellationToken) {
    let Arrived {
        stream,
        tls,
        slot,
        place,
        ..
    } = arrived;
    let stream = match TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(%error, "a connection was lost on its way"),
    };
    match tls {
        None => connection(stream, visitor, cancel).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE_TIME_MAX, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let (estate, region) = (visitor.gateway.estate.as_ref(), &visitor.gateway.settings.region);
                let shown = Shown::of(stream.get_ref().1, estate, region);
                connection(stream, Visitor { shown, ..visitor }, cancel).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        },
    }
    drop((slot, place));
}

/// Serves requests until the partner leaves; after `cancel` only the one under way.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    visitor: Visitor,
    cancel: CancellationToken,
) {
    let visitor = Rc::new(visitor);
    let service = service_fn(|request| {
        let visitor = Rc::clone(&visitor);
        async move {
            visitor.patience.is_asked();
            let answer = respond(&visitor, request).await;
            visitor.patience.has_answered(Instant::now());
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None::<Duration>)
        // Answers are small: copied together and written plainly.
        .writev(false)
        // Who has said everything waits for an answer all the same. And nothing is read, nor memory made ready for it,
        // while an answer is on its way.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = cancel.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = visitor.patience.ends() => return tracing::debug!("a connection was idle, or a stranger's, for too long"),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cores_have_two_threads_and_more_leave_one_core_free() {
        let threads: Vec<usize> = [0, 1, 2, 3, 4, 5, 6, 64].into_iter().map(threads_on).collect();
        assert_eq!(threads, [1, 1, 2, 2, 3, 4, 4, 4]);
    }
}
