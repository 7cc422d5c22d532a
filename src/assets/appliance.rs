//! What an installation on one machine consists of besides the binary: its configuration files, all made from here.

use std::{collections::BTreeMap, fmt::Write as _, net::Ipv4Addr};

use sha2::{Digest, Sha256};

use super::{
    egress::Egress,
    templates::{self, RenderError, Values},
};

/// The versions that belong together; LiveKit's and its egress' are those that the templates are written for.
pub const POSTGRES_IMAGE: &str = "postgres:15";
pub const REDIS_IMAGE: &str = "redis:7.2-alpine";
pub const LIVEKIT_IMAGE: &str = "livekit/livekit-server:v1.13.5";
pub const EGRESS_IMAGE: &str = "livekit/egress:v1.14.1";
pub const CADDY_IMAGE: &str = "caddy:2.10-alpine";
/// All of them.
pub const IMAGES: [&str; 5] = [POSTGRES_IMAGE, REDIS_IMAGE, LIVEKIT_IMAGE, EGRESS_IMAGE, CADDY_IMAGE];

/// The binary of an installation, and beside it the one of before.
pub const BINARY: &str = "/usr/local/bin/meetbox";
pub const LIBRARY: &str = "/usr/local/lib/meetbox";
/// Meetbox itself, what stands beside it, and what lets people in.
pub const SERVICE: &str = "meetbox.service";
pub const STACK: &str = "meetbox-stack.service";
pub const FIREWALL: &str = "meetbox-firewall.service";
/// The daily backup, and when it is made.
pub const BACKUP: &str = "meetbox-backup.service";
pub const BACKUP_TIMER: &str = "meetbox-backup.timer";
/// What systemd runs, in the order in which it is stopped.
pub const UNITS: [&str; 5] = [BACKUP_TIMER, BACKUP, SERVICE, STACK, FIREWALL];
/// What setup makes outside of its folder besides units.
pub const SYSTEM_FILES: [&str; 3] =
    ["/etc/sysusers.d/meetbox.conf", "/etc/tmpfiles.d/meetbox.conf", "/etc/sysctl.d/60-meetbox.conf"];
/// The folder of an installation's settings.
pub const FOLDER: &str = "/etc/meetbox";
/// The folder of an installation's data.
pub const DATA: &str = "/var/lib/meetbox";
/// Where recordings are kept when no object store is set, for Meetbox and for egress.
pub const RECORDINGS: &str = "/var/lib/meetbox/recordings";
/// Where egress leaves what it cannot upload.
pub const RESCUE: &str = "/var/lib/meetbox/rescue";

pub const LIVEKIT_PORT: u16 = 7880;
pub const EGRESS_HEALTH_PORT: u16 = 9090;
/// Where egress tells what it could take; not 9091, where machines with Prometheus have its gateway.
pub const EGRESS_METRICS_PORT: u16 = 7981;
/// ICE over TCP, for networks without UDP; clients reach it directly.
pub const RTC_TCP_PORT: u16 = 7881;
/// The first of the ports for media.
pub const RTC_UDP_FROM: u16 = 50_000;
/// TURN over UDP. Caddy leaves it free, since its HTTP/3 is off.
pub const TURN_UDP_PORT: u16 = 443;

/// LiveKit spreads media over so many ports at least, and one for each core beyond.
const FEWEST_RTC_UDP_PORTS: u16 = 4;
/// GiB of memory that a recording may take: a browser, and an encoder.
const GIB_A_RECORDING: u16 = 4;

/// Everything that the files are made of.
pub struct Appliance {
    /// Under which Meetbox is reached.
    pub domain: String,
    /// Whom the certificate authority may write to.
    pub acme_email: Option<String>,
    pub certificate: Certificate,
    pub machine: Machine,
    pub livekit_key: String,
    pub livekit_secret: String,
    pub postgres_password: String,
    pub redis_password: String,
    pub egress: Egress,
    /// The digests of images by their names, as far as they are known: what they were when they were fetched, they stay.
    pub images: BTreeMap<String, String>,
    /// Files of the operator's that compose merges into ours, in this order, relative to the folder.
    pub compose_files: Vec<String>,
    /// A sum of what the operator adds to Caddy's configuration.
    pub caddy_additions: Vec<u8>,
}

