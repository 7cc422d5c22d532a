//! What a page may load, whom it may talk to, and who may frame it.

use std::collections::HashMap;

use poem::http::{
    HeaderMap,
    header::{self, HeaderName, HeaderValue},
};
use tracing::error;
use url::Url;

use super::files::{Files, Hashes};

/// Who may use which device; a page in a frame may use none.
const DEVICES: &str = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()";

/// The headers of every page.
pub(super) struct Policy {
    /// By the name of the page.
    content: HashMap<String, HeaderValue>,
}

impl Policy {
    pub fn new(files: &Files, hashes: &Hashes, livekit: &Url, storage: Option<&Url>) -> Self {
        let content = files
            .pages()
            .filter_map(|page| {
                let hashes = hashes.get(page).map_or(&[][..], Vec::as_slice);
                let policy =
                    if page.starts_with("docs/") { docs_policy(hashes) } else { app_policy(hashes, livekit, storage) };
                match HeaderValue::try_from(policy) {
                    Ok(policy) => Some((page.to_owned(), policy)),
                    Err(err) => {
                        error!(error = %err, "the hashes of {page} do not fit into a header: {err}");
                        None
                    }
                }
            })
            .collect();
        Self { content }
    }

    /// Adds what belongs to the file; only a page has a policy.
    pub fn apply(&self, path: &str, headers: &mut HeaderMap) {
        if !path.ends_with(".html") {
            return;
        }
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, self.content.get(path).cloned().unwrap_or(nothing));
        // The address of a page is the name of a meeting: it is nobody's business.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(DEVICES));
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    }
}

/// For the app: itself, LiveKit at the address that clients dial, and for media the object storage. WebAssembly finds people
/// before their background; it is served by us like every script. What scripts turn into markup or into further scripts goes
/// through one of two policies (Trusted Types): Next's own, and `web/components/trusted-scripts.tsx` for the rest.
fn app_policy(hashes: &[String], livekit: &Url, storage: Option<&Url>) -> String {
    let scripts = sources(hashes);
    let media_server = origins(livekit);
    let storage = storage.map(|url| format!(" {}", url.origin().ascii_serialization())).unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'; connect-src 'self'{media_server}; \
         img-src 'self' data: blob:; media-src 'self' blob:{storage}; worker-src 'self' blob:; \
         frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; \
         require-trusted-types-for 'script'; trusted-types default nextjs"
    )
}

/// For Swagger UI: itself alone; its style sheet holds images as `data:`.
fn docs_policy(hashes: &[String]) -> String {
    let scripts = sources(hashes);
    format!(
        "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
}

fn sources(hashes: &[String]) -> String {
    hashes.iter().map(|hash| format!(" {hash}")).collect()
}

/// LiveKit's origin as a WebSocket, and as HTTP: before it gives up, its client asks over HTTP what is wrong.
fn origins(livekit: &Url) -> String {
    let Some(host) = livekit.host_str() else { return String::new() };
    let port = livekit.port().map(|port| format!(":{port}")).unwrap_or_default();
    let schemes = if matches!(livekit.scheme(), "wss" | "https") { ["wss", "https"] } else { ["ws", "http"] };
    schemes.map(|scheme| format!(" {scheme}://{host}{port}")).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_come_from_storage_and_from_nowhere_else() {
        let livekit = Url::parse("wss://live.example.com").unwrap();
        let storage = Url::parse("https://recordings.store.example:9000/").unwrap();
        let policy = app_policy(&[], &livekit, Some(&storage));

        assert!(policy.contains("media-src 'self' blob: https://recordings.store.example:9000;"), "{policy}");
        assert!(policy.contains("connect-src 'self' wss://live.example.com https://live.example.com;"), "{policy}");
        assert!(app_policy(&[], &livekit, None).contains("media-src 'self' blob:;"));
    }

    #[test]
    fn livekit_is_named_in_both_of_its_forms() {
        for (address, expected) in [
            ("wss://live.example.com", " wss://live.example.com https://live.example.com"),
            ("wss://live.example.com/rtc/", " wss://live.example.com https://live.example.com"),
            ("ws://127.0.0.1:7880", " ws://127.0.0.1:7880 http://127.0.0.1:7880"),
            ("ws://[::1]:7880", " ws://[::1]:7880 http://[::1]:7880"),
        ] {
            assert_eq!(origins(&Url::parse(address).unwrap()), expected, "{address}");
        }
    }
}
