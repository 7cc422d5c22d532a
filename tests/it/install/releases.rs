//! `install.sh` of a release fetches what is signed with its key, and nothing else.

use std::{fs, path::Path, process::Command};

use super::machine::Machine;

/// Where the release lies on the machine, as on a server.
const SERVER: &str = "file:///tmp/server";

/// A machine with a signed release on a server of its own; the script is the one that a release would have.
fn published() -> Option<Machine> {
    if Command::new("minisign").arg("-v").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "minisign is missing");
        println!("skipped: there is no minisign; `packaging/dev-prerequisites.sh --tests` installs it");
        return None;
    }
    let machine = Machine::new()?;
    for version in ["1.0.0", "1.1.0"] {
        machine.build(version, 19);
        machine.must(&format!(
            "set -e; arch=amd64; [ $(uname -m) = x86_64 ] || arch=arm64; name=meetbox-{version}-linux-$arch
             mkdir -p /tmp/server/download/v{version} /tmp/stage/$name && cp /tmp/{version}/meetbox /tmp/stage/$name/
             cd /tmp/server/download/v{version} && tar -czf $name.tar.gz -C /tmp/stage $name && sha256sum * >SHA256SUMS"
        ));
    }
    machine.must(
        "mkdir -p /tmp/keys /tmp/server/latest && cd /tmp/keys && minisign -GW -p ours.pub -s ours.key && \
         minisign -GW -p other.pub -s other.key && ln -s ../download/v1.1.0 /tmp/server/latest/download",
    );
    sign(&machine, "ours");
    let keys = tempfile::tempdir().unwrap();
    fs::write(keys.path().join("key"), machine.must("cat /tmp/keys/ours.pub")).unwrap();
    fs::write(keys.path().join("address"), SERVER).unwrap();
    let script = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/installer.sh"))
        .args([keys.path().join("key"), keys.path().join("address")])
        .output()
        .unwrap();
    assert!(script.status.success(), "{script:?}");
    let script = String::from_utf8(script.stdout).unwrap();
    machine.must(&format!("cat >/tmp/install.sh <<'END OF IT'\n{script}END OF IT\n"));
    Some(machine)
}

/// Signs the checksums of the newest release with that key.
fn sign(machine: &Machine, key: &str) {
    for version in ["1.0.0", "1.1.0"] {
        let folder = format!("/tmp/server/download/v{version}");
        machine.must(&format!("cd {folder} && rm -f *.minisig && minisign -SW -s /tmp/keys/{key}.key -m SHA256SUMS"));
    }
}

const INSTALL: &str = "bash /tmp/install.sh --yes --domain meet.example.org --certificate internal";

#[test]
fn the_newest_release_is_fetched_and_another_when_that_is_asked_for() {
    let Some(machine) = published() else { return };
    machine.must(&format!("{INSTALL} --version 1.0.0"));
    assert_eq!(machine.must("meetbox --version"), "meetbox 1.0.0\n");
    machine.must(&format!("{INSTALL} --no-backup"));
    assert_eq!(machine.must("meetbox --version"), "meetbox 1.1.0\n");
}

#[test]
fn what_is_not_signed_with_our_key_is_refused() {
    let release = "/tmp/server/download/v1.1.0";
    for (spoil, sentence) in [
        // A bit of the checksums.
        (format!("sed -i '1s/^./g/' {release}/SHA256SUMS"), "is not signed with our key"),
        // A bit of the signature, and of the key's id in it.
        (flip(&format!("{release}/SHA256SUMS.minisig"), 40), "is not signed with our key"),
        (flip(&format!("{release}/SHA256SUMS.minisig"), 4), "is not signed with our key"),
        (format!("echo nonsense >{release}/SHA256SUMS.minisig"), "is not signed with our key"),
        // The signature of another release.
        (
            format!("cp /tmp/server/download/v1.0.0/SHA256SUMS.minisig {release}/; echo >>{release}/SHA256SUMS"),
            "is not signed",
        ),
        // A whole other release in its place, signed all the same.
        (format!("cp /tmp/server/download/v1.0.0/* {release}/"), "has nothing for"),
        (format!("echo more >>{release}/meetbox-1.1.0-linux-*.tar.gz"), "is not the file that was signed"),
        (format!("rm {release}/SHA256SUMS.minisig"), "cannot fetch the release"),
        (format!("rm {release}/*.tar.gz"), "cannot fetch "),
    ] {
        let Some(machine) = published() else { return };
        machine.must(&spoil);
        refused(&machine, &spoil, sentence);
    }
    let Some(machine) = published() else { return };
    sign(&machine, "other");
    refused(&machine, "another key", "is not signed with our key");
}

/// A command that flips a bit of that byte in the second line of the file, behind its base64.
fn flip(file: &str, byte: usize) -> String {
    format!(
        "perl -MMIME::Base64 -i -pe 'if ($. == 2) {{ my $raw = decode_base64($_); \
         substr($raw, {byte}, 1) ^= \"\\x01\"; $_ = encode_base64($raw, \"\") . \"\\n\" }}' {file}"
    )
}

fn refused(machine: &Machine, spoil: &str, sentence: &str) {
    let before = machine.changes();
    let answer = machine.run(&format!("{INSTALL} --version 1.1.0"));
    assert_eq!(answer.code, Some(1), "{spoil}: {answer:?}");
    assert!(answer.err.contains(sentence) && answer.err.contains("nothing was changed"), "{spoil}: {answer:?}");
    assert_eq!(machine.changes(), before, "{spoil}");
    assert_eq!(machine.log(), [""; 0], "{spoil}");
}

#[test]
fn a_bundle_is_taken_with_its_checksums_beside_it() {
    let Some(machine) = published() else { return };
    let bundle = "--bundle /tmp/server/download/v1.1.0/meetbox-1.1.0-linux-*.tar.gz";
    machine.must(&format!("{INSTALL} {bundle}"));
    assert_eq!(machine.must("meetbox --version"), "meetbox 1.1.0\n");

    // With a key in the script, the checksums count only with its signature; or somebody says what they are.
    let refused = |spoilt: &str| {
        let answer = machine.run(&format!("{INSTALL} {bundle}"));
        assert_eq!(answer.code, Some(1), "{spoilt}: {answer:?}");
        assert!(answer.err.contains("has no signature beside it of the key"), "{spoilt}: {answer:?}");
    };
    sign(&machine, "other");
    refused("another key");
    machine.must("rm /tmp/server/download/v1.1.0/SHA256SUMS.minisig");
    refused("none");
    machine
        .must(&format!("{INSTALL} {bundle} --sha256 $(sha256sum /tmp/server/download/v1.1.0/*.tar.gz | cut -c 1-64)"));
}

#[test]
fn a_script_of_no_release_installs_only_what_it_is_given() {
    let Some(machine) = published() else { return };
    let answer =
        machine.run(&format!("MEETBOX_RELEASES={SERVER} bash /srv/install.sh --yes --domain meet.example.org"));
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.err.contains("this script knows no release"), "{answer:?}");
}
