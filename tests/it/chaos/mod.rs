//! Things that go wrong between the house and what it stands on.

mod outages;
pub mod proxy;
mod proxy_check;
mod starts;

pub use proxy::{Mode, Proxy};
