//! Programs of the machine that commands ask for something: systemd's, Docker's.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use super::Failure;

/// By these a shell's environment would lead compose and Docker to another project, another engine, other passwords: it wins over
/// what stands in the `.env` of an installation.
const MISLEADING: [&str; 10] = [
    "COMPOSE_FILE",
    "COMPOSE_PATH_SEPARATOR",
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_PROFILES",
    "COMPOSE_ENV_FILES",
    "COMPOSE_DISABLE_ENV_FILE",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
];

/// A command that a shell's environment does not mislead.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(name);
    for variable in MISLEADING {
        command.env_remove(variable);
    }
    command
}

/// A program, found where the shell finds it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    name: &'static str,
    folder: Option<&'static str>,
}

impl Program {
    pub const fn new(name: &'static str) -> Self {
        Self { name, folder: None }
    }

    /// The same, run in a folder.
    pub const fn within(self, folder: &'static str) -> Self {
        Self { folder: Some(folder), ..self }
    }

    /// Runs it to its end and answers what it printed. Fails with what it said on stderr.
    pub fn ask(self, arguments: &[&str]) -> Result<String, Failure> {
        self.text_of(arguments, self.command(arguments).output())
    }

    /// The same with something on its stdin, where no other process sees it.
    pub fn ask_with(self, arguments: &[&str], input: &str) -> Result<String, Failure> {
        let run = || {
            let mut child =
                self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
            // Its end closes the pipe. Whoever stops reading early says why on stderr.
            let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
            let output = child.wait_with_output()?;
            if output.status.success() {
                written.transpose()?;
            }
            Ok(output)
        };
        self.text_of(arguments, run())
    }

    /// Whether it ends well; what it says is of no interest.
    pub fn agrees(self, arguments: &[&str]) -> Result<bool, Failure> {
        let status = self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.map(|status| status.success()).map_err(|err| self.cannot_run(&err))
    }

    /// Runs it with its progress on our stderr, for it takes long.
    pub fn watch(self, arguments: &[&str]) -> Result<(), Failure> {
        let status = self.command(arguments).stdout(io::stderr()).status().map_err(|err| self.cannot_run(&err))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::ours(format!("`{}` failed ({status}); it says why above", self.line(arguments))))
    }

    fn command(self, arguments: &[&str]) -> Command {
        let mut command = command(self.name);
        command.args(arguments).stdin(Stdio::null());
        if let Some(folder) = self.folder {
            command.current_dir(folder);
        }
        command
    }

    fn text_of(self, arguments: &[&str], output: io::Result<Output>) -> Result<String, Failure> {
        let output = output.map_err(|err| self.cannot_run(&err))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let command = self.line(arguments);
        Err(match said.trim() {
            "" => Failure::ours(format!("`{command}` failed ({})", output.status)),
            said => Failure::ours(format!("`{command}` failed: {said}")),
        })
    }

    fn cannot_run(self, err: &io::Error) -> Failure {
        Failure::input(format!("cannot run `{}`", self.name)).because(err)
    }

    /// The command as one would type it.
    fn line(self, arguments: &[&str]) -> String {
        [&[self.name], arguments].concat().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::Program;

    #[test]
    fn what_a_program_says_is_told_when_it_fails() {
        assert_eq!(Program::new("echo").ask(&["a", "b"]).unwrap(), "a b\n");
        assert_eq!(Program::new("pwd").within("/usr").ask(&[]).unwrap(), "/usr\n");
        assert_eq!(Program::new("cat").ask_with(&[], "secret").unwrap(), "secret");
        assert!(Program::new("true").agrees(&[]).unwrap());
        assert!(!Program::new("false").agrees(&[]).unwrap());

        let err = Program::new("sh").ask(&["-c", "echo no such unit >&2; exit 5"]).unwrap_err().to_string();
        assert!(err.starts_with("`sh -c ") && err.ends_with("failed: no such unit"), "{err}");
        let err = Program::new("no-such-program").ask(&["x"]).unwrap_err().to_string();
        assert!(err.starts_with("cannot run `no-such-program`"), "{err}");
        let err = Program::new("false").watch(&[]).unwrap_err().to_string();
        assert!(err.starts_with("`false` failed (exit status: 1)"), "{err}");
    }
}
