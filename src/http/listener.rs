//! The listening socket, and who has it when we cannot.

use std::{
    fmt, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, TcpSocket};

/// Clients that wait in the kernel while all places are taken.
const BACKLOG: u32 = 1024;

/// The state `LISTEN` in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// Why nothing can be served at an address.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error("cannot listen on {address}: port {} is taken{}", address.port(), by(holder))]
    Taken { address: SocketAddr, holder: Option<Holder> },
    /// Ports below 1024 want a privilege.
    #[error("cannot listen on {address}: this user may not use port {}", address.port())]
    NotAllowed { address: SocketAddr },
    #[error("cannot listen on {address}: {source}")]
    Other { address: SocketAddr, source: io::Error },
}

fn by(holder: &Option<Holder>) -> String {
    holder.as_ref().map(|holder| format!(" by {holder}")).unwrap_or_default()
}

/// Listens on `address`; on port 0 the kernel picks one.
pub fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    try_bind(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::Taken { address, holder: holder_of(address.port()) },
        io::ErrorKind::PermissionDenied => BindError::NotAllowed { address },
        _ => BindError::Other { address, source },
    })
}

fn try_bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart finds connections of its predecessor in TIME_WAIT; they do not keep it from the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A process that listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    /// The name of its program, as `/proc` has it.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (process {})", self.name, self.pid)
    }
}

/// The process that listens on a TCP port; a hint for people, `None` where `/proc` does not tell.
pub fn holder_of(port: u16) -> Option<Holder> {
    let sockets: Vec<PathBuf> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_sockets(&table, port))
        .map(|inode| PathBuf::from(format!("socket:[{inode}]")))
        .collect();
    if sockets.is_empty() {
        return None;
    }

    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        has_one_of(&entry.path(), &sockets).then(|| Holder { pid, name: program(&entry.path()) })
    })
}

/// The inodes of the sockets that listen on `port`, from a table such as `/proc/net/tcp`.
fn listening_sockets(table: &str, port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
            (local.ends_with(&port) && *state == LISTENING).then(|| (*inode).to_owned())
        })
        .collect()
}

fn has_one_of(process: &Path, sockets: &[PathBuf]) -> bool {
    let Ok(open) = fs::read_dir(process.join("fd")) else { return false };
    open.flatten().filter_map(|fd| fs::read_link(fd.path()).ok()).any(|target| sockets.contains(&target))
}

fn program(process: &Path) -> String {
    fs::read_to_string(process.join("comm")).map_or_else(|_| "?".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listening_sockets_of_the_port_are_found() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:0BB9 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
   2: 0100007F:10BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0";

        assert_eq!(listening_sockets(table, 3001), ["4711"]);
        assert_eq!(listening_sockets(table, 80), [""; 0]);
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_process_that_has_it() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();

        let message = bind(address).unwrap_err().to_string();
        let expected = format!("cannot listen on {address}: port {} is taken by `", address.port());
        assert!(message.starts_with(&expected), "{message}");
        assert!(message.ends_with(&format!("(process {})", std::process::id())), "{message}");
    }
}
