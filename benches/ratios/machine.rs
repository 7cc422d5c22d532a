//! This machine: its cores, how much of them a process has used, and what it is called.

use std::{fs, process::Command};

/// The core of whoever serves.
pub const SERVER_CORE: u32 = 0;
/// The core of whoever asks, and of what neither side is measured by.
pub const LOAD_CORE: u32 = 1;

/// Ends the run with a hint when a program is missing.
pub fn require(programs: &[&str]) {
    for program in programs {
        let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output().expect("`sh` runs");
        assert!(found.status.success(), "`{program}` is missing: `make bench` installs it");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(cores >= 2, "two cores are needed: one serves, the other asks");
}

/// Keeps this process, and what it starts from now on, on one core.
pub fn pin_this_process(core: u32) {
    pin(std::process::id(), core);
}

/// Moves a process with all its threads to one core.
pub fn pin(pid: u32, core: u32) {
    let done = Command::new("taskset").args(["-a", "-c", "-p", &core.to_string(), &pid.to_string()]).output();
    assert!(done.expect("`taskset` runs").status.success(), "cannot pin process {pid} to core {core}");
}

/// The CPU seconds, user's and kernel's, that a process and the children it waited for have used.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is a name in brackets that may hold spaces.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.iter().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// The processes that `pid` started and that still run.
pub fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// The memory of a process that is in RAM, in MB.
pub fn resident_megabytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a running process has memory");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

/// How many processes have wanted a core of late, on average of a minute: others on the machine spoil the figures.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// What it was measured on, and with which versions, as lines of a list.
pub fn description() -> Vec<String> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let express = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/express/package.json"));
    let express: serde_json::Value = serde_json::from_str(&express.unwrap_or_default()).unwrap_or_default();
    let dependency = |name: &str| express["dependencies"][name].as_str().unwrap_or("unknown").to_owned();

    vec![
        format!("CPU: {}, {cores} cores", model.trim_start_matches([':', ' ', '\t'])),
        format!("Kernel: Linux {}", kernel.trim()),
        format!("Rust: {}", said("rustc", &["--version"])),
        format!("Postgres: {}", said("psql", &["--version"])),
        format!("Node: {}", said("node", &["--version"])),
        format!("Express {}, livekit-server-sdk {}", dependency("express"), dependency("livekit-server-sdk")),
        format!("Load: {}", said("sh", &["-c", "wrk --version | head -n 1 | cut -d ' ' -f 1-2"])),
    ]
}

/// The first line that a command prints.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|it| it.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("unknown").to_owned()
}
