//! Which of the compressed forms of a file a client gets.

use poem::http::{HeaderMap, header};

/// How a body is written, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// The form that the client likes best among those there are; what it likes as much as another goes by our preference.
///
/// A client that refuses everything, `identity` included, gets the file as it is: a page beats an error.
pub(super) fn choose(asked: &HeaderMap, offered: &[Encoding]) -> Encoding {
    let mut best = (Encoding::Identity, 0);
    for encoding in offered {
        let liking = liking(asked, *encoding);
        if liking > best.1 {
            best = (*encoding, liking);
        }
    }
    best.0
}

/// How much the client likes an encoding, in thousandths, as `Accept-Encoding` says it.
fn liking(asked: &HeaderMap, encoding: Encoding) -> u16 {
    let mut by_star = None;
    for header in asked.get_all(header::ACCEPT_ENCODING) {
        for item in header.to_str().unwrap_or_default().split(',') {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let liking = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);

            if name.eq_ignore_ascii_case(encoding.name()) {
                return liking;
            }
            if name == "*" {
                by_star = Some(liking);
            }
        }
    }
    match (by_star, encoding) {
        (Some(liking), _) => liking,
        // Unless it is refused, the file as it is will do, but any form that was asked for is better.
        (None, Encoding::Identity) => 1,
        (None, Encoding::Brotli | Encoding::Gzip) => 0,
    }
}

/// A weight such as `0.8`; one that makes no sense is none.
fn thousandths(weight: &str) -> u16 {
    match weight.parse::<f32>() {
        Ok(weight) if (0.0..=1.0).contains(&weight) => (weight * 1000.0).round() as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::{Encoding::*, *};

    fn chosen(accept: &'static str, offered: &[Encoding]) -> Encoding {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
        choose(&headers, offered)
    }

    #[test]
    fn the_client_s_weights_decide_and_then_our_preference() {
        let all = [Brotli, Gzip, Identity];
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", Brotli),
            ("gzip", Gzip),
            ("GZIP", Gzip),
            ("br;q=0.5, gzip;q=0.8", Gzip),
            ("br; q=0, gzip;q=0.001", Gzip),
            ("br;q=0", Identity),
            ("*", Brotli),
            ("br;q=0, *;q=0.3", Gzip),
            ("identity, br;q=0.9", Identity),
            ("deflate", Identity),
            ("", Identity),
            ("*;q=0", Identity),
            ("br;q=nonsense, gzip;q=7", Identity),
        ] {
            assert_eq!(chosen(accept, &all), expected, "{accept}");
        }
        assert_eq!(choose(&HeaderMap::new(), &all), Identity);
    }

    #[test]
    fn what_there_is_not_is_not_chosen() {
        assert_eq!(chosen("br, gzip", &[Identity]), Identity);
        assert_eq!(chosen("br, gzip;q=0.1", &[Gzip, Identity]), Gzip);
    }
}
