//! The few bytes of a packet that the relay must know: whom it is for, and the sums it may lack.
//!
//! The kernel leaves the checksum of TCP to the network card, which a `veth` device does not have; what comes out of the
//! VXLAN tunnel was never summed. So the relay does it.

/// VXLAN header, RFC 7348.
const VXLAN: usize = 8;
const ETHERNET: usize = 14;
/// Offset of the checksum in a TCP header.
const TCP_CHECKSUM: usize = 16;
const TCP: u8 = 6;

/// The hardware address of a site.
pub fn mac(number: u8) -> String {
    format!("02:00:00:00:00:{number:02x}")
}

/// Number of the site that a datagram of the tunnel is for; `None` for what is for nobody alone.
pub fn receiver(datagram: &[u8]) -> Option<u8> {
    match datagram.get(VXLAN..VXLAN + 6)? {
        [2, 0, 0, 0, 0, number] => Some(*number),
        _ => None,
    }
}

/// Writes the checksum of a TCP segment over IPv4; leaves everything else as it is.
pub fn sum(datagram: &mut [u8]) -> Option<()> {
    let frame = datagram.get_mut(VXLAN..)?;
    if frame.get(12..ETHERNET)? != [8, 0] {
        return None;
    }
    let packet = frame.get_mut(ETHERNET..)?;
    let header = usize::from(packet.first()? & 15) * 4;
    let total = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
    if *packet.get(9)? != TCP || total < header {
        return None;
    }
    let addresses: [u8; 8] = packet.get(12..20)?.try_into().ok()?;
    let segment = packet.get_mut(header..total)?;
    segment.get_mut(TCP_CHECKSUM..TCP_CHECKSUM + 2)?.fill(0);
    let length = u32::try_from(segment.len()).ok()?;
    let sum = ones(&addresses) + u64::from(TCP) + u64::from(length) + ones(segment);
    segment
        .get_mut(TCP_CHECKSUM..TCP_CHECKSUM + 2)?
        .copy_from_slice(&(!fold(sum)).to_be_bytes());
    Some(())
}

fn ones(bytes: &[u8]) -> u64 {
    let pairs = bytes.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        u64::from(u16::from_be_bytes([pair[0], low]))
    });
    pairs.sum()
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}
