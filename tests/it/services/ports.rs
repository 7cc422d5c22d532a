//! Ports that nobody listens on.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    sync::Mutex,
};

/// Below the range from which the kernel takes ports for outgoing connections: a port that is free now is not
/// taken by a stranger's connection a moment later.
const LOWEST: u16 = 20_000;
const HIGHEST: u16 = 32_000;

static HANDED_OUT: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A loopback port, free for TCP and UDP, that this process hands out only once.
pub fn free_port() -> u16 {
    let mut handed_out = HANDED_OUT.lock().unwrap();
    let handed_out = handed_out.get_or_insert_default();

    loop {
        let port = rand::random_range(LOWEST..HIGHEST);
        if !handed_out.contains(&port) && is_free(port) {
            handed_out.insert(port);
            return port;
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
