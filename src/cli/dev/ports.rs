//! Ports: whether one is free, and who holds it when it is not.

use std::{
    collections::HashSet,
    fmt, fs, io,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::Path,
};

use super::process::command_line;
use crate::cli::sockets::Transport;

/// A port of loopback that a service needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    pub number: u16,
    pub transport: Transport,
}

impl Port {
    /// A TCP port.
    pub fn tcp(number: u16) -> Self {
        Self { number, transport: Transport::Tcp }
    }

    /// A UDP port.
    pub fn udp(number: u16) -> Self {
        Self { number, transport: Transport::Udp }
    }

    /// Who holds the port; `None` when it is free.
    pub fn holder(self) -> Option<Holder> {
        let address = (Ipv4Addr::LOCALHOST, self.number);
        let tried = match self.transport {
            Transport::Tcp => TcpListener::bind(address).map(drop),
            Transport::Udp => UdpSocket::bind(address).map(drop),
        };
        match tried {
            Err(err) if err.kind() == io::ErrorKind::AddrInUse => Some(self.look_up()),
            // Another reason, such as a port under 1024, is the service's to tell.
            _ => None,
        }
    }

    /// Who listens on the port, at whichever address; `None` when nobody does.
    pub fn listener(self) -> Option<Holder> {
        (!self.inodes().is_empty()).then(|| self.look_up())
    }

    /// The process that has the port; `None` as well when it belongs to somebody whose processes we may not look into.
    pub fn process(self) -> Option<u32> {
        let inodes = self.inodes();
        pids().find(|pid| holds(*pid, &inodes))
    }

    fn look_up(self) -> Holder {
        Holder { process: self.process().map(|pid| (pid, command_line(pid).unwrap_or_default())) }
    }

    /// The inodes of the sockets on this port, whichever address they are bound to.
    fn inodes(self) -> HashSet<String> {
        let tables = self.transport.tables();
        let text: String = tables.iter().filter_map(|table| fs::read_to_string(table).ok()).collect();
        let sockets = self.transport.listening(&text).filter(|socket| socket.port == self.number);
        sockets.map(|socket| socket.inode).collect()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.transport {
            Transport::Tcp => write!(f, "port {}", self.number),
            Transport::Udp => write!(f, "UDP port {}", self.number),
        }
    }
}

/// Who holds a port.
pub struct Holder {
    /// Unknown when it belongs to somebody whose processes we may not look into.
    process: Option<(u32, String)>,
}

impl Holder {
    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(|(pid, _)| *pid)
    }

    /// The name of its program, without the folder.
    pub fn program(&self) -> Option<&str> {
        let (_, command) = self.process.as_ref()?;
        command.split(' ').next()?.rsplit('/').next()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some((pid, command)) => write!(f, "pid {pid} ({command})"),
            None => f.write_str("a process of another user"),
        }
    }
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn holds(pid: u32, inodes: &HashSet<String>) -> bool {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|target| is_socket(&target, inodes))
}

fn is_socket(target: &Path, inodes: &HashSet<String>) -> bool {
    let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
    inode.is_some_and(|inode| inodes.contains(inode))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::Port;

    #[test]
    fn a_taken_port_names_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = Port::tcp(listener.local_addr().unwrap().port());

        let holder = port.holder().unwrap().to_string();
        assert!(holder.starts_with(&format!("pid {} (", std::process::id())), "{holder}");
        let listener_told = port.listener().unwrap();
        assert_eq!(listener_told.pid(), Some(std::process::id()));
        assert!(listener_told.program().is_some_and(|name| name.starts_with("meetbox")), "{listener_told}");

        drop(listener);
        assert!(port.listener().is_none());
        assert!(port.holder().is_none());
    }

    #[test]
    fn a_port_of_every_address_is_taken_on_loopback_too() {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = Port::udp(socket.local_addr().unwrap().port());

        let holder = port.holder().unwrap().to_string();
        assert!(holder.starts_with(&format!("pid {} (", std::process::id())), "{holder}");
    }
}
