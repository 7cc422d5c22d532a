//! What programs of a machine print, in their own words, when all is well with Meetbox.

use super::Machine;

/// `systemctl show` of a unit that runs.
pub const UNIT: &str = "Result=success\nNRestarts=0\nExecMainStatus=0\nLoadState=loaded\nActiveState=active\nSubState=running\n\
                        UnitFileState=enabled\nActiveEnterTimestamp=Thu 2026-11-26 08:12:31 UTC\n";

/// `docker info --format '{{json .}}'`, of 28.2, but for what nobody reads.
pub const DOCKER_INFO: &str = r#"{"ID":"5f0b","Containers":5,"ServerVersion":"28.2.2","DockerRootDir":"/var/lib/docker","Driver":"overlay2","ServerErrors":[]}"#;
/// The same without an engine: the client answers all the same, and exits with 1.
pub const DOCKER_AWAY: &str =
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n";

/// The rules that Oracle's images come with, and Meetbox' chain before them.
pub const RULES: &str = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N MEETBOX\n-A INPUT -j MEETBOX\n\
    -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n\
    -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\n\
    -A MEETBOX -i lo -j RETURN\n\
    -A MEETBOX -p tcp -m multiport --dports 3001,7880,5432,6379,2019,9090,7980,7981 -j REJECT --reject-with tcp-reset\n\
    -A MEETBOX -p tcp -m multiport --dports 80,443,7881 -j ACCEPT\n-A MEETBOX -p udp -m udp --dport 443 -j ACCEPT\n\
    -A MEETBOX -p udp -m udp --dport 50000:50003 -j ACCEPT\n";

/// A container as `docker inspect` shows it, but for what nobody reads.
pub fn container(service: &str, image: &str) -> String {
    format!(
        r#"{{"Id":"{service}0","Name":"/meetbox-{service}-1","RestartCount":0,"State":{{"Status":"running","Running":true,"OOMKilled":false,"ExitCode":0,"Health":{{"Status":"healthy","FailingStreak":0,"Log":[{{"Start":"2026-11-26T08:12:31Z","ExitCode":0,"Output":""}}]}}}},"Config":{{"Image":"{image}","Labels":{{"com.docker.compose.project":"meetbox","com.docker.compose.service":"{service}"}}}}}}"#
    )
}

/// The containers of an installation, by the images in its compose.yaml.
pub fn containers(machine: &Machine) -> Vec<String> {
    let text = machine.read("etc/meetbox/compose.yaml");
    let image = |service: &str| {
        let after = text.split(&format!("\n  {service}:\n")).nth(1).unwrap();
        after.split("image: ").nth(1).unwrap().lines().next().unwrap().trim_matches('"').to_owned()
    };
    ["postgres", "redis", "livekit", "egress", "caddy"].map(|service| container(service, &image(service))).into()
}

/// `docker` with an engine and these containers.
pub fn docker(machine: &Machine, containers: &[String]) {
    let inspected = format!("[{}]\n", containers.join(","));
    let ids: String = (0..containers.len()).map(|at| format!("{at:064}\n")).collect();
    machine.program(
        "docker",
        &[
            ("info --format {{json .}}", DOCKER_INFO, 0),
            ("compose version --short", "2.29.7\n", 0),
            ("ps --all --quiet --no-trunc --filter label=com.docker.compose.project=meetbox", &ids, 0),
            ("inspect --type container 0", &inspected, 0),
        ],
    );
}

/// Every program, with nothing to complain about, and the kernel's files.
pub fn all_well(machine: &Machine) {
    docker(machine, &containers(machine));
    machine.program("timedatectl", &[("show --property=NTPSynchronized", "NTPSynchronized=yes\n", 0)]);
    machine.program("systemctl", &[("show meetbox", UNIT, 0)]);
    machine.program("journalctl", &[("--unit", "", 0)]);
    machine.program("iptables", &[("-S", RULES, 0)]);
    machine.program("ip6tables", &[("-S", RULES, 0)]);
    for name in ["rmem_max", "wmem_max"] {
        machine.write(&format!("proc/sys/net/core/{name}"), "5000000\n");
    }
}
