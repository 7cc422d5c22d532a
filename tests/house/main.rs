//! The rules of the house that neither the compiler nor clippy can hold: floors, SQL's place, golden files, sizes.

mod appliance;
mod compose;
mod dependencies;
mod floors;
mod loose;
mod migrations;
mod openapi;
mod properties;
mod queries;
mod settings;
mod size;
mod source;
mod sql;
mod tree;
mod versions;
