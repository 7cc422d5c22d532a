//! Files that commands write: whole or not at all, and never for a moment readable by more than they should be.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Only its owner reads and writes it.
const PRIVATE: u32 = 0o600;

/// Writes a file that only its owner reads.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    write(path, text, PRIVATE)
}

/// Writes the file with these permission bits, in place of one that may be there.
pub fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    // Left behind by somebody who was cut off; it may be readable by others.
    let _ = fs::remove_file(&draft);

    let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&draft)?;
    file.write_all(content.as_ref())?;
    // Said again, since the process' umask may have taken something away.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_with_the_bits_that_were_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("livekit.yaml");
        fs::write(&path, "a much longer text of before").unwrap();
        fs::write(folder.path().join("livekit.yaml.draft"), "cut off").unwrap();

        for mode in [PRIVATE, 0o644] {
            write(&path, "keys", mode).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "keys");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }
}
