//! The plan: what is started, what is only checked because it runs already, and who is told which address.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::{
    Args, api,
    environment::{Environment, LivekitElsewhere, Ports},
    folder::{Folder, Secrets},
    livekit_server::{self, Neighbours},
    postgres_server::{self, Cluster},
    probe::Probe,
    redis_server,
    service::{Service, taken},
    stand_in,
    summary::Summary,
    web,
};
use crate::cli::Failure;

/// What will run, with every address settled.
pub struct Plan {
    pub root: PathBuf,
    pub postgres: Part,
    /// Made, when it is new, before our Postgres is started.
    pub cluster: Option<Cluster>,
    pub redis: Part,
    pub livekit: Part,
    /// Stands before LiveKit where it is asked for.
    pub recorder: Option<Service>,
    pub api: Service,
    /// `None`: there are no sources here; the API is this very binary.
    pub build: Option<BuildOptions>,
    pub web: Option<Service>,
    pub summary: Summary,
}

/// Something that the API needs.
pub enum Part {
    /// We run it.
    Ours(Box<Service>),
    /// It runs already, where the environment says.
    Elsewhere(Elsewhere),
}

/// Something that the environment points at.
pub struct Elsewhere {
    pub name: &'static str,
    pub variable: &'static str,
    pub place: String,
    pub probe: Probe,
}

/// How the API is built.
pub struct BuildOptions {
    pub command: Option<String>,
    pub watch: bool,
}

impl Part {
    fn service(&self) -> Option<&Service> {
        match self {
            Self::Ours(service) => Some(service),
            Self::Elsewhere(_) => None,
        }
    }

    fn place(&self) -> String {
        match self {
            Self::Ours(service) => service.place.clone(),
            Self::Elsewhere(elsewhere) => elsewhere.place.clone(),
        }
    }
}

impl Plan {
    /// Settles everything that can be settled before anything is started.
    pub fn make(args: &Args, root: PathBuf, folder: &Folder) -> Result<Self, Failure> {
        let environment = Environment::read();
        let planner = Planner {
            ports: environment.ports(args)?,
            secrets: folder.secrets()?,
            livekit_elsewhere: environment.livekit()?,
            recorder: recorder(args, &environment)?,
            folder,
            environment,
        };
        let (postgres, cluster) = planner.postgres()?;
        let redis = planner.redis()?;
        let livekit = planner.livekit()?;
        let web = match args.no_web || !root.join("web/package.json").exists() {
            true => None,
            false => Some(web::service(folder, &root, &planner.ports, &planner.environment)?),
        };
        let from_sources = args.build_command.is_some() || root.join("Cargo.toml").exists();

        Ok(Self {
            recorder: planner.recorder(&root, web.as_ref()),
            api: api::service(folder, &root, planner.ports.api, planner.told_to_api(web.as_ref())),
            build: from_sources.then(|| BuildOptions { command: args.build_command.clone(), watch: !args.no_watch }),
            summary: planner.summary(&postgres, &redis, web.as_ref()),
            root,
            postgres,
            cluster,
            redis,
            livekit,
            web,
        })
    }

    /// Everything that we run.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        let parts = [&self.postgres, &self.redis, &self.livekit].into_iter().filter_map(Part::service);
        parts.chain(&self.recorder).chain([&self.api]).chain(&self.web)
    }

    /// Ends what a run that was killed has left, and refuses to begin while somebody else has a port that is needed.
    pub async fn clear_ports(&self) -> Result<(), Failure> {
        for service in self.services() {
            service.program.sweep().await;
        }
        let taken: Vec<_> = self
            .services()
            .filter_map(|service| Some(format!("{}, which {} needs", taken(&service.ports)?, service.name)))
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        Err(Failure::input(taken.join("\n       ")).hint(
            "end that process, or choose another port: --web-port, --port (the API), --livekit-port, --postgres-port, \
             --redis-port",
        ))
    }
}

