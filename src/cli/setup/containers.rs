//! The containers beside Meetbox, by way of Docker.

use std::collections::BTreeMap;

use crate::{
    assets::appliance::{FOLDER, IMAGES},
    cli::{Failure, programs::Program},
    config::DatabaseSettings,
    db,
};

/// Where compose keeps the database; the settings may name another one elsewhere.
const POSTGRES_PORT: u16 = 5432;
/// The role that the container's Postgres has from the beginning, and that may do everything there.
const POSTGRES_ROLE: &str = "meetbox";

const DOCKER: Program = Program::new("docker");
/// What a recording runs on: without any of them it ends.
const RECORDER: [&str; 3] = ["redis", "livekit", "egress"];
/// How Docker tells the digests of an image, each in a line.
const DIGESTS: &str = "{{range .RepoDigests}}{{println .}}{{end}}";
/// Where compose finds its files, and in .env which.
const AT_ITS_FILES: Program = DOCKER.within(FOLDER);
/// The first compose that can leave alone what is there already.
const LEAST_COMPOSE: (u32, u32) = (2, 22);

/// Whether Docker is there, with the compose that our file is written for.
pub fn look() -> Result<(), Failure> {
    DOCKER.ask(&["version", "--format", "{{.Server.Version}}"]).map_err(|failure| {
        failure.hint("install Docker and start it: `systemctl enable --now docker`; install.sh does both")
    })?;
    let version = DOCKER.ask(&["compose", "version", "--short"]).map_err(|failure| {
        failure.hint(
            "install Docker's compose plugin, version 2: docker-compose-v2 on Ubuntu, docker-compose-plugin elsewhere",
        )
    })?;
    if is_too_old(version.trim()) {
        return Err(Failure::input(format!(
            "Docker's compose plugin is {}, and has to be 2.22 or later",
            version.trim()
        ))
        .hint("bring it up to date: https://docs.docker.com/compose/install/linux"));
    }
    Ok(())
}

/// Whether it lacks `pull --policy`. One that was built by hand calls itself something without numbers.
pub fn is_too_old(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) < LEAST_COMPOSE,
        _ => false,
    }
}

/// Fetches the images that are missing, or all of them; answers their digests. One that came in a file has none, and is
/// known by its name alone.
pub fn fetch(known: &BTreeMap<String, String>, anew: bool) -> Result<BTreeMap<String, String>, Failure> {
    let policy = if anew { "always" } else { "missing" };
    AT_ITS_FILES.ask(&["compose", "pull", "--quiet", "--policy", policy]).map_err(|failure| {
        failure.hint("can this machine reach the registry? `install.sh --images FILE` takes them from a file")
    })?;
    let mut digests = known.clone();
    for image in IMAGES {
        if digests.contains_key(image) {
            continue;
        }
        // What the operator replaced in compose.d is not here.
        if !DOCKER.agrees(&["image", "inspect", image])? {
            continue;
        }
        let found = DOCKER.ask(&["image", "inspect", "--format", DIGESTS, image])?;
        if let Some(digest) = digest(&found) {
            digests.insert(image.to_owned(), digest);
        }
    }
    Ok(digests)
}

/// Forgets the digests of images that are here under their names and have none, since they came in a file: that of a machine
/// before, which comes back with its settings, would be fetched for ever where there is no network.
pub fn forget_what_came_in_files(known: &mut BTreeMap<String, String>) {
    // One that is not here is fetched by its digest.
    known.retain(|image, _| {
        !DOCKER.ask(&["image", "inspect", "--format", DIGESTS, image]).is_ok_and(|it| it.trim().is_empty())
    });
}

/// The digest in the lines `NAME@sha256:…` of an image; of several the first, for they are of the same content.
fn digest(lines: &str) -> Option<String> {
    let digests = lines.lines().filter_map(|line| line.trim().split_once('@'));
    let is_sum = |sum: &str| sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
    digests
        .map(|(_, digest)| digest)
        .find(|digest| digest.strip_prefix("sha256:").is_some_and(is_sum))
        .map(str::to_owned)
}

/// Whether a recorder runs. The unit of the containers does not tell: it is not active either while one of many is unwell.
pub fn recorder_runs() -> Result<bool, Failure> {
    let ours = ["ps", "--quiet", "--filter", "label=com.docker.compose.project=meetbox"];
    let recorder = ["--filter", "label=com.docker.compose.service=egress"];
    Ok(!DOCKER.ask(&[&ours[..], &recorder].concat())?.trim().is_empty())
}

