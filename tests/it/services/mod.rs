//! What stands around the house: real Postgres, Redis and LiveKit, each on free loopback ports in its own folder.

mod livekit;
mod ports;
pub mod postgres;
pub mod process;
mod redis;
pub mod s3;
mod stores;

pub use livekit::{LiveKit, LiveKitConfig};
pub use ports::free_port;
pub use postgres::{Database, WITH_PASSWORD, postgres};
pub use redis::{Redis, redis_url};
pub use s3::S3;
pub use stores::Store;
