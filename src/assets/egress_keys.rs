//! The keys that egress 1.14.1 knows in its configuration. It passes over any other in silence, so that a slip of the pen
//! means a recorder that does something else than it was told.

use std::fmt;

use super::yaml;

/// Of how many letters' difference a key may be to be taken for another.
const SLIPS: usize = 3;

/// Where objects go: under `storage`, `backup` and `debug`.
const STORES: [&str; 3] = ["storage", "backup", "debug"];

/// Every key with its place; `*` stands for any.
// Source: the yaml tags of `ServiceConfig` in egress 1.14.1, and of the configurations of LiveKit's storage, protocol (Redis,
// logger) and TLS packages in it. Three keys of `latency` have a slip of the pen in their tags: YAML sees the field's name.
const KEYS: &[&str] = &[
    "nodeid",
    "redis.address",
    "redis.username",
    "redis.password",
    "redis.db",
    "redis.use_tls",
    "redis.tls.*",
    "redis.sentinel_master_name",
    "redis.sentinel_username",
    "redis.sentinel_password",
    "redis.sentinel_addresses",
    "redis.cluster_addresses",
    "redis.dial_timeout",
    "redis.read_timeout",
    "redis.write_timeout",
    "redis.max_redirects",
    "redis.pool_timeout",
    "redis.pool_size",
    "api_key",
    "api_secret",
    "ws_url",
    "logging.json",
    "logging.level",
    "logging.sample",
    "logging.component_levels.*",
    "logging.sample_initial",
    "logging.sample_interval",
    "logging.item_sample_seconds",
    "logging.item_sample_initial",
    "logging.item_sample_interval",
    "template_base",
    "cluster_id",
    "enable_chrome_sandbox",
    "max_upload_queue",
    "disallow_local_storage",
    "io_create_timeout",
    "io_update_timeout",
    "io_selection_timeout",
    "io_workers",
    "session_limits.file_output_max_duration",
    "session_limits.file_output_max_size",
    "session_limits.stream_output_max_duration",
    "session_limits.segment_output_max_duration",
    "session_limits.image_output_max_duration",
    "s3_assume_role_key",
    "s3_assume_role_secret",
    "s3_assume_role_arn",
    "s3_assume_role_external_id",
    "insecure",
    "debug.enable_profiling",
    "debug.enable_track_logging",
    "debug.enable_stream_logging",
    "debug.enable_chrome_logging",
    "chrome_flags.*",
    "video_encoder_threads",
    "enable_one_shot_sender_report_sync",
    "enable_sync_engine",
    "audio_tempo_controller.enabled",
    "audio_tempo_controller.adjustment_rate",
    "test_overrides.failure_injection_room",
    "test_overrides.disconnect_injection_room",
    "health_port",
    "template_port",
    "prometheus_port",
    "debug_handler_port",
    "pulse_sink_reap_grace_sec",
    "cpu_cost.max_cpu_utilization",
    "cpu_cost.max_memory",
    "cpu_cost.memory_cost",
    "cpu_cost.room_composite_cpu_cost",
    "cpu_cost.audio_room_composite_cpu_cost",
    "cpu_cost.sdk_audio_room_composite_cpu_cost",
    "cpu_cost.sdk_audio_room_composite_memory_cost",
    "cpu_cost.web_cpu_cost",
    "cpu_cost.audio_web_cpu_cost",
    "cpu_cost.participant_cpu_cost",
    "cpu_cost.track_composite_cpu_cost",
    "cpu_cost.track_cpu_cost",
    "cpu_cost.max_pulse_clients",
    "cpu_cost.memory_source",
    "cpu_cost.memory_kill_grace_sec",
    "cpu_cost.cpu_kill_grace_sec",
];

/// Below each of [`STORES`].
const STORE_KEYS: &[&str] = &[
    "prefix",
    "generate_presigned_url",
    "s3.access_key",
    "s3.secret",
    "s3.session_token",
    "s3.assume_role_arn",
    "s3.assume_role_external_id",
    "s3.region",
    "s3.endpoint",
    "s3.bucket",
    "s3.force_path_style",
    "s3.proxy_config.url",
    "s3.proxy_config.username",
    "s3.proxy_config.password",
    "s3.max_retries",
    "s3.max_retry_delay",
    "s3.min_retry_delay",
    "s3.metadata.*",
    "s3.tagging",
    "s3.content_disposition",
    "azure.account_name",
    "azure.account_key",
    "azure.container_name",
    "gcp.credentials_json",
    "gcp.bucket",
    "gcp.proxy_config.url",
    "gcp.proxy_config.username",
    "gcp.proxy_config.password",
    "alioss.access_key",
    "alioss.secret",
    "alioss.endpoint",
    "alioss.bucket",
];

