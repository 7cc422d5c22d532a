//! The form of a backup: a tar of four members in a fixed order, with nothing left to chance, so that every byte of it is
//! either checked or known beforehand.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
};

use sha2::{Digest, Sha256};

/// The database as `pg_dump` writes it, encrypted.
pub const DUMP: &str = "database.dump.age";
/// What stands in /etc/meetbox, and what the archive should hold, encrypted.
pub const SETTINGS: &str = "settings.tar.age";
/// What can be known without a key.
pub const MANIFEST: &str = "manifest.json";
/// The checksums of the others, as `sha256sum --check` takes them.
pub const SUMS: &str = "SHA256SUMS";

/// In this order: the manifest tells of those before it, so that an archive that was cut off has none.
const MEMBERS: [&str; 4] = [DUMP, SETTINGS, MANIFEST, SUMS];

const BLOCK: u64 = 512;
/// What a tar ends with: two blocks of nothing.
const TRAILER: u64 = 2 * BLOCK;
/// Text members are read as a whole; none that we write comes near this.
const LONGEST_TEXT: u64 = 1 << 20;
/// With so many of the last bytes of an archive its manifest is had, were it for hundreds of public keys.
pub const TAIL: u64 = 1 << 16;
const CHUNK: usize = 128 * 1024;

/// A member as it was written or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: &'static str,
    offset: u64,
    pub size: u64,
    /// In hexadecimal; empty as long as nobody has looked.
    pub sha256: String,
}

/// Writes an archive into a file that is not looked at before it is whole.
pub struct Writer {
    file: BufWriter<File>,
    /// Seconds since 1970, the time of every member.
    time: u64,
    members: Vec<Member>,
}

/// Where a member's bytes go: into the file, counted and summed up.
pub struct Sink<'a> {
    file: &'a mut BufWriter<File>,
    size: u64,
    sha256: Sha256,
}

impl Writer {
    /// Begins one in an empty file.
    pub fn new(file: File, time: u64) -> Self {
        Self { file: BufWriter::with_capacity(CHUNK, file), time, members: Vec::new() }
    }

