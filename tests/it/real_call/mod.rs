//! The real thing: livekit-server, the real binary, and participants of LiveKit's own SDK in a call.

mod browsers;
mod locked;
pub mod people;
mod place;
mod record;
mod removed;
mod roles;
