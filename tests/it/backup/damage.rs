//! Archives that are not as they were written: each is refused, in words, and nothing is changed.

use std::{fs, io::Read, path::Path};

use super::Machine;
use crate::services::postgres;

/// The members of an archive, by name.
pub fn members(archive: &Path) -> Vec<(String, u64, Vec<u8>)> {
    let mut archive = tar::Archive::new(fs::File::open(archive).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), entry.header().mtime().unwrap(), bytes)
    });
    entries.collect()
}

/// Writes an archive of these members as Meetbox would.
pub fn write(path: &Path, members: &[(String, u64, Vec<u8>)]) {
    let mut tar = tar::Builder::new(fs::File::create(path).unwrap());
    for (name, time, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(*time);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    tar.into_inner().unwrap();
}

/// Writes that archive with another manifest, and with checksums that agree.
pub fn write_with_manifest(path: &Path, archive: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let mut members = members(archive);
    let mut manifest = serde_json::from_slice(&members[2].2).unwrap();
    change(&mut manifest);
    members[2].2 = manifest.to_string().into_bytes();
    let sums: String = members[..3].iter().map(|(name, _, bytes)| format!("{}  {name}\n", hex(bytes))).collect();
    members[3].2 = sums.into_bytes();
    write(path, &members);
}

fn hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_anywhere_is_noticed_before_anything_is_done() {
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]);
    let bytes = fs::read(&archive).unwrap();
    let damaged = machine.at("damaged.tar");
    // Into each member, its header and its padding; src/cli/archive/layout.rs tries every byte.
    let positions = (0..bytes.len()).step_by(bytes.len() / 24).chain([1, 513, bytes.len() - 1]);
    for at in positions {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        fs::write(&damaged, flipped).unwrap();
        machine.restore(&damaged, &["--yes"]).fails(1, "damaged.tar");
    }
    for length in [0, 1, 511, 512, 700, bytes.len() / 2, bytes.len() - 1024, bytes.len() - 1] {
        fs::write(&damaged, &bytes[..length]).unwrap();
        machine.restore(&damaged, &["--yes"]).fails(1, "damaged.tar");
    }
    fs::write(&damaged, "a letter to somebody, which is no archive at all").unwrap();
    machine.restore(&damaged, &["--yes"]).fails(1, "it is no backup of Meetbox's");
    assert_eq!(machine.databases().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_two_backups_are_none_and_neither_is_what_somebody_changed() {
    let machine = Machine::new(postgres().database().await);
    let (old, new) = (machine.backup(&[]), machine.backup(&[]));
    let (old, mut mixed) = (members(&old), members(&new));
    // The dump of the older one, with a manifest and checksums that say so.
    mixed[0].2.clone_from(&old[0].2);
    let mut manifest: serde_json::Value = serde_json::from_slice(&mixed[2].2).unwrap();
    manifest["files"][0]["sha256"] = hex(&mixed[0].2).into();
    mixed[2].2 = manifest.to_string().into_bytes();
    let sums: String = mixed[..3].iter().map(|(name, _, bytes)| format!("{}  {name}\n", hex(bytes))).collect();
    mixed[3].2 = sums.into_bytes();
    let forged = machine.at("forged.tar");
    write(&forged, &mixed);
    machine.restore(&forged, &["--verify"]).fails(1, "put together of parts that do not belong together");

    write_with_manifest(&forged, &new, |manifest| manifest["domain"] = "elsewhere.example.org".into());
    machine.restore(&forged, &["--verify"]).fails(1, "put together of parts that do not belong together");
    // And what nobody changed is written by this test as Meetbox writes it.
    write(&forged, &members(&new));
    machine.restore(&forged, &["--verify"]).succeeds("can be restored");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_others_and_forms_of_another_day_are_told() {
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]);
    let other = Machine::new(machine.database.clone());
    other.restore(&archive, &["--verify"]).fails(1, "the key is none of those that this backup was made for");
    let path = archive.display().to_string();
    machine.run(&["restore", &path, "--verify"]).fails(1, "opened by the secret key of age1");
    let no_key = machine.at("root/etc/meetbox/meetbox.env").display().to_string();
    machine.run(&["restore", &path, "--verify", "--identity", &no_key]).fails(1, "is no file of secret keys");

    let mut steering = members(&archive);
    let text = String::from_utf8(steering[2].2.clone()).unwrap();
    steering[2].2 = text.replace("age1", "\\u001b[2Jage1").into_bytes();
    let sums: String = steering[..3].iter().map(|(name, _, bytes)| format!("{}  {name}\n", hex(bytes))).collect();
    steering[3].2 = sums.into_bytes();
    write(&machine.at("steering.tar"), &steering);
    let said = machine.restore(&machine.at("steering.tar"), &["--verify"]);
    said.fails(1, "what is no name, version or key");
    assert!(!said.err.contains('\u{1b}'), "{said:?}");

    let mut later = members(&archive);
    later[2].2 = br#"{"format": 2}"#.to_vec();
    let sums: String = later[..3].iter().map(|(name, _, bytes)| format!("{}  {name}\n", hex(bytes))).collect();
    later[3].2 = sums.into_bytes();
    write(&machine.at("later.tar"), &later);
    machine.restore(&machine.at("later.tar"), &["--verify"]).fails(1, "its form is number 2");
}
