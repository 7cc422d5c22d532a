//! What the binary embeds besides migrations.

pub mod appliance;
pub mod egress;
pub mod egress_keys;
pub mod ports;
pub mod templates;
pub mod yaml;

use std::borrow::Cow;

use rust_embed::Embed;

/// The exported web app and Swagger UI, as `make web` leaves them.
///
/// A fresh clone has no export and compiles all the same: the folder may be missing. A debug build reads it from the
/// disk when it starts, a release build carries it.
#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/web/out"]
#[allow_missing = true]
struct WebExport;

/// An embedded file.
pub struct Asset {
    /// Relative to its folder, such as `docs/index.html`.
    pub path: Cow<'static, str>,
    pub content: Cow<'static, [u8]>,
    /// Of the content; taken when the binary was built.
    pub sha256: [u8; 32],
}

/// Every file of the exported web app; none when it was not built.
pub fn web_export() -> impl Iterator<Item = Asset> {
    WebExport::iter().filter_map(|path| {
        let file = WebExport::get(&path)?;
        Some(Asset { path, content: file.data, sha256: file.metadata.sha256_hash() })
    })
}
