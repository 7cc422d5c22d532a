//! Oracle's object storage: which of its many addresses speaks S3, and how.
//!
//! S3 is spoken by `NAMESPACE.compat.objectstorage.REGION.…` with the bucket in the path, and by
//! `vhcompat.objectstorage.REGION.…` with the bucket in front of the host. The console shows other addresses, which
//! people copy; each of them is told with the one that is meant.

use url::Url;

/// How an address of Oracle's wants the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Path,
    VirtualHost,
}

/// What an endpoint is, seen with Oracle's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Not one of Oracle's.
    Elsewhere,
    /// It speaks S3, for this region.
    Right { style: Style, region: String },
    /// It is Oracle's and does not speak S3, or not in this form: what it is, in words that continue "S3_ENDPOINT …".
    Wrong(String),
}

impl Endpoint {
    /// Looks at the host, and at the path where that tells more.
    pub(super) fn of(url: &Url) -> Self {
        let Some(host) = url.host_str() else { return Self::Elsewhere };
        let labels: Vec<_> = host.split('.').collect();
        if host == "oracle.com" || host.ends_with(".oracle.com") {
            return Self::Wrong(format!("is a page of Oracle's console; {}", right_form("NAMESPACE", "REGION")));
        }
        match domain_of(&labels) {
            Some((before, domain)) => judge(url, before, &domain),
            None => Self::Elsewhere,
        }
    }
}

/// The labels before Oracle's own domain, and the domain: each realm has its own, as `oraclecloud.com` and
/// `oraclegovcloud.uk`, and newer hosts stand under `oci.customer-oci.com`.
fn domain_of<'a>(labels: &'a [&'a str]) -> Option<(&'a [&'a str], String)> {
    let (before, domain) = labels.split_at_checked(labels.len().checked_sub(2)?)?;
    let name = domain.first()?;
    if *name == "customer-oci" {
        let (last, before) = before.split_last()?;
        return (*last == "oci").then(|| (before, "oci.customer-oci.com".to_owned()));
    }
    let realm = name.starts_with("oraclecloud") || name.starts_with("oraclegovcloud");
    realm.then(|| (before, domain.join(".")))
}

fn judge(url: &Url, before: &[&str], domain: &str) -> Endpoint {
    let namespace = named_in_path(url).unwrap_or("NAMESPACE");
    let form = |namespace: &str, region: &str| right_form_in(namespace, region, domain);
    let wrong = |what: &str, form: String| Endpoint::Wrong(format!("{what}; {form}"));

    match before {
        [_, "compat", "objectstorage", region] | ["vhcompat", "objectstorage", region] if url.path() != "/" => {
            let what = format!("has the path `{}` behind its host, where only S3_BUCKET belongs", shown_path(url));
            let space = before.first().filter(|first| **first != "vhcompat").copied().unwrap_or("NAMESPACE");
            wrong(&what, form(space, region))
        }
        [namespace, "compat", "objectstorage", region] if !namespace.is_empty() => {
            Endpoint::Right { style: Style::Path, region: (*region).to_owned() }
        }
        ["vhcompat", "objectstorage", region] => {
            Endpoint::Right { style: Style::VirtualHost, region: (*region).to_owned() }
        }
        [_, "vhcompat", "objectstorage", region] => wrong(
            "has the bucket in front of its host, which S3_BUCKET puts there by itself",
            format!("the address is https://vhcompat.objectstorage.{region}.{domain}"),
        ),
        [.., namespace, "compat", "objectstorage", region] => {
            wrong("has a bucket in front of its host, which belongs into S3_BUCKET", form(namespace, region))
        }
        ["compat", "objectstorage", region] => {
            wrong("lacks the namespace in front of its host", form("NAMESPACE", region))
        }
        ["objectstorage", region] if url.path().starts_with("/p/") => {
            wrong("is a pre-authenticated request, which opens one bucket without keys", form(namespace, region))
        }
        ["objectstorage", region] | [_, "objectstorage", region] if before.contains(&"objectstorage") => {
            wrong("is Oracle's own API, which does not speak S3", form(own(before).unwrap_or(namespace), region))
        }
        ["swiftobjectstorage", region] => wrong("speaks Swift and not S3", form("NAMESPACE", region)),
        ["console", ..] | ["cloud", ..] => wrong("is a page of Oracle's console", form("NAMESPACE", "REGION")),
        _ => wrong("is no address of Oracle's that speaks S3", form("NAMESPACE", "REGION")),
    }
}

/// The namespace in front of Oracle's own API: `NAMESPACE.objectstorage.REGION.…`.
fn own<'a>(before: &[&'a str]) -> Option<&'a str> {
    before.first().filter(|first| **first != "objectstorage").copied()
}

