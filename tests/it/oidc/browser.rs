//! A browser, as far as a sign-in needs one: it keeps cookies and goes where it is sent.

use std::collections::BTreeMap;

use reqwest::{
    StatusCode, Url,
    header::{COOKIE, LOCATION, SET_COOKIE},
};

/// A browser with its cookies. They are told apart by name and host, which is enough on loopback.
pub struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<(String, String), String>,
}

/// What a browser was answered.
pub struct Answer {
    pub status: StatusCode,
    /// Where it is sent.
    pub location: Option<Url>,
    /// The cookies that the answer sets, in full.
    pub cookies: Vec<String>,
}

impl Browser {
    /// One that was never used.
    pub fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { http: http.build().expect("a client"), cookies: BTreeMap::new() }
    }

    /// Opens an address and stays there.
    pub async fn open(&mut self, url: &Url) -> Answer {
        let site = url.authority().to_owned();
        let answer = self.http.get(url.clone()).header(COOKIE, self.cookies(url)).send().await.expect("an answer");

        let texts = answer.headers().get_all(SET_COOKIE).iter().map(|it| it.to_str().expect("a text").to_owned());
        let cookies: Vec<String> = texts.collect();
        for (name, value) in cookies.iter().filter_map(|cookie| cookie.split(';').next()?.split_once('=')) {
            self.cookies.insert((site.clone(), name.to_owned()), value.to_owned());
        }
        let location = answer.headers().get(LOCATION).map(|it| it.to_str().expect("a text"));
        let location = location.map(|location| url.join(location).expect("an address"));
        Answer { status: answer.status(), location, cookies }
    }

    /// The cookies that it sends to an address, as the header has them.
    pub fn cookies(&self, url: &Url) -> String {
        let mine = self.cookies.iter().filter(|((site, _), _)| site == url.authority());
        mine.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Goes where it is sent, until that is somewhere below `end`; answers where, without opening it.
    pub async fn follow(&mut self, url: &Url, end: &str) -> Url {
        let mut url = url.clone();
        for _ in 0..10 {
            if url.as_str().starts_with(end) {
                return url;
            }
            let answer = self.open(&url).await;
            url = answer.location.unwrap_or_else(|| panic!("{url} answers {} and leads nowhere", answer.status));
        }
        panic!("it is sent around without end, at last to {url}");
    }
}

/// A parameter of the address.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned())
}
