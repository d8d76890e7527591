//! A way that takes time: bytes come out of it as they went in, later.
//!
//! Threads and not tasks, because the runtime's timers know milliseconds only.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

/// A relay; takes no new connections once dropped.
pub struct Relay {
    address: SocketAddr,
    target: Arc<OnceLock<SocketAddr>>,
    over: Arc<AtomicBool>,
}

impl Relay {
    /// Lets every byte through `delay` later, in each direction.
    pub fn start(delay: Duration) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let over = Arc::new(AtomicBool::new(false));
        let target = Arc::new(OnceLock::new());
        let (told, leads_to) = (Arc::clone(&over), Arc::clone(&target));
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if told.load(Ordering::Relaxed) {
                    break;
                }
                let far = leads_to.get().map(TcpStream::connect);
                if let Some(Ok(far)) = far {
                    // A connection that cannot be relayed is closed, and the gateway tries anew.
                    let _ = join(near, far, delay);
                }
            }
        });
        Ok(Self {
            address,
            target,
            over,
        })
    }

    /// Where it leads to; the first time counts.
    pub fn lead_to(&self, target: SocketAddr) {
        self.target.get_or_init(|| target);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread, which then ends.
        let _ = TcpStream::connect(self.address);
    }
}

fn join(near: TcpStream, far: TcpStream, delay: Duration) -> std::io::Result<()> {
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    one_way(near.try_clone()?, far.try_clone()?, delay);
    one_way(far, near, delay);
    Ok(())
}

fn one_way(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (way, arrivals) = mpsc::channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        let mut part = vec![0; 256 << 10];
        while let Ok(read @ 1..) = from.read(&mut part) {
            if way.send((Instant::now() + delay, part[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    std::thread::spawn(move || {
        for (due, bytes) in arrivals {
            while let Some(left) = due
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            {
                std::thread::park_timeout(left);
            }
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
