//! The files of an installation agree with each other and with the settings on every port, path and version.

use meetbox::{
    assets::{
        appliance::{
            BINARY, DATA, EGRESS_IMAGE, FOLDER, IMAGES, LIBRARY, LIVEKIT_IMAGE, LIVEKIT_PORT, POSTGRES_IMAGE,
            RECORDINGS, RESCUE, SYSTEM_FILES, UNITS,
        },
        ports::{self, API_PORT, Reach},
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
    assert_eq!(port, API_PORT);
    // The page names every port in a row of those that are reached from the same place.
    let page = tree::read("docs/operations.md");
    for it in ports::of_installation(50_003) {
        let reached = match it.reach {
            Reach::Everywhere => "| everywhere |",
            Reach::ThisMachine => "| this machine alone",
        };
        let named = |row: &str| {
            let cell = row.split('|').nth(1).unwrap_or_default();
            let numbers = cell.split(|c: char| !c.is_ascii_digit());
            numbers.clone().any(|number| number == it.from.to_string())
                && (cell.contains(&format!("/{}", it.transport)) || !cell.contains('/'))
        };
        assert!(page.lines().any(|row| row.contains(reached) && named(row)), "docs/operations.md lacks {it:?}");
    }
}

#[test]
fn folders_and_files_are_the_same_everywhere() {
    let folder = |folder: &str| format!("d {folder} 2770 meetbox root\n");
    let backups = Settings::load(&Source::installation(LEAST)).unwrap().settings.backup.dir;
    let backups = format!("d {} 0700 root root\n", backups.display());
    says("systemd/tmpfiles.conf", &[&folder(RECORDINGS), &folder(RESCUE), &backups]);
    says(
        "systemd/meetbox-backup.service",
        &[
            "ReadWritePaths=-/var/lib/meetbox\n",
            "ExecStart=/usr/local/bin/meetbox backup\n",
            // Root without it does not read what others own in /etc/meetbox.
            "CapabilityBoundingSet=CAP_DAC_READ_SEARCH\n",
        ],
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
    // Who has no network is told there what to bring along.
    says("docs/operations.md", &[&format!("docker save {} |", IMAGES.join(" "))]);
}

#[test]
fn whoever_takes_meetbox_away_knows_every_file_outside_of_its_folder() {
    // What `Appliance::files` puts in place stands there as a path in quotes.
    let source = tree::read("src/assets/appliance.rs");
    let made = source.split('"').filter(|word| word.starts_with("etc/") && !word.starts_with("etc/meetbox/"));
    let known: Vec<_> = UNITS.iter().map(|unit| format!("/etc/systemd/system/{unit}")).collect();
    let known: Vec<_> = known.iter().map(String::as_str).chain(SYSTEM_FILES).collect();
    let made: Vec<_> = made.map(|path| format!("/{path}")).collect();
    assert!(made.len() >= 5, "{made:?}");
    for path in &made {
        assert!(known.contains(&path.as_str()), "{path} is in neither UNITS nor SYSTEM_FILES");
    }
    let installer = tree::read("install.sh");
    for folder in [BINARY, LIBRARY, FOLDER, DATA] {
        assert!(installer.contains(&format!("={folder}")), "install.sh does not know {folder}");
    }
}
