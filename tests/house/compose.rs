//! `compose.yaml` agrees with what it is made for: the settings, the configuration of LiveKit, the versions of development.

use crate::tree;

/// The indented lines under the line `opening`, without what they are indented by; none when it is not there.
fn under<'a>(text: &'a str, opening: &str) -> Vec<&'a str> {
    let mut lines = text.lines().skip_while(|line| line.trim() != opening);
    let Some(first) = lines.next() else { return Vec::new() };
    let depth = indent(first);
    lines.take_while(|line| line.trim().is_empty() || indent(line) > depth).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The names before a colon, comments left out.
fn keys<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let told = lines.iter().map(|line| line.trim().trim_start_matches("- ")).filter(|line| !line.starts_with('#'));
    told.filter_map(|line| line.split_once(':')).map(|(key, _)| key).collect()
}

/// What follows `start` on its line.
fn after<'a>(text: &'a str, start: &str) -> &'a str {
    text.split_once(start).map_or("", |(_, rest)| rest.lines().next().unwrap_or_default())
}

#[test]
fn what_it_sets_for_meetbox_are_settings() {
    let (compose, page) = (tree::read("compose.yaml"), tree::read("docs/settings.md"));
    let backend = under(&compose, "backend:").join("\n");
    let mut names = keys(&under(&compose, "x-settings: &settings"));
    names.extend(keys(&under(&backend, "environment:")));
    names.retain(|name| *name != "<<");

    assert!(names.len() > 10, "{names:?}");
    let unknown: Vec<_> = names.iter().filter(|name| !page.contains(&format!("| `{name}`"))).collect();
    assert!(unknown.is_empty(), "compose.yaml sets what is no setting: {unknown:?}");
}

#[test]
fn it_tells_livekit_nothing_that_our_template_does_not() {
    let (compose, template) = (tree::read("compose.yaml"), tree::read("assets/livekit.yaml"));
    let config = under(&compose, "LIVEKIT_CONFIG: |");
    let known = keys(&template.lines().collect::<Vec<_>>());

    // What only this one says, and why, stands in a comment beside it.
    let own = |key: &&str| key.starts_with("\"${") || *key == "http" || *key == "use_ice_lite";
    let unknown: Vec<_> = keys(&config).into_iter().filter(|key| !own(key) && !known.contains(key)).collect();
    assert!(unknown.is_empty(), "assets/livekit.yaml has no {unknown:?}");

    let livekit = under(&compose, "livekit:").join("\n");
    for (setting, transport) in [(" port: ", ""), (" tcp_port: ", ""), (" udp_port: ", "/udp")] {
        let port = after(&livekit, setting);
        let open = format!("- 127.0.0.1:{port}:{port}{transport}");
        assert!(!port.is_empty() && livekit.contains(&open), "LiveKit's{setting}{port} is not open: {open}");
    }
}

#[test]
fn its_versions_are_those_of_development() {
    let (compose, script) = (tree::read("compose.yaml"), tree::read("packaging/dev-prerequisites.sh"));
    for (image, name) in [("livekit/livekit-server:", "LIVEKIT="), ("versity/versitygw:", "VERSITYGW=")] {
        assert_eq!(after(&compose, image), after(&script, name), "{image}");
    }
    let template = tree::read("assets/egress.yaml");
    let egress = after(&compose, "livekit/egress:v");
    assert!(
        !egress.is_empty() && template.contains(&format!("egress {egress},")),
        "assets/egress.yaml is not for {egress}"
    );

    let images = compose.lines().filter_map(|line| line.trim().strip_prefix("image: "));
    let loose: Vec<_> = images.filter(|image| !image.contains(':') || image.ends_with(":latest")).collect();
    assert!(loose.is_empty(), "without a version: {loose:?}");
}
