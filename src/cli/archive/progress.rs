//! What is told while something takes long, and how it is broken off.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::config_files::eprintln;
use crate::cli::Failure;

/// How long nothing is said.
const PAUSE: Duration = Duration::from_secs(5);

/// Counts bytes on their way, and says now and then how many they were.
pub struct Counted<T> {
    inner: T,
    /// What is under way, as in "dumping the database".
    doing: &'static str,
    bytes: u64,
    said: Instant,
}

impl<T> Counted<T> {
    pub fn new(doing: &'static str, inner: T) -> Self {
        Self { inner, doing, bytes: 0, said: Instant::now() }
    }

    /// What the bytes went to or came from.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if self.said.elapsed() >= PAUSE {
            self.said = Instant::now();
            eprintln(&format!("{}: {} so far", self.doing, size(self.bytes)));
        }
    }
}

impl<T: Write> Write for Counted<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        self.count(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Counted<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.count(read);
        Ok(read)
    }
}

/// A number of bytes as people read it.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => tenths(bytes, 1_000, "kB"),
        1_000_000..1_000_000_000 => tenths(bytes, 1_000_000, "MB"),
        _ => tenths(bytes, 1_000_000_000, "GB"),
    }
}

fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10))
}

/// Is cancelled by Ctrl-C and by a service's end, so that what was begun can be taken away. Called inside of the runtime.
pub fn stop_by_signal(runtime: &Runtime) -> Result<CancellationToken, Failure> {
    let stop = CancellationToken::new();
    let cannot = |err: io::Error| Failure::ours("cannot listen for signals").because(&err);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let told = stop.clone();
    // It ends with the runtime, which is the command's.
    runtime.spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}

/// Waits for that, unless it is to be broken off before.
pub fn unless_stopped<T>(
    runtime: &Runtime,
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(interrupted()),
            done = work => done,
        }
    })
}

/// The work was to be broken off.
pub fn interrupted() -> Failure {
    Failure::input("interrupted; nothing was changed")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_told_in_words() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1_250), "1.2 kB");
        assert_eq!(size(12_345_678), "12.3 MB");
        assert_eq!(size(7_000_000_000), "7.0 GB");
    }
}
