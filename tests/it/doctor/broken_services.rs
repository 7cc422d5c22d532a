//! The services broken one after the other, each of them real.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use sqlx::Connection;

use super::{
    Machine,
    stand_ins::{containers, docker},
    well::Installation,
};
use crate::services::{
    Redis, S3, free_port, postgres,
    s3::{ACCESS_KEY, BUCKET, REGION, SECRET_KEY},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_told_and_so_is_the_webhook_that_nobody_takes() {
    let mut it = Installation::running().await;
    it.server.kill();
    let report = it.look();
    report.says("Meetings", "server", "failed", "nothing answers at", "systemctl restart meetbox");
    report.says("Meetings", "webhook", "failed", "does not arrive within 9s; none came before it", "restart livekit");
    report.says("Meetings", "database", "ok", "Postgres", "");
    report.says("Meetings", "one Redis for all", "ok", "for all three", "");
    report.says("Recordings", "recorder", "failed", "no recorder listens in Redis", "restart egress");

    // It says since when, too.
    let mut connection = sqlx::PgConnection::connect(&it.machine.setting("DATABASE_URL")).await.unwrap();
    let old = "insert into livekit_events (event_id, event_type, payload, created_at, received_at)
               values ('EV_old', 'room_finished', '{}', now(), now() - interval '3 hours 10 minutes')";
    sqlx::query(old).execute(&mut connection).await.unwrap();

    it.machine.change("etc/meetbox/livekit.yaml", "/livekit/webhook", "/elsewhere");
    let said = "within 9s; the one before it came 3 h ago; livekit.yaml sends it to [\"http://127.0.0.1:";
    it.look().says("Meetings", "webhook", "failed", said, "meetbox setup");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_livekit_that_is_gone_or_has_another_key_is_told() {
    let mut it = Installation::running().await;
    let old =
        containers(&it.machine).into_iter().map(|it| it.replace("livekit-server:v1.13.5", "livekit-server:v1.12.0"));
    docker(&it.machine, &old.collect::<Vec<_>>());
    let said = "0 rooms; it runs as livekit/livekit-server:v1.12.0, and 1.13.5 is what this is made for";
    it.look().says("Meetings", "LiveKit", "warning", said, "systemctl reload meetbox-stack");

    let secret = it.machine.setting("LIVEKIT_API_SECRET");
    it.machine.set("LIVEKIT_API_SECRET", "qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6A");
    let report = it.look();
    report.says("Meetings", "LiveKit", "failed", "the secret in livekit.yaml is another", "restart livekit");
    report.says("Meetings", "webhook", "unknown", "LiveKit opens no room", "");
    assert!(!report.text.contains(&secret) && !report.text.contains("qJ3tXw8Z"), "{}", report.text);
    it.machine.set("LIVEKIT_API_SECRET", &secret);

    it.machine.change("etc/meetbox/livekit.yaml", "node_ip: \"127.0.0.1\"", "node_ip: \"203.0.113.7\"");
    let report = it.look();
    report.says(
        "Network",
        "public address",
        "failed",
        "LiveKit offers 203.0.113.7, and the world sees 127.0.0.1",
        "--public-address 127.0.0.1",
    );
    it.machine.change("etc/meetbox/livekit.yaml", "domain: \"meet.example.org\"", "domain: \"old.example.org\"");
    it.look().says("Network", "TURN", "warning", "people are told to ask old.example.org", "meetbox setup");

    it.livekit.kill();
    let report = it.look();
    report.says("Meetings", "LiveKit", "failed", "cannot reach LiveKit", "restart livekit");
    report.says("Network", "TURN", "failed", "/udp: ", "restart livekit");
    report.says("Meetings", "Redis", "ok", "answers", "");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_redis_or_database_in_it_is_told_by_the_files_and_by_what_livekit_does() {
    let mut it = Installation::running().await;
    let url = it.machine.setting("REDIS_URL");
    it.machine.set("REDIS_URL", &url.replace("/3", "/4"));
    let report = it.look();
    report.says(
        "Meetings",
        "one Redis for all",
        "failed",
        "livekit.yaml has database 3 where REDIS_URL has 4",
        "meetbox setup",
    );
    report.says("Meetings", "one Redis for all", "failed", "egress.yaml has database 3", "restart livekit egress");
    report.says("Meetings", "one Redis for all", "failed", "LiveKit keeps its rooms elsewhere", "meetbox setup");
    report.says("Meetings", "Redis", "ok", "answers", "");

    it.redis.kill();
    let report = it.look();
    report.says("Meetings", "Redis", "failed", "redis", "up --detach redis");
    report.says("Meetings", "database", "ok", "Postgres", "");
}

/// Figures, as egress gives them, at a free port.
pub fn figures(can_accept: u8) -> u16 {
    page(format!(
        "# TYPE livekit_egress_available gauge\nlivekit_egress_available{{cluster_id=\"\",node_id=\"NE_x\"}} 1\n\
         # TYPE livekit_egress_can_accept_request gauge\n\
         livekit_egress_can_accept_request{{cluster_id=\"\",node_id=\"NE_x\"}} {can_accept}\n"
    ))
}

/// A page at a free port.
fn page(page: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", page.len());
            let _ = stream.write_all((head + &page).as_bytes());
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_takes_nothing_has_no_slot_left_or_is_not_there_is_told() {
    let machine = Machine::set_up(&[]);
    let (redis, database) = (Redis::start(), postgres().database().await);
    machine.set("REDIS_URL", &redis.url());
    machine.set("DATABASE_URL", &database.url().replace("meetbox@", "meetbox:Vt5kQ9wZ@"));
    let mut recorder = redis::Client::open(redis.url()).unwrap().get_async_pubsub().await.unwrap();
    recorder.subscribe("EgressInternal|StartEgress|REQ").await.unwrap();
    let without = machine.read("etc/meetbox/egress.yaml").replace("\nprometheus_port: 7981\n", "\n");
    let with_port =
        |port: u16| machine.write("etc/meetbox/egress.yaml", &format!("{without}\nprometheus_port: {port}\n"));

    let unknown = "0 of 1 slots in use by our database; what the recorder itself could take is not known without a \
                   prometheus_port in egress.yaml";
    machine.set("RECORDING_SLOTS", "1");
    machine.write("etc/meetbox/egress.yaml", &without);
    machine.look().says("Recordings", "recorder", "unknown", unknown, "");
    with_port(0);
    machine.look().says("Recordings", "recorder", "unknown", unknown, "");
    with_port(figures(1));
    machine.look().says("Recordings", "recorder", "ok", "slots in use; it takes one more", "");
    with_port(figures(0));
    machine.look().says("Recordings", "recorder", "failed", "it could take nothing", "restart egress");
    with_port(free_port());
    machine.look().says("Recordings", "recorder", "warning", "does not answer (", "restart egress");
    with_port(page("livekit_egress_can_accept_request what\n".to_owned()));
    machine.look().says("Recordings", "recorder", "warning", "do not say what it could take", "restart egress");

    with_port(figures(1));
    let pool = database.pool().await;
    for statement in [
        "insert into meetings (id, room_name, created_at) values (gen_random_uuid(), 'blue-heron', now())",
        "insert into recordings (id, meeting_id, storage_path, status, started_at)
         select gen_random_uuid(), id, 'x', 'active', now() from meetings",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    machine.look().says("Recordings", "recorder", "warning", "all 1 slots are in use", "RECORDING_SLOTS");

    drop(recorder);
    machine.look().says("Recordings", "recorder", "failed", "no recorder listens in Redis", "logs --tail 50 egress");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_behind_or_ahead_is_told() {
    let machine = Machine::set_up(&[]);
    let set = |url: String| machine.set("DATABASE_URL", &url.replace("meetbox@", "meetbox:Vt5kQ9wZ@"));
    let empty = postgres().empty_database().await;
    set(empty.url());
    machine.look().says("Meetings", "database", "failed", "migrations are still to come", "meetbox migrate");
    set(empty.url_through(free_port()));
    machine.look().says("Meetings", "database", "failed", "Connection refused", "up --detach postgres");
    set(empty.url().replace(&empty.name, "nowhere"));
    let report = machine.look();
    report.says("Meetings", "database", "failed", "database \"nowhere\" does not exist", "DATABASE_URL");
    assert!(!report.text.contains("Vt5kQ9wZ"), "{}", report.text);

    let full = postgres().database().await;
    set(full.url());
    machine.look().says("Meetings", "database", "ok", "schema ", "");
    let mut connection = sqlx::PgConnection::connect(&full.url()).await.unwrap();
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'x', true, '', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    machine.look().says(
        "Meetings",
        "database",
        "warning",
        "1 migrations are of a newer Meetbox",
        "install that version",
    );
}

#[test]
fn a_store_that_is_away_or_refuses_is_told() {
    let machine = Machine::set_up(&[]);
    let mut store = S3::start();
    machine.set("S3_ENDPOINT", &store.url());
    for (name, value) in
        [("S3_ACCESS_KEY", ACCESS_KEY), ("S3_SECRET_KEY", SECRET_KEY), ("S3_BUCKET", BUCKET), ("S3_REGION", REGION)]
    {
        machine.set(name, value);
    }
    machine.set("S3_FORCE_PATH_STYLE", "true");
    let text = machine.read("etc/meetbox/meetbox.env").replace("STORAGE_DIR=", "#STORAGE_DIR=");
    machine.write("etc/meetbox/meetbox.env", &text);
    machine.look().says("Recordings", "storage", "ok", "written, read and deleted in recordings", "");
    // The store itself keeps a hidden folder there.
    let left = std::fs::read_dir(store.bucket(BUCKET)).unwrap().flatten().map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| !name.to_string_lossy().starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");

    machine.set("S3_BUCKET", "elsewhere");
    machine.look().says("Recordings", "storage", "failed", "no bucket of the name in S3_BUCKET", "S3_BUCKET");
    machine.set("S3_BUCKET", BUCKET);
    machine.set("S3_SECRET_KEY", "qJ3tXw8ZpL5vNc2RbY7m");
    let report = machine.look();
    report.says(
        "Recordings",
        "storage",
        "failed",
        "refuses S3_ACCESS_KEY and S3_SECRET_KEY",
        "systemctl restart meetbox",
    );
    assert!(!report.text.contains("qJ3tXw8Z"), "{}", report.text);
    store.kill();
    machine.look().says("Recordings", "storage", "failed", "cannot reach storage", "S3_ENDPOINT");
}

#[test]
fn a_folder_that_is_gone_or_that_its_owner_cannot_write_to_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::set_up(&[]);
    machine.look().says("Recordings", "storage", "ok", "in /var/lib/meetbox/recordings", "");

    let folder = machine.path("var/lib/meetbox/recordings");
    std::fs::remove_dir_all(&folder).unwrap();
    machine.look().says("Recordings", "storage", "failed", "No such file or directory", "systemd-tmpfiles");
    assert!(!folder.exists(), "it is not made in passing, for it would be root's");
    // Root may write anywhere, and its owner may not: who tries decides.
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(machine.root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let _ = std::os::unix::fs::chown(&folder, Some(65_534), Some(65_534));
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o550)).unwrap();
    machine.look().says("Recordings", "storage", "failed", "storage does not work", "systemd-tmpfiles");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o2770)).unwrap();
    machine.look().says("Recordings", "storage", "ok", "in /var/lib/meetbox/recordings", "");
}
