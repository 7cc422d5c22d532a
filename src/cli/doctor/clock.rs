//! The clock: whether something keeps it right, and whether it is.

use std::{error::Error, io, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::DATE;
use rustls::CertificateError;
use url::Url;

use super::{Visit, report::Finding};
use crate::config::StorageSettings;

/// What is asked for the time when nothing else is known: the authority that certificates come from.
const AUTHORITY: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// How long the answer may take. Half of it goes into what is not known exactly.
const PATIENCE: Duration = Duration::from_secs(4);
/// From here on tokens and signatures are refused by those whose clock is right.
const BROKEN: TimeDelta = TimeDelta::seconds(60);
/// What a header that counts whole seconds, and a slow answer, may make it look wrong by.
const WORTH_A_LOOK: TimeDelta = TimeDelta::seconds(5);

const FIX: &str = "timedatectl set-ntp true";
/// A time as it is shown.
const SHOWN: &str = "%Y-%m-%d %H:%M UTC";

/// Whether the clock is kept, and how far it is from others'.
pub async fn look(visit: &Visit) -> Result<Finding, Finding> {
    let (kept, difference) = tokio::join!(kept(visit), difference(visit));
    let said = format!("{}; {}", kept.words(), difference.words());
    Ok(match (kept, difference) {
        (_, Difference::Told { by, .. }) if by.abs() > BROKEN => Finding::failed(said, FIX),
        (_, Difference::Certificate { whose, .. }) => Finding::failed(said, FIX)
            .or(format!("if this clock is right, the certificate of {whose} is to be renewed")),
        (Kept::No, _) => Finding::warning(said, FIX),
        (_, Difference::Told { by, .. }) if by.abs() > WORTH_A_LOOK => Finding::warning(said, FIX),
        (Kept::Unknown(_), Difference::Unknown(_)) => Finding::unknown(said),
        (Kept::Yes | Kept::Unknown(_), _) => Finding::ok(said),
    })
}

/// Whether the system says that something keeps its clock right.
enum Kept {
    Yes,
    No,
    Unknown(String),
}

/// How far the clock is ahead of somebody else's.
enum Difference {
    Told {
        by: TimeDelta,
        whose: String,
    },
    /// Nothing is told: at our time the other's certificate is no longer good, or not yet.
    Certificate {
        at: DateTime<Utc>,
        is: &'static str,
        whose: String,
    },
    Unknown(String),
}

impl Kept {
    fn words(&self) -> String {
        match self {
            Self::Yes => "synchronised".to_owned(),
            Self::No => "nothing keeps it right".to_owned(),
            Self::Unknown(why) => format!("whether it is synchronised is not known ({why})"),
        }
    }
}

impl Difference {
    fn words(&self) -> String {
        match self {
            Self::Told { by, whose } if by.abs() <= WORTH_A_LOOK => format!("the same as the clock of {whose}"),
            Self::Told { by, whose } => {
                let way = if *by > TimeDelta::zero() { "ahead of" } else { "behind" };
                format!("{} s {way} the clock of {whose}", by.num_seconds().abs())
            }
            Self::Certificate { at, is, whose } => {
                format!("by this clock it is {}, at which the certificate of {whose} {is}", at.format(SHOWN))
            }
            Self::Unknown(why) => format!("nobody else's clock can be asked ({why})"),
        }
    }
}

async fn kept(visit: &Visit) -> Kept {
    let said = visit.machine.ask("timedatectl", &["show", "--property=NTPSynchronized"]).await;
    match said.as_deref().map(str::trim) {
        Ok("NTPSynchronized=yes") => Kept::Yes,
        Ok("NTPSynchronized=no") => Kept::No,
        Ok(_) => Kept::Unknown("`timedatectl show` does not say".to_owned()),
        Err(finding) => Kept::Unknown(finding.said().to_owned()),
    }
}

async fn difference(visit: &Visit) -> Difference {
    let Some(url) = whose(visit) else { return Difference::Unknown("no address to ask".to_owned()) };
    let whose = url.host_str().unwrap_or_default().to_owned();
    let before = visit.clock.now();
    let answer = async {
        let client = crate::app::http_client(url.as_str())?;
        client.head(url).timeout(PATIENCE).send().await
    };
    let answer = match answer.await {
        Ok(answer) => answer,
        Err(err) if !err.is_connect() => {
            return Difference::Unknown(format!("{whose}: {}", crate::telemetry::chain(&err.without_url())));
        }
        Err(err) => {
            // A clock that is months off breaks the handshake: then nobody tells the time, and that says enough.
            if let Some(is) = out_of_time(&err) {
                return Difference::Certificate { at: before, is, whose };
            }
            let innermost = std::iter::successors(err.source(), |&err| err.source()).last();
            let why = innermost.map(ToString::to_string).unwrap_or_default();
            let why = why.split(" for ").next().unwrap_or_default();
            return Difference::Unknown(format!("{whose} cannot be reached: {why}"));
        }
    };
    let after = visit.clock.now();
    let told = answer.headers().get(DATE).and_then(|date| date.to_str().ok()).and_then(read);
    match told {
        Some(told) => Difference::Told { by: ahead(before, after, told), whose },
        None => Difference::Unknown(format!("{whose} tells no time")),
    }
}

/// What is wrong with the time of a certificate, where that is why there is no connection.
fn out_of_time(err: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(err);
    while let Some(err) = next {
        match err.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => return Some("has expired"),
            Some(rustls::Error::InvalidCertificate(
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
            )) => return Some("is not good yet"),
            Some(_) | None => {}
        }
        // An error of I/O that holds another does not name it as its source.
        next = match err.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => err.source(),
        };
    }
    None
}

/// Whose clock is asked: what was said, else the object store's, which refuses what is signed at another time, else the
/// certificate authority's. A store on this machine has the same clock.
fn whose(visit: &Visit) -> Option<Url> {
    if let Some(url) = &visit.asked.time {
        return Some(url.clone());
    }
    let store = visit.settings.as_ref().ok().and_then(|settings| match &settings.storage {
        StorageSettings::S3(s3) => Some(s3.endpoint.clone()),
        StorageSettings::None | StorageSettings::Folder(_) => None,
    });
    let is_near = |url: &Url| matches!(url.host_str(), None | Some("localhost" | "127.0.0.1" | "[::1]"));
    store.filter(|url| !is_near(url)).or_else(|| Url::parse(AUTHORITY).ok())
}

fn read(date: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(date).ok().map(|date| date.to_utc())
}

/// How far our clock is ahead, given when we asked, when we had the answer, and the whole second that was told.
fn ahead(before: DateTime<Utc>, after: DateTime<Utc>, told: DateTime<Utc>) -> TimeDelta {
    before + (after - before) / 2 - (told + TimeDelta::milliseconds(500))
}
