//! The API is built and run anew when its sources change, and only a build that succeeds replaces it.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use proptest::prelude::{Strategy, any, prop};

use super::{running::Place, some};

const BUILT_TIMEOUT: Duration = Duration::from_secs(60);

/// Stands in for cargo: "builds" a program that says which version of the sources it is, and then serves as ours does.
const BUILD: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
if [ -e src/broken.rs ]; then
    echo "error: src/broken.rs does not compile" >&2
    exit 1
fi
version=$(find src migrations assets openapi Cargo.toml -type f | sort | xargs cat | cksum)
cat > built <<END
#!/bin/sh
echo "version $version"
exec "$MEETBOX" "\$@"
END
chmod +x built
echo "{\"reason\":\"compiler-artifact\",\"executable\":\"$PWD/built\"}"
"#;

/// A change to the sources.
#[derive(Clone, Debug)]
struct Change {
    folder: &'static str,
    nested: bool,
    file: u8,
    text: String,
}

fn change() -> impl Strategy<Value = Change> {
    let folder = prop::sample::select(vec!["src", "migrations", "assets", "openapi"]);
    let made = (folder, any::<bool>(), 0..4_u8, "[a-z]{1,20}");
    made.prop_map(|(folder, nested, file, text)| Change { folder, nested, file, text })
}

impl Change {
    /// Writes it, together with something that no other change has written.
    fn make(&self, place: &Place, number: usize) {
        let deep = if self.nested { "deep/er" } else { "" };
        let folder = place.path().join(self.folder).join(deep);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("file{}.txt", self.file)), format!("{} {number}\n", self.text)).unwrap();
    }
}

// Feature: infrastructure-local-dev, Property 6: every change to the API's sources is noticed and leads to a new build, which
// serves without anybody starting it.
#[test]
fn every_change_to_the_sources_is_built_and_the_last_one_serves() {
    let place = sources();
    let dev = place.up_with(building(&place));
    let installed = || fs::read_to_string(place.path().join(".meetbox/bin/meetbox")).unwrap_or_default();

    for (number, change) in some(change()).iter().enumerate() {
        let before = installed();
        change.make(&place, number);
        dev.wait_until(&format!("change {number} is built: {change:?}"), BUILT_TIMEOUT, || installed() != before);
    }

    let built = installed();
    let version = built.lines().find_map(|line| line.strip_prefix("echo ")).unwrap().trim_matches('"');
    dev.wait_for(&format!("api | {version}"), BUILT_TIMEOUT);
    dev.wait_until("it serves", BUILT_TIMEOUT, || place.ask("GET", "/readyz", None).is_some_and(|it| it.0 == 200));
    dev.stop();
}

#[test]
fn a_build_that_fails_leaves_the_one_before_serving() {
    let place = sources();
    let dev = place.up_with(building(&place));
    let serving = place.pid("api").unwrap();

    fs::write(place.path().join("src/broken.rs"), "fn").unwrap();
    dev.wait_for("the one before goes on serving", BUILT_TIMEOUT);
    assert!(dev.said().contains("build | error: src/broken.rs does not compile"), "{}", dev.said());
    assert_eq!(place.ask("GET", "/livez", None).unwrap().0, 200);
    assert_eq!(place.pid("api"), Some(serving));

    fs::remove_file(place.path().join("src/broken.rs")).unwrap();
    fs::write(place.path().join("src/main.rs"), "fn main() { /* mended */ }").unwrap();
    dev.wait_until("another one serves", BUILT_TIMEOUT, || place.pid("api").is_some_and(|pid| pid != serving));
    dev.wait_until("it serves", BUILT_TIMEOUT, || place.ask("GET", "/readyz", None).is_some_and(|it| it.0 == 200));
    dev.stop();
    place.wait_until_nothing_runs();
}

/// A place with sources in it.
fn sources() -> Place {
    let place = Place::new();
    for folder in ["src", "migrations", "assets", "openapi"] {
        fs::create_dir(place.path().join(folder)).unwrap();
    }
    fs::write(place.path().join("src/main.rs"), "fn main() {}").unwrap();
    fs::write(place.path().join("Cargo.toml"), "[package]").unwrap();
    fs::write(place.path().join("build.sh"), BUILD).unwrap();
    fs::set_permissions(place.path().join("build.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    place
}

fn building(place: &Place) -> std::process::Command {
    let mut command = place.command();
    command.args(["--build-command", "./build.sh"]).env("MEETBOX", env!("CARGO_BIN_EXE_meetbox"));
    command
}
