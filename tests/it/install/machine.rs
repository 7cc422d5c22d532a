//! A machine to install on: this one, in namespaces of their own, with a file system whose every change is caught, and with
//! small models of what the tests cannot have, such as systemd.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::getuid;
use tempfile::TempDir;

/// The release of the operating system that the machine says it is.
const OS_RELEASE: &str =
    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
/// The domain leads to the machine's address, see `namespace.sh`.
const HOSTS: &str = "127.0.0.1 localhost\n203.0.113.7 meet.example.org\n203.0.113.9 elsewhere.example.org\n";
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What stands in for a program, by its name.
const STAND_INS: [(&str, &str); 5] = [
    ("apt-get", include_str!("stand_ins/apt-get.sh")),
    ("systemctl", include_str!("stand_ins/systemctl.sh")),
    ("docker", include_str!("stand_ins/docker.sh")),
    ("curl", include_str!("stand_ins/curl.sh")),
    ("timedatectl", include_str!("stand_ins/timedatectl.sh")),
];

/// What may be here and is not on the machine.
const ABSENT: [&str; 4] = ["usr/local/bin/meetbox", "usr/local/lib/meetbox", "etc/meetbox", "var/lib/meetbox"];

/// The machine; gone, with all that was changed, once it is dropped.
pub struct Machine {
    base: TempDir,
    /// Keeps the namespaces until its stdin ends.
    keeper: Child,
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Machine {
    /// A new one; none, with the reason printed, where namespaces cannot be made.
    pub fn new() -> Option<Self> {
        if !getuid().is_root() {
            println!("skipped: only root can make a machine of namespaces");
            return None;
        }
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("memory")).unwrap();
        give(&base.path().join("given"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/install/stand_ins/namespace.sh");
        let mut keeper = Command::new("unshare")
            .args(["--mount", "--net", "--propagation", "private", "bash"])
            .args([script.as_path(), base.path(), Path::new(env!("CARGO_BIN_EXE_meetbox"))])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line == "ready\n" {
            return Some(Self { base, keeper });
        }
        let output = keeper.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // A container that may not mount is no place for these tests; the gate has to be one that may.
        assert!(std::env::var_os("CI").is_none(), "{said}");
        println!("skipped: cannot make a machine of namespaces here: {said}");
        None
    }

    /// Runs a command on the machine, without a terminal.
    pub fn run(&self, command: &str) -> Answer {
        let root = self.base.path().join("memory/root");
        self.enter(&["chroot", &root.display().to_string(), "env", "-i", PATH, "HOME=/root", "bash", "-c", command])
    }

    /// Runs a command on the machine that must go well.
    pub fn must(&self, command: &str) -> String {
        let answer = self.run(command);
        assert_eq!(answer.code, Some(0), "{command}: {answer:?}");
        answer.out
    }

    /// Everything that was changed on its disk, with what stands in it.
    pub fn changes(&self) -> String {
        let look = format!(
            "cd {} && find . -mindepth 1 -printf '%y %m %p\\n' | sort && find . -type f -exec sha256sum {{}} + | sort",
            self.base.path().join("memory/up").display()
        );
        let answer = self.enter(&["bash", "-c", &look]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        answer.out
    }

    /// What the models were asked, in order.
    pub fn log(&self) -> Vec<String> {
        self.run("cat /tmp/model/log").out.lines().map(str::to_owned).collect()
    }

    /// Puts a model of that version of the binary at `/tmp/VERSION/meetbox`, with its checksum beside it.
    pub fn build(&self, version: &str, migrations: u32) {
        self.must(&format!(
            "mkdir -p /tmp/{version} && sed 's/@VERSION@/{version}/; s/@MIGRATIONS@/{migrations}/' /srv/meetbox.sh \
             >/tmp/{version}/meetbox && chmod 755 /tmp/{version}/meetbox && cd /tmp/{version} && sha256sum meetbox >SHA256SUMS"
        ));
    }

    /// Runs `install.sh` with that build.
    pub fn install(&self, version: &str, options: &str) -> Answer {
        self.run(&format!("bash /srv/install.sh --yes --binary /tmp/{version}/meetbox {options}"))
    }

    fn enter(&self, command: &[&str]) -> Answer {
        let target = self.keeper.id().to_string();
        let output = Command::new("nsenter")
            .args(["--mount", "--net", "--target", &target, "setsid", "--wait"])
            .args(command)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Answer {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Fills the layer that lies over this machine's files.
fn give(given: &Path) {
    let programs = given.join("usr/local/sbin");
    fs::create_dir_all(&programs).unwrap();
    for (name, text) in STAND_INS {
        write_program(&programs.join(name), text);
    }
    for folder in ["srv", "etc", "usr/local/bin", "usr/local/lib", "var/lib"] {
        fs::create_dir_all(given.join(folder)).unwrap();
    }
    for path in ABSENT {
        // So a file system of layers says that something is gone.
        let path: PathBuf = given.join(path);
        let status = Command::new("mknod").arg(path).args(["c", "0", "0"]).status().unwrap();
        assert!(status.success());
    }
    fs::write(given.join("etc/os-release"), OS_RELEASE).unwrap();
    fs::write(given.join("etc/hosts"), HOSTS).unwrap();
    // Nobody answers there, at once.
    fs::write(given.join("etc/resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
    fs::write(given.join("srv/install.sh"), script()).unwrap();
    fs::write(given.join("srv/meetbox.sh"), include_str!("stand_ins/meetbox.sh")).unwrap();
    fs::write(given.join("srv/docker.sh"), include_str!("stand_ins/docker.sh")).unwrap();
}

/// `install.sh`, which waits for two seconds where it would wait for minutes.
pub fn script() -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh")).unwrap();
    let patient = "readonly READY_WITHIN=120 HTTPS_WITHIN=120\n";
    assert!(text.contains(patient));
    text.replace(patient, "readonly READY_WITHIN=2 HTTPS_WITHIN=2\n")
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
