//! Settings of the storage: an object store that speaks S3, or a folder.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::{
    Environment,
    kind::{Kind, UrlForm, UrlPath},
    oracle::{Endpoint, Style},
    reader::Reader,
    secrets,
    table::{Default, Required, Section, Setting},
};

/// Where recordings are kept on a developer's machine about which nothing is said.
const LOCAL_FOLDER: &str = ".meetbox/recordings";

/// Where recordings are kept.
#[derive(Clone, Debug)]
pub enum StorageSettings {
    /// Nowhere: nothing can be recorded.
    None,
    S3(S3Settings),
    Folder(FolderSettings),
}

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

/// A folder that holds objects as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderSettings {
    pub dir: PathBuf,
    /// The same folder as the recorder sees it, which may have a file system of its own.
    pub recorder_dir: PathBuf,
}

impl StorageSettings {
    /// The object store, if that is what there is.
    pub fn s3(&self) -> Option<&S3Settings> {
        match self {
            Self::S3(settings) => Some(settings),
            Self::None | Self::Folder(_) => None,
        }
    }

    /// The folder, if that is what there is.
    pub fn folder(&self) -> Option<&FolderSettings> {
        match self {
            Self::Folder(settings) => Some(settings),
            Self::None | Self::S3(_) => None,
        }
    }
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
    title: "Storage",
    purpose: "Where recordings are kept: any store that speaks S3 (all of `S3_*`), or a folder (`STORAGE_DIR`), not \
              both. With neither Meetbox runs and cannot record; on a developer's machine it then takes a folder.",
    settings: &[
        &S3_ENDPOINT,
        &S3_ACCESS_KEY,
        &S3_SECRET_KEY,
        &S3_BUCKET,
        &S3_REGION,
        &S3_FORCE_PATH_STYLE,
        &STORAGE_DIR,
        &EGRESS_STORAGE_DIR,
    ],
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
    note: "LocalStack and MinIO need true; Oracle's hosts decide it themselves",
    secret: false,
};

const STORAGE_DIR: Setting = Setting {
    name: "STORAGE_DIR",
    purpose: "the folder in which recordings are kept, in place of an object store",
    example: "/var/lib/meetbox/recordings",
    default: Default::From("in local `.meetbox/recordings` when no S3_ENDPOINT is set, elsewhere nothing"),
    required: Required::Never,
    kind: Kind::Folder,
    note: "not together with S3_*",
    secret: false,
};

const EGRESS_STORAGE_DIR: Setting = Setting {
    name: "EGRESS_STORAGE_DIR",
    purpose: "the same folder as LiveKit's egress sees it, which often runs in a container",
    example: "/out/recordings",
    default: Default::From("STORAGE_DIR"),
    required: Required::Never,
    kind: Kind::Folder,
    note: "only together with a folder",
    secret: false,
};

/// Those that say that there is an object store at all; the path style alone says nothing.
const TELLING: &[&Setting] = &[&S3_ENDPOINT, &S3_ACCESS_KEY, &S3_SECRET_KEY, &S3_BUCKET, &S3_REGION];

/// The storage's settings; `None` when they are wrong.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<StorageSettings> {
    let told = TELLING.iter().find(|setting| reader.is_given(setting));
    match told {
        Some(_) if reader.is_given(&STORAGE_DIR) => {
            reader.refuse(
                &STORAGE_DIR,
                "is set, and S3_* as well: recordings are kept in a folder or in an object store, not in both",
            );
            // What else is wrong is told with it.
            S3Settings::read(reader);
            None
        }
        Some(_) => {
            if reader.is_given(&EGRESS_STORAGE_DIR) {
                reader.warn(EGRESS_STORAGE_DIR.name, "says nothing where recordings are kept in an object store");
            }
            S3Settings::read(reader).map(StorageSettings::S3)
        }
        None => {
            reader.flag(&S3_FORCE_PATH_STYLE)?;
            read_folder(reader)
        }
    }
}

fn read_folder(reader: &mut Reader<'_>) -> Option<StorageSettings> {
    let dir = match reader.environment {
        _ if reader.is_given(&STORAGE_DIR) => reader.folder(&STORAGE_DIR)?,
        Environment::Local => PathBuf::from(LOCAL_FOLDER),
        Environment::Staging | Environment::Production => {
            if reader.is_given(&EGRESS_STORAGE_DIR) {
                reader.refuse(&EGRESS_STORAGE_DIR, "is set, and STORAGE_DIR, which it is about, is not");
                return None;
            }
            return Some(StorageSettings::None);
        }
    };
    if dir == Path::new("/") {
        reader.refuse(&STORAGE_DIR, "is the root of this machine, which is no folder for recordings");
        return None;
    }
    let recorder_dir =
        if reader.is_given(&EGRESS_STORAGE_DIR) { reader.folder(&EGRESS_STORAGE_DIR)? } else { dir.clone() };
    Some(StorageSettings::Folder(FolderSettings { dir, recorder_dir }))
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
        let force_path_style = path_style(reader, &endpoint, force_path_style, region.as_deref());
        Some(Self {
            access_key: access_key?,
            secret_key: secret_key?,
            bucket: bucket?,
            region: region?,
            force_path_style: force_path_style?,
            endpoint,
        })
    }
}

/// Each of Oracle's hosts knows a bucket in one place only; asking for the other is overridden, and said. `None` when
/// the host speaks no S3 at all.
fn path_style(reader: &mut Reader<'_>, endpoint: &Url, asked: Option<bool>, region: Option<&str>) -> Option<bool> {
    match Endpoint::of(endpoint) {
        Endpoint::Elsewhere => asked,
        Endpoint::Wrong(what) => {
            reader.refuse(&S3_ENDPOINT, what);
            None
        }
        Endpoint::Right { style, region: of_host } => {
            if let Some(region) = region.filter(|region| *region != of_host) {
                let message =
                    format!("is {region}, but S3_ENDPOINT is a host of {of_host}, which refuses that signature");
                reader.warn(S3_REGION.name, message);
            }
            let by_path = style == Style::Path;
            if asked? != by_path && reader.is_given(&S3_FORCE_PATH_STYLE) {
                reader.warn(S3_FORCE_PATH_STYLE.name, overridden(style));
            }
            Some(by_path)
        }
    }
}

fn overridden(style: Style) -> &'static str {
    match style {
        Style::Path => {
            "is false, but Oracle's S3-compatible hosts (compat.objectstorage) have no address with the bucket in front \
             of the host; it counts as true"
        }
        Style::VirtualHost => {
            "is true, but Oracle's vhcompat.objectstorage hosts know a bucket only in front of the host; it counts as \
             false"
        }
    }
}
