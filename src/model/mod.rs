//! The words of the house: types, and the rules that need nothing else.

pub mod event;
pub mod id;
pub mod instance;
pub mod limit;
pub mod meeting;
pub mod page;
pub mod participant;
pub mod room_name;
