//! The files of an installation agree with each other and with the settings on every port, path and version.

use meetbox::{
    assets::{
        appliance::{
            EGRESS_HEALTH_PORT, EGRESS_IMAGE, FOLDER, LIVEKIT_IMAGE, LIVEKIT_PORT, POSTGRES_IMAGE, RECORDINGS, RESCUE,
            RTC_TCP_PORT, RTC_UDP_FROM,
        },
        templates::{EGRESS_VERSION, LIVEKIT_VERSION},
    },
    config::{Settings, Source},
};

use crate::tree;

/// What production needs to start, and nothing else.
const LEAST: &str = "DATABASE_URL=postgresql://meetbox:Vt5kQ9wZ@127.0.0.1/meetbox\nREDIS_URL=redis://127.0.0.1\n\
                     LIVEKIT_URL=ws://127.0.0.1:7880\nLIVEKIT_API_KEY=APIm7Kq2xVn\n\
                     LIVEKIT_API_SECRET=qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6A\n\
                     PUBLIC_URL=https://meet.example.org\nLIVEKIT_PUBLIC_URL=wss://meet.example.org\n";

/// Whether each of `words` stands in the file.
fn says(path: &str, words: &[&str]) {
    let text = tree::read(path);
    for word in words {
        assert!(text.contains(word), "{path} does not say `{word}`");
    }
}

#[test]
fn ports_are_the_same_everywhere() {
    let port = Settings::load(&Source::installation(LEAST)).unwrap().settings.http.port;
    let [ours, livekit] = [port, LIVEKIT_PORT].map(|port| format!("reverse_proxy 127.0.0.1:{port}\n"));
    says("assets/appliance/Caddyfile", &[&ours, &livekit, "admin 127.0.0.1:2019\n", "import /etc/meetbox/caddy.d/"]);
    let [livekit, caddy] = [LIVEKIT_PORT, 2019].map(|port| format!("\"http://127.0.0.1:{port}/"));
    says("assets/appliance/compose.yaml", &[&livekit, &caddy, "127.0.0.1:5432:5432", "127.0.0.1:6379:6379"]);
    // On the page, in one row, stands what nobody outside reaches.
    let inside = format!("| {port}, {LIVEKIT_PORT}, 5432, 6379, 2019 |");
    let rows =
        [format!("| {RTC_TCP_PORT}/tcp |"), format!("| {RTC_UDP_FROM}/udp "), format!("| {EGRESS_HEALTH_PORT}/tcp |")];
    says("docs/operations.md", &[&inside, &rows[0], &rows[1], &rows[2], "| 443/udp |", "| 443/tcp |", "| 80/tcp |"]);
}

#[test]
fn folders_and_files_are_the_same_everywhere() {
    let folder = |folder: &str| format!("d {folder} 2770 meetbox root\n");
    let backups = Settings::load(&Source::installation(LEAST)).unwrap().settings.backup.dir;
    let backups = format!("d {} 0700 root root\n", backups.display());
    says("systemd/tmpfiles.conf", &[&folder(RECORDINGS), &folder(RESCUE), &backups]);
    says(
        "systemd/meetbox-backup.service",
        &["ReadWritePaths=-/var/lib/meetbox\n", "ExecStart=/usr/local/bin/meetbox backup\n"],
    );
    let mounted = |folder: &str| format!("- {folder}:{folder}\n");
    let file = |name: &str| format!("- {FOLDER}/{name}:");
    says(
        "assets/appliance/compose.yaml",
        &[&mounted(RECORDINGS), &mounted(RESCUE), &file("livekit.yaml"), &file("egress.yaml"), &file("Caddyfile")],
    );
    let credential = format!("LoadCredential=meetbox.env:{FOLDER}/meetbox.env\n");
    says(
        "systemd/meetbox.service",
        &[&credential, "ReadWritePaths=-/var/lib/meetbox\n", "ExecStart=/usr/local/bin/meetbox serve\n"],
    );
    says("systemd/meetbox-stack.service", &[&format!("WorkingDirectory={FOLDER}\n")]);
}

#[test]
fn images_are_of_the_versions_that_the_templates_are_for() {
    assert_eq!(LIVEKIT_IMAGE, format!("livekit/livekit-server:v{LIVEKIT_VERSION}"));
    assert_eq!(EGRESS_IMAGE, format!("livekit/egress:v{EGRESS_VERSION}"));
    let [livekit, egress, postgres] =
        [LIVEKIT_IMAGE, EGRESS_IMAGE, POSTGRES_IMAGE].map(|image| format!("    image: {image}\n"));
    says("compose.yaml", &[&livekit, &egress, &postgres]);
}
