//! egress.yaml: the configuration of LiveKit's recorder, made of what the house and the machine have.

use super::templates::{self, RenderError, Values};

/// The share of the machine that recordings may take together; egress' own figure.
const MOST_OF_THE_MACHINE: f64 = 0.8;
/// The cores that recording the sound alone takes; egress' own figure.
const SOUND_ALONE: f64 = 1.0;
/// The cores that a recording of a whole room is planned for, as LiveKit advises: a browser, and an encoder.
const CORES_A_RECORDING: u16 = 4;

/// Everything that egress.yaml says.
#[derive(Clone, Debug)]
pub struct Egress {
    /// `ws://` or `wss://`.
    pub livekit_url: String,
    pub api_key: String,
    pub api_secret: String,
    pub redis: Redis,
    pub store: Store,
    /// Where a file goes that could not be uploaded.
    pub backup_folder: String,
    pub capacity: Capacity,
    pub health_port: u16,
    /// Where it tells how busy it is; none with 0.
    pub metrics_port: u16,
    /// `debug`, `info`, `warn` or `error`.
    pub log_level: String,
    pub log_json: bool,
}

/// The Redis over which LiveKit and egress find each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redis {
    /// Host and port.
    pub address: String,
    pub username: String,
    pub password: String,
    pub db: u32,
    pub tls: bool,
}

/// Where recordings go.
#[derive(Clone, Debug)]
pub enum Store {
    S3(S3),
    /// A folder that egress sees: each recording's path says which.
    Folder,
}

/// An S3-compatible store.
#[derive(Clone, Debug)]
pub struct S3 {
    pub access_key: String,
    pub secret: String,
    pub region: String,
    /// With its scheme.
    pub endpoint: String,
    pub bucket: String,
    pub force_path_style: bool,
}

/// How many recordings a machine takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub cores: u16,
    pub slots: u16,
}

impl Capacity {
    /// What a machine of so many cores can be trusted with: a recording for every four.
    ///
    /// A machine that is asked for more than it has does not record worse: egress ends the hungriest recording, and calls
    /// it failed.
    pub fn of(cores: u16) -> Self {
        Self { cores: cores.max(1), slots: (cores / CORES_A_RECORDING).max(1) }
    }

    /// The cores that one recording has to count as, so that so many and no more are taken. While none runs, egress looks
    /// at all cores and not at the share, so one is taken even where there is a single core.
    pub fn cost(self) -> f64 {
        let share = f64::from(self.cores) * MOST_OF_THE_MACHINE / f64::from(self.slots.max(1));
        // A hair less, or what egress reckons in fractions of two would leave no room for the last.
        ((share - 1e-6) * 10_000.0).floor() / 10_000.0
    }
}

impl Egress {
    /// The file.
    pub fn render(&self) -> Result<String, RenderError> {
        let cost = self.capacity.cost();
        let values = Values::new()
            .with("api_key", self.api_key.as_str())
            .with("api_secret", self.api_secret.as_str())
            .with("ws_url", self.livekit_url.as_str())
            .with("insecure", self.livekit_url.starts_with("ws:"))
            .with("redis_address", self.redis.address.as_str())
            .with("redis_username", self.redis.username.as_str())
            .with("redis_password", self.redis.password.as_str())
            .with("redis_db", self.redis.db)
            .with("redis_tls", self.redis.tls)
            .with("health_port", self.health_port)
            .with("metrics_port", self.metrics_port)
            .with("log_level", self.log_level.as_str())
            .with("log_json", self.log_json)
            .with("backup_folder", self.backup_folder.as_str())
            .with("max_cpu_utilization", MOST_OF_THE_MACHINE)
            .with("room_composite_cpu_cost", cost)
            .with("audio_room_composite_cpu_cost", cost.min(SOUND_ALONE));
        Ok(templates::render(templates::EGRESS, &values)? + &self.store.render()?)
    }
}

impl Store {
    fn render(&self) -> Result<String, RenderError> {
        let store = match self {
            Self::S3(store) => store,
            Self::Folder => return Ok(templates::EGRESS_FOLDER.to_owned()),
        };
        let values = Values::new()
            .with("s3_access_key", store.access_key.as_str())
            .with("s3_secret", store.secret.as_str())
            .with("s3_region", store.region.as_str())
            .with("s3_endpoint", store.endpoint.as_str())
            .with("s3_bucket", store.bucket.as_str())
            .with("s3_force_path_style", store.force_path_style);
        templates::render(templates::EGRESS_S3, &values)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{egress_keys::check, yaml::entries},
        *,
    };

    fn egress(store: Store) -> Egress {
        Egress {
            livekit_url: "ws://127.0.0.1:7880".to_owned(),
            api_key: "key".to_owned(),
            api_secret: "se\"cret: {x}\n#".to_owned(),
            redis: Redis {
                address: "127.0.0.1:6379".to_owned(),
                username: String::new(),
                password: String::new(),
                db: 0,
                tls: false,
            },
            store,
            backup_folder: "/rescue".to_owned(),
            capacity: Capacity::of(4),
            health_port: 9090,
            metrics_port: 7981,
            log_level: "info".to_owned(),
            log_json: true,
        }
    }

    fn s3() -> Store {
        Store::S3(S3 {
            access_key: "access".to_owned(),
            secret: "hush".to_owned(),
            region: "eu-frankfurt-1".to_owned(),
            endpoint: "https://store.example".to_owned(),
            bucket: "recordings".to_owned(),
            force_path_style: true,
        })
    }

    #[test]
    fn our_file_says_only_what_egress_knows() {
        for store in [s3(), Store::Folder] {
            let text = egress(store).render().unwrap();
            assert_eq!(check(&text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_store_forbids_files_without_a_place_and_a_folder_has_no_storage() {
        let text = egress(s3()).render().unwrap();
        let found: Vec<String> = entries(&text).unwrap().into_iter().map(|entry| entry.path).collect();
        // Under `storage`: on top, where older versions had it, egress does not see it.
        assert!(found.contains(&"storage.s3.access_key".to_owned()), "{text}");
        assert!(text.contains("\ndisallow_local_storage: true\n"), "{text}");
        assert!(text.contains("\nbackup:\n  prefix: \"/rescue\"\n"), "{text}");

        let text = egress(Store::Folder).render().unwrap();
        assert!(!text.contains("\nstorage:"), "{text}");
        assert!(text.contains("\ndisallow_local_storage: false\n"), "{text}");
    }

    #[test]
    fn as_many_recordings_fit_as_there_are_slots_and_no_more() {
        for cores in 1..=128 {
            for slots in 1..=cores {
                let cost = Capacity { cores, slots }.cost();
                let (all, share) = (f64::from(cores), f64::from(cores) * MOST_OF_THE_MACHINE);
                // As egress reckons: the first against all cores, further ones against the share that is left.
                let fits = |running: u16| share - f64::from(running) * cost >= cost;
                assert!(cost <= all && cost > 0.0, "{cores} cores, {slots} slots");
                assert!((1..slots).all(fits), "{cores} cores, {slots} slots at {cost}");
                assert!(!fits(slots), "{cores} cores, {slots} slots at {cost}");
            }
        }
        let slots = [1, 2, 4, 7, 8, 16].map(|cores| Capacity::of(cores).slots);
        assert_eq!(slots, [1, 1, 1, 1, 2, 4]);
    }
}
