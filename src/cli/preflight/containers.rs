//! Whether containers can run here: the engine, and the images. That there is no Docker at all is nothing that is wrong:
//! `install.sh` installs it.

use std::{fs, time::Duration};

use super::Findings;
use crate::{
    assets::appliance::IMAGES,
    cli::{
        Failure,
        programs::{Program, command},
        runtime, setup,
    },
};

const DOCKER: Program = Program::new("docker");
/// Where Docker fetches images from that are named without a host.
const REGISTRY: &str = "https://registry-1.docker.io/v2/";
/// What compose calls an installation: the name in its file.
const PROJECT: &str = "meetbox";
/// How long it may take to answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Where a snap's programs stand; such a Docker does not see what is outside of people's homes.
const SNAP: &str = "/snap/bin/docker";

/// That the engine answers.
pub fn engine(findings: &mut Findings) {
    let Ok(output) = command("docker").args(["version", "--format", "{{.Server.Version}}"]).output() else {
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
    // Where there is none, `install.sh` installs it.
    if let Ok(version) = DOCKER.ask(&["compose", "version", "--short"])
        && setup::compose_is_too_old(version.trim())
    {
        findings.problem(
            format!("Docker's compose plugin is {}, and has to be 2.22 or later", version.trim()),
            "bring it up to date: https://docs.docker.com/compose/install/linux",
        );
    }
}

/// That the images are here, or can be fetched.
pub fn images(findings: &mut Findings) -> Result<(), Failure> {
    let is_here = |image: &str| DOCKER.agrees(&["image", "inspect", image]).is_ok_and(|agrees| agrees);
    let missing: Vec<_> = IMAGES.into_iter().filter(|image| !is_here(image)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    // The engine asks its mirrors first.
    let mut registries = mirrors();
    registries.push(REGISTRY.to_owned());
    let mut why = String::new();
    for registry in registries {
        let answer = runtime()?.block_on(async {
            // Whatever it says, it is there.
            crate::app::http_client(&registry)?.get(&registry).timeout(TIMEOUT).send().await
        });
        match answer {
            Ok(_) => return Ok(()),
            Err(err) => why = crate::telemetry::chain(&err.without_url()),
        }
    }
    findings.problem(
        format!(
            "these images are missing, and where they are fetched from does not answer ({why}): {}",
            missing.join(", ")
        ),
        "see to the network; or bring them along with --images, docs/operations.md tells how",
    );
    Ok(())
}

/// Whether a process stands in one of the containers of an installation.
pub fn is_ours(pid: u32) -> bool {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let Some(container) = container_in(&groups) else { return false };
    let label = "{{index .Config.Labels \"com.docker.compose.project\"}}";
    DOCKER.ask(&["inspect", "--format", label, container]).is_ok_and(|project| project.trim() == PROJECT)
}

/// The id of the container in `/proc/PID/cgroup`, whatever stands around it: 64 digits.
fn container_in(groups: &str) -> Option<&str> {
    let is_id = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.split(|char: char| !char.is_ascii_alphanumeric()).find(is_id)
}

/// What the engine asks before the registry itself.
fn mirrors() -> Vec<String> {
    let format = "{{range .RegistryConfig.Mirrors}}{{println .}}{{end}}";
    // Where the engine does not answer, that is told already.
    let said = DOCKER.ask(&["info", "--format", format]).unwrap_or_default();
    said.lines().filter(|line| !line.is_empty()).map(|line| format!("{}/v2/", line.trim_end_matches('/'))).collect()
}

#[cfg(test)]
mod tests {
    use super::container_in;

    #[test]
    fn the_container_of_a_process_is_found_in_its_groups() {
        let id = "0123456789abcdef".repeat(4);
        for groups in
            [format!("0::/system.slice/docker-{id}.scope\n"), format!("2:memory:/docker/{id}\n1:cpu:/docker/{id}\n")]
        {
            assert_eq!(container_in(&groups), Some(&*id));
        }
        assert_eq!(container_in("0::/system.slice/caddy.service\n"), None);
    }
}
