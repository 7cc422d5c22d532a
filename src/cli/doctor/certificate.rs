//! The certificate that browsers are shown.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_cert::{Certificate, der::Decode as _};

use super::{Visit, report::Finding};

/// How long the connection and the handshake may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Caddy renews thirty days before the end; so close to it something keeps it from that.
const SOON: i64 = 14;
/// How Caddy's own authority calls itself.
const INTERNAL: &str = "Caddy Local Authority";

const LOGS: &str = "docker compose --project-directory /etc/meetbox logs --tail 50 caddy";

/// What was shown in a handshake.
struct Shown {
    issuer: String,
    not_after: DateTime<Utc>,
    /// As a browser would judge it.
    verdict: Result<(), rustls::Error>,
}

/// Whether browsers believe the certificate, who issued it, and until when it is good.
pub async fn look(visit: &Visit) -> Result<Finding, Finding> {
    let url = visit.public_url()?;
    if url.scheme() != "https" {
        return Err(Finding::unknown("PUBLIC_URL is not https"));
    }
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
    let shown = match tokio::time::timeout(PATIENCE, shake_hands(host, port)).await {
        Ok(Ok(shown)) => shown,
        Ok(Err(finding)) => return Ok(finding),
        Err(_) => return Ok(Finding::failed(format!("nobody answers at {port} within {PATIENCE:?}"), LOGS)),
    };
    Ok(shown.judge(host, visit.clock.now()))
}

/// Asks this machine itself, so that neither the name nor the way here is in between.
async fn shake_hands(host: &str, port: u16) -> Result<Shown, Finding> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(|err| {
        Finding::failed(format!("nobody answers at {port} ({err})"), "systemctl restart meetbox-stack").or(LOGS)
    })?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|err| Finding::unknown(format!("{host} is no name of a server: {err}")))?;
    let noting = Arc::new(Noting::new()?);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|err| Finding::unknown(err.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(noting.clone())
        .with_no_client_auth();
    let outcome = TlsConnector::from(Arc::new(config)).connect(name, stream).await;

    let noted = noting.noted.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((chain, verdict)) = noted else {
        let why = outcome.err().map(|err| err.to_string()).unwrap_or_default();
        let said = format!("Caddy has no certificate for {host} ({why})");
        let fix = "the domain must lead here, and 80/tcp and 443/tcp must be open from outside; Caddy then gets one by itself";
        return Err(Finding::failed(said, fix).or(LOGS));
    };
    let unreadable = |err: String| Finding::unknown(format!("the certificate cannot be read: {err}"));
    let certificate = Certificate::from_der(&chain).map_err(|err| unreadable(err.to_string()))?.tbs_certificate;
    let not_after = certificate.validity.not_after.to_unix_duration().as_secs();
    let not_after = i64::try_from(not_after).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Ok(Shown {
        issuer: certificate.issuer.to_string(),
        not_after: not_after.ok_or_else(|| unreadable("it has no end".to_owned()))?,
        verdict,
    })
}

impl Shown {
    fn judge(&self, host: &str, now: DateTime<Utc>) -> Finding {
        let days = (self.not_after - now).num_days();
        let told = format!("{}, {days} days left", self.issuer);
        if self.not_after <= now {
            let said = format!("{} expired on {}", self.issuer, self.not_after.format("%Y-%m-%d"));
            return Finding::failed(said, LOGS).or("80/tcp must be open from outside, for the authority's questions");
        }
        // Its certificates are for hours, and it renews them itself.
        if self.issuer.contains(INTERNAL) {
            let said = "from Caddy's own authority, which browsers do not know: everybody is warned away";
            return Finding::warning(said, "meetbox setup --certificate acme, once the domain leads here");
        }
        match &self.verdict {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Finding::failed(format!("{told}; it is not for {host}"), "meetbox setup writes the Caddyfile anew")
                .or(LOGS),
            Err(err) => Finding::failed(
                format!("browsers do not believe it ({err}); issued by {}", self.issuer),
                "have Caddy get one: meetbox setup --certificate acme",
            )
            .or(LOGS),
            Ok(()) if days < SOON => {
                let fix = "80/tcp and 443/tcp must be open from outside, and the domain must lead here";
                Finding::warning(format!("{told}; it should have been renewed"), fix).or(LOGS)
            }
            Ok(()) => Finding::ok(told),
        }
    }
}

/// Judges as a browser does, notes that, and lets the handshake go on in any case. Nothing is sent over the connection.
#[derive(Debug)]
struct Noting {
    browser: Arc<WebPkiServerVerifier>,
    noted: Mutex<Option<Noted>>,
}

/// The certificate as it came over the line, and what a browser would say of it.
type Noted = (Vec<u8>, Result<(), rustls::Error>);

impl Noting {
    fn new() -> Result<Self, Finding> {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let browser = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
        let browser = browser.build().map_err(|err| Finding::unknown(err.to_string()))?;
        Ok(Self { browser, noted: Mutex::default() })
    }
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.browser.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some((end_entity.to_vec(), verdict.map(drop)));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.browser.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.browser.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.browser.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::cli::doctor::report::State;

    fn judged(issuer: &str, days: i64, verdict: Result<(), rustls::Error>) -> Finding {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let not_after = now + TimeDelta::days(days) + TimeDelta::hours(1);
        Shown { issuer: issuer.to_owned(), not_after, verdict }.judge("meet.example.org", now)
    }

    #[test]
    fn a_certificate_is_judged_by_its_end_its_issuer_and_what_browsers_believe() {
        let public = "CN=R11,O=Let's Encrypt,C=US";
        let refused = || Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert_eq!(judged(public, 60, Ok(())), Finding::ok(format!("{public}, 60 days left")));
        assert_eq!(judged(public, 14, Ok(())).state(), State::Ok);
        assert_eq!(judged(public, 13, Ok(())).state(), State::Warning);
        assert_eq!(judged(public, -1, Ok(())).state(), State::Failed);
        assert_eq!(judged("CN=Somebody", 60, refused()).state(), State::Failed);
        assert_eq!(judged("CN=Caddy Local Authority - ECC Intermediate", 0, refused()).state(), State::Warning);
        let other = Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForName));
        assert!(judged(public, 60, other).said().contains("it is not for meet.example.org"));
    }
}
