//! The real thing: livekit-server, the real binary, and participants of LiveKit's own SDK in a call.

mod browsers;
mod people;
mod place;
mod record;
