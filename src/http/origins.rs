//! Which pages may ask: browsers say where a request comes from, and no page can keep them from it.
//!
//! Source: the Fetch standard, "forbidden request-header" (Origin and everything that begins with Sec-).

use poem::{
    Request,
    http::{
        HeaderName,
        header::{HOST, ORIGIN},
    },
};
use url::{Host, Url};

use crate::{app::App, config::Environment};

/// Whether it is one of our own pages, or one that the settings allow, that asks. A request without an origin is no
/// page's, or that of an old browser: who signs in with a cookie must have one.
pub fn is_ours(request: &Request, app: &App) -> bool {
    let Some(origin) = header(request, ORIGIN) else { return false };
    is_allowed(origin, app) || is_same_site(origin, header(request, HOST), app.environment)
}

/// Whether a request that begins a session comes from a page that may: from none at all, or from one of ours.
pub fn may_sign_in(request: &Request, app: &App) -> bool {
    header(request, ORIGIN).is_none() || is_ours(request, app)
}

/// Whether the settings allow pages of that origin to ask.
pub fn is_allowed(origin: &str, app: &App) -> bool {
    app.allowed_origins.iter().any(|allowed| allowed == origin)
}

/// Whether the page's host is the one that is asked. On a developer's machine the web app stands on another port than
/// the API, and both may be called by either name of this machine.
fn is_same_site(origin: &str, host: Option<&str>, environment: Environment) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    // What stands before us ends TLS, so that the scheme is the page's to say; a host without a port has the scheme's.
    let scheme = origin.scheme();
    let Some(host) = host.and_then(|host| Url::parse(&format!("{scheme}://{host}")).ok()) else { return false };
    let is_here = |url: &Url| url.host().is_some_and(|host| is_this_machine(&host));
    let both_here = environment == Environment::Local && is_here(&origin) && is_here(&host);
    let same = origin.host().is_some()
        && origin.host() == host.host()
        && origin.port_or_known_default() == host.port_or_known_default();
    // Whoever sits on the line can be a page without TLS.
    let safe = origin.scheme() == "https" || is_here(&origin) || environment == Environment::Local;
    (same && safe) || both_here
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
    use super::*;

    #[test]
    fn only_pages_of_the_same_host_are_of_the_same_site() {
        let local = |origin: &str, host| is_same_site(origin, Some(host), Environment::Local);
        let online = |origin: &str, host| is_same_site(origin, Some(host), Environment::Production);

        assert!(online("https://meet.example.org", "meet.example.org"));
        assert!(online("https://meet.example.org", "meet.example.org:443"));
        assert!(online("https://meet.example.org:8443", "meet.example.org:8443"));
        assert!(local("http://localhost:3000", "127.0.0.1:3001"), "the web app in development");
        assert!(local("http://[::1]:3000", "localhost:3001"));

        assert!(online("http://127.0.0.1:3001", "127.0.0.1:3001"), "nobody sits on the line within one machine");

        assert!(!online("http://meet.example.org", "meet.example.org"), "anybody on the line can be that page");
        assert!(!online("https://evil.example", "meet.example.org"));
        assert!(!online("https://meet.example.org:8443", "meet.example.org"), "another port is another program");
        assert!(!online("http://localhost:3000", "127.0.0.1:3001"), "only on a developer's machine");
        assert!(!local("https://evil.example", "localhost:3001"));
        assert!(!local("http://localhost:3000", "meet.example.org"));
        assert!(!local("null", "localhost:3001"), "a sandboxed frame");
        assert!(!local("", "localhost:3001"));
        assert!(!is_same_site("http://localhost", None, Environment::Local));
    }
}
