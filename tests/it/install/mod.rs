//! `install.sh` and what it calls in the binary, tried on machines of namespaces.

mod before;
mod firewall;
mod left_behind;
mod machine;
mod network;
mod releases;
mod upgrade;
