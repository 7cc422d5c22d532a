//! LiveKit and egress have one version each here, wherever it is named.

use meetbox::assets::templates::{EGRESS_VERSION, LIVEKIT_VERSION};

use crate::tree::{self, File};

/// Where a version stands: the file, and the words before it.
const LIVEKIT: [(&str, &str); 5] = [
    ("assets/livekit.yaml", "livekit-server "),
    ("packaging/dev-prerequisites.sh", "LIVEKIT=v"),
    ("tests/it/services/livekit.rs", "cmd/server@v"),
    ("README.md", "livekit-server v"),
    ("docs/releases.md", "livekit: "),
];
const EGRESS: [(&str, &str); 4] = [
    ("assets/egress.yaml", "LiveKit egress "),
    ("src/assets/egress_keys.rs", "egress "),
    ("docs/egress.md", "livekit/egress) ("),
    ("docs/releases.md", "egress: "),
];

#[test]
fn every_place_names_the_versions_that_the_binary_is_for() {
    let mut found = Vec::new();
    for (places, version) in [(&LIVEKIT[..], LIVEKIT_VERSION), (&EGRESS[..], EGRESS_VERSION)] {
        for (path, words) in places {
            let file = File::planted(path, &tree::read(path));
            found.extend(strays(&file, words, version));
        }
    }
    assert!(found.is_empty(), "these are not what src/assets/templates.rs says:\n{}", found.join("\n"));
}

#[test]
fn planted_versions_are_found() {
    let file = File::planted("a.md", "egress 1.2.3, egress config, egress 1.2.4.\n");
    assert_eq!(strays(&file, "egress ", "1.2.3"), ["a.md: egress 1.2.4"]);
    assert_eq!(strays(&file, "livekit ", "1.2.3"), ["a.md: no version after `livekit `"]);
}

/// The versions behind `words` that are others than `version`; that there is none is a find, too.
fn strays(file: &File, words: &str, version: &str) -> Vec<String> {
    let named: Vec<_> = file.text.split(words).skip(1).filter_map(leading_version).collect();
    if named.is_empty() {
        return vec![format!("{}: no version after `{words}`", file.path)];
    }
    named.iter().filter(|found| **found != version).map(|found| format!("{}: {words}{found}", file.path)).collect()
}

/// The version that `text` begins with.
fn leading_version(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let version = text[..end].trim_end_matches('.');
    (version.split('.').count() == 3).then_some(version)
}