/// The namespace in a path such as `/n/NAMESPACE/b/BUCKET/o/…`, with or without `/p/SECRET` before it.
fn named_in_path(url: &Url) -> Option<&str> {
    let mut segments = url.path_segments()?;
    segments.find(|segment| *segment == "n")?;
    segments.next().filter(|namespace| !namespace.is_empty())
}

/// The first segment only: further ones may hold the secret of a pre-authenticated request.
fn shown_path(url: &Url) -> String {
    let first = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    format!("/{}", super::reader::shown(first))
}

fn right_form(namespace: &str, region: &str) -> String {
    right_form_in(namespace, region, "oraclecloud.com")
}

fn right_form_in(namespace: &str, region: &str, domain: &str) -> String {
    format!("the address that speaks S3 is https://{namespace}.compat.objectstorage.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Endpoint {
        Endpoint::of(&Url::parse(text).unwrap())
    }

    #[test]
    fn the_hosts_that_speak_s3_are_taken_in_their_own_style() {
        for (address, style, region) in [
            ("https://ns.compat.objectstorage.us-ashburn-1.oraclecloud.com", Style::Path, "us-ashburn-1"),
            ("https://ns.compat.objectstorage.eu-frankfurt-1.oci.customer-oci.com/", Style::Path, "eu-frankfurt-1"),
            ("https://ns.compat.objectstorage.us-langley-1.oraclegovcloud.com", Style::Path, "us-langley-1"),
            ("https://vhcompat.objectstorage.uk-london-1.oci.customer-oci.com", Style::VirtualHost, "uk-london-1"),
        ] {
            assert_eq!(of(address), Endpoint::Right { style, region: region.to_owned() }, "{address}");
        }
        for elsewhere in ["http://localhost:4566", "https://oraclecloud.com.example.org", "https://s3.example.com/x"] {
            assert_eq!(of(elsewhere), Endpoint::Elsewhere, "{elsewhere}");
        }
    }

    #[test]
    fn what_people_copy_from_the_console_is_told_with_the_address_that_is_meant() {
        for (address, what, right) in [
            ("https://objectstorage.us-ashburn-1.oraclecloud.com", "own API", "NAMESPACE.compat.objectstorage.us-ash"),
            ("https://objectstorage.r.oraclecloud.com/n/ax4/b/rec/o/", "own API", "ax4.compat.objectstorage.r.oracle"),
            ("https://ax4.objectstorage.r.oci.customer-oci.com", "own API", "ax4.compat.objectstorage.r.oci.customer"),
            (
                "https://objectstorage.r.oraclecloud.com/p/hush/n/ax4/b/rec/o/",
                "pre-auth",
                "ax4.compat.objectstorage.r.",
            ),
            ("https://compat.objectstorage.r.oraclecloud.com", "namespace", "NAMESPACE.compat.objectstorage.r."),
            ("https://rec.ax4.compat.objectstorage.r.oraclecloud.com", "bucket", "//ax4.compat.objectstorage.r."),
            ("https://rec.vhcompat.objectstorage.r.oci.customer-oci.com", "S3_BUCKET", "https://vhcompat.object"),
            ("https://ax4.compat.objectstorage.r.oraclecloud.com/rec", "path `/rec`", "//ax4.compat.objectstorage.r."),
            ("https://compat.ax4.objectstorage.r.oraclecloud.com", "no address", "NAMESPACE.compat.objectstorage."),
            ("https://swiftobjectstorage.r.oraclecloud.com/v1/ax4", "Swift", "NAMESPACE.compat.objectstorage.r."),
            ("https://cloud.oracle.com/object-storage/buckets", "console", "NAMESPACE.compat.objectstorage.REGION."),
            ("https://console.us-ashburn-1.oraclecloud.com", "console", "NAMESPACE.compat.objectstorage.REGION."),
        ] {
            let Endpoint::Wrong(told) = of(address) else { panic!("{address} is taken") };
            assert!(told.contains(what) && told.contains(right), "{address}: {told}");
            assert!(!told.contains("hush"), "{told}");
        }
    }
}
