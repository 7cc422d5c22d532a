//! Who may do what, and how they prove who they are: over HTTP and at the command line, with the real binary.

mod accounts;
mod audit;
mod bounds;
mod commands;
mod environments;
mod expiry;
mod guessing;
mod house;
mod keys;
mod matrix;
mod origins;
mod outage;
mod secrets;
mod sessions;
