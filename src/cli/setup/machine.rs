//! What the configuration has to know of the machine that it is for.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
};

use super::answers::Answers;
use crate::{assets::appliance::Machine, cli::Failure};

/// An address of nobody's (RFC 5737). Nothing is sent there: the kernel only says by which way it would go.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(198, 51, 100, 1), 9);
/// The kernel's table of routes, one a line, addresses in hexadecimal.
const ROUTES: &str = "/proc/net/route";

/// Finds out what nobody has said.
pub fn find(answers: &Answers, cores: u16) -> Result<Machine, Failure> {
    let interface = match &answers.interface {
        Some(interface) => interface.clone(),
        None => default_interface().ok_or_else(|| {
            Failure::input("this machine has no default route, so nobody knows by which interface people come")
                .hint("say it: --interface eth0 --address 10.0.0.5")
        })?,
    };
    let address = match answers.address {
        Some(address) => address,
        None => own_address().ok_or_else(|| {
            Failure::input(format!("cannot find an IPv4 address of {interface}")).hint("say it: --address 10.0.0.5")
        })?,
    };
    Ok(Machine { cores, interface, address, public_address: answers.public_address })
}

/// The interface of the default route.
pub fn default_interface() -> Option<String> {
    default_interface_in(&fs::read_to_string(ROUTES).unwrap_or_default())
}

/// Of several, the one that the kernel prefers.
fn default_interface_in(routes: &str) -> Option<String> {
    let defaults = routes.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (interface, to, metric, mask) = (fields.first()?, fields.get(1)?, fields.get(6)?, fields.get(7)?);
        (*to == "00000000" && *mask == "00000000").then(|| (metric.parse::<u32>().unwrap_or(u32::MAX), *interface))
    });
    defaults.min().map(|(_, interface)| interface.to_owned())
}

/// The address that packets to the world come from.
fn own_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::default_interface_in;

    #[test]
    fn of_several_default_routes_the_one_with_the_lowest_metric_counts() {
        let routes = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
                      docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0\n\
                      ens5 00000000 0100000A 0003 0 0 200 00000000 0 0 0\n\
                      ens3 00000000 0100000A 0003 0 0 100 00000000 0 0 0\n";
        assert_eq!(default_interface_in(routes), Some("ens3".to_owned()));
        assert_eq!(default_interface_in("Iface Destination\n"), None);
    }
}
