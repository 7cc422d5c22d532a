//! `compose.yaml` agrees with what it is made for: the settings, the configuration of LiveKit, the versions of development.

use crate::tree;

/// What LiveKit is told in containers alone; a comment beside it says why.
const IN_CONTAINERS: &str = "use_ice_lite";

#[test]
fn what_it_sets_for_meetbox_are_settings() {
    let (compose, page) = (tree::read("compose.yaml"), tree::read("docs/settings.md"));

    assert!(set_names(&compose).len() > 10, "{:?}", set_names(&compose));
    let unknown = no_settings(&compose, &page);
    assert!(unknown.is_empty(), "compose.yaml sets what is no setting: {unknown:?}");
}

#[test]
fn it_tells_livekit_nothing_that_our_template_does_not() {
    let (template, compose) = (tree::read("assets/livekit.yaml"), tree::read("compose.yaml"));
    let unknown = unknown_to(&template, &compose);
    assert!(unknown.is_empty(), "assets/livekit.yaml has no {unknown:?}");
}

#[test]
fn the_ports_that_livekit_is_told_are_open() {
    let closed = closed_ports(&tree::read("compose.yaml"));
    assert!(closed.is_empty(), "compose.yaml opens no {closed:?}");
}

#[test]
fn its_versions_are_those_of_development() {
    let (compose, script) = (tree::read("compose.yaml"), tree::read("packaging/dev-prerequisites.sh"));
    for (image, name) in [("livekit/livekit-server:", "LIVEKIT="), ("versity/versitygw:", "VERSITYGW=")] {
        assert_eq!(after(&compose, image), after(&script, name), "{image}");
    }
    let recorder = after(&compose, "livekit/egress:v");
    assert!(
        tree::read("assets/egress.yaml").contains(&format!("egress {recorder},")),
        "assets/egress.yaml: {recorder}"
    );

    let loose = without_version(&compose);
    assert!(loose.is_empty(), "without a version: {loose:?}");
}

#[test]
fn planted_disagreements_are_found() {
    let planted = "x-settings: &settings\n  PORT: 1\n  PROT: 1\nservices:\n  livekit:\n    image: livekit\n    environment:\n      \
                   LIVEKIT_CONFIG: |\n        port: 7880\n        # fine: a comment\n        prot: 1\n        rtc:\n          \
                   tcp_port: 7881\n          udp_port: 7882\n    ports:\n      - 127.0.0.1:7880:7880\n      - \
                   127.0.0.1:7882:7882\n  backend:\n    image: meetbox:latest\n    environment:\n      HOST: here\n    \
                   init: true\n";

    assert_eq!(no_settings(planted, "| `PORT` | …"), ["PROT", "HOST"]);
    assert_eq!(unknown_to("port: 1\nrtc:\n  tcp_port: 1\n  udp_port: 2\n", planted), ["prot"]);
    assert_eq!(closed_ports(planted), ["127.0.0.1:7881:7881", "127.0.0.1:7882:7882/udp"]);
    assert_eq!(without_version(planted), ["livekit", "meetbox:latest"]);
}

fn set_names(compose: &str) -> Vec<&str> {
    let mut names = keys(&under(compose.lines(), "x-settings: &settings"));
    let backend = under(compose.lines(), "backend:");
    names.extend(keys(&under(backend.into_iter(), "environment:")));
    // Brings the first ones in.
    names.retain(|name| *name != "<<");
    names
}

fn no_settings<'a>(compose: &'a str, page: &str) -> Vec<&'a str> {
    set_names(compose).into_iter().filter(|name| !page.contains(&format!("| `{name}`"))).collect()
}

fn unknown_to<'a>(template: &str, compose: &'a str) -> Vec<&'a str> {
    let known = keys(&template.lines().collect::<Vec<_>>());
    // A key to LiveKit, and the address of the webhook, are no names.
    let told = |key: &&str| !key.starts_with('"') && *key != "http" && *key != IN_CONTAINERS;
    let config = under(compose.lines(), "LIVEKIT_CONFIG: |");
    keys(&config).into_iter().filter(told).filter(|key| !known.contains(key)).collect()
}

fn closed_ports(compose: &str) -> Vec<String> {
    let livekit = under(compose.lines(), "livekit:");
    let wanted = [(" port: ", ""), (" tcp_port: ", ""), (" udp_port: ", "/udp")].map(|(setting, transport)| {
        let port = livekit.iter().find_map(|line| line.split_once(setting)).map_or("", |(_, port)| port);
        format!("127.0.0.1:{port}:{port}{transport}")
    });
    let is_open = |port: &String| livekit.iter().any(|line| line.trim().strip_prefix("- ") == Some(port));
    wanted.into_iter().filter(|port| !is_open(port)).collect()
}

fn without_version(compose: &str) -> Vec<&str> {
    let images = compose.lines().filter_map(|line| line.trim().strip_prefix("image: "));
    images.filter(|image| !image.contains(':') || image.ends_with(":latest")).collect()
}

/// The lines under the line `opening` that are indented more than it is; none when it is not there.
fn under<'a>(lines: impl Iterator<Item = &'a str>, opening: &str) -> Vec<&'a str> {
    let mut lines = lines.skip_while(|line| line.trim() != opening);
    let Some(first) = lines.next() else { return Vec::new() };
    lines.take_while(|line| line.trim().is_empty() || indent(line) > indent(first)).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The names before a colon, comments left out.
fn keys<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let told = lines.iter().map(|line| line.trim().trim_start_matches("- ")).filter(|line| !line.starts_with('#'));
    told.filter_map(|line| line.split_once(':')).map(|(key, _)| key).collect()
}

/// What follows `start`, to the end of its line.
fn after<'a>(text: &'a str, start: &str) -> &'a str {
    text.split_once(start).map_or("", |(_, rest)| rest.lines().next().unwrap_or_default())
}
