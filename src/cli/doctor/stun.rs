//! STUN (RFC 8489): asks somebody from which address our packets come.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::net::{ToSocketAddrs, UdpSocket, lookup_host};

const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const HEADER: usize = 20;

/// The request is sent again after each of these: packets get lost.
const WAITS: [Duration; 3] = [Duration::from_millis(500), Duration::from_millis(1000), Duration::from_millis(1500)];

/// From which address our packets come to `server`, over IPv4.
pub async fn ask(server: impl ToSocketAddrs) -> Result<IpAddr, String> {
    let addresses = lookup_host(server).await.map_err(|err| err.to_string())?;
    let four: Vec<SocketAddr> = addresses.filter(SocketAddr::is_ipv4).collect();
    let server = four.first().ok_or("it has no IPv4 address")?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.map_err(|err| err.to_string())?;
    // Only its own answers come through, and a machine that has no such port says so.
    socket.connect(server).await.map_err(|err| err.to_string())?;

    let transaction: [u8; 12] = rand::random();
    let request = [&BINDING_REQUEST[..], &[0, 0], &COOKIE, &transaction].concat();
    let mut answer = [0; 1500];
    for wait in WAITS {
        socket.send(&request).await.map_err(|err| err.to_string())?;
        let Ok(received) = tokio::time::timeout(wait, socket.recv(&mut answer)).await else { continue };
        let length = received.map_err(|err| err.to_string())?;
        return read(answer.get(..length).unwrap_or_default(), transaction)
            .ok_or("it answers what is not STUN".to_owned());
    }
    Err("no answer".to_owned())
}

/// The address in an answer to this very request.
fn read(answer: &[u8], transaction: [u8; 12]) -> Option<IpAddr> {
    let (header, mut attributes) = answer.split_at_checked(HEADER)?;
    if header[..2] != BINDING_SUCCESS || header[4..8] != COOKIE || header[8..] != transaction {
        return None;
    }
    loop {
        let (head, rest) = attributes.split_at_checked(4)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = rest.get(..length)?;
        if kind == XOR_MAPPED_ADDRESS {
            return address(value, transaction);
        }
        // Each begins at a multiple of four.
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
}

fn address(value: &[u8], transaction: [u8; 12]) -> Option<IpAddr> {
    let masked = value.get(4..)?.iter().zip(COOKIE.iter().chain(&transaction)).map(|(byte, mask)| byte ^ mask);
    let bytes: Vec<u8> = masked.collect();
    match value.get(1)? {
        1 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        2 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_an_answer_is_read_and_nothing_else() {
        // Source: RFC 5769, 2.2, the sample IPv4 response; its address is 192.0.2.1.
        let transaction = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        let mut answer = [&[0x01, 0x01, 0x00, 0x1c][..], &COOKIE, &transaction].concat();
        answer.extend(b"\x80\x22\x00\x0btest vector\x20");
        answer.extend([0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);

        assert_eq!(read(&answer, transaction), Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(read(&answer, [0; 12]), None, "it answers another request");
        for length in 0..answer.len() {
            assert_eq!(read(&answer[..length], transaction), None, "{length} bytes of it");
        }
    }
}
