//! Other stores that speak S3, each in its own words: LocalStack, moto and Garage.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{
    ports::free_port,
    process::{Guarded, Program, find_program, folder_for},
};

/// Keys that LocalStack and moto take, as they take any.
pub const ANY_KEY: &str = "meetbox-tests-key";
pub const ANY_SECRET: &str = "meetbox-tests-secret";

/// A store of its own, which ends with the test process.
pub struct Store {
    pub url: String,
    pub access_key: String,
    pub secret_key: String,
    pub region: String,
    _process: Guarded,
    _folder: TempDir,
}

impl Store {
    /// What the design has on a developer's machine.
    pub fn localstack() -> Self {
        let port = free_port();
        let environment = [
            ("SERVICES", "s3"),
            ("EAGER_SERVICE_LOADING", "1"),
            ("GATEWAY_LISTEN", &format!("127.0.0.1:{port}")),
            ("DISABLE_EVENTS", "1"),
            ("SKIP_SSL_CERT_DOWNLOAD", "1"),
            ("LOCALSTACK_VOLUME_DIR", "."),
        ];
        Self::python("localstack", "localstack-supervisor", Vec::new(), &environment, port)
    }

    /// What many test with.
    pub fn moto() -> Self {
        let port = free_port();
        let arguments = ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).to_vec();
        Self::python("moto", "moto_server", arguments, &[], port)
    }

    fn python(environment: &str, program: &str, arguments: Vec<String>, variables: &[(&str, &str)], port: u16) -> Self {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".meetbox").join(environment).join("bin");
        let binary = here.join(program);
        assert!(binary.is_file(), "`{program}` is missing: `make test` installs it into .meetbox/{environment}");
        let folder = folder_for(None);
        let home = folder.path().display().to_string();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = variables.chain([("HOME".to_owned(), home.clone()), ("TMPDIR".to_owned(), home)]);
        let program = Program {
            binary: &binary,
            arguments,
            environment: environment.collect(),
            run_as: None,
            end_signal: "TERM",
        };
        let process = Guarded::start(&program, folder.path(), false);
        process.wait_for_port(port);
        Self {
            url: format!("http://127.0.0.1:{port}"),
            access_key: ANY_KEY.to_owned(),
            secret_key: ANY_SECRET.to_owned(),
            region: "us-east-1".to_owned(),
            _process: process,
            _folder: folder,
        }
    }

    /// One node of Garage with a key that may make buckets; `None` where there is no Garage.
    pub fn garage() -> Option<Self> {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".meetbox/bin");
        let binary = find_program("garage", &[here])?;
        let folder = folder_for(None);
        let (s3, rpc) = (free_port(), free_port());
        std::fs::write(folder.path().join("garage.toml"), garage_settings(folder.path(), s3, rpc)).expect("a file");
        let program = Program {
            binary: &binary,
            arguments: ["-c", "garage.toml", "server"].map(str::to_owned).to_vec(),
            environment: Vec::new(),
            run_as: None,
            end_signal: "TERM",
        };
        let process = Guarded::start(&program, folder.path(), false);
        process.wait_for_port(rpc);
        let (access_key, secret_key) = set_up_garage(&binary, folder.path());
        process.wait_for_port(s3);
        Some(Self {
            url: format!("http://127.0.0.1:{s3}"),
            access_key,
            secret_key,
            region: "garage".to_owned(),
            _process: process,
            _folder: folder,
        })
    }
}

fn garage_settings(folder: &Path, s3: u16, rpc: u16) -> String {
    let folder = folder.display();
    let secret = "0f".repeat(32);
    format!(
        "metadata_dir = \"{folder}/meta\"\ndata_dir = \"{folder}/data\"\ndb_engine = \"sqlite\"\n\
         replication_factor = 1\nrpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\n\
         rpc_secret = \"{secret}\"\n[s3_api]\ns3_region = \"garage\"\napi_bind_addr = \"127.0.0.1:{s3}\"\n"
    )
}

/// Gives the node its place, and makes a key.
fn set_up_garage(binary: &Path, folder: &Path) -> (String, String) {
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(binary)
            .args(["-c", "garage.toml"])
            .args(arguments)
            .current_dir(folder)
            .output()
            .expect("garage can be run");
        assert!(output.status.success(), "garage {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let node = run(&["node", "id", "-q"]);
    let node = node.split('@').next().expect("an id").trim().to_owned();
    run(&["layout", "assign", "-z", "here", "-c", "1G", &node]);
    run(&["layout", "apply", "--version", "1"]);
    let told = run(&["key", "create", "meetbox"]);
    let said = |name: &str| {
        let line = told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {told}"));
        line.split_once(':').expect("a value").1.trim().to_owned()
    };
    let keys = (said("Key ID"), said("Secret key"));
    run(&["key", "allow", "--create-bucket", &keys.0]);
    keys
}
