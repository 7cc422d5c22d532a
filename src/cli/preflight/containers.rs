//! Whether containers can run here: the engine, and the images. That there is no Docker at all is nothing that is wrong:
//! `install.sh` installs it.

use std::{fs, process::Command, time::Duration};

use super::Findings;
use crate::{
    assets::appliance::IMAGES,
    cli::{Failure, runtime},
};

/// Where Docker fetches images from that are named without a host.
const REGISTRY: &str = "https://registry-1.docker.io/v2/";
/// How long it may take to answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Where a snap's programs stand; such a Docker does not see what is outside of people's homes.
const SNAP: &str = "/snap/bin/docker";

/// That the engine answers.
pub fn engine(findings: &mut Findings) {
    let Ok(output) = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output() else {
        return;
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        findings.problem(
            format!("the Docker engine does not answer: {}", said.lines().last().unwrap_or_default().trim()),
            "systemctl enable --now docker; then: docker version",
        );
    } else if fs::exists(SNAP).unwrap_or(false) {
        findings.problem(
            "Docker is here as a snap, which does not see /etc/meetbox",
            "snap remove docker; install.sh then installs another",
        );
    }
}

/// That the images are here, or can be fetched.
pub fn images(findings: &mut Findings) -> Result<(), Failure> {
    let is_here = |image: &str| {
        let asked = Command::new("docker").args(["image", "inspect", image]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    let missing: Vec<_> = IMAGES.into_iter().filter(|image| !is_here(image)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let answer = runtime()?.block_on(async {
        // Whatever it says, it is there.
        crate::app::http_client()?.get(REGISTRY).timeout(TIMEOUT).send().await
    });
    if let Err(err) = answer {
        let why = crate::telemetry::chain(&err.without_url());
        findings.problem(
            format!(
                "these images are missing, and where they are fetched from does not answer ({why}): {}",
                missing.join(", ")
            ),
            "see to the network; or bring them along with --images, docs/operations.md tells how",
        );
    }
    Ok(())
}