/// Where Caddy has its certificate from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// From a public authority, by ACME.
    Acme,
    /// From an authority of Caddy's own, which browsers do not know: for networks without names.
    Internal,
}

/// What LiveKit has to know of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub cores: u16,
    /// The network interface with the default route.
    pub interface: String,
    /// The address that the interface has; behind one-to-one NAT it is a private one.
    pub address: Ipv4Addr,
    /// The address that the world dials, when LiveKit shall not ask a STUN server for it.
    pub public_address: Option<Ipv4Addr>,
}

/// A file of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// From the root of the file system, without the `/` in front.
    pub path: &'static str,
    /// Permission bits. All files are root's.
    pub mode: u32,
    pub text: String,
}

/// The last of the ports for media on a machine of so many cores.
pub fn rtc_udp_to(cores: u16) -> u16 {
    RTC_UDP_FROM + cores.clamp(FEWEST_RTC_UDP_PORTS, 64) - 1
}

impl Machine {
    /// The last of the ports for media.
    pub fn rtc_udp_to(&self) -> u16 {
        rtc_udp_to(self.cores)
    }
}

impl Appliance {
    /// All files that follow from the settings, which themselves stand in a file that is the operator's.
    pub fn files(&self) -> Result<Vec<ConfigFile>, RenderError> {
        let file = |path, mode, text: &str| ConfigFile { path, mode, text: text.to_owned() };
        let (livekit, egress, caddy) = (self.livekit()?, self.egress.render()?, self.caddyfile()?);
        Ok(vec![
            // Before what it is filled into: compose can do nothing with a file that lacks its passwords.
            file("etc/meetbox/.env", 0o600, &self.compose_env()?),
            file("etc/meetbox/compose.yaml", 0o644, &self.compose(&livekit, &egress, &caddy)?),
            file("etc/meetbox/livekit.yaml", 0o600, &livekit),
            // Of the group that egress has in its container.
            file("etc/meetbox/egress.yaml", 0o640, &egress),
            file("etc/meetbox/Caddyfile", 0o644, &caddy),
            file("etc/meetbox/health.sh", 0o755, include_str!("../../packaging/compose/health.sh")),
            file("etc/systemd/system/meetbox.service", 0o644, include_str!("../../systemd/meetbox.service")),
            file(
                "etc/systemd/system/meetbox-stack.service",
                0o644,
                include_str!("../../systemd/meetbox-stack.service"),
            ),
            file(
                "etc/systemd/system/meetbox-firewall.service",
                0o644,
                include_str!("../../systemd/meetbox-firewall.service"),
            ),
            file(
                "etc/systemd/system/meetbox-backup.service",
                0o644,
                include_str!("../../systemd/meetbox-backup.service"),
            ),
            file("etc/systemd/system/meetbox-backup.timer", 0o644, include_str!("../../systemd/meetbox-backup.timer")),
            file("etc/sysusers.d/meetbox.conf", 0o644, include_str!("../../systemd/sysusers.conf")),
            file("etc/tmpfiles.d/meetbox.conf", 0o644, include_str!("../../systemd/tmpfiles.conf")),
            file("etc/sysctl.d/60-meetbox.conf", 0o644, include_str!("../../assets/appliance/sysctl.conf")),
        ])
    }

