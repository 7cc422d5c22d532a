//! Docker, and the containers that stand beside Meetbox.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Visit, machine::NotRun, report::Finding};
use crate::assets::{
    appliance::{CADDY_IMAGE, EGRESS_IMAGE, LIVEKIT_IMAGE, POSTGRES_IMAGE, REDIS_IMAGE},
    yaml,
};

/// By which containers are known to be ours: the project's name in compose.yaml.
const OURS: &str = "label=com.docker.compose.project=meetbox";
const SERVICE: &str = "com.docker.compose.service";
const COMPOSE_FILE: &str = "/etc/meetbox/compose.yaml";

/// What brings containers back to what the files say.
const RELOAD: &str = "systemctl reload-or-restart meetbox-stack";

/// Docker's engine.
pub struct Engine {
    version: String,
    /// Where its images and volumes lie.
    pub folder: String,
}

/// A container of ours.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Container {
    #[serde(default)]
    restart_count: u64,
    state: ContainerState,
    config: ContainerConfig,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerState {
    status: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default, rename = "OOMKilled")]
    oom_killed: bool,
    health: Option<Health>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: String,
    #[serde(default)]
    log: Option<Vec<HealthLog>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthLog {
    #[serde(default)]
    output: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerConfig {
    image: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Whether the engine answers.
pub async fn docker(visit: &Visit) -> Result<Finding, Finding> {
    engine(visit).await.as_ref().map(|engine| Finding::ok(format!("engine {}", engine.version))).map_err(Finding::clone)
}

/// Whether compose is the one that the files are for.
pub async fn compose(visit: &Visit) -> Result<Finding, Finding> {
    let fix =
        "install Docker's plugin: apt-get install docker-compose-plugin (Docker's own repository) or docker-compose-v2";
    match visit.machine.run("docker", &["compose", "version", "--short"]).await {
        Err(NotRun::Missing(_)) => Ok(Finding::failed("there is no docker", INSTALL)),
        Err(err) => Err(Finding::unknown(err.to_string())),
        Ok(said) if !said.succeeded => {
            Ok(Finding::failed(format!("docker has no compose plugin (it says: {})", said.words()), fix))
        }
        Ok(said) => {
            let version = said.out.trim().trim_start_matches('v');
            let major: Option<u32> = version.split('.').next().and_then(|major| major.parse().ok());
            match major {
                Some(2..) => Ok(Finding::ok(version)),
                Some(_) => Ok(Finding::failed(format!("{version} is too old, 2 is the least"), fix)),
                None => Err(Finding::unknown(format!("its version cannot be read: {version}"))),
            }
        }
    }
}

const INSTALL: &str = "install Docker: https://docs.docker.com/engine/install/";

/// The engine; asked once for all checks.
pub async fn engine(visit: &Visit) -> &Result<Engine, Finding> {
    visit.engine.get_or_init(|| ask_engine(visit)).await
}

async fn ask_engine(visit: &Visit) -> Result<Engine, Finding> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    #[derive(Default)]
    struct Info {
        server_version: String,
        docker_root_dir: String,
        server_errors: Vec<String>,
    }

    let refused = |words: &str| {
        let finding = Finding::failed(format!("the engine does not answer: {words}"), "systemctl start docker");
        if words.to_lowercase().contains("permission denied") {
            return Finding::unknown("only root may ask the engine: use sudo");
        }
        finding.or("journalctl --unit docker --lines 50")
    };
    let said = match visit.machine.run("docker", &["info", "--format", "{{json .}}"]).await {
        Err(NotRun::Missing(_)) => return Err(Finding::failed("there is no docker", INSTALL)),
        Err(err @ NotRun::Silent(_)) => return Err(refused(&err.to_string())),
        Err(err @ NotRun::Broken(..)) => return Err(Finding::unknown(err.to_string())),
        Ok(said) => said,
    };
    let info: Info = match serde_json::from_str(said.out.trim()) {
        Ok(info) => info,
        Err(_) if !said.succeeded => return Err(refused(said.words())),
        Err(err) => return Err(Finding::unknown(format!("`docker info` cannot be read: {err}"))),
    };
    // The client answers without an engine, too, and says so only in a list.
    if info.server_version.is_empty() {
        return Err(refused(info.server_errors.first().map_or_else(|| said.words(), String::as_str)));
    }
    Ok(Engine { version: info.server_version, folder: info.docker_root_dir })
}

/// The containers of ours by their service; asked once for all checks.
async fn all(visit: &Visit) -> &Result<BTreeMap<String, Container>, Finding> {
    visit.containers.get_or_init(|| ask_containers(visit)).await
}

async fn ask_containers(visit: &Visit) -> Result<BTreeMap<String, Container>, Finding> {
    engine(visit).await.as_ref().map_err(|_| Finding::unknown("Docker's engine does not answer"))?;
    let ids = visit.machine.ask("docker", &["ps", "--all", "--quiet", "--no-trunc", "--filter", OURS]).await?;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let arguments = [&["inspect", "--type", "container"], ids.as_slice()].concat();
    let said = visit.machine.ask("docker", &arguments).await?;
    let found: Vec<Container> = serde_json::from_str(&said)
        .map_err(|err| Finding::unknown(format!("`docker inspect` cannot be read: {err}")))?;
    let named = |container: Container| Some((container.config.labels.get(SERVICE)?.clone(), container));
    Ok(found.into_iter().filter_map(named).collect())
}

/// The image that a service runs; none when that cannot be known.
pub async fn image(visit: &Visit, service: &str) -> Option<String> {
    all(visit).await.as_ref().ok()?.get(service).map(|container| container.image().to_owned())
}

pub async fn postgres(visit: &Visit) -> Result<Finding, Finding> {
    one(visit, "postgres", POSTGRES_IMAGE).await
}

pub async fn redis(visit: &Visit) -> Result<Finding, Finding> {
    one(visit, "redis", REDIS_IMAGE).await
}

pub async fn livekit(visit: &Visit) -> Result<Finding, Finding> {
    one(visit, "livekit", LIVEKIT_IMAGE).await
}

pub async fn egress(visit: &Visit) -> Result<Finding, Finding> {
    one(visit, "egress", EGRESS_IMAGE).await
}

pub async fn caddy(visit: &Visit) -> Result<Finding, Finding> {
    one(visit, "caddy", CADDY_IMAGE).await
}

async fn one(visit: &Visit, service: &str, pinned: &str) -> Result<Finding, Finding> {
    let found = all(visit).await.as_ref().map_err(Finding::clone)?;
    let wanted = visit.machine.read(COMPOSE_FILE).ok().and_then(|text| yaml::entries(&text).ok());
    let is_wanted = wanted.as_ref().map(|entries| entries.iter().any(|it| it.path == format!("services.{service}")));
    match (found.get(service), is_wanted) {
        (Some(container), _) => Ok(container.judge(service, pinned)),
        (None, Some(false)) => Err(Finding::unknown(format!("{COMPOSE_FILE} has no such service"))),
        (None, None) => Err(Finding::failed(
            format!("there is no container, and {COMPOSE_FILE} cannot be read"),
            "meetbox setup writes it",
        )),
        (None, Some(true)) => Ok(Finding::failed("there is no container", RELOAD)),
    }
}

impl Container {
    /// Its image without the digest that pins it.
    fn image(&self) -> &str {
        self.config.image.split('@').next().unwrap_or_default()
    }

    fn judge(&self, service: &str, pinned: &str) -> Finding {
        let logs = format!("docker compose --project-directory /etc/meetbox logs --tail 50 {service}");
        let status = self.state.status.as_str();
        if status != "running" {
            let memory = if self.state.oom_killed { ", out of memory" } else { "" };
            let said = format!("{status}, exit code {}{memory}", self.state.exit_code);
            return Finding::failed(said, RELOAD).or(logs);
        }
        let health = match self.state.health.as_ref().map(|health| (health.status.as_str(), health.last())) {
            None | Some(("healthy" | "none", _)) => Finding::ok(""),
            Some(("starting", _)) => Finding::warning("it is only starting", "look again in a minute"),
            Some((status, last)) => Finding::failed(format!("running, but {status}{last}"), logs.clone())
                .or(format!("docker compose --project-directory /etc/meetbox restart {service}")),
        };
        let image = if self.image() == pinned {
            Finding::ok("")
        } else {
            let said = format!("it runs {}, and this Meetbox is for {pinned}", self.image());
            Finding::warning(said, "meetbox setup").or(RELOAD)
        };
        let restarts = match self.restart_count {
            0 => Finding::ok(""),
            times => Finding::warning(format!("Docker started it again {times} times"), logs),
        };
        Finding::of(vec![health, image, restarts], format!("running, {}", self.image()))
    }
}

impl Health {
    /// What the last look at it said.
    fn last(&self) -> String {
        let last = self.log.iter().flatten().next_back().map(|log| log.output.trim()).unwrap_or_default();
        let line: String = last.lines().next_back().unwrap_or_default().chars().take(200).collect();
        if line.is_empty() { line } else { format!(": {line}") }
    }
}
