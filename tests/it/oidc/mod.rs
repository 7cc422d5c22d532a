//! Sign-in through OpenID Connect, with a certified provider that really runs.

mod browser;
mod pipe;
mod provider;
mod sign_in;
