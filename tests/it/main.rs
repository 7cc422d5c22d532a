//! The house on its real parts: Postgres, Redis and LiveKit run for these tests, on free ports, and end with them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may fail loudly, start tasks and processes, and ask the machine what it needs to know"
)]

mod access;
mod alone;
mod api;
mod attendance;
mod backup;
mod chaos;
mod command_check;
mod comparison;
mod dev;
mod doctor;
mod ends;
mod ground;
mod healthcheck;
mod histories;
mod house;
mod hung_up;
mod install;
mod limits;
mod livekit_model;
mod livekit_model_check;
mod logs;
mod migrations;
mod oidc;
mod oracle;
mod power_cuts;
mod queries;
mod real_call;
mod recorder_check;
mod recordings;
mod rooms;
mod schemathesis;
mod seed;
mod server;
mod services;
mod services_start;
mod serving;
mod setup;
mod signatures;
mod storage;
mod traces;
mod version;
