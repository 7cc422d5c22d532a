//! `meetbox openapi`: the spec of the API, for generators of clients.

use super::{Failure, print};
use crate::http;

/// Prints the spec.
pub fn run() -> Result<(), Failure> {
    print(&http::spec())
}
