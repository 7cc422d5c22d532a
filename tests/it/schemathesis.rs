//! Requests made up from the API's own description, right ones and wrong ones: nothing is answered that is not described.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    livekit_model::{API_KEY, API_SECRET},
    services::{
        LiveKit, LiveKitConfig, Redis, free_port, postgres,
        process::{Guarded, Program, find_program, folder_for},
    },
    serving::{UNLIMITED, accept_key, api_key},
};

/// Never a 5xx; every status, type, header and body as described; methods that are not described refused; what was
/// deleted stays away. Not among them: that whatever breaks the description is refused. `null` for what may be absent
/// breaks it, and is taken for absent.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,unsupported_method,use_after_free";

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_described() {
    let redis = Redis::start();
    let port = free_port();
    let livekit = LiveKit::start(LiveKitConfig { redis_port: redis.port, webhook_port: port, empty_timeout: 5 });
    let database = postgres().database().await;
    let folder = folder_for(None);
    let recorder_port = free_port();
    let environment = [
        ("APP_ENV", "local".to_owned()),
        ("PORT", port.to_string()),
        ("DATABASE_URL", database.url()),
        ("REDIS_URL", redis.url()),
        ("RECORDING_SLOTS", "1000".to_owned()),
        ("LIVEKIT_API_KEY", API_KEY.to_owned()),
        ("LIVEKIT_API_SECRET", API_SECRET.to_owned()),
        // It asks faster than anybody may.
        ("RATE_LIMIT_SIGN_IN", UNLIMITED.to_owned()),
        ("RATE_LIMIT_TOKENS", UNLIMITED.to_owned()),
        ("RATE_LIMIT_WRITES", UNLIMITED.to_owned()),
        ("RATE_LIMIT_READS", UNLIMITED.to_owned()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let program = |arguments: &[&str], livekit: String| Program {
        binary: Path::new(env!("CARGO_BIN_EXE_meetbox")),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        environment: environment.iter().cloned().chain([("LIVEKIT_URL".to_owned(), livekit)]).collect(),
        run_as: None,
        end_signal: "KILL",
    };
    let recorder = ["record-in-name", "--port", &recorder_port.to_string()].map(str::to_owned);
    let recorder = recorder.each_ref().map(String::as_str);
    let recorder = Guarded::start(&program(&recorder, livekit.url()), folder.path(), true);
    recorder.wait_for_port(recorder_port);
    // Recordings are started and stopped as well, and nobody is there who could really record.
    let served = program(&["serve"], format!("ws://127.0.0.1:{recorder_port}"));
    let meetbox = Guarded::start(&served, folder.path(), true);
    meetbox.wait_for_port(port);
    let key = api_key();
    accept_key(&database.url(), &key).await;

    let output = Command::new(schemathesis())
        .args(["run", &format!("http://127.0.0.1:{port}/openapi.json"), "--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "40", "--generation-deterministic"])
        .args(["--header", &format!("Authorization: Bearer {}", key.expose())])
        .args(["--request-timeout", "10", "--suppress-health-check", "all", "--warnings", "off", "--no-color"])
        .current_dir(folder.path())
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    let served = meetbox.printed();
    let last_lines = served.lines().rev().take(20).collect::<Vec<_>>().join("\n");
    assert!(output.status.success(), "{said}\n{}\n{last_lines}", String::from_utf8_lossy(&output.stderr));
    assert!(meetbox.is_running(), "the server fell over:\n{last_lines}");
}

fn schemathesis() -> PathBuf {
    let installed_here = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.meetbox/venv/bin"));
    find_program("schemathesis", &[installed_here]).unwrap_or_else(|| {
        panic!(
            "`schemathesis` is neither on the PATH nor in .meetbox/venv: `make test` installs it, or run\n\
             python3 -m venv .meetbox/venv && .meetbox/venv/bin/pip install -r tests/schemathesis/requirements.txt"
        )
    })
}
