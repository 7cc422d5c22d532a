//! The embedded files by name, each with its compressed forms.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Read},
    sync::{Arc, OnceLock},
};

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::{Compression, read::GzEncoder};
use poem::http::{
    HeaderMap,
    header::{self, HeaderValue},
};
use sha2::{Digest, Sha256};

use super::encoding::Encoding;
use crate::assets::Asset;

/// Where the export names the hashes of the scripts that stand in its pages; never served.
const HASHES: &str = "csp.json";

/// How much the unpacker reads at a time.
const PIECE: usize = 16 * 1024;

/// A form that was made here, or why it cannot be.
type Made = Result<Bytes, String>;

/// A file, and how it travels.
pub(super) struct File {
    pub path: String,
    pub content_type: &'static str,
    /// The start of the hash of the content.
    tag: String,
    /// None: the binary carries it compressed only. Almost everybody takes it so; for the rest it is unpacked.
    plain: Option<Bytes>,
    brotli: Option<Bytes>,
    /// What `brotli` holds, from when somebody first asked for it as it is. Kept: who asks in this way asks again.
    unpacked: OnceLock<Made>,
    /// The same for gzip, which browsers ask for where there is no TLS.
    gzip: OnceLock<Made>,
}

impl File {
    /// One of that name, in no form yet.
    fn empty(path: Cow<'_, str>, sha256: [u8; 32]) -> Self {
        Self {
            content_type: content_type(&path),
            tag: sha256.iter().take(12).map(|byte| format!("{byte:02x}")).collect(),
            path: path.into_owned(),
            plain: None,
            brotli: None,
            unpacked: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    /// The forms that it can be sent in, in the order of preference. What is not worth compressing has one.
    pub fn encodings(&self) -> &'static [Encoding] {
        match self.brotli {
            Some(_) => &[Encoding::Brotli, Encoding::Gzip, Encoding::Identity],
            None => &[Encoding::Identity],
        }
    }

    /// The content in one of its forms, unless it must be made first.
    pub fn at_hand(&self, encoding: Encoding) -> Option<Bytes> {
        let made = |form: &OnceLock<Made>| form.get()?.as_ref().ok().cloned();
        match encoding {
            Encoding::Brotli => self.brotli.clone(),
            Encoding::Gzip => made(&self.gzip),
            Encoding::Identity => self.plain.clone().or_else(|| made(&self.unpacked)),
        }
    }

    /// The content in one of its forms. One that must be made is made once: whoever asks meanwhile waits for it. For the
    /// largest file that is the better part of a second, so no task should be held up by it.
    pub fn content(&self, encoding: Encoding) -> Made {
        match (encoding, &self.plain) {
            (Encoding::Brotli, _) => self.packed().cloned(),
            (Encoding::Gzip, _) => self.gzip.get_or_init(|| gzip(&self.content(Encoding::Identity)?)).clone(),
            (Encoding::Identity, Some(content)) => Ok(content.clone()),
            (Encoding::Identity, None) => self.unpacked.get_or_init(|| unpack(self.packed()?)).clone(),
        }
    }

    fn packed(&self) -> Result<&Bytes, String> {
        self.brotli.as_ref().ok_or_else(|| "there is no compressed form of it".to_owned())
    }

    /// Whether it is this text.
    fn says(&self, text: &str) -> bool {
        match (&self.plain, &self.brotli) {
            (Some(content), _) => content == text.as_bytes(),
            (None, Some(packed)) => unpack(packed).is_ok_and(|content| content == text.as_bytes()),
            (None, None) => false,
        }
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
pub(super) struct Files(HashMap<String, Arc<File>>);

/// For each page the hashes of its scripts, quoted as the policy wants them.
pub(super) type Hashes = HashMap<String, Vec<String>>;

impl Files {
    /// The files with their forms put together, and the hashes that come along.
    pub fn index(export: impl Iterator<Item = Asset>) -> (Self, Hashes) {
        let mut files: HashMap<String, File> = HashMap::new();
        let (mut packed, mut hashes) = (Vec::new(), Hashes::new());
        for asset in export {
            match asset.path.strip_suffix(".br") {
                _ if asset.path == HASHES => hashes = parse_hashes(&asset.content),
                Some(path) => packed.push((path.to_owned(), asset)),
                None => drop(files.insert(asset.path.to_string(), plain(asset))),
            }
        }
        for (path, Asset { content, sha256, .. }) in packed {
            let file = files.entry(path.clone()).or_insert_with(|| File::empty(path.into(), sha256));
            file.brotli = Some(bytes(content));
        }
        (Self(files.into_iter().map(|(path, file)| (path, Arc::new(file))).collect()), hashes)
    }

    pub fn get(&self, path: &str) -> Option<&Arc<File>> {
        self.0.get(path)
    }

    /// Makes sure that `path` holds `text`. A compressed form that the export has of something else is forgotten.
    pub fn insist_on(&mut self, path: &'static str, text: String) {
        if self.0.get(path).is_some_and(|file| file.says(&text)) {
            return;
        }
        let sha256 = Sha256::digest(&text).into();
        let asset = Asset { path: path.into(), content: text.into_bytes().into(), sha256 };
        self.0.insert(path.to_owned(), Arc::new(plain(asset)));
    }

    /// The names of the HTML files.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|path| path.ends_with(".html"))
    }
}

fn plain(asset: Asset) -> File {
    File { plain: Some(bytes(asset.content)), ..File::empty(asset.path, asset.sha256) }
}

fn unpack(brotli: &[u8]) -> Made {
    read(Decompressor::new(brotli, PIECE))
}

fn gzip(content: &[u8]) -> Made {
    read(GzEncoder::new(content, Compression::default()))
}

fn read(mut from: impl Read) -> Made {
    let mut content = Vec::new();
    from.read_to_end(&mut content).map_err(|err: io::Error| err.to_string())?;
    Ok(content.into())
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
pub(super) mod tests {
    use flate2::read::GzDecoder;

    use super::*;

    const TEXT: &str = "run()";

    /// A brotli stream with `text` in it as it is: one uncompressed meta-block and the empty last one (RFC 7932, 9.2).
    pub fn brotli(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap() - 1;
        assert!(length < 1 << 16, "four nibbles of a length are written");
        // WBITS 16, not the last, four nibbles of length, the length, uncompressed: 21 bits, then to the next byte.
        let head = length << 4 | 1 << 20;
        let last = 0b11;
        [&head.to_le_bytes()[..3], text.as_bytes(), &[last]].concat()
    }

    /// An export with one file, which is there as brotli alone.
    fn packed(content: Vec<u8>) -> Files {
        let asset =
            Asset { path: "run.js.br".into(), sha256: Sha256::digest(&content).into(), content: content.into() };
        Files::index([asset].into_iter()).0
    }

    #[test]
    fn what_is_carried_as_brotli_alone_is_made_into_what_else_is_asked_for() {
        let files = packed(brotli(TEXT));
        let file = files.get("run.js").unwrap();
        assert_eq!(file.encodings(), [Encoding::Brotli, Encoding::Gzip, Encoding::Identity]);
        assert_eq!(file.at_hand(Encoding::Brotli).unwrap(), brotli(TEXT));

        for _ in ["first", "again"] {
            let mut unpacked = String::new();
            let gzip = file.content(Encoding::Gzip).unwrap();
            GzDecoder::new(&gzip[..]).read_to_string(&mut unpacked).unwrap();
            assert_eq!(unpacked, TEXT);
            assert_eq!(file.content(Encoding::Identity).unwrap(), TEXT);
        }
        assert!(file.at_hand(Encoding::Gzip).is_some() && file.at_hand(Encoding::Identity).is_some(), "kept");
        assert_ne!(file.etag(Encoding::Gzip), file.etag(Encoding::Identity));
    }

    #[test]
    fn what_is_no_brotli_is_not_sent_as_if_it_were() {
        let mut cut = brotli(TEXT);
        cut.truncate(cut.len() - 2);
        for content in [cut, b"brotli of run".to_vec()] {
            let files = packed(content);
            let file = files.get("run.js").unwrap();
            assert!(file.content(Encoding::Identity).is_err() && file.content(Encoding::Gzip).is_err());
        }
    }

    #[test]
    fn compressed_forms_are_kept_when_they_hold_what_is_insisted_on_and_no_others() {
        let mut files = packed(brotli(TEXT));
        files.insist_on("run.js", TEXT.to_owned());
        assert!(files.get("run.js").unwrap().at_hand(Encoding::Brotli).is_some());

        files.insist_on("run.js", "stop()".to_owned());
        let file = files.get("run.js").unwrap();
        assert_eq!(file.encodings(), [Encoding::Identity]);
        assert_eq!(file.at_hand(Encoding::Identity).unwrap(), "stop()");
    }
}
