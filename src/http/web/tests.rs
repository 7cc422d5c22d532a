//! The web files as a client sees them, with a small export.

use std::{io::Read, time::Duration};

use brotli_decompressor::Decompressor;
use flate2::read::GzDecoder;
use poem::{
    Route,
    endpoint::make,
    post,
    test::{TestClient, TestResponse},
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::{files::tests::brotli, *};

const CHUNK: &str = "/_next/static/chunks/0abc-~.js";

/// By name, and what is in it; what ends on `.br` is there as brotli of that.
const EXPORT: [(&str, &str); 13] = [
    ("index.html", "<h1>home</h1>"),
    ("m.html", "<h1>meeting</h1>"),
    ("m.html.br", "<h1>meeting</h1>"),
    ("404.html", "<h1>nothing here</h1>"),
    ("404.html.br", "<h1>nothing here</h1>"),
    ("app/recordings.html", "<h1>recordings</h1>"),
    ("app/icon.svg", "<svg/>"),
    ("app/background/program.wasm.br", "a program"),
    ("_next/static/chunks/0abc-~.js", "run()"),
    ("_next/static/chunks/0abc-~.js.br", "run()"),
    ("docs/index.html", "<h1>docs</h1>"),
    ("docs/init.js", "start()"),
    ("csp.json", r#"{"index.html": ["'sha256-aG9tZQ=='"], "m.html": [], "docs/index.html": []}"#),
];

/// What the binary says of its API.
const SPOKEN: &str = r#"{"openapi": "3.0.0"}"#;

fn livekit() -> LivekitSettings {
    LivekitSettings {
        api_url: "http://127.0.0.1:7880".parse().unwrap(),
        public_url: "wss://live.example.com".parse().unwrap(),
        api_key: "key".to_owned(),
        api_secret: SecretString::from("secret"),
        start_timeout: Duration::from_secs(1),
        token_ttl: Duration::from_secs(1),
        webhook_retention: Duration::from_secs(1),
    }
}

/// The web app beside one address of the API, as they stand in the house.
fn web_of(export: &[(&'static str, &'static str)]) -> TestClient<Route> {
    let assets = export.iter().map(|(path, text)| {
        let content = if path.ends_with(".br") { brotli(text) } else { text.as_bytes().to_vec() };
        Asset { path: (*path).into(), sha256: Sha256::digest(&content).into(), content: content.into() }
    });
    let api = post(make(|_| async { "a token" }));
    TestClient::new(
        Route::new().at("/token", api).nest("/", WebFiles::new(assets, SPOKEN.to_owned(), &livekit(), None)),
    )
}

fn web() -> TestClient<Route> {
    web_of(&EXPORT)
}

async fn body(response: TestResponse) -> String {
    response.0.into_body().into_string().await.unwrap()
}

/// The body as a client has it once it is unpacked.
async fn text_of(response: TestResponse) -> String {
    let encoding = header_of(&response, "content-encoding");
    let sent = response.0.into_body().into_bytes().await.unwrap();
    let mut text = String::new();
    match encoding.as_str() {
        "br" => Decompressor::new(&sent[..], 4096).read_to_string(&mut text).unwrap(),
        "gzip" => GzDecoder::new(&sent[..]).read_to_string(&mut text).unwrap(),
        _ => (&sent[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

fn header_of(response: &TestResponse, name: &str) -> String {
    response.0.header(name).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn every_page_stands_at_its_address() {
    for (address, expected) in [
        ("/", "<h1>home</h1>"),
        ("/m/blue-heron", "<h1>meeting</h1>"),
        ("/m/blue-heron/", "<h1>meeting</h1>"),
        ("/app/recordings", "<h1>recordings</h1>"),
        ("/docs", "<h1>docs</h1>"),
        ("/docs/", "<h1>docs</h1>"),
        ("/docs/init.js", "start()"),
        (CHUNK, "run()"),
        ("/_next/static/chunks/0abc-%7E.js", "run()"),
    ] {
        let response = web().get(address).send().await;
        response.assert_status_is_ok();
        assert_eq!(body(response).await, expected, "{address}");
    }
    assert_eq!(body(web().post("/token").send().await).await, "a token");
}

#[tokio::test]
async fn what_is_not_a_file_of_the_app_is_not_found() {
    let addresses = [
        "/app/nowhere",
        "/csp.json",
        "/m.html.br",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/docs/%00",
    ];
    for address in addresses {
        let page = web().get(address).header("accept", "text/html,*/*;q=0.8").send().await;
        page.assert_status(StatusCode::NOT_FOUND);
        page.assert_content_type("text/html; charset=utf-8");
        assert_eq!(body(page).await, "<h1>nothing here</h1>", "{address}");

        let problem = web().get(address).header("accept", "application/json").send().await;
        problem.assert_status(StatusCode::NOT_FOUND);
        problem.assert_content_type("application/problem+json");
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_is_explained_by_the_page_of_meetings() {
    for address in ["/m/Not-A-Name", "/m/blue-heron/more"] {
        let page = web().get(address).header("accept", "text/html").send().await;
        page.assert_status(StatusCode::NOT_FOUND);
        assert_eq!(body(page).await, "<h1>meeting</h1>", "{address}");

        web().get(address).send().await.assert_content_type("application/problem+json");
    }
}

#[tokio::test]
async fn files_are_only_read() {
    let refused = web().post("/m/blue-heron").send().await;
    refused.assert_status(StatusCode::METHOD_NOT_ALLOWED);
    refused.assert_header("allow", "GET, HEAD");
    refused.assert_content_type("application/problem+json");

    let unknown = web().post("/nowhere").header("accept", "text/html").send().await;
    unknown.assert_status(StatusCode::NOT_FOUND);
    unknown.assert_content_type("application/problem+json");
}

#[tokio::test]
async fn head_says_what_get_would() {
    let get = web().get("/m/blue-heron").header("accept-encoding", "gzip").send().await;
    let head = web().head("/m/blue-heron").header("accept-encoding", "gzip").send().await;

    assert_eq!(get.0.headers(), head.0.headers());
    head.assert_header("content-length", get.0.into_body().into_bytes().await.unwrap().len());
    assert_eq!(body(head).await, "");
}

#[tokio::test]
async fn the_form_that_was_asked_for_is_sent() {
    let page = "<h1>meeting</h1>";
    for (accept, encoding) in [("gzip, deflate, br", "br"), ("br;q=0.1, gzip", "gzip"), ("br;q=0, gzip;q=0", "")] {
        let response = web().get("/m/blue-heron").header("accept-encoding", accept).send().await;
        assert_eq!(header_of(&response, "content-encoding"), encoding, "{accept}");
        response.assert_header("vary", "accept-encoding");
        response.assert_content_type("text/html; charset=utf-8");
        assert_eq!(text_of(response).await, page, "{accept}");
    }

    let alone = web().get("/").header("accept-encoding", "br").send().await;
    alone.assert_header_is_not_exist("vary");
    alone.assert_header_is_not_exist("content-encoding");
}

#[tokio::test]
async fn what_is_carried_compressed_only_is_unpacked_for_those_who_ask_otherwise() {
    let (web, program) = (web(), "/app/background/program.wasm");
    for (accept, encoding) in [("gzip, br", "br"), ("gzip", "gzip"), ("identity", ""), ("br;q=0", "")] {
        let sent = web.get(program).header("accept-encoding", accept).send().await;
        sent.assert_status_is_ok();
        assert_eq!(header_of(&sent, "content-type"), "application/wasm");
        assert_eq!(header_of(&sent, "content-encoding"), encoding, "{accept}");
        assert_eq!(header_of(&sent, "vary"), "accept-encoding");
        assert_eq!(text_of(sent).await, "a program", "{accept}");
    }
    web.get("/app/background/program.wasm.br").send().await.assert_status(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_that_cannot_be_unpacked_is_an_error_and_not_half_a_file() {
    let damaged = Asset { path: "run.js.br".into(), content: b"run".as_slice().into(), sha256: [0; 32] };
    let web = TestClient::new(WebFiles::new([damaged].into_iter(), SPOKEN.to_owned(), &livekit(), None));
    let answer = web.get("/run.js").send().await;
    answer.assert_status(StatusCode::INTERNAL_SERVER_ERROR);
    answer.assert_content_type("application/problem+json");
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let first = web().get(CHUNK).header("accept-encoding", "br").send().await;
    let tag = header_of(&first, "etag");
    let plain = header_of(&web().get(CHUNK).send().await, "etag");
    assert_ne!(tag, plain, "a strong tag promises the same bytes");

    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), plain, "*".to_owned()] {
        let again = web().get(CHUNK).header("accept-encoding", "br").header("if-none-match", &known).send().await;
        again.assert_status(StatusCode::NOT_MODIFIED);
        again.assert_header("etag", &tag);
        again.assert_header("cache-control", "public, max-age=31536000, immutable");
        assert_eq!(body(again).await, "", "{known}");
    }
    let other = web().get(CHUNK).header("if-none-match", "\"other\"").send().await;
    other.assert_status_is_ok();
}

#[tokio::test]
async fn only_what_is_named_by_its_content_is_kept_without_asking() {
    web().get(CHUNK).send().await.assert_header("cache-control", "public, max-age=31536000, immutable");
    for address in ["/", "/m/blue-heron", "/app/icon.svg", "/docs/init.js"] {
        let response = web().get(address).send().await;
        response.assert_header("cache-control", "no-cache");
        response.assert_header("x-content-type-options", "nosniff");
    }
}

#[tokio::test]
async fn a_page_may_do_what_it_needs_and_no_more() {
    let home = web().get("/").send().await;
    let policy = header_of(&home, "content-security-policy");
    for part in [
        "script-src 'self' 'wasm-unsafe-eval' 'sha256-aG9tZQ==';",
        "connect-src 'self' wss://live.example.com https://live.example.com;",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'; trusted-types default nextjs",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.replace("'wasm-unsafe-eval'", "").contains("unsafe"), "{policy}");
    home.assert_header("referrer-policy", "no-referrer");
    home.assert_header("cross-origin-opener-policy", "same-origin");
    assert!(
        header_of(&home, "permissions-policy").contains("camera=(self), microphone=(self), display-capture=(self)")
    );

    // Not in the list of hashes: none of its inline scripts runs.
    let missing = web().get("/nowhere").header("accept", "text/html").send().await;
    assert!(header_of(&missing, "content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval';"));

    let docs = header_of(&web().get("/docs").send().await, "content-security-policy");
    assert!(docs.contains("connect-src 'self';") && !docs.contains("live.example.com"), "{docs}");
}

#[tokio::test]
async fn a_binary_without_pages_says_how_to_build_them() {
    let empty = web_of(&[]);
    let page = empty.get("/").send().await;
    page.assert_status(StatusCode::SERVICE_UNAVAILABLE);
    page.assert_content_type("text/html; charset=utf-8");
    assert!(body(page).await.contains("make web"));

    empty
        .get("/m/blue-heron")
        .header("accept", "text/html")
        .send()
        .await
        .assert_status(StatusCode::SERVICE_UNAVAILABLE);
    let problem = empty.get("/nowhere").send().await;
    problem.assert_status(StatusCode::NOT_FOUND);
    problem.assert_content_type("application/problem+json");
}

#[tokio::test]
async fn the_description_is_the_binary_s_own_and_compressed_when_the_export_has_the_same() {
    for (exported, encoding) in [(SPOKEN, "br"), ("an older one", "")] {
        let web = web_of(&[("openapi.json.br", exported)]);
        let response = web.get("/openapi.json").header("accept-encoding", "br").send().await;
        response.assert_content_type("application/json");
        assert_eq!(header_of(&response, "content-encoding"), encoding);

        let tag = header_of(&response, "etag");
        assert_eq!(text_of(response).await, SPOKEN);
        let again = web.get("/openapi.json").header("if-none-match", tag).send().await;
        again.assert_status(StatusCode::NOT_MODIFIED);
    }
}
