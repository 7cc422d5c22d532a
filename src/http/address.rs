//! From which address a request comes, when proxies stand in between.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use poem::{Addr, Request};

/// Where proxies note for whom they ask.
// Each adds the address that it was asked from at the end, so that the list is to be believed from the right, and only
// as far as those go whom we trust.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address: the peer's, or what trusted proxies say in its place.
pub fn of(request: &Request, trusted: &[IpNet]) -> IpAddr {
    let Addr::SocketAddr(peer) = &request.remote_addr().0 else {
        // Only a test's request comes from nowhere.
        return IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    };
    let forwarded = request.headers().get_all(FORWARDED_FOR).iter();
    // A header that is no text ends the belief like any other that cannot be read.
    behind(peer.ip(), forwarded.map(|value| value.to_str().unwrap_or("?")), trusted)
}

/// The right-most address that is no trusted proxy's, beginning with the peer's own.
///
/// What a trusted proxy wrote and we cannot read stands for an address that we do not know: then the proxy itself is
/// the last that we do. When all are trusted, it is the first of them.
fn behind<'a>(peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>, trusted: &[IpNet]) -> IpAddr {
    let mut known = peer.to_canonical();
    let parts = forwarded.rev().flat_map(|line| line.rsplit(',')).map(str::trim).filter(|part| !part.is_empty());
    for part in parts {
        if !trusted.iter().any(|network| network.contains(&known)) {
            break;
        }
        let Some(address) = address(part) else { break };
        known = address;
    }
    known
}

/// An address as proxies write it: alone, in brackets, or with the port of the client.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    fn networks() -> Vec<IpNet> {
        ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap()).to_vec()
    }

    fn client(peer: &str, forwarded: &[&str]) -> String {
        behind(peer.parse().unwrap(), forwarded.iter().copied(), &networks()).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(
            client("127.0.0.1", &["1.2.3.4, 198.51.100.1"]),
            "198.51.100.1",
            "what a client wrote is left of it"
        );
        assert_eq!(client("127.0.0.1", &["198.51.100.1, 10.0.0.7"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.9, 10.0.0.7"]), "10.0.0.9", "all are trusted: the first asked");
        assert_eq!(client("::ffff:127.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn several_headers_are_one_list() {
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "198.51.100.1", "10.0.0.7, 127.0.0.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1,", " , 10.0.0.7"]), "198.51.100.1");
    }

    #[test]
    fn addresses_are_read_however_they_are_written() {
        for (written, meant) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[::ffff:198.51.100.1]:80", "198.51.100.1"),
        ] {
            assert_eq!(client("::1", &[written]), meant, "{written}");
        }
    }

    #[test]
    fn garbage_is_believed_to_be_nobody() {
        for garbage in
            ["unknown", "_hidden", "198.51.100.1.example", "198.51.100.300", "[198.51.100.1", "?", "for=1.2.3.4"]
        {
            assert_eq!(client("10.0.0.1", &[&format!("198.51.100.1, {garbage}")]), "10.0.0.1", "{garbage}");
            assert_eq!(client("10.0.0.1", &[&format!("{garbage}, 198.51.100.1")]), "198.51.100.1", "{garbage}");
        }
    }

    fn any_address() -> impl Strategy<Value = IpAddr> {
        let trusted = prop_oneof![
            any::<u16>().prop_map(|rest| IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 | u32::from(rest)))),
            any::<u64>().prop_map(|rest| IpAddr::V6(Ipv6Addr::from_bits(0xFD_u128 << 120 | u128::from(rest)))),
        ];
        prop_oneof![trusted, any::<IpAddr>()].prop_map(|address| address.to_canonical())
    }

    /// One of the ways in which a proxy may write an address.
    fn written(address: IpAddr, way: u8) -> String {
        match (address, way % 3) {
            (IpAddr::V4(address), 1) => address.to_ipv6_mapped().to_string(),
            (IpAddr::V6(address), 1) => format!("[{address}]"),
            (address, 2) => SocketAddr::new(address, 4711).to_string(),
            (address, _) => address.to_string(),
        }
    }

    fn is_trusted(address: &IpAddr) -> bool {
        networks().iter().any(|network| network.contains(address))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn whatever_a_client_writes_it_is_met_by_the_address_that_our_proxies_saw(
            lies in prop::collection::vec("\\PC{0,20}", 0..4),
            client in any_address().prop_filter("no proxy of ours", |address| !is_trusted(address)),
            proxies in prop::collection::vec(any_address().prop_filter("ours", is_trusted), 1..4),
            ways in prop::collection::vec(any::<u8>(), 4),
            split: bool,
        ) {
            let (peer, others) = proxies.split_last().unwrap();
            let hops = [client].into_iter().chain(others.iter().copied());
            let honest = hops.zip(&ways).map(|(address, way)| written(address, *way));
            let all: Vec<_> = lies.into_iter().chain(honest).collect();

            let lines = if split { all } else { vec![all.join(", ")] };
            prop_assert_eq!(behind(*peer, lines.iter().map(String::as_str), &networks()), client);
        }

        #[test]
        fn a_client_that_asks_us_itself_cannot_pass_for_another(
            peer in any_address().prop_filter("no proxy of ours", |address| !is_trusted(address)),
            lies in prop::collection::vec("\\PC{0,30}|[0-9a-f:., ]{0,40}", 0..4),
        ) {
            prop_assert_eq!(behind(peer, lines(&lies), &networks()), peer);
        }

        #[test]
        fn whatever_stands_there_an_address_comes_out(
            peer in any_address(),
            written in prop::collection::vec("\\PC{0,30}|[0-9a-f:., \\[\\]]{0,60}", 0..4),
        ) {
            let address = behind(peer, lines(&written), &networks());
            prop_assert_eq!(address, address.to_canonical());
        }
    }

    fn lines(texts: &[String]) -> impl DoubleEndedIterator<Item = &str> {
        texts.iter().map(String::as_str)
    }
}
