//! `meetbox setup --render`: what it writes is taken by the programs that it is for.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    services::{
        LiveKit, LiveKitConfig, Redis, free_port, postgres,
        process::{Guarded, Program, find_program, folder_for},
    },
    serving::{Ground, Serving, http_client},
};

const DOMAIN: &str = "meet.example.org";

/// A folder that stands for the root of a machine's file system.
struct Root(TempDir);

impl Root {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|err| panic!("{path}: {err}"))
    }

    /// Runs `meetbox setup` for a machine that these tests choose, whatever they run on.
    fn setup(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_meetbox"))
            .args(["setup", "--interface", "lo", "--address", "10.0.0.5", "--cores", "8", "--render"])
            .arg(self.0.path())
            .args(arguments)
            .env_clear()
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// What a setup that goes well prints.
    fn renders(&self, arguments: &[&str]) -> String {
        let output = self.setup(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every file below, with its permissions and what stands in it.
    fn files(&self) -> BTreeMap<PathBuf, (u32, String)> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let path = entry.path().strip_prefix(self.0.path()).unwrap().to_owned();
                let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
                files.insert(path, (mode, fs::read_to_string(entry.path()).unwrap()));
            }
        }
        files
    }

    fn setting(&self, name: &str) -> String {
        let text = self.read("etc/meetbox/meetbox.env");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    }
}

/// Runs a program that looks at a file, and answers what it says; it must be content.
fn content(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{}: {said}", program.display());
    said
}

#[test]
fn what_is_rendered_stays_as_it_is_and_keeps_its_secrets() {
    let root = Root::new();
    let said = root.renders(&["--domain", DOMAIN]);
    assert!(said.ends_with("16 of 16 files to be written, 0 are as they should be\n"), "{said}");
    assert!(
        said.contains("Keep a copy of it elsewhere") && !said.contains(&root.setting("BACKUP_PASSPHRASE")),
        "{said}"
    );

    let first = root.files();
    for (path, (mode, text)) in &first {
        let is_open = mode & 0o007 != 0;
        let secrets =
            ["LIVEKIT_API_SECRET", "REDIS_URL", "DATABASE_URL", "BACKUP_PASSPHRASE"].map(|name| root.setting(name));
        let secrets =
            secrets.map(|it| it.rsplit(['=', ':']).find(|part| part.len() >= 40).unwrap_or(&it)[..40].to_owned());
        assert!(!is_open || !secrets.iter().any(|secret| text.contains(secret)), "all can read {}", path.display());
    }
    assert_eq!(first[Path::new("etc/meetbox/meetbox.env")].0, 0o600);

    let said = root.renders(&[]);
    assert_eq!(said, "0 of 16 files to be written, 16 are as they should be\n");
    assert_eq!(root.files(), first);
}

#[test]
fn what_differs_is_shown_and_nothing_that_is_the_operators_is_changed() {
    let root = Root::new();
    root.renders(&["--domain", DOMAIN]);
    let secret = root.setting("LIVEKIT_API_SECRET");
    fs::write(root.path("etc/meetbox/compose.d/50-mine.yaml"), "services: {}\n").unwrap();
    fs::write(root.path("etc/meetbox/caddy.d/mine.site"), "other.example.org {\n}\n").unwrap();
    let settings = root.read("etc/meetbox/meetbox.env").replace(&secret, "another-secret-that-is-long-enough-1");
    fs::write(root.path("etc/meetbox/meetbox.env"), settings + "# mine\nRECORDING_SLOTS=1\n").unwrap();

    let before = root.files();
    let told = root.renders(&["--email", "ops@example.org", "--dry-run"]);
    assert_eq!(root.files(), before, "a dry run writes nothing");
    let said = root.renders(&["--email", "ops@example.org"]);
    assert_eq!(told.lines().count(), said.lines().count(), "{told}\n{said}");
    assert!(said.contains("    +\temail ops@example.org\n"), "{said}");
    assert!(
        said.contains("    -room_composite_cpu_cost") || said.contains("room_composite_cpu_cost: 6.3999"),
        "{said}"
    );
    assert!(!said.contains(&secret) && !said.contains("another-secret"), "{said}");

    assert!(root.read("etc/meetbox/livekit.yaml").contains("another-secret-that-is-long-enough-1"));
    assert!(
        root.read("etc/meetbox/.env")
            .contains("COMPOSE_FILE='/etc/meetbox/compose.yaml:/etc/meetbox/compose.d/50-mine.yaml'\n")
    );
    for (path, it) in &before {
        let is_ours = ["livekit.yaml", "egress.yaml", "Caddyfile", ".env", "setup.json", "compose.yaml"];
        if !is_ours.iter().any(|name| path.ends_with(name)) {
            assert_eq!(root.files().get(path), Some(it), "{}", path.display());
        }
    }
    assert!(root.renders(&[]).starts_with("0 of 16"), "the mail address is remembered");
}

