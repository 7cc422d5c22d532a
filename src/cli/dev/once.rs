//! Programs that are run once, to their end: making a cluster, building, installing.

use std::{fs::File, io, process::ExitStatus};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::kept::{Program, joint_pipe};

/// How a program ended, and everything it said.
pub struct Ended {
    pub status: ExitStatus,
    pub lines: Vec<String>,
}

/// Runs the program, shows each line to `on_line` as it comes and writes it into the log.
///
/// It stands under a keeper too: when this is dropped, it is stopped.
pub async fn run_to_end(program: &Program, log: File, mut on_line: impl FnMut(&str)) -> io::Result<Ended> {
    let (reader, stdout, stderr) = joint_pipe()?;
    let mut kept = program.start(stdout, stderr).await?;
    let mut reader = BufReader::new(reader);
    let mut log = tokio::fs::File::from_std(log);
    let mut lines = Vec::new();
    let mut bytes = Vec::new();

    while reader.read_until(b'\n', &mut bytes).await? > 0 {
        log.write_all(&bytes).await?;
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        on_line(&line);
        lines.push(line);
        bytes.clear();
    }
    log.flush().await?;
    Ok(Ended { status: kept.ended().await?, lines })
}
