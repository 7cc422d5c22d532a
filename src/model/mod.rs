//! The words of the house: types, and the rules that need nothing else.

pub mod account;
pub mod api_key;
pub mod audit;
pub mod connection_test;
pub mod credential;
pub mod event;
pub mod id;
pub mod instance;
pub mod invitation;
pub mod limit;
pub mod meeting;
pub mod page;
pub mod participant;
pub mod policy;
pub mod recording;
pub mod return_path;
pub mod room_name;
pub mod session;
pub mod ticket;
