//! Settings of the object store.

use secrecy::SecretString;
use url::Url;

use super::{
    kind::{Kind, UrlForm, UrlPath},
    reader::Reader,
    secrets,
    table::{Default, Required, Section, Setting},
};

/// An S3-compatible object store.
#[derive(Clone, Debug)]
pub struct S3Settings {
    pub endpoint: Url,
    pub access_key: String,
    pub secret_key: SecretString,
    pub bucket: String,
    pub region: String,
    pub force_path_style: bool,
}

impl S3Settings {
    /// The site from which browsers fetch objects: in virtual-hosted style each bucket is a host of its own.
    pub fn media_origin(&self) -> Url {
        let mut origin = self.endpoint.clone();
        if !self.force_path_style
            && let Some(host) = self.endpoint.host_str()
        {
            // A name that makes no host is refused where the bucket's address is made.
            let _ = origin.set_host(Some(&format!("{}.{host}", self.bucket)));
        }
        origin
    }
}

pub(super) const SECTION: Section = Section {
    title: "Object storage",
    purpose: "Any store that speaks S3. All of these or none: without them Meetbox runs and keeps no objects.",
    settings: &[&S3_ENDPOINT, &S3_ACCESS_KEY, &S3_SECRET_KEY, &S3_BUCKET, &S3_REGION, &S3_FORCE_PATH_STYLE],
};

const S3_ENDPOINT: Setting = Setting {
    name: "S3_ENDPOINT",
    purpose: "the address of the object store",
    example: "https://mytenancy.compat.objectstorage.us-ashburn-1.oraclecloud.com",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Url(UrlForm { schemes: &["https", "http"], path: UrlPath::Any, credentials: false, host: true }),
    note: "",
    secret: false,
};

const S3_ACCESS_KEY: Setting = Setting {
    name: "S3_ACCESS_KEY",
    purpose: "the name of the key that opens the bucket",
    example: "<your-access-key>",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Key { shortest: 1 },
    note: "outside local no placeholder",
    secret: false,
};

const S3_SECRET_KEY: Setting = Setting {
    name: "S3_SECRET_KEY",
    purpose: "the secret half of that key",
    example: "<your-secret-key>",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Key { shortest: 16 },
    note: "no placeholder",
    secret: true,
};

const S3_BUCKET: Setting = Setting {
    name: "S3_BUCKET",
    purpose: "the bucket in which recordings are kept",
    example: "livekit-recordings",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Name { longest: 255 },
    note: "",
    secret: false,
};

const S3_REGION: Setting = Setting {
    name: "S3_REGION",
    purpose: "the region that requests are signed for",
    example: "us-ashburn-1",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Name { longest: 64 },
    note: "stores without regions usually take us-east-1",
    secret: false,
};

const S3_FORCE_PATH_STYLE: Setting = Setting {
    name: "S3_FORCE_PATH_STYLE",
    purpose: "whether the bucket stands in the path of the address and not in front of its host",
    example: "true",
    default: Default::Value("false"),
    required: Required::Never,
    kind: Kind::Flag,
    note: "LocalStack and MinIO need true; Oracle's is true whatever is said here",
    secret: false,
};

/// Those that say that there is a store at all; the path style alone says nothing.
const TELLING: &[&Setting] = &[&S3_ENDPOINT, &S3_ACCESS_KEY, &S3_SECRET_KEY, &S3_BUCKET, &S3_REGION];

/// The object store's settings: `Some(None)` when there is no store, `None` when they are wrong.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<S3Settings>> {
    if !TELLING.iter().any(|setting| reader.is_given(setting)) {
        reader.flag(&S3_FORCE_PATH_STYLE)?;
        return Some(None);
    }
    S3Settings::read(reader).map(Some)
}

impl S3Settings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let endpoint = reader.url(&S3_ENDPOINT);
        let access_key = reader.strong_text(&S3_ACCESS_KEY, secrets::weakness);
        let secret_key = reader.secret(&S3_SECRET_KEY, secrets::weakness);
        let bucket = reader.text(&S3_BUCKET);
        let region = reader.text(&S3_REGION);
        let force_path_style = reader.flag(&S3_FORCE_PATH_STYLE);

        let endpoint = endpoint?;
        Some(Self {
            access_key: access_key?,
            secret_key: secret_key?,
            bucket: bucket?,
            region: region?,
            force_path_style: path_style(reader, &endpoint, force_path_style?),
            endpoint,
        })
    }
}

/// Oracle's S3-compatible hosts know a bucket only in the path; asking for the other way is overridden, and said.
fn path_style(reader: &mut Reader<'_>, endpoint: &Url, asked: bool) -> bool {
    let oracle = endpoint.host_str().is_some_and(|host| host.ends_with(".oraclecloud.com"));
    if oracle && !asked && reader.is_given(&S3_FORCE_PATH_STYLE) {
        reader.warn(
            S3_FORCE_PATH_STYLE.name,
            "is false, but Oracle's S3-compatible hosts (*.oraclecloud.com) have no address with the bucket in front \
             of the host; it counts as true",
        );
    }
    oracle || asked
}
