//! `meetbox doctor`: what is broken is seen, with what mends it, and keeps nothing else from being looked at.

mod backups;
mod broken_machine;
mod broken_services;
mod containers;
mod network;
mod stand_ins;
mod well;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::services::process::folder_for;

const DOMAIN: &str = "meet.example.org";

/// A folder that stands for a machine's file system, and one with the programs that are found on it.
struct Machine {
    root: TempDir,
    programs: TempDir,
}

/// What the doctor said.
struct Report {
    code: Option<i32>,
    answer: Value,
    text: String,
}

impl Machine {
    /// A machine on which nothing is.
    fn bare() -> Self {
        Self { root: folder_for(None), programs: folder_for(None) }
    }

    /// A machine on which `meetbox setup` has been, for the domain of these tests.
    fn set_up(arguments: &[&str]) -> Self {
        let machine = Self::bare();
        // Whoever runs the tests is this machine's root.
        let owner = fs::metadata(machine.root.path()).unwrap();
        let (uid, gid) = (owner.uid(), owner.gid());
        machine.write("etc/passwd", &format!("root:x:{uid}:{gid}::/:/bin/sh\nmeetbox:x:{uid}:{gid}::/:/bin/sh\n"));
        machine.write("etc/group", &format!("root:x:{gid}:\n"));
        machine.setup(&[&["--domain", DOMAIN], arguments].concat());
        for (folder, mode) in [("recordings", 0o2770), ("rescue", 0o2770), ("backups", 0o700)] {
            let path = machine.path("var/lib/meetbox").join(folder);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::set_permissions(machine.path("var/lib/meetbox"), fs::Permissions::from_mode(0o755)).unwrap();
        machine
    }

    /// Runs `meetbox setup` on it.
    fn setup(&self, arguments: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_meetbox"))
            .args(["setup", "--interface", "lo", "--address", "10.0.0.5", "--cores", "4", "--render"])
            .arg(self.root.path())
            .args(arguments)
            .env_clear()
            .current_dir(self.root.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|err| panic!("{path}: {err}"))
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Changes a file; what is to be replaced must be there.
    fn change(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{from} is not in {text}");
        self.write(path, &text.replace(from, to));
    }

    /// Gives a setting another value.
    fn set(&self, name: &str, value: &str) {
        let text = self.read("etc/meetbox/meetbox.env");
        let kept: String =
            text.lines().filter(|line| !line.starts_with(&format!("{name}="))).flat_map(|l| [l, "\n"]).collect();
        self.write("etc/meetbox/meetbox.env", &format!("{kept}{name}={value}\n"));
    }

    fn setting(&self, name: &str) -> String {
        let text = self.read("etc/meetbox/meetbox.env");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name}")).to_owned()
    }

    /// A program on its PATH that says `output` and exits with `code` when its arguments begin with one of these; else it
    /// exits with 64.
    fn program(&self, name: &str, answers: &[(&str, &str, i32)]) {
        let mut script = "#!/bin/sh\n".to_owned();
        for (at, (arguments, output, code)) in answers.iter().enumerate() {
            let file = self.programs.path().join(format!("{name}.{at}"));
            fs::write(&file, output).unwrap();
            let stream = if *code == 0 { "" } else { ">&2" };
            script +=
                &format!("case \"$*\" in '{arguments}'*) /bin/cat '{}' {stream}; exit {code};; esac\n", file.display());
        }
        script += "echo \"unknown: $*\" >&2; exit 64\n";
        let path = self.programs.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        // Nobody outside is asked, unless a test says whom.
        let quiet = ["--stun", "127.0.0.1:9", "--time", "http://127.0.0.1:9/"];
        let quiet = quiet.chunks(2).filter(|pair| !arguments.contains(&pair[0])).flatten();
        Command::new(env!("CARGO_BIN_EXE_meetbox"))
            .arg("doctor")
            .arg("--root")
            .arg(self.root.path())
            .args(quiet)
            .args(arguments)
            .env_clear()
            .env("PATH", self.programs.path())
            .current_dir(self.root.path())
            .output()
            .unwrap()
    }

    /// What the doctor says of it.
    fn look(&self) -> Report {
        self.look_with(&[])
    }

    fn look_with(&self, arguments: &[&str]) -> Report {
        let output = self.run(&[arguments, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let answer = serde_json::from_str(&text)
            .unwrap_or_else(|err| panic!("{err}: {text}{}", String::from_utf8_lossy(&output.stderr)));
        Report { code: output.status.code(), answer, text }
    }
}

impl Report {
    fn check(&self, group: &str, name: &str) -> &Value {
        let checks = self.answer["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["group"] == group && check["check"] == name);
        found.unwrap_or_else(|| panic!("no check {group}/{name} in {}", self.text))
    }

    /// The check is in this state, its sentence holds these words, and one of the fixes those.
    #[track_caller]
    fn says(&self, group: &str, name: &str, state: &str, words: &str, fix: &str) {
        let check = self.check(group, name);
        let fixes = check["fixes"].to_string();
        assert_eq!(check["state"], state, "{check}");
        assert!(check["message"].as_str().unwrap().contains(words), "`{words}` is not in {check}");
        assert!(fixes.contains(fix), "`{fix}` is not in {check}");
        let is_bad = ["failed", "warning"].contains(&state);
        assert_eq!(fixes != "[]", is_bad, "what is not well has a fix, and nothing else: {check}");
    }

    fn states(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let checks = self.answer["checks"].as_array().unwrap().iter();
        checks.map(|check| (text(&check["check"]), text(&check["state"]))).collect()
    }
}

/// What is in a file of this very machine.
fn of_this_machine(path: &str) -> String {
    fs::read_to_string(Path::new(path)).unwrap_or_default()
}
