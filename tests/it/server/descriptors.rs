//! What happens when the process may open no more files: a process of its own, since the limit is a process's.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};

use super::{Client, Porch, SOON};

/// Set in the process that plays the house.
const ROLE: &str = "MEETBOX_TEST_PORCH";

/// How many files that process may open; it may have inherited one or two more.
const FILES: usize = 64;

/// How many ticks `/proc/PID/stat` counts in a second, on every Linux we run on.
const TICKS_PER_SECOND: f64 = 100.0;

#[tokio::test]
async fn without_file_descriptors_who_is_in_is_served_and_no_core_is_burnt() {
    if env::var(ROLE).is_ok() {
        return be_the_house().await;
    }
    let (house, address) = start_the_house();
    let mut healthy = Client::connect(address).await.unwrap();
    assert_eq!(healthy.get("/").await.body, "hello");

    let mut crowd = Vec::new();
    for _ in 0..2 * FILES {
        crowd.push(Client::connect(address).await.unwrap());
    }
    let all_taken = async {
        while house.open_files() < FILES {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, all_taken).await.expect("the crowd takes every file descriptor");

    let (begun, used) = (Instant::now(), house.ticks());
    while begun.elapsed() < Duration::from_secs(2) {
        let answer = timeout(Duration::from_secs(1), healthy.get("/")).await.expect("who is in is served");
        assert_eq!(answer.body, "hello");
        sleep(Duration::from_millis(50)).await;
    }
    let share = (house.ticks() - used) as f64 / TICKS_PER_SECOND / begun.elapsed().as_secs_f64();
    assert!(share < 0.1, "{share:.2} of a core is used");
    assert!(house.open_files() >= FILES, "the crowd left too early");

    drop(crowd);
    let mut newcomer = Client::connect(address).await.unwrap();
    let answer = timeout(SOON, newcomer.get("/")).await.expect("a newcomer is let in again");
    assert_eq!(answer.body, "hello");
}

/// Serves until the other process closes our stdin.
#[expect(clippy::print_stdout, reason = "the other process reads it")]
async fn be_the_house() {
    let porch = Porch::open();
    println!("\nlistening on {}", porch.address);
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
}

/// This very test, in another process with few files.
fn start_the_house() -> (House, SocketAddr) {
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -n {FILES} && exec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg("server::descriptors::without_file_descriptors_who_is_in_is_served_and_no_core_is_burnt")
        .env(ROLE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let house = House(child);
    let address = lines.find_map(|line| line.unwrap().strip_prefix("listening on ")?.parse().ok());
    (house, address.expect("the other process says where it listens"))
}

/// The other process; ends with this one.
struct House(Child);

impl House {
    fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.0.id())).unwrap().count()
    }

    /// The processor time it used, in user and system mode.
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // The second field is the name, in parentheses, and may hold spaces.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
