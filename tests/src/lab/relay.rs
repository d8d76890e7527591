//! Hands packets from one site to another as the link between them says.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::packet;

/// Port of the tunnel, on both ends.
pub const PORT: u16 = 4789;
/// The longest datagram.
const LENGTH_MAX: usize = 65_536;
/// How long the relay waits for a packet before it looks whether it should end.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What happens to the packets of one direction of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// How long each takes.
    pub delay: Duration,
    /// Up to this much longer, differently for each; packets do not overtake each other.
    pub jitter: Duration,
    /// How many of a thousand vanish; all of them on a link that is cut.
    pub lost_per_mille: u64,
}

impl Link {
    /// As fast as the machine is.
    pub const FAST: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        lost_per_mille: 0,
    };
    /// Everything vanishes silently.
    pub const CUT: Self = Self {
        lost_per_mille: 1000,
        ..Self::FAST
    };

    /// Between two far regions: this long one way, and up to a quarter more.
    pub const fn far(millis: u64) -> Self {
        Self {
            delay: Duration::from_millis(millis),
            jitter: Duration::from_millis(millis / 4),
            lost_per_mille: 0,
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    links: Mutex<BTreeMap<(u8, u8), Link>>,
    stop: AtomicBool,
    handed_on: AtomicU64,
    vanished: AtomicU64,
}

/// The relay.
#[derive(Debug)]
pub struct Relay {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A packet under way: due when, in which order, to whom.
type UnderWay = Reverse<(Instant, u64, u8, Vec<u8>)>;

// === impl Relay ===

impl Relay {
    /// Starts it for sites 1 to `sites`.
    pub fn start(sites: usize) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).unwrap();
        let shared = Arc::<Shared>::default();
        let numbers = 1..=u8::try_from(sites).unwrap();
        for from in numbers.clone() {
            for to in numbers.clone() {
                shared.links.lock().unwrap().insert((from, to), Link::FAST);
            }
        }
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || Forwarder::new(socket, theirs).run());
        Self {
            shared,
            thread: Some(thread),
        }
    }

    /// What happens from now on to packets of one direction.
    pub fn set(&self, from: u8, to: u8, link: Link) {
        self.shared.links.lock().unwrap().insert((from, to), link);
    }

    /// Packets handed on, and vanished.
    pub fn counted(&self) -> (u64, u64) {
        let Shared {
            handed_on, vanished, ..
        } = &*self.shared;
        (handed_on.load(Relaxed), vanished.load(Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        if matches!(ended, Some(Err(_))) && !std::thread::panicking() {
            panic!("the relay failed");
        }
    }
}

struct Forwarder {
    socket: UdpSocket,
    shared: Arc<Shared>,
    under_way: BinaryHeap<UnderWay>,
    /// When the last packet of each direction is due.
    last: BTreeMap<(u8, u8), Instant>,
    number: u64,
    chance: u64,
}

// === impl Forwarder ===

impl Forwarder {
    fn new(socket: UdpSocket, shared: Arc<Shared>) -> Self {
        Self {
            socket,
            shared,
            under_way: BinaryHeap::new(),
            last: BTreeMap::new(),
            number: 0,
            chance: 0x9e37_79b9_7f4a_7c15,
        }
    }

    fn run(mut self) {
        let mut buffer = vec![0; LENGTH_MAX];
        while !self.shared.stop.load(Relaxed) {
            let due = self.under_way.peek().map(|Reverse((due, ..))| *due);
            let now = Instant::now();
            let wait = due.map_or(LOOK_EVERY, |due| {
                due.saturating_duration_since(now).min(LOOK_EVERY)
            });
            if wait > Duration::ZERO {
                self.socket.set_read_timeout(Some(wait)).unwrap();
                // Nothing to read, or a site that is gone: both happen.
                if let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
                    self.take(&mut buffer[..length], from);
                }
            }
            self.deliver();
        }
    }

    fn take(&mut self, datagram: &mut [u8], from: SocketAddr) {
        let SocketAddr::V4(from) = from else { return };
        let from = from.ip().octets()[3] / 4;
        let Some(to) = packet::receiver(datagram) else {
            return;
        };
        let Some(link) = self.shared.links.lock().unwrap().get(&(from, to)).copied() else {
            return;
        };
        if self.chance(1000) < link.lost_per_mille {
            self.shared.vanished.fetch_add(1, Relaxed);
            return;
        }
        packet::sum(datagram);
        let jitter = u64::try_from(link.jitter.as_micros()).unwrap_or(0);
        let due = Instant::now() + link.delay + Duration::from_micros(self.chance(jitter + 1));
        let due = self.last.get(&(from, to)).map_or(due, |last| due.max(*last));
        self.last.insert((from, to), due);
        self.number += 1;
        self.under_way
            .push(Reverse((due, self.number, to, datagram.to_vec())));
    }

    fn deliver(&mut self) {
        let now = Instant::now();
        while self
            .under_way
            .peek()
            .is_some_and(|Reverse((due, ..))| *due <= now)
        {
            let Some(Reverse((_, _, to, datagram))) = self.under_way.pop() else {
                return;
            };
            let (_, address) = super::line(to);
            // A site that is gone gets nothing; that is what a network does.
            let _ = self.socket.send_to(&datagram, SocketAddrV4::new(address, PORT));
            self.shared.handed_on.fetch_add(1, Relaxed);
        }
    }

    /// A number below `limit`: xorshift, which is even enough for losing packets.
    const fn chance(&mut self, limit: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % limit
    }
}
