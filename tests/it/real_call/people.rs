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
    /// What they said and nobody has asked about yet.
    said: Vec<Value>,
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
        let mut person = Self::enter(pass).await;
        person.publishes("microphone").await;
        person
    }

    /// Joins with a pass from `POST /token`, and is silent.
    pub async fn enter(pass: &Value) -> Self {
        let mut person = Self::start(pass);
        person.joined_ms = person.wait_for("joined").await;
        person
    }

    /// Tries a pass that may no longer be good; answers what became of it: `kept_out`, or `out` for somebody who was
    /// in and was sent out again.
    pub async fn try_to_enter(pass: &Value) -> Value {
        let mut person = Self::start(pass);
        person.says(|said| said["event"] == "kept_out" || said["event"] == "out").await
    }

    fn start(pass: &Value) -> Self {
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
        Self { process, says, said: Vec::new(), told, joined_ms: 0 }
    }

    /// Publishes a microphone or a camera; answers the track's sid.
    pub async fn publishes(&mut self, source: &str) -> String {
        let answer = self.tries(&format!("publish {source}")).await;
        assert_eq!(answer["event"], "published", "{answer}");
        answer["sid"].as_str().unwrap().to_owned()
    }

    /// Tries what it is told; answers how it went.
    pub async fn tries(&mut self, command: &str) -> Value {
        self.tell(command).await;
        self.says(|said| ["published", "changed", "refused"].contains(&said["event"].as_str().unwrap_or_default()))
            .await
    }

    /// What they see of the room, of themselves and of the others.
    pub async fn sees(&mut self) -> Value {
        self.tell("look").await;
        self.says(|said| said["event"] == "sees").await
    }

    /// The same, once they see so many others.
    pub async fn sees_others(&mut self, number: usize) -> Value {
        let begun = tokio::time::Instant::now();
        loop {
            let sees = self.sees().await;
            if sees["others"].as_array().map(Vec::len) == Some(number) {
                return sees;
            }
            assert!(begun.elapsed() < PATIENCE, "not {number} others: {sees:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
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
        self.tell("leave").await;
        told_ms
    }

    async fn tell(&mut self, command: &str) {
        self.told.write_all(format!("{command}\n").as_bytes()).await.unwrap();
    }

    /// Vanishes without a word.
    pub async fn vanish(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Waits for what they say; answers when they said it.
    async fn wait_for(&mut self, event: &str) -> i64 {
        self.says(|said| said["event"] == event).await["at"].as_i64().unwrap()
    }

    /// Waits until they say something like that, or finds that they have said it already; answers what it was.
    pub async fn says(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        match timeout(PATIENCE, self.next(&is_it)).await {
            Ok(said) => said,
            Err(_) => panic!("a participant did not say it within {PATIENCE:?}, but {:#?}", self.said),
        }
    }

    /// Reads on until they say it; answers when they said it.
    async fn until(&mut self, event: &str) -> i64 {
        self.next(&|said: &Value| said["event"] == event).await["at"].as_i64().unwrap()
    }

    /// The SDK prints other things too, which are none of ours.
    async fn next(&mut self, is_it: &impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.said.iter().position(is_it) {
            return self.said.remove(at);
        }
        while let Some(line) = self.says.next_line().await.unwrap() {
            let Ok(said) = serde_json::from_str::<Value>(&line) else { continue };
            if is_it(&said) {
                return said;
            }
            self.said.push(said);
        }
        panic!("a participant ended and said only {:#?}", self.said);
    }
}

pub fn now_ms() -> i64 {
    meetbox::clock::Clock::System.now().timestamp_millis()
}