    /// Writes the next member. Its size is known only afterwards, and so its header is written then.
    pub fn member<T, E: From<io::Error>>(&mut self, fill: impl FnOnce(&mut Sink<'_>) -> Result<T, E>) -> Result<T, E> {
        let name = MEMBERS.get(self.members.len()).copied().ok_or_else(|| io::Error::other("one member too many"))?;
        let start = self.file.stream_position()?;
        self.file.write_all(&[0; BLOCK as usize])?;
        let mut sink = Sink { file: &mut self.file, size: 0, sha256: Sha256::new() };
        let filled = fill(&mut sink)?;
        let (size, sha256) = (sink.size, hex(&sink.sha256.finalize()));
        self.file.write_all(&vec![0; usize::try_from(padding(size)).unwrap_or_default()])?;

        let end = self.file.stream_position()?;
        self.file.seek(SeekFrom::Start(start))?;
        self.file.write_all(header(name, size, self.time)?.as_bytes())?;
        self.file.seek(SeekFrom::Start(end))?;
        self.members.push(Member { name, offset: start + BLOCK, size, sha256 });
        Ok(filled)
    }

    /// Those that are written.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Writes the checksums and the end, and has the disk keep everything.
    pub fn finish(mut self) -> io::Result<File> {
        let sums = sums(&self.members);
        self.member(|sink| sink.write_all(sums.as_bytes()))?;
        self.file.write_all(&[0; TRAILER as usize])?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(file)
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buf)?;
        self.size += written as u64;
        self.sha256.update(&buf[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a file is no archive that could be used.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    #[error("it is no backup of Meetbox's")]
    Stranger,
    #[error("it is cut off: {0}")]
    CutOff(&'static str),
    #[error("it is damaged: {0}")]
    Broken(String),
    #[error("its form is number {0}, which another Meetbox writes; this one does not know it")]
    Form(u32),
    #[error("it cannot be read")]
    Read(#[from] io::Error),
}

/// An archive whose form is right.
pub struct Reader {
    file: File,
    members: Vec<Member>,
    pub size: u64,
}

impl Reader {
    /// Looks at every byte, and takes nothing that is not as it was written.
    pub fn open(file: File) -> Result<Self, Damage> {
        let mut reader = Self::glance(file)?;
        for member in &mut reader.members {
            member.sha256 = sum(Part { file: &reader.file, at: member.offset, end: member.offset + member.size })?;
        }
        reader.check_sums()?;
        Ok(reader)
    }

    /// Looks only where the members begin and end: enough to ask whose it is.
    pub fn glance(file: File) -> Result<Self, Damage> {
        let size = file.metadata()?.len();
        let mut walk = Walk { file: &file, at: 0, size };
        let mut members = Vec::new();
        let mut time = None;
        for name in MEMBERS {
            let (found, its_time) = walk.member(name, time)?;
            time = Some(its_time);
            members.push(found);
        }
        walk.end()?;
        Ok(Self { file, members, size })
    }

    /// The members, in their order.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The bytes of a member.
    pub fn read(&self, name: &str) -> io::Result<Part<'_>> {
        let found = self.members.iter().find(|member| member.name == name);
        let member = found.ok_or_else(|| io::Error::other("there is no such member"))?;
        Ok(Part { file: &self.file, at: member.offset, end: member.offset + member.size })
    }

    /// A member that is text.
    pub fn text(&self, name: &str) -> Result<String, Damage> {
        let mut text = String::new();
        let broken = |_| Damage::Broken(format!("{name} is no text"));
        self.read(name)?.take(LONGEST_TEXT).read_to_string(&mut text).map_err(broken)?;
        Ok(text)
    }

    fn check_sums(&self) -> Result<(), Damage> {
        let told = self.text(SUMS)?;
        let (_, summed) = self.members.split_last().ok_or(Damage::Stranger)?;
        if told == sums(summed) {
            return Ok(());
        }
        let wrong = summed.iter().find(|member| !told.contains(&line(member)));
        let name = wrong.map_or(SUMS, |member| member.name);
        Err(Damage::Broken(format!("the checksum of {name} is not the one that it was written with")))
    }
}

/// The bytes of a member, read without moving anybody else's place in the file.
pub struct Part<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let most = buf.len().min(left);
        let read = self.file.read_at(&mut buf[..most], self.at)?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        Ok(read)
    }
}

/// A way through a file from its beginning.
struct Walk<'a> {
    file: &'a File,
    at: u64,
    size: u64,
}

impl Walk<'_> {
    /// The member that has to come now, with its time, which is the same for all.
    fn member(&mut self, name: &'static str, time: Option<u64>) -> Result<(Member, u64), Damage> {
        let mut block = [0; BLOCK as usize];
        if self.at + BLOCK > self.size {
            return Err(if self.at == 0 { Damage::Stranger } else { Damage::CutOff("members are missing") });
        }
        self.file.read_exact_at(&mut block, self.at)?;
        let found = tar::Header::from_byte_slice(&block);
        if self.at == 0 && found.path_bytes().as_ref() != name.as_bytes() && found.cksum().is_err() {
            return Err(Damage::Stranger);
        }
        let numbers = found.entry_size().and_then(|size| Ok((size, found.mtime()?)));
        let broken = || Damage::Broken(format!("the header of {name} is not as it was written"));
        let (size, its_time) = numbers.map_err(|_| broken())?;
        let expected = header(name, size, time.unwrap_or(its_time))?;
        if expected.as_bytes()[..] != block[..] {
            return Err(broken());
        }
        let offset = self.at + BLOCK;
        let end = offset.checked_add(size).and_then(|end| end.checked_add(padding(size)));
        match end {
            Some(end) if end <= self.size => self.at = end,
            _ => return Err(Damage::CutOff("it ends within a member")),
        }
        self.nothing(offset + size, padding(size))?;
        Ok((Member { name, offset, size, sha256: String::new() }, its_time))
    }

    fn end(&self) -> Result<(), Damage> {
        match self.size.checked_sub(self.at) {
            Some(TRAILER) => self.nothing(self.at, TRAILER),
            Some(left) if left > TRAILER => Err(Damage::Broken("something stands behind its end".to_owned())),
            _ => Err(Damage::CutOff("its end is missing")),
        }
    }

