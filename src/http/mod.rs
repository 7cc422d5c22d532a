//! The HTTP door. JSON, status codes and poem stay in here.

mod account_views;
mod accounts;
mod address;
mod api;
mod api_keys;
mod audit;
mod budget;
mod caller;
mod connection;
mod connection_test;
mod cookies;
mod cors;
mod failure;
mod guard;
mod health;
mod identify;
mod invitations;
pub mod limits;
pub mod listener;
mod livekit_webhook;
mod lobby;
mod media;
mod meeting_views;
mod meetings;
mod methods;
mod moderation;
mod oidc;
mod origins;
mod pace;
mod page;
mod participants;
mod policy_views;
pub mod problem;
mod recording_views;
mod recordings;
mod room_name_text;
pub mod server;
mod sessions;
mod tokens;
pub mod web;

use poem::{Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Request, Response, Result, Route, get, post};

pub use self::api::spec;
use self::{
    budget::Budgets,
    cors::Cors,
    guard::{Deadline, Guard},
    identify::Identify,
    limits::{BODY_LIMIT, Limits},
    methods::Methods,
    web::WebFiles,
};
use crate::app::App;

/// Everything that is answered over HTTP.
///
/// The order of what surrounds it, from the outside in:
/// 1. `Guard`: whatever happens further in has an id, a line in the log and the shape of a problem;
/// 2. `Cors`: every answer says which pages may read it, also one that refuses;
/// 3. `Methods`: a method that a path does not know is answered with those that it does;
/// 4. `Limits`: the body is read whole before anything is decided;
/// 5. `Deadline`: the time to answer counts from here, however slowly the body came;
/// 6. `Identify`: who asks is found out once, for the budgets and for the handlers;
/// 7. `Budgets`: who asks too much is refused here, inside of what may take long or break, and with nothing left
///    unread on the connection.
pub fn routes(app: App, web: WebFiles) -> impl Endpoint<Output = Response> + 'static {
    let methods = Methods::of(&spec()).with("/livekit/webhook", "POST").with("/openapi.json", "GET, HEAD");
    let budgets = Budgets::of(&app);
    let identify = Identify::of(&app);
    let cors = Cors::of(&app);

    Route::new()
        .at("/livekit/webhook", post(livekit_webhook::receive))
        .at("/storage/*key", get(media::open))
        .nest_no_strip("/", Root { api: api::service().into_endpoint(), web })
        .data(app)
        .with(budgets)
        .with(identify)
        .with(Deadline)
        .with(Limits { body: body_limit, ..Limits::default() })
        .with(methods)
        .with(cors)
        .with(Guard)
}

/// What the web app owns of our one origin; everything else is the API's.
const WEB_PREFIXES: [&str; 4] = ["/m/", "/app/", "/_next/", "/docs/"];
/// The web app's places that are no folders.
const WEB_PLACES: [&str; 3] = ["/", "/app", "/docs"];

/// Where the API and the web app share the root.
struct Root<A> {
    api: A,
    web: WebFiles,
}

impl<A: Endpoint> Endpoint for Root<A> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if is_webs(request.uri().path()) {
            self.web.call(request).await
        } else {
            self.api.call(request).await.map(IntoResponse::into_response)
        }
    }
}

fn is_webs(path: &str) -> bool {
    // Files at the root, such as an icon or the API's own description. Further in, a dot may stand in an identity.
    let is_file = path.strip_prefix('/').is_some_and(|name| !name.contains('/') && name.contains('.'));
    is_file || WEB_PLACES.contains(&path) || WEB_PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

fn body_limit(path: &str) -> u64 {
    if path == "/livekit/webhook" { livekit_webhook::BODY_LIMIT } else { BODY_LIMIT }
}

#[cfg(test)]
mod tests {
    use super::is_webs;

    #[test]
    fn no_path_is_both_the_webs_and_the_apis() {
        for web in
            ["/", "/m/blue-heron", "/app", "/app/recordings", "/_next/static/x.js", "/docs", "/docs/", "/icon.svg"]
        {
            assert!(is_webs(web), "{web}");
        }
        let spec: serde_json::Value = serde_json::from_str(&super::spec()).unwrap();
        for api in spec["paths"].as_object().unwrap().keys() {
            assert!(!is_webs(api), "{api}");
        }
    }
}
