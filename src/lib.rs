//! Meetbox: self-hosted video meetings on LiveKit, in one binary.
//!
//! The floors of the house; whoever stands on one may use what lies beneath it, and nothing beside or above
//! it (`tests/house/floors.rs` holds this picture):
//!
//! ```text
//! roof    main.rs  cli/                          what people type; whoever ends the process, ends it here
//! doors   http/ │ jobs/                          what comes in over the network, and what falls due by itself
//! rooms   app/                                   what can be done here, a function each, with its permission and its transaction
//! pipes   db/ │ cache/ │ livekit/ │ oidc/ │ storage/     a neighbour outside the process, one for each
//! words   model/                                 types, and the rules that need nothing else
//! ground  config/  assets  clock  lifecycle  telemetry
//! ```

pub mod app;
pub mod assets;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod http;
pub mod jobs;
pub mod lifecycle;
pub mod livekit;
pub mod model;
pub mod oidc;
pub mod storage;
pub mod telemetry;
