//! Docker and the containers, each broken in the ways that Docker tells.

use super::{
    Machine, Report,
    stand_ins::{DOCKER_AWAY, DOCKER_INFO, all_well, container, containers, docker},
};

/// The report of a machine whose container of `service` is shown changed.
fn with_changed(service: &str, from: &str, to: &str) -> Report {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let mut containers = containers(&machine);
    let mark = format!("\"com.docker.compose.service\":\"{service}\"");
    let it = containers.iter_mut().find(|it| it.contains(&mark)).unwrap();
    assert!(it.contains(from), "{it}");
    *it = it.replace(from, to);
    docker(&machine, &containers);
    machine.look()
}

#[test]
fn a_container_that_does_not_run_is_not_healthy_or_is_another_is_told_with_its_fix() {
    let at = |report: &Report, service: &str, state: &str, words: &str, fix: &str| {
        report.says("Containers", service, state, words, fix);
    };
    let dead = with_changed(
        "livekit",
        "\"Status\":\"running\",\"Running\":true,\"OOMKilled\":false,\"ExitCode\":0",
        "\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":true,\"ExitCode\":137",
    );
    at(&dead, "livekit", "failed", "exited, exit code 137, out of memory", "systemctl reload-or-restart meetbox-stack");
    // The others are looked at all the same.
    at(&dead, "caddy", "ok", "running, caddy:", "");

    let sick = with_changed(
        "egress",
        "\"Status\":\"healthy\",\"FailingStreak\":0,\"Log\":[{\"Start\":\"2026-11-26T08:12:31Z\",\"ExitCode\":0,\"Output\":\"\"}]",
        "\"Status\":\"unhealthy\",\"FailingStreak\":7,\"Log\":[{\"Output\":\"wget: can't connect to remote host (127.0.0.1): Connection refused\\n\"}]",
    );
    at(&sick, "egress", "failed", "unhealthy: wget: can't connect", "logs --tail 50 egress");
    let starting = with_changed("postgres", "\"Status\":\"healthy\"", "\"Status\":\"starting\"");
    at(&starting, "postgres", "warning", "only starting", "look again");
    let restarted = with_changed("redis", "\"RestartCount\":0", "\"RestartCount\":12");
    at(&restarted, "redis", "warning", "started it again 12 times", "logs --tail 50 redis");
    let old = with_changed("livekit", "livekit-server:v1.13.5", "livekit-server:v1.12.0");
    at(&old, "livekit", "warning", "it runs livekit/livekit-server:v1.12.0, and this Meetbox is for", "meetbox setup");
    let old = with_changed("egress", "livekit/egress:v1.14.1", "livekit/egress:v1.9.0");
    let said = "it runs livekit/egress:v1.9.0, and this Meetbox is for livekit/egress:v1.14.1";
    at(&old, "egress", "warning", said, "systemctl reload-or-restart meetbox-stack");
    at(&old, "livekit", "ok", "running, livekit/livekit-server:v", "");
}

#[test]
fn a_container_that_is_not_there_is_told() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    docker(&machine, &[container("redis", "redis:7.2-alpine")]);
    let report = machine.look();
    report.says("Containers", "redis", "ok", "running", "");
    report.says("Containers", "caddy", "failed", "there is no container", "meetbox-stack");

    docker(&machine, &[]);
    machine.look().says("Containers", "redis", "failed", "there is no container", "meetbox-stack");
}

#[test]
fn an_engine_that_is_away_is_told_once_and_an_old_compose_too() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    machine.program("docker", &[("info", DOCKER_AWAY, 1), ("compose version", "1.29.2\n", 0)]);
    let report = machine.look();
    report.says("Containers", "docker", "failed", "Cannot connect to the Docker daemon", "systemctl start docker");
    report.says("Containers", "docker compose", "failed", "1.29.2 is too old", "docker-compose-plugin");
    report.says("Containers", "livekit", "unknown", "engine does not answer", "");

    // As of 20.10: the client's half on stdout, and what is wrong in a list.
    let half =
        "{\"ID\":\"\",\"ServerErrors\":[\"permission denied while trying to connect to the Docker daemon socket\"]}";
    machine.program("docker", &[("info", half, 0), ("compose", "docker: 'compose' is not a docker command.\n", 1)]);
    let report = machine.look();
    report.says("Containers", "docker", "unknown", "use sudo", "");
    report.says("Containers", "docker compose", "failed", "is not a docker command", "docker-compose-plugin");

    machine.program("docker", &[("info", DOCKER_INFO, 0), ("ps", "0\n", 0), ("inspect", "what is this", 0)]);
    machine.look().says("Containers", "redis", "unknown", "cannot be read", "");
}
