//! Who asks: an argument that is the proof of being allowed to.

use poem::{
    FromRequest, Request, RequestBody, Result,
    http::{
        HeaderName, StatusCode,
        header::{HOST, ORIGIN},
    },
};
use url::{Host, Url};

use crate::app::{
    App,
    access::{self, Caller, Denied},
};

use super::failure::Failure;

/// Somebody who may use the API.
// poem makes this argument first: a handler that wants one never runs for somebody who is not admitted.
pub struct Admitted(pub Caller);

impl<'a> FromRequest<'a> for Admitted {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let app = request.data::<App>().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        access::may_use_api(app.environment).map_err(Failure::from)?;
        if !is_from_here(header(request, ORIGIN), header(request, HOST)) {
            return Err(Failure::from(Denied::ForeignPage).into());
        }
        Ok(Self(who(request)))
    }
}

/// Browsers say where a request comes from, and no page can keep them from it.
// Source: the Fetch standard, "forbidden request-header" (Origin and everything that begins with Sec-).
pub fn who(request: &Request) -> Caller {
    let told = request.headers();
    if told.contains_key(ORIGIN) || told.contains_key("sec-fetch-site") { Caller::Browser } else { Caller::Program }
}

/// Whether a page that asks is one of ours: of the host that it asks, or both of them this very machine, where the web
/// app of a developer stands on another port than the API. Requests that no page makes have no origin.
fn is_from_here(origin: Option<&str>, host: Option<&str>) -> bool {
    let Some(origin) = origin else { return true };
    let Ok(origin) = Url::parse(origin) else { return false };
    let Some(host) = host.and_then(|host| Url::parse(&format!("http://{host}")).ok()) else { return false };
    match (origin.host(), host.host()) {
        (Some(origin), Some(host)) => origin == host || (is_this_machine(&origin) && is_this_machine(&host)),
        _ => false,
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn header(request: &Request, name: HeaderName) -> Option<&str> {
    // One that is no text is no origin of ours either.
    request.headers().get(name).map(|value| value.to_str().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::is_from_here;

    #[test]
    fn only_pages_of_ours_and_programs_are_from_here() {
        let here = |origin: &str, host| is_from_here(Some(origin), Some(host));

        assert!(is_from_here(None, Some("meet.example.org")), "a program");
        assert!(here("https://meet.example.org", "meet.example.org"));
        assert!(here("http://localhost:3000", "127.0.0.1:3001"), "the web app in development");
        assert!(here("http://[::1]:3000", "localhost:3001"));

        assert!(!here("https://evil.example", "localhost:3001"));
        assert!(!here("http://localhost:3000", "meet.example.org"));
        assert!(!here("null", "localhost:3001"), "a sandboxed frame");
        assert!(!here("", "localhost:3001"));
        assert!(!is_from_here(Some("http://localhost"), None));
    }
}
