//! The embedded files by name, each with its compressed forms.

use std::{borrow::Cow, collections::HashMap, io::Read, sync::OnceLock};

use bytes::Bytes;
use flate2::read::GzDecoder;
use poem::http::{
    HeaderMap,
    header::{self, HeaderValue},
};
use sha2::{Digest, Sha256};

use super::encoding::Encoding;
use crate::assets::Asset;

/// Where the export names the hashes of the scripts that stand in its pages; never served.
const HASHES: &str = "csp.json";

/// A file, and how it travels.
pub(super) struct File {
    pub path: String,
    pub content_type: &'static str,
    /// The start of the hash of the content.
    tag: String,
    /// None: the binary carries it compressed only. Almost everybody takes it so; for the rest it is unpacked.
    plain: Option<Bytes>,
    /// What gzip holds, from when somebody first asked for it as it is.
    unpacked: OnceLock<Bytes>,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl File {
    /// One of that name, in no form yet.
    fn empty(path: Cow<'_, str>, sha256: [u8; 32]) -> Self {
        Self {
            content_type: content_type(&path),
            tag: sha256.iter().take(12).map(|byte| format!("{byte:02x}")).collect(),
            path: path.into_owned(),
            plain: None,
            unpacked: OnceLock::new(),
            brotli: None,
            gzip: None,
        }
    }

    /// The forms there are, in the order of preference.
    pub fn encodings(&self) -> Vec<Encoding> {
        let brotli = self.brotli.as_ref().map(|_| Encoding::Brotli);
        let gzip = self.gzip.as_ref().map(|_| Encoding::Gzip);
        let plain = self.plain.as_ref().or(self.gzip.as_ref()).map(|_| Encoding::Identity);
        brotli.into_iter().chain(gzip).chain(plain).collect()
    }

    /// The content in one of its forms, when it has that.
    pub fn content(&self, encoding: Encoding) -> Option<Bytes> {
        match encoding {
            Encoding::Brotli => self.brotli.clone(),
            Encoding::Gzip => self.gzip.clone(),
            Encoding::Identity => self.plain.clone().or_else(|| self.unpack()),
        }
    }

    /// Once, and kept: who asks in this way asks again.
    fn unpack(&self) -> Option<Bytes> {
        if self.unpacked.get().is_none() {
            let content = gunzip(self.gzip.as_ref()?)?;
            // Somebody else may have been first, with the same.
            let _ = self.unpacked.set(content.into());
        }
        self.unpacked.get().cloned()
    }

    /// The tag of one form; each has its own, because a strong tag promises the same bytes.
    pub fn etag(&self, encoding: Encoding) -> HeaderValue {
        let tag = format!("\"{}-{}\"", self.tag, encoding.name());
        HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }

    /// Whether the client says that it has this content, in whichever form.
    pub fn is_known_to(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'))
            .any(|tag| tag == "*" || tag.split_once('-').is_some_and(|(hash, _)| hash == self.tag))
    }
}

/// Every file of the export.
pub(super) struct Files(HashMap<String, File>);

/// For each page the hashes of its scripts, quoted as the policy wants them.
pub(super) type Hashes = HashMap<String, Vec<String>>;

impl Files {
    /// The files with their forms put together, and the hashes that come along.
    pub fn index(export: impl Iterator<Item = Asset>) -> (Self, Hashes) {
        let mut files = HashMap::new();
        let (mut packed, mut hashes) = (Vec::new(), Hashes::new());
        for asset in export {
            match asset.path.rsplit_once('.') {
                _ if asset.path == HASHES => hashes = parse_hashes(&asset.content),
                Some((path, "br")) => packed.push((path.to_owned(), Encoding::Brotli, asset)),
                Some((path, "gz")) => packed.push((path.to_owned(), Encoding::Gzip, asset)),
                _ => drop(files.insert(asset.path.to_string(), plain(asset))),
            }
        }
        for (path, encoding, Asset { content, sha256, .. }) in packed {
            let file = files.entry(path.clone()).or_insert_with(|| File::empty(path.into(), sha256));
            match encoding {
                Encoding::Brotli => file.brotli = Some(bytes(content)),
                Encoding::Gzip => file.gzip = Some(bytes(content)),
                Encoding::Identity => file.plain = Some(bytes(content)),
            }
        }
        (Self(files), hashes)
    }

