//! Things that go wrong between the house and what it stands on.

pub mod load;
mod outages;
pub mod proxy;
mod proxy_check;
mod starts;

pub use proxy::{Mode, Proxy};
