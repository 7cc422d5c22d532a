//! Two machines on a wire of their own: the one behind the firewall, and a stranger. Each is a network namespace; a thread that
//! goes into one opens sockets there.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use rustix::{
    process::getuid,
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

/// How long an answer over the wire may take. A refusal comes at once.
const PATIENCE: Duration = Duration::from_secs(3);

pub const HERE_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1));
pub const HERE_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 9, 0, 0, 0, 0, 0, 1));

/// A network namespace, which lives as long as this.
pub struct Namespace(Child);

/// Both of them.
pub struct Wire {
    pub machine: Namespace,
    pub stranger: Namespace,
}

impl Wire {
    /// Lays it; none, with the reason printed, where that cannot be.
    pub fn lay() -> Option<Self> {
        if !getuid().is_root() {
            println!("skipped: only root can make networks");
            return None;
        }
        for program in ["iptables", "ip"] {
            if Command::new(program).arg("-V").output().is_err() {
                assert!(std::env::var_os("CI").is_none(), "{program} is missing");
                println!("skipped: there is no {program}; `packaging/dev-prerequisites.sh --tests` installs it");
                return None;
            }
        }
        let wire = Self { machine: Namespace::new()?, stranger: Namespace::new()? };
        let stranger = wire.stranger.0.id();
        wire.machine.must(&format!("ip link add here type veth peer name there netns {stranger}"));
        for (namespace, name, end) in [(&wire.machine, "here", 1), (&wire.stranger, "there", 2)] {
            namespace.must(&format!(
                "ip address add 10.9.0.{end}/24 dev {name} && ip address add fd00:9::{end}/64 dev {name} nodad && \
                 ip link set {name} up"
            ));
        }
        Some(wire)
    }
}

impl Namespace {
    fn new() -> Option<Self> {
        let mut child = Command::new("unshare")
            .args(["--net", "sh", "-c", "ip link set lo up && echo ready && read -r _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line == "ready\n" {
            return Some(Self(child));
        }
        let said = child.wait_with_output().unwrap();
        assert!(std::env::var_os("CI").is_none(), "{said:?}");
        println!("skipped: no network namespaces can be made here: {said:?}");
        None
    }

    /// Runs a command in it.
    pub fn run(&self, path: &str, command: &str) -> Output {
        let target = self.0.id().to_string();
        Command::new("nsenter")
            .args(["--net", "--target", &target, "bash", "-c", command])
            .env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a command in it that must go well.
    pub fn must(&self, command: &str) -> String {
        let output = self.run("/usr/sbin", command);
        assert!(output.status.success(), "{command}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Does `work` there, on a thread of its own.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let file = File::open(format!("/proc/{}/ns/net", self.0.id())).unwrap();
        let there = || {
            use std::os::fd::AsFd as _;
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        };
        thread::scope(|scope| scope.spawn(there).join().unwrap())
    }

    /// Answers on these ports, over TCP and over UDP, with what comes in; for as long as the test process lives.
    pub fn answer_on(&self, ports: &BTreeSet<u16>) {
        let sockets: Vec<_> = self.inside(|| {
            let every = |port: &u16| SocketAddr::from((Ipv6Addr::UNSPECIFIED, *port));
            ports
                .iter()
                .map(|port| (TcpListener::bind(every(port)).unwrap(), UdpSocket::bind(every(port)).unwrap()))
                .collect()
        });
        for (tcp, udp) in sockets {
            thread::spawn(move || {
                for stream in tcp.incoming() {
                    let _ = stream.and_then(|mut stream| stream.write_all(b"!"));
                }
            });
            thread::spawn(move || {
                let mut bytes = [0; 16];
                while let Ok((length, from)) = udp.recv_from(&mut bytes) {
                    let _ = udp.send_to(&bytes[..length], from);
                }
            });
        }
    }

    /// Which of these ports of that address answer over TCP. All are asked at once.
    pub fn reaches_tcp(&self, address: IpAddr, ports: &BTreeSet<u16>) -> BTreeSet<u16> {
        self.reaches(ports, |port| {
            let Ok(mut stream) = TcpStream::connect_timeout(&(address, port).into(), PATIENCE) else { return false };
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.read(&mut [0]).is_ok_and(|length| length == 1)
        })
    }

    /// Which of them answer over UDP.
    pub fn reaches_udp(&self, address: IpAddr, ports: &BTreeSet<u16>) -> BTreeSet<u16> {
        self.reaches(ports, |port| {
            let any =
                if address.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
            let socket = UdpSocket::bind((any, 0)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket.connect((address, port)).unwrap();
            socket.send(b"?").is_ok() && socket.recv(&mut [0; 16]).is_ok()
        })
    }

    /// Whether that port answers with a refusal, as one does on which nobody listens.
    pub fn is_refused_tcp(&self, address: IpAddr, port: u16) -> bool {
        self.inside(|| {
            let tried = TcpStream::connect_timeout(&(address, port).into(), PATIENCE);
            tried.is_err_and(|err| err.kind() == ErrorKind::ConnectionRefused)
        })
    }

    fn reaches(&self, ports: &BTreeSet<u16>, asks: impl Fn(u16) -> bool + Sync) -> BTreeSet<u16> {
        let asks = &asks;
        let answers: Vec<_> = thread::scope(|scope| {
            let asked: Vec<_> =
                ports.iter().map(|port| (*port, scope.spawn(move || self.inside(|| asks(*port))))).collect();
            asked.into_iter().map(|(port, answer)| (port, answer.join().unwrap())).collect()
        });
        answers.into_iter().filter(|(_, answers)| *answers).map(|(port, _)| port).collect()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
