//! How the provider is asked: over our one HTTP client, in time, and without reading more than an answer can be.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::telemetry;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer that is read; the keys of large providers have some ten thousand bytes.
const LONGEST: usize = 1024 * 1024;

/// The way to the provider.
#[derive(Clone, Debug)]
pub struct Wire {
    http: reqwest::Client,
}

/// No answer that is worth reading.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("no answer within {TIMEOUT:?}")]
    TimedOut,
    #[error("{0}")]
    Broken(String),
    /// The provider says itself that it is away, or wants to be left alone.
    #[error("it answered {0}")]
    Away(u16),
    #[error("its answer is too long")]
    TooLong,
}

impl Wire {
    pub fn new(http: reqwest::Client) -> Self {
        Self { http }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, WireError> {
        let mut request = reqwest::Request::try_from(request).map_err(broken)?;
        *request.timeout_mut() = Some(TIMEOUT);
        let mut answer = self.http.execute(request).await.map_err(broken)?;

        let status = answer.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(WireError::Away(status.as_u16()));
        }
        let headers = std::mem::take(answer.headers_mut());
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(broken)? {
            if body.len() + part.len() > LONGEST {
                return Err(WireError::TooLong);
            }
            body.extend_from_slice(&part);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

// By hand and not as a closure, whose future is not known to be `Send` for every lifetime.
impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn broken(err: reqwest::Error) -> WireError {
    if err.is_timeout() && !err.is_connect() {
        return WireError::TimedOut;
    }
    // Without the address, which the settings know.
    WireError::Broken(telemetry::chain(&err.without_url()))
}
