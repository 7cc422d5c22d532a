//! A model of LiveKit's egress, the recorder, at the wire: what it answers, what it tells in webhooks, what it leaves in
//! storage. It records nothing.
//!
//! One model serves two masters: the tests' LiveKit, where time is simulated, and `meetbox dev --fake-egress`, where it
//! stands in for a recorder on a machine that has none. So it asks nobody, neither for the time nor for the rooms: it is
//! told, and answers with [`Effect`]s that its caller carries out.
//!
//! What it does was seen: livekit-server 1.13.5 with egress 1.14.1, and their sources where nobody watched.

mod egresses;
mod faults;
mod file;
mod info;
mod request;
mod run;
mod upload;

pub use self::{
    egresses::{Egresses, Reply, Room},
    info::told,
    run::Effect,
    upload::{Place, Trouble, Write},
};
