//! A TCP proxy that a test can break: it stands where a service should be, and behaves as badly as told.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

use crate::services::free_port;

/// How the proxy treats connections, old and new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything goes through.
    Pass,
    /// Nobody listens; what was open is cut off.
    Refused,
    /// Connections open, and then nothing ever comes back.
    BlackHoled,
    /// Every piece of data takes this long.
    Slow(Duration),
    /// Connections open and are reset at once.
    Reset,
}

/// A proxy in front of one loopback port.
pub struct Proxy {
    pub port: u16,
    wanted: watch::Sender<Mode>,
    reached: watch::Receiver<Mode>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy to `target` that lets everything through. It runs on the test's own runtime.
    pub async fn to(target: u16) -> Self {
        let port = free_port();
        let listener = listen(port).await;
        let (wanted, modes) = watch::channel(Mode::Pass);
        let (tell_reached, reached) = watch::channel(Mode::Pass);
        let task = tokio::spawn(run(Door { port, target, modes, tell_reached }, listener));
        Self { port, wanted, reached, task }
    }

    /// Switches to `mode`, and returns when new connections meet it.
    pub async fn set(&self, mode: Mode) {
        self.wanted.send_replace(mode);
        let mut reached = self.reached.clone();
        reached.wait_for(|it| *it == mode).await.expect("the proxy runs");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Door {
    port: u16,
    target: u16,
    modes: watch::Receiver<Mode>,
    tell_reached: watch::Sender<Mode>,
}

async fn run(mut door: Door, first: TcpListener) {
    let mut listener = Some(first);
    // Connections belong to this task: they end with it.
    let mut connections = tokio::task::JoinSet::new();

    loop {
        let mode = *door.modes.borrow_and_update();
        if mode == Mode::Refused {
            listener = None;
        } else if listener.is_none() {
            listener = Some(listen(door.port).await);
        }
        door.tell_reached.send_replace(mode);

        tokio::select! {
            changed = door.modes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            accepted = accept(listener.as_ref()) => {
                if let Ok(client) = accepted {
                    connections.spawn(carry(client, door.target, door.modes.clone()));
                }
            }
        }
    }
}

async fn listen(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the proxy's port is free")
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Carries one connection, until an end closes it or the mode cuts it off.
async fn carry(client: TcpStream, target: u16, mut modes: watch::Receiver<Mode>) {
    let _ = client.set_nodelay(true);
    // A dropped socket then resets instead of saying goodbye.
    let _ = client.set_zero_linger();
    if wait_until_open(&mut modes).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, target))).await else { return };
    let _ = server.set_nodelay(true);

    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut both = tokio::task::JoinSet::new();
    both.spawn(pump(from_client, to_server, modes.clone()));
    both.spawn(pump(from_server, to_client, modes));
    // Each way ends alone when its end says goodbye; when one is cut, both are.
    while let Some(Ok(Ok(()))) = both.join_next().await {}
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut modes: watch::Receiver<Mode>) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = tokio::select! {
            read = from.read(&mut buffer) => read?,
            () = cut(modes.clone()) => return Err(io::ErrorKind::ConnectionReset.into()),
        };
        if let Mode::Slow(delay) = wait_until_open(&mut modes).await? {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                // A line that is fast again is so for what is on it, too.
                _ = modes.changed() => {}
            }
        }
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

/// Resolves when the mode cuts connections off.
async fn cut(mut modes: watch::Receiver<Mode>) {
    if modes.wait_for(|mode| matches!(mode, Mode::Refused | Mode::Reset)).await.is_err() {
        std::future::pending().await
    }
}

/// Waits through a black hole; tells the mode that data moves in, or that there is none.
async fn wait_until_open(modes: &mut watch::Receiver<Mode>) -> io::Result<Mode> {
    let mode = *modes.wait_for(|mode| *mode != Mode::BlackHoled).await.map_err(io::Error::other)?;
    match mode {
        Mode::Refused | Mode::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        Mode::Pass | Mode::Slow(_) | Mode::BlackHoled => Ok(mode),
    }
}
