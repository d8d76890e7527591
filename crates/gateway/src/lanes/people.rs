//! How many of people's requests wait for a process of the ERP.
//!
//! A process of the ERP serves one request at a time, so what is not served yet stands in the listening socket's queue,
//! and the kernel tells its length for each socket of this machine (`rx_queue` of a socket in state LISTEN, see
//! proc(5)). On other machines it cannot be seen.

use std::net::{IpAddr, SocketAddr};

/// A table longer than this is not read to its end: listening sockets come first.
const TABLE_MAX: usize = 256 << 10;
/// A listening socket, as the kernel writes it.
const LISTEN: &str = "0A";

/// Requests in the queue of that listening socket; `None` where it is not on this machine, or the system does not tell.
pub fn waiting(listener: SocketAddr) -> Option<u32> {
    let table = match listener {
        SocketAddr::V4(_) => "/proc/self/net/tcp",
        SocketAddr::V6(_) => "/proc/self/net/tcp6",
    };
    let mut text = String::new();
    let file = std::fs::File::open(table).ok()?;
    std::io::Read::read_to_string(&mut std::io::Read::take(file, TABLE_MAX as u64), &mut text).ok()?;
    queue_of(&text, listener)
}

/// A socket that listens on all addresses counts too.
fn queue_of(table: &str, listener: SocketAddr) -> Option<u32> {
    let word = |bytes: &[u8]| {
        let bytes = <[u8; 4]>::try_from(bytes).unwrap_or_default();
        format!("{:08X}", u32::from_ne_bytes(bytes))
    };
    let address: String = match listener.ip() {
        IpAddr::V4(address) => word(&address.octets()),
        IpAddr::V6(address) => address.octets().chunks_exact(4).map(word).collect(),
    };
    let any = "0".repeat(address.len());
    let port = listener.port();
    let wanted = [format!("{address}:{port:04X}"), format!("{any}:{port:04X}")];
    let queues = table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, _, state, queues) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        if state != LISTEN || !wanted.iter().any(|one| one == local) {
            return None;
        }
        u32::from_str_radix(queues.split_once(':')?.1, 16).ok()
    });
    queues.reduce(u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernels_table_is_read_by_port_and_state() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F85 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1077 1 0 100 0\n\
            1: 0100007F:1F85 0100007F:9999 01 00000000:00000050 00:00000000 00000000     0        0 1078 1 0 100 0\n\
            2: 00000000:1F86 00000000:0000 0A 00000000:00000011 00:00000000 00000000     0        0 1079 1 0 100 0\n";
        let queue = |address: &str| queue_of(table, address.parse().unwrap());
        assert_eq!(queue("127.0.0.1:8069"), Some(3));
        assert_eq!(queue("127.0.0.2:8069"), None);
        assert_eq!(queue("127.0.0.2:8070"), Some(17), "one that listens everywhere");
        assert_eq!(queue("127.0.0.1:80"), None);
    }

    #[test]
    fn connections_that_nobody_accepts_are_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(waiting(address), Some(0));
        let _waiting = (
            TcpStream::connect(address).unwrap(),
            TcpStream::connect(address).unwrap(),
        );
        // A connection counts when the kernel has handled its last packet, which may be a moment after `connect`.
        while waiting(address) != Some(2) {
            std::thread::yield_now();
        }
        let _served = listener.accept().unwrap();
        assert_eq!(waiting(address), Some(1));
    }
}
