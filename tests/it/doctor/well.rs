//! An installation that is well, on real parts: the whole of it is looked at, and only what cannot be had here is not ok.

use tempfile::TempDir;

use super::{DOMAIN, Machine, broken_services::figures, of_this_machine, stand_ins::all_well};
use crate::{
    services::{
        Redis, free_port, postgres,
        process::{Guarded, Program, find_program, folder_for},
    },
    serving::{Ground, Serving},
};

/// A machine with Meetbox on it that runs: real Postgres, Redis, LiveKit and server, where its files say.
pub struct Installation {
    pub machine: Machine,
    pub redis: Redis,
    pub server: Serving,
    pub livekit: Guarded,
    pub turn: u16,
    _folder: TempDir,
}

impl Installation {
    pub async fn running() -> Self {
        let machine = Machine::set_up(&["--public-address", "127.0.0.1"]);
        all_well(&machine);
        let redis = Redis::start();
        let database = postgres().database().await;
        let livekit_port = free_port();
        let with_password = database.url().replace("meetbox@", "meetbox:Vt5kQ9wZ@");
        machine.set("DATABASE_URL", &with_password);
        machine.set("REDIS_URL", &format!("redis://127.0.0.1:{}/3", redis.port));
        machine.set("LIVEKIT_URL", &format!("ws://127.0.0.1:{livekit_port}"));
        machine.set("STORAGE_DIR", "/var/lib/meetbox/recordings");
        let mut ground = Ground::new(&database.url(), &machine.setting("REDIS_URL"), &machine.setting("LIVEKIT_URL"));
        machine.set("PORT", &ground.port.to_string());
        machine.setup(&[]);

        // What only one installation on a machine can have.
        let (tcp, udp, turn) = (free_port(), free_port(), free_port());
        for (from, to) in [
            ("port: 7880\n", format!("port: {livekit_port}\n")),
            ("tcp_port: 7881", format!("tcp_port: {tcp}")),
            ("udp_port: \"50000-50003\"", format!("udp_port: {udp}")),
            ("udp_port: 443", format!("udp_port: {turn}")),
            ("enable_loopback_candidate: false", "enable_loopback_candidate: true".to_owned()),
            ("127.0.0.1:3001/", format!("127.0.0.1:{}/", ground.port)),
        ] {
            machine.change("etc/meetbox/livekit.yaml", from, &to);
        }
        for name in ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"] {
            ground = ground.with(name, &machine.setting(name));
        }
        let folder = folder_for(None);
        let livekit = start_livekit(&machine, &folder);
        livekit.wait_for_port(livekit_port);
        let server = Serving::launch(ground);
        server.wait_until_it_says_so().await;
        Self { machine, redis, server, livekit, turn, _folder: folder }
    }

    /// What the doctor says, with LiveKit's TURN as the STUN server.
    pub fn look(&self) -> super::Report {
        self.machine.look_with(&["--stun", &format!("127.0.0.1:{}", self.turn)])
    }
}

fn start_livekit(machine: &Machine, folder: &TempDir) -> Guarded {
    let ours = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".meetbox/bin");
    let binary =
        find_program("livekit-server", &[ours]).expect("`packaging/dev-prerequisites.sh` builds livekit-server");
    let config = machine.path("etc/meetbox/livekit.yaml").display().to_string();
    let arguments = vec!["--config".to_owned(), config];
    let program = Program { binary: &binary, arguments, environment: vec![], run_as: None, end_signal: "KILL" };
    Guarded::start(&program, folder.path(), false)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_that_runs_is_found_to_be_well() {
    let it = Installation::running().await;
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let path = format!("proc/net/{table}");
        it.machine.write(&path, &of_this_machine(&format!("/{path}")));
    }
    // A recorder, as far as Redis sees it.
    let url = it.machine.setting("REDIS_URL");
    let mut recorder = redis::Client::open(url).unwrap().get_async_pubsub().await.unwrap();
    recorder.subscribe("EgressInternal|StartEgress|REQ").await.unwrap();

    it.machine.change("etc/meetbox/egress.yaml", "prometheus_port: 7981", &format!("prometheus_port: {}", figures(1)));

    let report = it.look();
    for (group, check, words) in [
        ("Settings", "settings", "right for production"),
        ("Settings", "secret files", "none but root"),
        ("Machine", "folders", "may write where they should"),
        ("Machine", "meetbox-stack.service", "active since"),
        ("Containers", "egress", "running, livekit/egress:v"),
        ("Network", "inner ports", "nobody listens for others"),
        ("Network", "public address", "127.0.0.1, as LiveKit is told"),
        ("Network", "TURN", DOMAIN),
        ("Meetings", "server", "ready at http://127.0.0.1:"),
        ("Meetings", "database", "Postgres "),
        ("Meetings", "Redis", "answers"),
        ("Meetings", "one Redis for all", "database 3, for all three; LiveKit's rooms are in it"),
        ("Meetings", "LiveKit", "knows our key, 0 rooms, version 1.13.5"),
        ("Meetings", "webhook", "a room's webhook was here after "),
        ("Recordings", "recorder", "slots in use; it takes one more"),
        ("Recordings", "storage", "an object was written, read and deleted in /var/lib/meetbox/recordings"),
    ] {
        report.says(group, check, "ok", words, "");
    }
    // Of what was tried, nothing is left.
    let left: Vec<_> = std::fs::read_dir(it.machine.path("var/lib/meetbox/recordings")).unwrap().flatten().collect();
    assert!(left.iter().all(|entry| entry.file_name().to_string_lossy().starts_with('.')), "{left:?}");
    let report_again = it.look();
    report_again.says("Meetings", "LiveKit", "ok", "0 rooms", "");
    report_again.says("Meetings", "webhook", "ok", "; the one before it came ", "");
    for name in ["LIVEKIT_API_SECRET", "LIVEKIT_API_KEY", "REDIS_URL", "DATABASE_URL"] {
        assert!(!report.text.contains(&it.machine.setting(name)), "{name} is in {}", report.text);
    }
}
