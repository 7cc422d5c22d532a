//! Logs: where they go, what shape they have, and how a failure that someone must look at is told.
//!
//! Every line goes to stdout, where systemd, Docker and people look for it, and to daily files as well when
//! there is a folder for them. Times are RFC 3339 in UTC.

use std::{
    any::type_name,
    backtrace::Backtrace,
    error::Error,
    fs,
    io::{self, IsTerminal},
    panic::PanicHookInfo,
    path::{Path, PathBuf},
};

use tracing::{Subscriber, error};
use tracing_appender::{
    non_blocking::{ErrorCounter, NonBlocking, WorkerGuard},
    rolling::{InitError, RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    Layer,
    filter::{ParseError, Targets},
    fmt::{MakeWriter, layer as lines},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::{SubscriberInitExt, TryInitError},
};

use crate::config::{LogFormat, LogSettings};

/// Daily files are `meetbox.2026-11-22.log`; whatever in the folder begins and ends like that is ours to prune.
const FILE_PREFIX: &str = "meetbox";
const FILE_SUFFIX: &str = "log";

/// Why there can be no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("cannot understand LOG_LEVEL")]
    Filter(#[from] ParseError),
    #[error("cannot write log files to `{}` (LOG_DIR)", directory.display())]
    Directory { directory: PathBuf, source: io::Error },
    #[error("cannot open a log file in `{}` (LOG_DIR)", directory.display())]
    File { directory: PathBuf, source: InitError },
    #[error("cannot set up the log twice")]
    Twice(#[from] TryInitError),
}

/// Keeps the log going; what still waits for the disk is written when it is dropped.
#[derive(Debug)]
pub struct Guard {
    files: Option<(WorkerGuard, ErrorCounter)>,
}

impl Guard {
    /// How many lines the files lack because the disk could not keep up. Stdout lacks none.
    pub fn dropped_lines(&self) -> usize {
        self.files.as_ref().map_or(0, |(_, counter)| counter.dropped_lines())
    }
}

/// Sets the log of this process up, and sends panics there too.
pub fn init(settings: &LogSettings) -> Result<Guard, TelemetryError> {
    let (files, guard) = open_files(settings)?;
    // Colours for people only; `NO_COLOR` is honoured by the layer itself.
    let plain = !io::stdout().is_terminal();

    subscriber(settings, io::stdout, plain, files)?.try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(guard)
}

/// The error and everything that led to it, outermost first.
pub fn chain(err: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(err), |&err| err.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Logs a failure that someone must look at: what failed, the kind of error, all that led to it, and where.
///
/// Call it inside the span that has the context (a request's, a job's), once, where the failure is handled.
pub fn critical<E: Error + 'static>(what: &str, err: &E) {
    let (chain, backtrace) = (chain(err), backtrace());
    error!(error = %err, error.kind = type_name::<E>(), chain, backtrace, "{what}: {chain}");
}

/// Logs a panic as one line, so that it is found where everything else is told.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("something that is no text");
    let location = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let backtrace = backtrace();
    error!(panic.message = message, panic.location = location, backtrace, "panicked at {location}: {message}");
}

/// The way here. As text, because looking the names up takes long and stdout and the file would each do it anew.
fn backtrace() -> String {
    Backtrace::force_capture().to_string()
}

/// The daily files, when there is a folder for them.
fn open_files(settings: &LogSettings) -> Result<(Option<NonBlocking>, Guard), TelemetryError> {
    let Some(directory) = &settings.directory else {
        return Ok((None, Guard { files: None }));
    };
    fs::create_dir_all(directory)
        .map_err(|source| TelemetryError::Directory { directory: directory.clone(), source })?;
    let appender = appender(directory, settings.keep_files)
        .map_err(|source| TelemetryError::File { directory: directory.clone(), source })?;

    // A slow disk must not hold a request up: lines wait in memory, and the ones too many are counted.
    let (writer, worker) = tracing_appender::non_blocking(appender);
    let counter = writer.error_counter();
    Ok((Some(writer), Guard { files: Some((worker, counter)) }))
}

fn appender(directory: &Path, keep_files: usize) -> Result<RollingFileAppender, InitError> {
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(FILE_PREFIX)
        .filename_suffix(FILE_SUFFIX)
        .max_log_files(keep_files)
        .build(directory)
}

fn subscriber<W>(
    settings: &LogSettings,
    stdout: W,
    plain: bool,
    files: Option<NonBlocking>,
) -> Result<impl Subscriber + Send + Sync + use<W>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter: Targets = settings.filter.parse()?;
    let files = files.map(|files| layer(settings.format, files, true));

    Ok(tracing_subscriber::registry().with(layer(settings.format, stdout, plain)).with(files).with(filter))
}

fn layer<S, W>(format: LogFormat, writer: W, plain: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = lines().with_writer(writer);
    let layer = if plain { layer.with_ansi(false) } else { layer };
    match format {
        // The event's fields stand beside `message`, the innermost span's in `span`.
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Pretty => layer.boxed(),
    }
}

#[cfg(test)]
mod tests;