/// Below `latency`, and below each kind of request in `latency_overrides`.
const LATENCY_KEYS: &[&str] = &[
    "jitter_buffer_latency",
    "audio_mixer_latency",
    "pipeline_latency",
    "rtpmaxallowedtsdiff",
    "rtpmaxdriftadjustment",
    "rtpdriftadjustmentwindowpercent",
    "old_packet_threshold",
];

/// A key that egress does not know, or a file that is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Whether egress would understand every key of this file; every problem otherwise.
pub fn check(text: &str) -> Result<(), Vec<Problem>> {
    let known = known();
    let problem = |yaml::Entry { path, line, .. }: yaml::Entry| {
        let message = match nearest(&path, &known) {
            Some(nearest) => format!("egress knows no `{path}`; is `{nearest}` meant?"),
            None => format!("egress knows no `{path}`"),
        };
        (!is_known(&path, &known)).then_some(Problem { line, message })
    };
    let unreadable = |yaml::YamlError { line, message }| vec![Problem { line, message }];
    let entries = yaml::entries(text).map_err(unreadable)?;
    let problems: Vec<Problem> = entries.into_iter().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn known() -> Vec<String> {
    let stores = STORES.iter().flat_map(|store| STORE_KEYS.iter().map(move |key| format!("{store}.{key}")));
    let latency = ["latency", "latency_overrides.*"];
    let latency = latency.iter().flat_map(|place| LATENCY_KEYS.iter().map(move |key| format!("{place}.{key}")));
    KEYS.iter().map(|key| (*key).to_owned()).chain(stores).chain(latency).collect()
}

/// Whether it is one of those, or leads to one.
fn is_known(path: &str, known: &[String]) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    known.iter().any(|known| {
        let mut known = known.split('.');
        parts.iter().all(|part| known.next().is_some_and(|known| known == "*" || known == *part))
    })
}

/// The key that was meant: one of a similar name in the same place, or of the same name in another.
fn nearest(path: &str, known: &[String]) -> Option<String> {
    let (place, name) = path.rsplit_once('.').unwrap_or(("", path));
    // Also what only leads to keys.
    let prefixes = known.iter().flat_map(|known| {
        let ends = known.match_indices('.').map(|(at, _)| at).chain([known.len()]);
        ends.map(|end| known[..end].rsplit_once('.').unwrap_or(("", &known[..end])))
    });
    let candidates = prefixes.filter(|(_, name)| *name != "*");
    let distance = |(there, known): &(&str, &str)| match (*there == place, strsim::damerau_levenshtein(known, name)) {
        (true, slips) if slips <= SLIPS && slips * 2 < name.len() => Some(slips),
        (false, 0) => Some(SLIPS + 1),
        _ => None,
    };
    let best = candidates.filter_map(|it| Some((distance(&it)?, it))).min_by_key(|(distance, _)| *distance);
    best.map(|(_, (place, name))| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") })
}

#[cfg(test)]
mod tests {
    use super::check;

    fn problems(text: &str) -> Vec<String> {
        check(text).err().into_iter().flatten().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn keys_that_egress_knows_pass_wherever_they_may_stand() {
        let text = "redis: { address: \"a:1\", sentinel_addresses: [a, b] }\nchrome_flags:\n  any-flag: true\n\
                    latency_overrides:\n  web:\n    pipeline_latency: 3s\nstorage: &s\n  s3:\n    bucket: b\n\
                    \u{20}   metadata: { owner: us }\nbackup: *s\n";
        assert_eq!(check(text), Ok(()));
    }

    #[test]
    fn a_slip_of_the_pen_is_told_with_its_line_and_what_was_meant() {
        let text = "# ours\napi_key: k\nstorage:\n  s3:\n    acces_key: x\n    bucket: b\n";
        assert_eq!(
            problems(text),
            ["line 5: egress knows no `storage.s3.acces_key`; is `storage.s3.access_key` meant?"]
        );
    }

    #[test]
    fn a_key_in_the_wrong_place_is_told_where_it_belongs() {
        let told = problems("s3:\n  bucket: b\nlog_level: debug\nbackup_storage:\n  prefix: /x\n");
        assert_eq!(told[0], "line 1: egress knows no `s3`; is `storage.s3` meant?");
        assert!(told.iter().any(|told| told.starts_with("line 3: egress knows no `log_level`")), "{told:?}");
        assert!(told.iter().any(|told| told.starts_with("line 4: egress knows no `backup_storage`")), "{told:?}");
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_line() {
        let told = problems("api_key: k\nredis: {address: \"a\n");
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("line "), "{told:?}");
    }
}