#[test]
fn what_cannot_be_right_is_refused_before_anything_is_written() {
    let root = Root::new();
    for (arguments, sentence) in [
        (vec![], "nobody has said under which domain"),
        (vec!["--domain", "meet example"], "no host name such as"),
        (vec!["--domain", DOMAIN, "--email", "ops@example.org }"], "no mail address such as"),
    ] {
        let output = root.setup(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(sentence), "{said}");
    }
    assert!(root.files().is_empty());

    root.renders(&["--domain", DOMAIN]);
    let before = root.files();
    let settings = root.read("etc/meetbox/meetbox.env");
    let quoted = settings.replace("REDIS_URL=redis://:", "REDIS_URL=redis://:it's-a-quote-");
    fs::write(root.path("etc/meetbox/meetbox.env"), quoted).unwrap();
    let output = root.setup(&[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("`REDIS_PASSWORD` holds a character"), "{said}");
    fs::write(root.path("etc/meetbox/meetbox.env"), "PUBLIC_URL=https://meet.example.org\nhunter2 stands here\n")
        .unwrap();
    let output = root.setup(&[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("meetbox.env, line 2") && !said.contains("hunter2"), "{said}");
    assert_eq!(root.files().len(), before.len());
}

#[test]
fn livekit_takes_its_configuration_and_listens_where_the_firewall_is_open() {
    let root = Root::new();
    root.renders(&["--domain", DOMAIN, "--public-address", "203.0.113.7"]);
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join(".meetbox/bin");
    let livekit =
        find_program("livekit-server", &[ours]).expect("`packaging/dev-prerequisites.sh` builds livekit-server");
    let config = root.path("etc/meetbox/livekit.yaml").display().to_string();

    let said = content(&livekit, &["ports", "--config", &config]);
    for port in ["7880", "7881", "50000-50007", "443"] {
        assert!(said.contains(port), "{port} in {said}");
    }
    let egress = root.path("etc/meetbox/egress.yaml").display().to_string();
    content(Path::new(env!("CARGO_BIN_EXE_meetbox")), &["egress-config", "--check", &egress]);
}

#[test]
fn systemd_takes_the_units_and_finds_little_that_the_service_could_harm() {
    let Some(systemd) = find_program("systemd-analyze", &[]) else {
        println!("skipped: there is no systemd-analyze");
        return;
    };
    let root = Root::new();
    root.renders(&["--domain", DOMAIN]);
    for unit in [
        "meetbox.service",
        "meetbox-stack.service",
        "meetbox-firewall.service",
        "meetbox-backup.service",
        "meetbox-backup.timer",
    ] {
        let path = root.path("etc/systemd/system").join(unit).display().to_string();
        let output =
            Command::new(&systemd).args(["verify", "--man=no", "--recursive-errors=no", &path]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // The programs need not be installed here.
        let others: Vec<_> = said.lines().filter(|line| !line.contains("is not executable")).collect();
        assert!(others.is_empty(), "{unit}: {others:#?}");
    }
    let service = root.path("etc/systemd/system/meetbox.service").display().to_string();
    let said = content(&systemd, &["security", "--offline=true", "--threshold=12", "--no-pager", &service]);
    println!("{}", said.lines().last().unwrap_or_default());
    // It is root, and asks Docker.
    let backup = root.path("etc/systemd/system/meetbox-backup.service").display().to_string();
    let said = content(&systemd, &["security", "--offline=true", "--threshold=20", "--no-pager", &backup]);
    println!("{}", said.lines().last().unwrap_or_default());
}

// Feature: infrastructure-local-dev, Property 25: whoever comes without TLS is sent to it.
#[tokio::test(flavor = "multi_thread")]
async fn caddy_leads_people_to_the_app_and_clients_to_livekit_and_nobody_else_anywhere() {
    let Some(caddy) = find_program("caddy", &[]) else {
        assert!(std::env::var_os("CI").is_none(), "Debian's caddy is missing");
        println!("skipped: there is no caddy; `packaging/dev-prerequisites.sh --tests` installs it");
        return;
    };
    let house = house().await;
    let root = Root::new();
    root.renders(&["--domain", DOMAIN, "--certificate", "internal"]);
    let (http, https) = (free_port(), free_port());
    let livekit = house.ground.livekit_url.trim_start_matches("ws://").to_owned();
    // The file as it is, but for what only one installation on a machine can have.
    let text = root.read("etc/meetbox/Caddyfile");
    let text = text
        .replace("\tskip_install_trust\n", &format!("\tskip_install_trust\n\thttp_port {http}\n\thttps_port {https}\n"))
        .replace("admin 127.0.0.1:2019", &format!("admin 127.0.0.1:{}", free_port()))
        .replace("127.0.0.1:3001\n", &format!("127.0.0.1:{}\n", house.ground.port))
        .replace("127.0.0.1:7880\n", &format!("{livekit}\n"))
        .replace("/etc/meetbox/", &format!("{}/", root.path("etc/meetbox").display()));
    let config = root.path("Caddyfile");
    fs::write(&config, text).unwrap();

    let data = folder_for(None);
    let program = Program {
        binary: &caddy,
        arguments: ["run", "--adapter", "caddyfile", "--config", &config.display().to_string()]
            .map(str::to_owned)
            .into(),
        environment: vec![
            ("XDG_DATA_HOME".to_owned(), data.path().display().to_string()),
            ("HOME".to_owned(), data.path().display().to_string()),
        ],
        run_as: None,
        end_signal: "KILL",
    };
    let process = Guarded::start(&program, data.path(), false);
    process.wait_for_port(https);
    process.wait_for_port(http);
    let client = trusting(&data.path().join("caddy/pki/authorities/local/root.crt")).await;
    let url = format!("https://{DOMAIN}:{https}");

    let health = answered(&client, &format!("{url}/health")).await;
    assert_eq!(health.status(), StatusCode::OK, "{}", process.printed());
    assert_eq!(health.headers()["strict-transport-security"], "max-age=31536000");
    assert!(!health.headers().contains_key("server") && !health.headers().contains_key("via"));
    assert_eq!(health.version(), reqwest::Version::HTTP_11);

    let plain = client.get(format!("http://{DOMAIN}:{http}/m/blue-heron?name=x")).send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::PERMANENT_REDIRECT);
    let target = plain.headers()["location"].to_str().unwrap().to_owned();
    assert!(target.starts_with(&format!("https://{DOMAIN}")) && target.ends_with("/m/blue-heron?name=x"), "{target}");

    // A token opens LiveKit's door, and the rest of LiveKit is not to be seen.
    let owner = house.account("olga", "host").await.session;
    let request = client
        .post(format!("{url}/token"))
        .bearer_auth(owner)
        .json(&json!({ "room_name": "blue-heron", "name": "Olga" }));
    let pass: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    let token = pass["token"].as_str().unwrap_or_else(|| panic!("{pass}"));
    let door = answered(&client, &format!("{url}/rtc/validate?access_token={token}")).await;
    assert_eq!(door.status(), StatusCode::OK, "{}", process.printed());
    assert_eq!(door.text().await.unwrap(), "success");
    let shut = client.get(format!("{url}/rtc/validate?access_token=nonsense")).send().await.unwrap();
    assert_eq!(shut.status(), StatusCode::UNAUTHORIZED);
    let inside =
        client.post(format!("{url}/twirp/livekit.RoomService/ListRooms")).json(&json!({})).send().await.unwrap();
    assert_eq!(inside.status(), StatusCode::NOT_FOUND);

    // The API's own limit is told through Caddy; Caddy's keeps the rest of the way free.
    let large =
        |bytes| client.post(format!("{url}/token")).header("content-type", "application/json").body(vec![b'x'; bytes]);
    let more = large(300_000).send().await.unwrap();
    assert_eq!(more.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let much = large(2_000_000).send().await.unwrap();
    // Debian's Caddy of 2022 calls it a bad gateway when it cuts a body off.
    assert!([StatusCode::PAYLOAD_TOO_LARGE, StatusCode::BAD_GATEWAY].contains(&much.status()), "{}", much.status());
    assert!(!process.printed().contains(token), "tokens stand in addresses, and no log keeps them");
}

/// A house with a LiveKit.
async fn house() -> Serving {
    // Both end with the test process.
    let redis = Box::leak(Box::new(Redis::start()));
    let mut ground = Ground::new(&postgres().database().await.url(), &redis.url(), "");
    let config = LiveKitConfig { redis_port: redis.port, webhook_port: ground.port, empty_timeout: 300 };
    let livekit = Box::leak(Box::new(LiveKit::start(config)));
    ground.livekit_url = livekit.url();
    Serving::start(ground).await
}

/// The answer, once Caddy has made itself a certificate, before which it breaks every handshake off, and reaches who is
/// behind it: other tests use up all of the machine's connections for a moment.
async fn answered(client: &reqwest::Client, url: &str) -> reqwest::Response {
    let begun = Instant::now();
    loop {
        let answer = client.get(url).send().await;
        let is_over = begun.elapsed() > Duration::from_secs(30);
        match answer {
            Ok(answer) if answer.status() != StatusCode::BAD_GATEWAY || is_over => return answer,
            Err(err) if is_over => panic!("{err:?}"),
            // Why it could not reach them stands in its log, which a failing test shows.
            Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// A client for which the domain leads here, and that believes Caddy's own authority.
async fn trusting(authority: &Path) -> reqwest::Client {
    let begun = Instant::now();
    while !authority.exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "Caddy makes no authority");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let root = reqwest::Certificate::from_pem(&fs::read(authority).unwrap()).unwrap();
    // Installs the provider of TLS.
    http_client();
    reqwest::Client::builder()
        .tls_certs_only([root])
        .redirect(reqwest::redirect::Policy::none())
        // The port is the address's own.
        .resolve(DOMAIN, ([127, 0, 0, 1], 0).into())
        .build()
        .unwrap()
}
