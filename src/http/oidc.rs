//! The operations of signing in through the OpenID Connect provider: a browser goes there, and comes back.

use poem::{Request, web::Data};
use poem_openapi::{ApiResponse, OpenApi, param::Query, payload::Response};
use tracing::info;

use crate::{
    app::{
        App,
        oidc_sign_in::{self, Answer, OidcSignInError},
    },
    model::{return_path::ReturnPath, session::Transport},
};

use super::{api::Tag, cookies, failure::Failure};

/// Where the web app lets people sign in, and tells why they are not.
const SIGN_IN_PAGE: &str = "/app/sign-in";

/// Where the browser goes next
#[derive(ApiResponse)]
pub enum Onward {
    /// To the provider, back into the web app, or to the sign-in page: `problem` in its address then says why.
    #[oai(status = 303)]
    SeeOther(#[oai(header = "Location")] String),
}

/// The operations.
pub struct OidcApi;

#[OpenApi(prefix_path = "/oidc", tag = "Tag::Accounts")]
impl OidcApi {
    /// Go to the identity provider to sign in
    ///
    /// A page of the web app leads here; programs sign in with a password or an API key.
    #[oai(path = "/start", method = "get", operation_id = "start_oidc_sign_in")]
    async fn start(
        &self,
        app: Data<&App>,
        request: &Request,
        /// The path to land on afterwards, such as `/app/recordings`. What is no path of this site counts as `/`.
        return_to: Query<Option<String>>,
    ) -> Result<Response<Onward>, Failure> {
        let return_to = return_to.0.and_then(|text| ReturnPath::parse(&text).ok()).unwrap_or_else(ReturnPath::home);
        match oidc_sign_in::begin(&app, return_to, cookies::attempt(&app, request)).await {
            Ok(beginning) => {
                let cookie = cookies::keep_attempt(&app, &beginning.browser);
                Ok(onward(beginning.url).header("Set-Cookie", cookie))
            }
            Err(err) => refuse(&err),
        }
    }

    /// Come back from the identity provider
    ///
    /// The provider leads browsers here. Whoever it vouches for is signed in, as after `create_session`.
    #[oai(path = "/callback", method = "get", operation_id = "finish_oidc_sign_in")]
    async fn finish(
        &self,
        app: Data<&App>,
        request: &Request,
        /// What this site gave along, to know its own attempts by.
        state: Query<Option<String>>,
        /// What the provider gives to be asked with.
        code: Query<Option<String>>,
        /// Why it gives nothing.
        error: Query<Option<String>>,
        /// Which provider it is.
        iss: Query<Option<String>>,
    ) -> Result<Response<Onward>, Failure> {
        let answer = Answer {
            state: state.0.unwrap_or_default(),
            browser: cookies::attempt(&app, request),
            issuer: iss.0,
            outcome: code.0.filter(|_| error.0.is_none()).ok_or_else(|| error.0.unwrap_or_default()),
        };
        match oidc_sign_in::finish(&app, answer, cookies::place(&app, request, Transport::Cookie)).await {
            Ok(signed_in) => {
                let kept = cookies::keep(&app, &signed_in.begun);
                let onward = onward(signed_in.return_to);
                Ok(kept.into_iter().fold(onward, |onward, cookie| onward.header("Set-Cookie", cookie)))
            }
            Err(err) => refuse(&err),
        }
    }
}

fn onward(to: impl ToString) -> Response<Onward> {
    Response::new(Onward::SeeOther(to.to_string()))
}

/// People are at a page, so that a page tells them; what the provider says is for the log alone.
fn refuse(err: &OidcSignInError) -> Result<Response<Onward>, Failure> {
    if matches!(err, OidcSignInError::NotSetUp) {
        return Err(Failure::not_found("oidc-not-set-up", err.to_string()));
    }
    let word = err.word();
    info!(reason = word, "nobody was signed in through the OpenID Connect provider: {word}");
    Ok(onward(format!("{SIGN_IN_PAGE}?problem=oidc-{word}")))
}
