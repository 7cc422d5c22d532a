//! The operations that tell how we are.

use std::time::Duration;

use poem::{Request, web::Data};
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, payload::Json};
use tokio::time::timeout;

use crate::{
    app::{
        App,
        access::{self, Deed},
        health::{self, Overall, Part, Report},
    },
    config::Environment,
};

use super::{api::Tag, identify::identify, recording_views::RecordingSlots};

/// How the whole is
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Everything works.
    Healthy,
    /// Meetings work; something that they can do without does not.
    Degraded,
    /// Meetings do not work.
    Unhealthy,
}

/// How one part is
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum PartStatus {
    /// It answers.
    Healthy,
    /// It does not.
    Unhealthy,
    /// Nobody set it up.
    NotConfigured,
}

/// One part
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PartHealth {
    pub status: PartStatus,
    /// How long it took to answer, in milliseconds. Only for administrators.
    pub latency_ms: Option<f64>,
    /// Why it is not healthy. Only for administrators.
    pub reason: Option<String>,
}

/// The parts
#[derive(Debug, Object)]
pub struct Parts {
    /// Postgres, which holds every fact.
    pub database: PartHealth,
    /// Redis, which holds what may vanish.
    pub redis: PartHealth,
    /// The media server.
    pub livekit: PartHealth,
    /// The object store.
    pub storage: PartHealth,
}

/// How we are
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Health {
    pub status: HealthStatus,
    pub services: Parts,
    /// Which version of Meetbox this is. Only for administrators.
    pub version: Option<String>,
    /// How many meetings may be recorded at once. Only for administrators, and only while it can be counted.
    pub recording_slots: Option<RecordingSlots>,
}

/// How we are
#[derive(Debug, ApiResponse)]
pub enum Examined {
    /// Meetings work.
    #[oai(status = 200)]
    Works(Json<Health>),
    /// Meetings do not work.
    #[oai(status = 503)]
    Broken(Json<Health>),
}

/// One word
#[derive(Debug, Object)]
pub struct Word {
    pub status: String,
}

/// Whether the process is alive
#[derive(Debug, ApiResponse)]
pub enum Living {
    /// It is.
    #[oai(status = 200)]
    Alive(Json<Word>),
}

/// Whether requests can be answered
#[derive(Debug, ApiResponse)]
pub enum Readiness {
    /// They can.
    #[oai(status = 200)]
    Ready(Json<Word>),
    /// They cannot; send them elsewhere.
    #[oai(status = 503)]
    NotReady(Json<Word>),
}

/// The operations. They have no failures: that something is away is what they are there to answer.
pub struct HealthApi;

#[OpenApi(tag = "Tag::Health")]
impl HealthApi {
    /// See how the parts are
    ///
    /// 200 while meetings work, 503 when they do not. Asked afresh at most once a second.
    #[oai(path = "/health", method = "get", operation_id = "get_health")]
    async fn health(&self, app: Data<&App>, request: &Request) -> Examined {
        let (report, with_details) = tokio::join!(health::examine(&app), may_see_details(&app, request));
        let health = Json(view(&report, with_details));
        match health.status {
            HealthStatus::Healthy | HealthStatus::Degraded => Examined::Works(health),
            HealthStatus::Unhealthy => Examined::Broken(health),
        }
    }

    /// See whether the process is alive
    ///
    /// Asks nobody else: when this does not answer, start the process anew.
    #[oai(path = "/livez", method = "get", operation_id = "get_liveness")]
    async fn alive(&self) -> Living {
        Living::Alive(word("alive"))
    }

    /// See whether requests can be answered
    ///
    /// Asks the database: when this says no, send requests elsewhere.
    #[oai(path = "/readyz", method = "get", operation_id = "get_readiness")]
    async fn ready(&self, app: Data<&App>) -> Readiness {
        if health::is_ready(&app).await {
            Readiness::Ready(word("ready"))
        } else {
            Readiness::NotReady(word("not_ready"))
        }
    }
}

/// How long it may take to find out whether somebody may know more. What this answers must not wait for what is away.
const IDENTIFIED_WITHIN: Duration = Duration::from_millis(250);

/// Whether somebody may read how fast the parts are, and what is wrong with them: everybody on a developer's machine,
/// administrators elsewhere.
async fn may_see_details(app: &App, request: &Request) -> bool {
    match app.environment {
        Environment::Local => true,
        Environment::Staging | Environment::Production => {
            match timeout(IDENTIFIED_WITHIN, identify(app, request)).await {
                Ok(Ok(asker)) => access::may(&asker.caller, Deed::Administer).is_ok(),
                Ok(Err(_)) | Err(_) => false,
            }
        }
    }
}

fn word(status: &str) -> Json<Word> {
    Json(Word { status: status.to_owned() })
}

fn view(report: &Report, with_details: bool) -> Health {
    let status = match report.overall() {
        Overall::Healthy => HealthStatus::Healthy,
        Overall::Degraded => HealthStatus::Degraded,
        Overall::Unhealthy => HealthStatus::Unhealthy,
    };
    let part = |part: &Part| {
        let (status, latency, reason) = match part {
            Part::Healthy { latency } => (PartStatus::Healthy, Some(*latency), None),
            Part::Unhealthy { reason, latency } => (PartStatus::Unhealthy, Some(*latency), Some(reason.clone())),
            Part::NotConfigured => (PartStatus::NotConfigured, None, None),
        };
        PartHealth {
            status,
            latency_ms: latency.filter(|_| with_details).map(|latency| latency.as_micros() as f64 / 1000.0),
            reason: reason.filter(|_| with_details),
        }
    };
    let services = Parts {
        database: part(&report.database),
        redis: part(&report.redis),
        livekit: part(&report.livekit),
        storage: part(&report.storage),
    };
    let recording_slots = report.slots.filter(|_| with_details).map(RecordingSlots::from);
    let version = with_details.then(|| env!("CARGO_PKG_VERSION").to_owned());
    Health { status, services, version, recording_slots }
}