struct Planner<'a> {
    folder: &'a Folder,
    environment: Environment,
    ports: Ports,
    secrets: Secrets,
    livekit_elsewhere: Option<LivekitElsewhere>,
    recorder: Option<stand_in::Place>,
}

/// Where the stand-in recorder stands, if one is asked for and may be.
fn recorder(args: &Args, environment: &Environment) -> Result<Option<stand_in::Place>, Failure> {
    if !args.fake_egress {
        return Ok(None);
    }
    if environment.get("APP_ENV").is_some_and(|environment| environment != "local") {
        return Err(stand_in::refused());
    }
    stand_in::Place::find().map(Some)
}

impl Planner<'_> {
    fn postgres(&self) -> Result<(Part, Option<Cluster>), Failure> {
        let Some(url) = self.environment.get("DATABASE_URL") else {
            let cluster = Cluster::find(self.folder, &self.environment)?;
            let service = cluster.service(self.folder, self.ports.postgres, &self.secrets);
            return Ok((Part::Ours(Box::new(service)), Some(cluster)));
        };
        let probe = Probe::PostgresOpens { url: SecretString::from(url) };
        Ok((elsewhere("postgres", "DATABASE_URL", url, probe)?, None))
    }

    fn redis(&self) -> Result<Part, Failure> {
        let Some(url) = self.environment.get("REDIS_URL") else {
            return Ok(Part::Ours(Box::new(redis_server::service(self.folder, self.ports.redis, &self.environment)?)));
        };
        let (host, port) = host_and_port("REDIS_URL", url, 6379)?;
        // Over TLS an answer would take more than a word of its protocol.
        let probe = match url.starts_with("rediss:") {
            true => Probe::Listens { host, port },
            false => Probe::RedisAnswers { host, port },
        };
        elsewhere("redis", "REDIS_URL", url, probe)
    }

    fn livekit(&self) -> Result<Part, Failure> {
        if let Some(LivekitElsewhere { url, .. }) = &self.livekit_elsewhere {
            let secure = url.starts_with("wss:") || url.starts_with("https:");
            let (host, port) = host_and_port("LIVEKIT_URL", url, if secure { 443 } else { 80 })?;
            let probe = match secure {
                true => Probe::Listens { host, port },
                false => Probe::HttpOk { host, port, path: "/" },
            };
            return elsewhere("livekit", "LIVEKIT_URL", url, probe);
        }

        let redis_url = self.redis_url();
        let (api_key, api_secret) = self.livekit_keys();
        let webhook_url = format!("http://127.0.0.1:{}/livekit/webhook", self.ports.api);
        let neighbours = Neighbours { redis_url: &redis_url, api_key, api_secret, webhook_url };
        let service = livekit_server::service(self.folder, self.ports.livekit, &self.environment, &neighbours)?;
        Ok(Part::Ours(Box::new(service)))
    }

    fn redis_url(&self) -> String {
        self.environment.get("REDIS_URL").map_or_else(|| redis_server::url(self.ports.redis), str::to_owned)
    }

    /// Keys that the developer has chosen serve our LiveKit too.
    fn livekit_keys(&self) -> (&str, &str) {
        if let Some(LivekitElsewhere { api_key, api_secret, .. }) = &self.livekit_elsewhere {
            return (api_key, api_secret);
        }
        let chosen = self.environment.get("LIVEKIT_API_KEY").zip(self.environment.get("LIVEKIT_API_SECRET"));
        chosen.unwrap_or((&self.secrets.livekit_api_key, &self.secrets.livekit_api_secret))
    }

    /// What the API is told. About what runs elsewhere it reads the same environment as we do.
    fn told(&self, web: Option<&Service>) -> Vec<(&'static str, Option<String>)> {
        let mut told = vec![
            ("APP_ENV", "local".to_owned()),
            ("BIND", "127.0.0.1".to_owned()),
            ("PORT", self.ports.api.to_string()),
        ];
        // People are at the web app's own port, which passes the API's paths on.
        let web = web.filter(|_| self.environment.get("PUBLIC_URL").is_none());
        told.extend(web.map(|web| ("PUBLIC_URL", web.place.clone())));
        if self.environment.get("DATABASE_URL").is_none() {
            told.push(("DATABASE_URL", postgres_server::url(self.ports.postgres, &self.secrets)));
        }
        if self.environment.get("REDIS_URL").is_none() {
            told.push(("REDIS_URL", self.redis_url()));
        }
        if self.livekit_elsewhere.is_none() {
            let (key, secret) = self.livekit_keys();
            told.push(("LIVEKIT_URL", livekit_server::url(self.ports.livekit)));
            told.push(("LIVEKIT_API_KEY", key.to_owned()));
            told.push(("LIVEKIT_API_SECRET", secret.to_owned()));
        }
        told.into_iter().map(|(name, value)| (name, Some(value))).collect()
    }

    /// What the API is told where a stand-in recorder may stand before LiveKit: we call the stand-in, browsers do not.
    fn told_to_api(&self, web: Option<&Service>) -> Vec<(&'static str, Option<String>)> {
        let mut told = self.told(web);
        if let Some(recorder) = &self.recorder {
            told.retain(|(name, _)| *name != "LIVEKIT_URL");
            told.push(("LIVEKIT_URL", Some(recorder.url())));
            if self.environment.get("LIVEKIT_PUBLIC_URL").is_none() {
                told.push(("LIVEKIT_PUBLIC_URL", Some(self.livekit_url())));
            }
        }
        told
    }

    fn recorder(&self, root: &Path, web: Option<&Service>) -> Option<Service> {
        let place = self.recorder.as_ref()?;
        let mut told = self.told(web);
        told.retain(|(name, _)| *name != "LIVEKIT_URL");
        told.push(("LIVEKIT_URL", Some(self.livekit_url())));
        Some(stand_in::service(self.folder, root, place, told))
    }

    fn livekit_url(&self) -> String {
        let elsewhere = self.livekit_elsewhere.as_ref();
        elsewhere.map_or_else(|| livekit_server::url(self.ports.livekit), |livekit| livekit.url.clone())
    }

    fn summary(&self, postgres: &Part, redis: &Part, web: Option<&Service>) -> Summary {
        let livekit = self.livekit_elsewhere.as_ref();
        let webhooks_to_us = livekit.is_none();
        let (key, secret) = self.livekit_keys();

        Summary {
            app: web.map(|web| web.place.clone()),
            api_port: self.ports.api,
            livekit: self.livekit_url(),
            records_in_name: self.recorder.is_some(),
            livekit_key: key.to_owned(),
            // A secret from elsewhere is not ours to show.
            livekit_secret: webhooks_to_us.then(|| secret.to_owned()),
            postgres: postgres.place(),
            redis: redis.place(),
            logs: self.folder.logs(),
            settings: self.folder.settings(),
        }
    }
}

fn elsewhere(name: &'static str, variable: &'static str, url: &str, probe: Probe) -> Result<Part, Failure> {
    let (host, port) = host_and_port(variable, url, 0)?;
    // Without its password, and without a port that it leaves unsaid.
    let place = if port == 0 { host } else { format!("{host}:{port}") };
    Ok(Part::Elsewhere(Elsewhere { name, variable, place: format!("{place} (as {variable} says)"), probe }))
}

fn host_and_port(variable: &str, url: &str, usual: u16) -> Result<(String, u16), Failure> {
    let parsed = Url::parse(url).ok().and_then(|url| Some((url.host_str()?.to_owned(), url.port().unwrap_or(usual))));
    parsed.ok_or_else(|| {
        Failure::input(format!("{variable} is not an address"))
            .hint(format!("leave {variable} unset to have one started here"))
    })
}
