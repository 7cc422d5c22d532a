//! Sign-in through OpenID Connect, with a certified provider that really runs.

mod browser;
mod pipe;
pub mod provider;
mod sign_in;
