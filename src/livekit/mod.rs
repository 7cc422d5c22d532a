//! LiveKit: the tokens that open its doors, the calls we make to it, the webhooks it sends.

pub mod client;
pub mod egress;
pub mod json;
pub mod rooms;
pub mod token;
pub mod webhook;

pub use client::{Client, LivekitError};
pub use token::Keys;
