//! The kernel's tables of sockets: who listens where.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The state in which `/proc/net/tcp` shows a socket that listens.
const LISTEN: &str = "0A";

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    Udp,
}

/// A socket that takes what comes to a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    pub address: IpAddr,
    pub port: u16,
    pub inode: String,
}

impl Transport {
    /// The tables, from the root of the file system.
    pub fn tables(self) -> [&'static str; 2] {
        match self {
            Self::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
            Self::Udp => ["/proc/net/udp", "/proc/net/udp6"],
        }
    }

    /// The sockets in the text of such tables that take what comes.
    pub fn listening(self, tables: &str) -> impl Iterator<Item = Socket> {
        tables.lines().filter_map(move |line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let [_, local, _, state, .., _] = fields.as_slice() else { return None };
            let is_open = self == Self::Udp || *state == LISTEN;
            let (address, port) = local.rsplit_once(':')?;
            let port = u16::from_str_radix(port, 16).ok()?;
            let inode = (*fields.get(9)?).to_owned();
            is_open.then_some(Socket { address: parse(address)?, port, inode })
        })
    }
}

/// An address as the tables have it: words of the machine's own byte order, in hexadecimal.
fn parse(text: &str) -> Option<IpAddr> {
    let words: Vec<u32> = (0..text.len() / 8)
        .map(|at| u32::from_str_radix(text.get(at * 8..at * 8 + 8)?, 16).ok())
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(Ipv4Addr::from(four).into());
    }
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?);
    // A socket for both families that was bound to one of the fourth.
    Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn sockets_of_this_machine_are_found_with_their_addresses() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
        for (transport, local) in
            [(Transport::Tcp, tcp.local_addr().unwrap()), (Transport::Udp, udp.local_addr().unwrap())]
        {
            let text: String =
                transport.tables().iter().filter_map(|table| std::fs::read_to_string(table).ok()).collect();
            let found = transport.listening(&text).any(|it| it.address == local.ip() && it.port == local.port());
            assert!(found, "{local} in {text}");
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn addresses_of_both_families_are_read() {
        assert_eq!(parse("0100007F"), Some("127.0.0.1".parse().unwrap()));
        assert_eq!(parse("00000000000000000000000001000000"), Some("::1".parse().unwrap()));
        assert_eq!(parse("0000000000000000FFFF00000100007F"), Some("127.0.0.1".parse().unwrap()));
        assert_eq!(parse("00"), None);
    }
}