/// Whether compose would make anew what a recording runs on: its files say something else than what the containers were made
/// from, by the sum that compose leaves on each.
pub fn recorder_is_outdated() -> Result<bool, Failure> {
    let wanted = AT_ITS_FILES.ask(&["compose", "config", "--hash", "*"])?;
    let service = r#"{{.Label "com.docker.compose.service"}} {{.Label "com.docker.compose.config-hash"}}"#;
    let made = DOCKER.ask(&["ps", "--filter", "label=com.docker.compose.project=meetbox", "--format", service])?;
    Ok(differ(&wanted, &made))
}

/// Whether the lines `SERVICE SUM` tell another sum for something that a recording runs on. What does not run is not cut off.
fn differ(wanted: &str, made: &str) -> bool {
    let sums = |lines: &'_ str| -> BTreeMap<String, String> {
        let words = lines.lines().filter_map(|line| line.trim().split_once(' '));
        words.map(|(service, sum)| (service.to_owned(), sum.trim().to_owned())).collect()
    };
    let (wanted, made) = (sums(wanted), sums(made));
    RECORDER.iter().any(|service| made.get(*service).is_some_and(|sum| wanted.get(*service) != Some(sum)))
}

/// Brings every container into the state that the files say, and waits until all are well. `quietly` when they run already,
/// and nothing is to be expected.
pub fn start(quietly: bool) -> Result<(), Failure> {
    let up = ["compose", "up", "--detach", "--remove-orphans", "--wait", "--wait-timeout", "300", "--quiet-pull"];
    let done = if quietly { AT_ITS_FILES.ask(&up).map(drop) } else { AT_ITS_FILES.watch(&up) };
    done.map_err(|failure| {
        failure.hint(format!("`cd {FOLDER} && docker compose ps` and `docker compose logs NAME` say more"))
    })
}

/// Sees to it that the database of the settings is there and lets us in, when it is the container's.
pub async fn provide_database(settings: &DatabaseSettings) -> Result<bool, Failure> {
    let Some(script) = db::provision::script(settings, POSTGRES_PORT)
        .map_err(|err| Failure::input("DATABASE_URL cannot be used").because(&err))?
    else {
        return Ok(false);
    };
    if db::provision::lets_us_in(settings)
        .await
        .map_err(|err| Failure::ours("cannot reach the database").because(&err))?
    {
        return Ok(false);
    }
    let psql = [
        "compose",
        "exec",
        "-T",
        "postgres",
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--set",
        "ON_ERROR_STOP=1",
        // It would else show the line that failed, with the password in it.
        "--set",
        "VERBOSITY=terse",
        "--username",
    ];
    let psql = [&psql[..], &[POSTGRES_ROLE, "--dbname", "postgres"]].concat();
    AT_ITS_FILES.ask_with(&psql, &script)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{differ, digest, is_too_old};

    #[test]
    fn only_what_a_recording_runs_on_and_what_runs_is_compared() {
        let wanted = "caddy 1\negress 2\nlivekit 3\nredis 4\n";
        for same in ["egress 2\nlivekit 3\nredis 4\n", "egress 2\n", "", "caddy 9\npostgres 9\negress 2\n"] {
            assert!(!differ(wanted, same), "{same}");
        }
        for other in ["egress 9\n", "egress 2\nlivekit 9\n", "redis 9\n"] {
            assert!(differ(wanted, other), "{other}");
        }
        assert!(differ("caddy 1\n", "egress 2\n"), "it is to go away");
    }

    #[test]
    fn compose_has_to_be_new_enough() {
        for fine in ["2.22.0", "v2.40.3", "2.40.3+ds1-0ubuntu1", "5.0.1", "dev"] {
            assert!(!is_too_old(fine), "{fine}");
        }
        for old in ["1.29.2", "2.21.0", "v2.5.0-beta"] {
            assert!(is_too_old(old), "{old}");
        }
    }

    #[test]
    fn a_digest_is_taken_only_when_it_is_one() {
        let sum = "0123456789abcdef".repeat(4);
        assert_eq!(digest(&format!("postgres@sha256:{sum}\n")), Some(format!("sha256:{sum}")));
        for none in ["", "\n", "postgres:15\n", "postgres@sha256:short\n"] {
            assert_eq!(digest(none), None, "{none}");
        }
    }
}