    /// Between the members stands nothing.
    fn nothing(&self, at: u64, length: u64) -> Result<(), Damage> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.file.read_exact_at(&mut bytes, at)?;
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        Err(Damage::Broken("something stands where nothing was written".to_owned()))
    }
}

/// The manifest in the last bytes of an archive, for whoever has it elsewhere and does not fetch it to ask whose it is;
/// nothing when it does not stand there as it is written.
pub fn manifest_in(tail: &[u8]) -> Option<String> {
    let (_, blocks) = tail.as_rchunks::<{ BLOCK as usize }>();
    let found = blocks.iter().enumerate().rev().find_map(|(number, block)| {
        let found = tar::Header::from_byte_slice(block);
        let (size, time) = (found.entry_size().ok()?, found.mtime().ok()?);
        let is_it = header(MANIFEST, size, time).ok()?.as_bytes() == block;
        is_it.then_some((number, usize::try_from(size).ok()?))
    });
    let (number, size) = found?;
    let text = blocks[number + 1..].as_flattened().get(..size)?;
    String::from_utf8(text.to_owned()).ok()
}

/// The only header that a member of that name, size and time has.
fn header(name: &str, size: u64, time: u64) -> io::Result<tar::Header> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name)?;
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(time);
    header.set_cksum();
    Ok(header)
}

/// How many bytes fill the last block of a member.
fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}

fn sums(members: &[Member]) -> String {
    members.iter().map(line).collect()
}

fn line(member: &Member) -> String {
    format!("{}  {}\n", member.sha256, member.name)
}

/// The SHA-256 of everything that comes, in hexadecimal.
pub fn sum(mut reader: impl Read) -> io::Result<String> {
    let mut sha256 = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = reader.read(&mut chunk)?;
        if read == 0 {
            return Ok(hex(&sha256.finalize()));
        }
        sha256.update(&chunk[..read]);
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// An archive of these three, as the bytes of a file.
    fn archive(dump: &[u8], settings: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new(tempfile::tempfile().unwrap(), 1_800_000_000);
        for bytes in [dump, settings, b"{}"] {
            writer.member(|sink| sink.write_all(bytes)).unwrap();
        }
        let file = writer.finish().unwrap();
        let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    }

    fn open(bytes: &[u8]) -> Result<Reader, Damage> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Reader::open(file)
    }

    #[test]
    fn what_was_written_is_read_and_any_tar_reads_it() {
        let bytes = archive(b"rows and rows", b"secrets");
        let mut read = String::new();
        open(&bytes).unwrap().read(DUMP).unwrap().read_to_string(&mut read).unwrap();
        assert_eq!(read, "rows and rows");

        let mut archive = tar::Archive::new(&bytes[..]);
        let names = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        assert_eq!(names.collect::<Vec<_>>(), MEMBERS);
    }

    #[test]
    fn the_manifest_is_found_in_the_last_bytes() {
        let bytes = archive(&[7; 70_000], b"secrets");
        let tail = &bytes[bytes.len() - usize::try_from(TAIL).unwrap()..];
        assert_eq!(manifest_in(tail).as_deref(), Some("{}"));
        assert_eq!(manifest_in(&tail[..tail.len() - 1]), None, "it is cut off");
        assert_eq!(manifest_in(b"a letter"), None);
    }

    #[test]
    fn any_single_bit_that_is_another_is_noticed() {
        let bytes = archive(&[7; 700], &[9; 512]);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(open(&flipped).is_err(), "bit {} of byte {at}", at % 8);
        }
    }

    #[test]
    fn an_archive_that_was_cut_off_anywhere_is_none() {
        let bytes = archive(&[7; 700], &[9; 512]);
        for length in 0..bytes.len() {
            assert!(open(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(open(&[bytes, vec![0; 512]].concat()).is_err(), "nor is one with more behind it");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn whatever_is_in_it_any_damage_is_noticed(
            dump in prop::collection::vec(any::<u8>(), 0..3000),
            at in any::<prop::sample::Index>(),
            with in 1_u8..,
        ) {
            let bytes = archive(&dump, b"settings");
            prop_assert!(open(&bytes).is_ok());
            let mut damaged = bytes.clone();
            damaged[at.index(bytes.len())] ^= with;
            prop_assert!(open(&damaged).is_err());
        }
    }
}
