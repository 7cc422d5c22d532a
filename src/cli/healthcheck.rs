//! `meetbox healthcheck`: asks the server on this machine whether it is ready, for supervisors without an HTTP client.

use std::{net::IpAddr, time::Duration};

use super::{Failure, print, runtime};
use crate::config::Settings;

/// How long the server may take; supervisors ask again soon.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Exits 0 when the server of these settings is ready.
pub fn run() -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    let host = match settings.http.bind {
        // Listening everywhere includes here.
        any if any.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let url = format!("http://{host}:{}/readyz", settings.http.port);

    let answer = runtime()?.block_on(async {
        let client = crate::app::http_client()?;
        client.get(&url).timeout(TIMEOUT).send().await
    });
    match answer {
        Ok(answer) if answer.status().is_success() => print("ready\n"),
        Ok(answer) => Err(Failure::ours(format!("not ready: {url} answered {}", answer.status().as_u16()))
            .hint("/health on the same address says which part is away")),
        Err(err) => Err(Failure::ours(format!("nothing answers at {url}"))
            .because(&err.without_url())
            .hint("is `meetbox serve` running, with the same PORT and BIND?")),
    }
}
