//! Settings of Redis.

use secrecy::SecretString;

use super::{
    kind::{Kind, UrlForm, UrlPath},
    reader::Reader,
    secrets,
    table::{Default, EVERYWHERE, Section, Setting},
};

/// Redis, which holds only what may vanish.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    pub url: SecretString,
}

pub(super) const SECTION: Section = Section {
    title: "Redis",
    purpose: "Speed, and nothing that may not vanish. While it is away Meetbox goes on, degraded.",
    settings: &[&REDIS_URL],
};

const REDIS_URL: Setting = Setting {
    name: "REDIS_URL",
    purpose: "the Redis that caches what may be lost",
    example: "redis://localhost:6379",
    default: Default::Nothing,
    required: EVERYWHERE,
    kind: Kind::Url(UrlForm { schemes: &["redis", "rediss"], path: UrlPath::Number, credentials: true, host: true }),
    note: "outside local a password, if there is one, is at least 8 characters and no placeholder",
    secret: true,
};

impl RedisSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let url = reader.secret(&REDIS_URL, secrets::weakness_of_url);
        Some(Self { url: url? })
    }
}
