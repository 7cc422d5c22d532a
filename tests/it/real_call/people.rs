//! Participants of LiveKit's Node SDK, each in a process of its own.

use std::{process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// How long anything may take that a participant does; a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long the SDK's goodbye may take before its process is ended. Usually it takes milliseconds.
const GOODBYE: Duration = Duration::from_secs(10);

/// Somebody in a call.
pub struct Person {
    process: Child,
    says: Lines<BufReader<ChildStdout>>,
    told: ChildStdin,
    /// When they were in, in milliseconds since 1970.
    pub joined_ms: i64,
}

/// When somebody was told to leave, and when they were out.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Person {
    /// Joins with a pass from `POST /token`, and publishes a microphone.
    pub async fn join(pass: &Value) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e");
        assert!(
            std::path::Path::new(folder).join("node_modules/@livekit/rtc-node").is_dir(),
            "LiveKit's Node SDK is missing: `make test` installs it, or run `npm --prefix tests/e2e ci`"
        );
        let mut process = Command::new("node")
            .current_dir(folder)
            .args(["sdk-participant.mjs", pass["url"].as_str().unwrap(), pass["token"].as_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("`node` is there");
        let says = BufReader::new(process.stdout.take().unwrap()).lines();
        let told = process.stdin.take().unwrap();

        let mut person = Self { process, says, told, joined_ms: 0 };
        person.joined_ms = person.wait_for("joined").await;
        person.wait_for("published").await;
        person
    }

    /// Waits until they receive somebody else's track.
    pub async fn hears_somebody(&mut self) {
        self.wait_for("subscribed").await;
    }

    /// Leaves properly.
    pub async fn leave(mut self) -> Left {
        let from_ms = self.tell_to_leave().await;
        let to_ms = self.wait_for("left").await;
        let _ = timeout(PATIENCE, self.process.wait()).await;
        Left { from_ms, to_ms }
    }

    /// Leaves after their LiveKit was killed: properly if the SDK can, else as somebody does who closes the window.
    ///
    /// Once the SDK's room has come back to a LiveKit that started anew, its `disconnect` may never return, and LiveKit
    /// hears nothing of it. That is the SDK's to mend; what we say of whoever has gone must be right either way.
    pub async fn leave_or_vanish(mut self) {
        self.tell_to_leave().await;
        if timeout(GOODBYE, self.until("left")).await.is_err() {
            println!("the SDK's goodbye took longer than {GOODBYE:?}; its process is ended");
            self.vanish().await;
        }
    }

    /// Tells them to leave; answers when.
    async fn tell_to_leave(&mut self) -> i64 {
        let told_ms = now_ms();
        self.told.write_all(b"leave\n").await.unwrap();
        told_ms
    }

    /// Vanishes without a word.
    pub async fn vanish(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Waits for what they say; answers when they said it.
    async fn wait_for(&mut self, event: &str) -> i64 {
        let said = timeout(PATIENCE, self.until(event)).await;
        said.unwrap_or_else(|_| panic!("a participant was not `{event}` within {PATIENCE:?}"))
    }

    /// Reads on until they say it; answers when they said it. The SDK prints other things too.
    async fn until(&mut self, event: &str) -> i64 {
        while let Some(line) = self.says.next_line().await.unwrap() {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if said["event"] == event {
                return said["at"].as_i64().unwrap();
            }
        }
        panic!("a participant ended before it was `{event}`");
    }
}

pub fn now_ms() -> i64 {
    meetbox::clock::Clock::System.now().timestamp_millis()
}
