//! How much a caller may ask for: each request counts against a budget, and what is beyond it is 429.

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, Method, StatusCode, header::RETRY_AFTER},
};

use crate::{
    app::{App, limits::Limiter},
    model::limit::{Budget, Decision, Subject},
};

use super::{address, guard, is_webs, problem::Problem};

/// How many requests may come at once, and in a minute.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
/// How many more may come at once now.
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// In how many seconds the whole limit is there again.
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The middleware that counts.
pub struct Budgets {
    limiter: Limiter,
    trusted_proxies: Arc<[IpNet]>,
}

/// An endpoint behind [`Budgets`].
pub struct Counted<E> {
    endpoint: E,
    limiter: Limiter,
    trusted_proxies: Arc<[IpNet]>,
}

impl Budgets {
    pub fn of(app: &App) -> Self {
        Self { limiter: app.limiter.clone(), trusted_proxies: app.trusted_proxies.clone() }
    }
}

impl<E: Endpoint> Middleware<E> for Budgets {
    type Output = Counted<E>;

    fn transform(&self, endpoint: E) -> Counted<E> {
        Counted { endpoint, limiter: self.limiter.clone(), trusted_proxies: self.trusted_proxies.clone() }
    }
}

impl<E: Endpoint> Endpoint for Counted<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some(budget) = budget_of(request.method(), request.uri().path()) else {
            return self.endpoint.call(request).await.map(IntoResponse::into_response);
        };
        let decision = self.limiter.check(budget, self.subject(budget, &request)).await;
        let mut response = if decision.allowed {
            match self.endpoint.call(request).await {
                Ok(response) => response.into_response(),
                // `Methods` knows what to say to that.
                Err(err) if err.status() == StatusCode::METHOD_NOT_ALLOWED => return Err(err),
                Err(err) => guard::failure(err),
            }
        } else {
            refusal(budget, &decision)
        };
        tell(&mut response, &decision);
        Ok(response)
    }
}

impl<E> Counted<E> {
    /// Who is counted: whoever signed in or shows a key, else everybody at the address. Who tries to sign in is
    /// nobody yet, whatever else they show.
    fn subject(&self, budget: Budget, request: &Request) -> Subject {
        let at_address = || Subject::at(address::of(request, &self.trusted_proxies));
        match budget {
            Budget::SignIn => at_address(),
            Budget::Tokens | Budget::Writes | Budget::Reads => {
                request.data::<Option<Subject>>().copied().flatten().unwrap_or_else(at_address)
            }
        }
    }
}

/// What a request counts against. `None`: it is not counted.
fn budget_of(method: &Method, path: &str) -> Option<Budget> {
    let reads = [Method::GET, Method::HEAD].contains(method);
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (first, further) = (parts.next().unwrap_or_default(), parts.next());

    match (first, further) {
        // Whoever watches us must always hear how we are, and LiveKit what happens must always be told.
        ("health" | "livez" | "readyz", None) | ("livekit", Some("webhook")) => None,
        // A player asks for many of them, and each was given out to be opened.
        ("storage", Some(_)) if reads => None,
        ("oidc", _) if reads => Some(Budget::SignIn),
        ("sessions" | "setup", None) if method == Method::POST => Some(Budget::SignIn),
        ("token" | "connection-test", None) if method == Method::POST => Some(Budget::Tokens),
        _ if reads => (!is_webs(path)).then_some(Budget::Reads),
        // It only asks what may be asked.
        _ if method == Method::OPTIONS => None,
        _ => Some(Budget::Writes),
    }
}

fn refusal(budget: Budget, decision: &Decision) -> Response {
    let what = match budget {
        Budget::SignIn => "tries to sign in",
        Budget::Tokens => "requests for tokens",
        Budget::Writes => "changes",
        Budget::Reads => "requests",
    };
    let seconds = whole_seconds(decision.retry_after).max(1);
    let limit = decision.limit;
    let detail = format!("at most {limit} {what} a minute are let through; wait {seconds} s and try again");
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many requests", detail);
    let mut response = problem.response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn tell(response: &mut Response, decision: &Decision) {
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(decision.limit));
    headers.insert(REMAINING, HeaderValue::from(decision.remaining));
    headers.insert(RESET, HeaderValue::from(whole_seconds(decision.reset_after)));
}

/// Rounded up: whoever waits as long as they are told does not come too early.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_counts_against_its_budget() {
        let cases = [
            ("POST", "/sessions", Some(Budget::SignIn)),
            ("POST", "/sessions/", Some(Budget::SignIn)),
            ("POST", "/setup", Some(Budget::SignIn)),
            ("GET", "/oidc/start", Some(Budget::SignIn)),
            ("GET", "/oidc/callback", Some(Budget::SignIn)),
            ("POST", "/token", Some(Budget::Tokens)),
            ("POST", "//token", Some(Budget::Tokens)),
            ("POST", "/connection-test", Some(Budget::Tokens)),
            ("POST", "/meetings", Some(Budget::Writes)),
            ("PATCH", "/meetings/7", Some(Budget::Writes)),
            ("PUT", "/account/password", Some(Budget::Writes)),
            ("DELETE", "/sessions/current", Some(Budget::Writes)),
            ("DELETE", "/meetings/7/participants/ada.b", Some(Budget::Writes)),
            ("GET", "/sessions", Some(Budget::Reads)),
            ("GET", "/sign-in", Some(Budget::Reads)),
            ("HEAD", "/meetings", Some(Budget::Reads)),
            ("GET", "/health/more", Some(Budget::Reads)),
            ("GET", "/nowhere", Some(Budget::Reads)),
            ("GET", "/health", None),
            ("GET", "/livez", None),
            ("GET", "/readyz", None),
            ("POST", "/livekit/webhook", None),
            ("GET", "/openapi.json", None),
            ("GET", "/docs", None),
            ("GET", "/", None),
            ("GET", "/m/blue-heron", None),
            ("GET", "/app/recordings", None),
            ("GET", "/_next/static/x.js", None),
            ("OPTIONS", "/meetings", None),
        ];
        for (method, path, budget) in cases {
            assert_eq!(budget_of(&method.parse().unwrap(), path), budget, "{method} {path}");
        }
    }

    #[test]
    fn every_operation_of_the_api_but_health_is_counted() {
        let spec: serde_json::Value = serde_json::from_str(&crate::http::spec()).unwrap();
        for (path, operations) in spec["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                let counted = budget_of(&method.to_uppercase().parse().unwrap(), path).is_some();
                let is_health = ["/health", "/livez", "/readyz"].contains(&path.as_str());
                assert_eq!(counted, !is_health, "{method} {path}");
            }
        }
    }

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let decision = Decision {
            allowed: false,
            limit: 20,
            remaining: 0,
            reset_after: Duration::from_millis(59_001),
            retry_after: Duration::from_millis(2_001),
        };
        let mut response = refusal(Budget::SignIn, &decision);
        tell(&mut response, &decision);

        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.content_type(), Some("application/problem+json"));
        let header = |name: HeaderName| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header(RETRY_AFTER), "3");
        assert_eq!((header(LIMIT), header(REMAINING), header(RESET)), ("20".into(), "0".into(), "60".into()));
    }
}
