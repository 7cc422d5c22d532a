//! The door before LiveKit: calls about recordings are answered here, all others are LiveKit's.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rand::{Rng, distr::Alphanumeric};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::sleep};

use super::{super::recorder::Reply, StandIn};

/// The longest body that is read; what people send LiveKit by Twirp is far shorter.
const LONGEST_BODY: usize = 1024 * 1024;
/// What an answer of LiveKit may take: it answers about recordings only, which are answered here, any later.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many characters follow `EG_` in the id of a run.
const ID_LENGTH: usize = 12;

type Answer = Response<Full<Bytes>>;

/// A request, read.
struct Call {
    method: hyper::Method,
    path: String,
    authorization: Option<HeaderValue>,
    content_type: Option<HeaderValue>,
    body: Bytes,
}

/// Serves one connection.
pub async fn attend(stream: TcpStream, stand_in: Arc<StandIn>) {
    let answer = service_fn(|request| {
        let stand_in = stand_in.clone();
        async move { Ok::<_, Infallible>(stand_in.answer(request).await) }
    });
    // A client that hangs up is no news.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

impl StandIn {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, LONGEST_BODY).collect().await else {
            return json_answer(413, &json!({ "code": "invalid_argument", "msg": "the body is too long" }));
        };
        let path = head.uri.path_and_query().map_or_else(|| head.uri.path().to_owned(), ToString::to_string);
        let call = Call {
            method: head.method,
            path,
            authorization: head.headers.get(AUTHORIZATION).cloned(),
            content_type: head.headers.get(CONTENT_TYPE).cloned(),
            body: body.to_bytes(),
        };
        match call.path.strip_prefix("/twirp/livekit.Egress/") {
            Some(method) => self.record(method, &call).await,
            None if call.path == "/twirp/livekit.RoomService/UpdateSubscriptions" && self.is_about_a_run(&call) => {
                json_answer(200, &json!({}))
            }
            None => self.pass_on(call).await,
        }
    }

    /// Whether a recorder is in its room is asked of LiveKit; ours is in none.
    fn is_about_a_run(&self, call: &Call) -> bool {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        body["identity"].as_str().is_some_and(|identity| self.egresses().is_alive(identity))
    }

    async fn record(&self, method: &str, call: &Call) -> Answer {
        if let Err(refused) = self.check(call) {
            return refused;
        }
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let now = self.clock.now();
        let reply = match method {
            "StartRoomCompositeEgress" => {
                let room_name = body["room_name"].as_str().unwrap_or_default();
                let Ok(room_sid) = self.room_sid(room_name).await else { return no_livekit() };
                let egress_id = new_id();
                self.egresses().start(&body, room_sid.as_deref(), &egress_id, now)
            }
            "StopEgress" => self.egresses().stop(&body, now),
            "ListEgress" => self.egresses().list(&body, now),
            _ => return bad_route(&call.path),
        };
        let Reply { status, body, after } = reply;
        sleep(after).await;
        json_answer(status, &body)
    }

    /// The caller's token must allow recording.
    fn check(&self, call: &Call) -> Result<(), Answer> {
        let token = call.authorization.as_ref().and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let Some(token) = token else { return Err(denied()) };
        let claims = self.keys.verify(token, self.clock.now());
        // Unlike LiveKit, which repeats the token, this says only why.
        let claims = claims.map_err(|err| text_answer(401, &format!("invalid token: {err}")))?;
        if claims.video.is_some_and(|grants| grants.room_record) { Ok(()) } else { Err(denied()) }
    }

    async fn pass_on(&self, call: Call) -> Answer {
        let Ok(url) = self.livekit.join(&call.path) else { return bad_route(&call.path) };
        let mut request = self.http.request(call.method, url).timeout(PATIENCE).body(call.body);
        for (name, value) in [(AUTHORIZATION, call.authorization), (CONTENT_TYPE, call.content_type)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let Ok(answer) = request.send().await else { return no_livekit() };
        let (status, content_type) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
        let Ok(body) = answer.bytes().await else { return no_livekit() };

        let mut passed = Response::new(Full::new(body));
        *passed.status_mut() = status;
        passed.headers_mut().extend(content_type.map(|value| (CONTENT_TYPE, value)));
        passed
    }
}

fn new_id() -> String {
    let letters = rand::rng().sample_iter(Alphanumeric).take(ID_LENGTH);
    format!("EG_{}", letters.map(char::from).collect::<String>())
}

fn denied() -> Answer {
    json_answer(401, &json!({ "code": "unauthenticated", "msg": "permissions denied" }))
}

fn no_livekit() -> Answer {
    // Not 503, with which LiveKit itself says that it has nobody to answer.
    text_answer(502, "the stand-in recorder cannot reach LiveKit")
}

fn bad_route(path: &str) -> Answer {
    json_answer(404, &json!({ "code": "bad_route", "msg": format!("no handler for path \"{path}\"") }))
}

fn json_answer(status: u16, body: &Value) -> Answer {
    answer(status, "application/json", body.to_string())
}

fn text_answer(status: u16, text: &str) -> Answer {
    answer(status, "text/plain; charset=utf-8", text.to_owned())
}

fn answer(status: u16, content_type: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