    fn livekit(&self) -> Result<String, RenderError> {
        let Machine { interface, address, public_address, .. } = &self.machine;
        // TURN relays to LiveKit's own address, which LiveKit refuses when it is a private one, unless it is told.
        let peers = if address.is_private() { vec![format!("{address}/32")] } else { Vec::new() };
        let redis = &self.egress.redis;
        let values = Values::new()
            .with("port", LIVEKIT_PORT)
            .with("bind_addresses", ["127.0.0.1"])
            .with("redis_address", redis.address.as_str())
            .with("redis_username", redis.username.as_str())
            .with("redis_password", redis.password.as_str())
            .with("redis_db", redis.db)
            .with("rtc_tcp_port", RTC_TCP_PORT)
            .with("rtc_udp_port", format!("{RTC_UDP_FROM}-{}", self.machine.rtc_udp_to()))
            .with("node_ip", public_address.map_or_else(String::new, |address| address.to_string()))
            .with("use_external_ip", public_address.is_none())
            .with("advertise_internal_ip", true)
            .with("enable_loopback_candidate", false)
            .with("interfaces", [interface.as_str()])
            .with("turn_enabled", true)
            .with("turn_domain", self.domain.as_str())
            .with("turn_udp_port", TURN_UDP_PORT)
            .with("turn_peers", peers)
            .with("api_key", self.livekit_key.as_str())
            .with("api_secret", self.livekit_secret.as_str())
            .with("webhook_url", "http://127.0.0.1:3001/livekit/webhook")
            .with("log_level", "info")
            .with("log_json", true);
        templates::render(templates::LIVEKIT, &values)
    }

    fn compose(&self, livekit: &str, egress: &str, caddy: &str) -> Result<String, RenderError> {
        let values = Values::new()
            .with("postgres_image", self.pinned(POSTGRES_IMAGE))
            .with("redis_image", self.pinned(REDIS_IMAGE))
            .with("livekit_image", self.pinned(LIVEKIT_IMAGE))
            .with("egress_image", self.pinned(EGRESS_IMAGE))
            .with("caddy_image", self.pinned(CADDY_IMAGE))
            // Compose makes a container anew when what is written of it changes, and looks into no file that it mounts.
            .with("livekit_config", sum(&[livekit.as_bytes()]))
            .with("egress_config", sum(&[egress.as_bytes()]))
            .with("caddy_config", sum(&[caddy.as_bytes(), &self.caddy_additions]))
            .with("egress_memory", format!("{}g", GIB_A_RECORDING * self.egress.capacity.slots))
            .with_words("egress_health_port", EGRESS_HEALTH_PORT.to_string());
        templates::render(templates::COMPOSE, &values)
    }

    /// The image by its digest too, once that is known.
    fn pinned(&self, image: &str) -> String {
        self.images.get(image).map_or_else(|| image.to_owned(), |digest| format!("{image}@{digest}"))
    }

    /// What compose reads before everything else: which files there are, and what it fills into them.
    fn compose_env(&self) -> Result<String, RenderError> {
        // In full, so that it does not matter where compose is called.
        let files = ["compose.yaml".to_owned()].into_iter().chain(self.compose_files.iter().cloned());
        let files = files.map(|file| format!("{FOLDER}/{file}"));
        let values = [
            ("COMPOSE_FILE", files.collect::<Vec<_>>().join(":")),
            ("POSTGRES_PASSWORD", self.postgres_password.clone()),
            ("REDIS_PASSWORD", self.redis_password.clone()),
        ];
        let mut text = "# Made by `meetbox setup` from meetbox.env and what lies in compose.d.\n".to_owned();
        for (name, value) in values {
            // Between these quotes everything stands for itself but they themselves, and a backslash before the last.
            if value.contains(['\'', '\n']) || value.ends_with('\\') {
                return Err(RenderError::Unsafe(name));
            }
            let _ = writeln!(text, "{name}='{value}'");
        }
        Ok(text)
    }

    fn caddyfile(&self) -> Result<String, RenderError> {
        let email = self.acme_email.as_ref().map_or_else(String::new, |email| format!("email {email}"));
        let tls = match self.certificate {
            Certificate::Acme => "",
            Certificate::Internal => "tls internal",
        };
        let values = Values::new()
            .with_words("acme_email", email)
            .with_words("domain", self.domain.as_str())
            .with_words("tls", tls);
        // What was not asked for leaves an empty line.
        Ok(templates::render(templates::CADDYFILE, &values)?.replace("\t\n", ""))
    }
}

/// A short sum, which is another one when a part is.
fn sum(parts: &[&[u8]]) -> String {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update(part);
    }
    let digits = format!("{:x}", sum.finalize());
    digits[..16].to_owned()
}
