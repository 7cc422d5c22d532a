//! Which methods a path knows: what RFC 9110 wants beside a 405.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderValue, StatusCode, header::ALLOW},
};
use serde_json::Value;

use super::problem::Problem;

/// Paths as they stand in the spec, and the methods that they know.
#[derive(Clone, Debug, Default)]
pub struct Methods(Vec<(Vec<String>, String)>);

/// An endpoint behind [`Methods`].
pub struct Known<E> {
    endpoint: E,
    methods: Methods,
}

impl Methods {
    /// The methods that a spec describes.
    pub fn of(spec: &str) -> Self {
        let spec: Value = serde_json::from_str(spec).unwrap_or_default();
        let paths = spec["paths"].as_object().into_iter().flatten();
        Self(
            paths
                .map(|(path, operations)| {
                    let names = operations.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase());
                    (segments(path), names.collect::<Vec<_>>().join(", "))
                })
                .collect(),
        )
    }

    /// The same and one more path, which the spec does not describe.
    #[must_use]
    pub fn with(mut self, path: &str, methods: &str) -> Self {
        self.0.push((segments(path), methods.to_owned()));
        self
    }

    fn refusal(&self, path: &str) -> Response {
        let detail = "the path exists, the method does not; /docs lists both";
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "No such method here", detail);
        let mut response = problem.response();
        if let Some(allowed) = self.allowed(path) {
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }

    fn allowed(&self, path: &str) -> Option<HeaderValue> {
        let path = segments(path);
        let fits = |pattern: &Vec<String>| {
            pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, s)| p.starts_with('{') || p == s)
        };
        let (_, methods) = self.0.iter().find(|(pattern, _)| fits(pattern))?;
        HeaderValue::from_str(methods).ok()
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

impl<E: Endpoint> Middleware<E> for Methods {
    type Output = Known<E>;

    fn transform(&self, endpoint: E) -> Known<E> {
        Known { endpoint, methods: self.clone() }
    }
}

impl<E: Endpoint> Endpoint for Known<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path().to_owned();
        match self.endpoint.call(request).await {
            Err(err) if err.status() == StatusCode::METHOD_NOT_ALLOWED => Ok(self.methods.refusal(&path)),
            answer => answer.map(IntoResponse::into_response),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_methods_that_the_path_knows() {
        let methods =
            Methods::of(r#"{"paths":{"/a":{"get":{},"post":{}},"/a/{id}":{"delete":{}}}}"#).with("/b", "POST");
        let allow = |path: &str| methods.refusal(path).header(ALLOW).map(str::to_owned);

        assert_eq!(allow("/a").as_deref(), Some("GET, POST"));
        assert_eq!(allow("/a/7").as_deref(), Some("DELETE"));
        assert_eq!(allow("/b").as_deref(), Some("POST"));
        assert_eq!(allow("/c"), None);
        assert_eq!(methods.refusal("/a").status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