    pub fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }

    /// Makes sure that `path` holds `text`. Compressed forms that the export has of something else are forgotten.
    pub fn insist_on(&mut self, path: &'static str, text: String) {
        if let Some(file) = self.0.get_mut(path) {
            let said = file.plain.clone().or_else(|| Some(gunzip(file.gzip.as_ref()?)?.into()));
            if said.is_some_and(|said| said == text.as_bytes()) {
                file.plain = Some(text.into());
                return;
            }
        }
        let sha256 = Sha256::digest(&text).into();
        let asset = Asset { path: path.into(), content: text.into_bytes().into(), sha256 };
        self.0.insert(path.to_owned(), plain(asset));
    }

    /// The names of the HTML files.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|path| path.ends_with(".html"))
    }
}

fn plain(asset: Asset) -> File {
    File { plain: Some(bytes(asset.content)), ..File::empty(asset.path, asset.sha256) }
}

/// None when it is no gzip, or not whole.
fn gunzip(packed: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut content).ok()?;
    Some(content)
}

/// Without a copy for what the binary carries.
fn bytes(content: Cow<'static, [u8]>) -> Bytes {
    match content {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => Bytes::from(content),
    }
}

/// Without hashes no inline script runs: a page that does not work shows that something is wrong, and is safe.
fn parse_hashes(json: &[u8]) -> Hashes {
    serde_json::from_slice(json).unwrap_or_else(|err| {
        tracing::error!(error = %err, "the export's {HASHES} cannot be read, its pages will not work: {err}");
        Hashes::new()
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const TEXT: &str = "run()";

    fn gzip(text: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    /// An export with one file, which is there as gzip alone.
    fn packed(path: &'static str, content: Vec<u8>) -> Files {
        let asset = Asset { path: path.into(), sha256: Sha256::digest(&content).into(), content: content.into() };
        Files::index([asset].into_iter()).0
    }

    #[test]
    fn what_is_carried_as_gzip_alone_is_unpacked_for_those_who_take_nothing_compressed() {
        let files = packed("run.js.gz", gzip(TEXT));
        let file = files.get("run.js").unwrap();

        assert_eq!(file.encodings(), [Encoding::Gzip, Encoding::Identity]);
        assert_eq!(file.content(Encoding::Gzip).unwrap(), gzip(TEXT));
        assert_eq!(file.content(Encoding::Identity).unwrap(), TEXT);
        assert_eq!(file.content(Encoding::Identity).unwrap(), TEXT, "and again");
        assert_ne!(file.etag(Encoding::Gzip), file.etag(Encoding::Identity));
    }

    #[test]
    fn what_is_no_gzip_is_not_sent_as_if_it_were() {
        let mut cut = gzip(TEXT);
        cut.truncate(cut.len() - 4);
        for content in [cut, b"gzip of run".to_vec()] {
            assert_eq!(packed("run.js.gz", content).get("run.js").unwrap().content(Encoding::Identity), None);
        }
    }

    #[test]
    fn compressed_forms_are_kept_when_they_hold_what_is_insisted_on_and_no_others() {
        let mut files = packed("run.js.gz", gzip(TEXT));
        files.insist_on("run.js", TEXT.to_owned());
        assert_eq!(files.get("run.js").unwrap().encodings(), [Encoding::Gzip, Encoding::Identity]);

        files.insist_on("run.js", "stop()".to_owned());
        let file = files.get("run.js").unwrap();
        assert_eq!(file.encodings(), [Encoding::Identity]);
        assert_eq!(file.content(Encoding::Identity).unwrap(), "stop()");
    }
}
