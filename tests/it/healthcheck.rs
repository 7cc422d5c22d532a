//! `meetbox healthcheck`, beside a server that is well, frozen or gone.

use std::{
    process::{Command, Output},
    time::Duration,
};

use meetbox::clock::Clock;

use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

async fn check(ground: &Ground, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meetbox"));
    command.arg("healthcheck").args(arguments).env_clear().envs(ground.environment());
    // One for the world, which nobody answers at: it is not asked for what runs here.
    command.env("http_proxy", "http://127.0.0.9:9");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_ended_when_that_is_asked_for_and_its_log_says_why() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    let mut house = Serving::start(Ground::new(&database.url(), &redis_url(), &livekit.url())).await;

    let well = check(&house.ground, &["--restart-after", "2"]).await;
    assert_eq!((well.status.code(), well.stdout.as_slice()), (Some(0), b"ready\n".as_slice()));

    house.freeze();
    let only_asked = check(&house.ground, &[]).await;
    assert_eq!(only_asked.status.code(), Some(2));
    assert!(house.is_running(), "nobody asked for its end");

    let ended = check(&house.ground, &["--restart-after", "2"]).await;
    assert_eq!(ended.status.code(), Some(2));
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(told.contains("does not answer") && told.contains("it was ended"), "{told}");
    // What the kernel says of a program that was killed.
    assert_eq!(house.wait_for_end(Duration::from_secs(5)), 128 + 9);
    assert!(house.printed().contains("left 2 health checks in a row without an answer"), "{}", house.printed());

    let gone = check(&house.ground, &["--restart-after", "2"]).await;
    assert_eq!(gone.status.code(), Some(2));
    let told = String::from_utf8_lossy(&gone.stderr);
    assert!(told.contains("nothing answers at"), "{told}");
}
