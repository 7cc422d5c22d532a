//! Probes: how `meetbox dev` asks a service whether it is well. Each speaks just enough of the service's own protocol.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection, migrate::MigrateDatabase};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, ToSocketAddrs},
    time::timeout,
};

type ProbeResult = Result<(), Box<dyn Error + Send + Sync>>;

/// A question to a service.
#[derive(Clone)]
pub enum Probe {
    /// Does Postgres let clients in? It may be up and still replay its log.
    PostgresAccepts { port: u16 },
    /// Is our database there? When Postgres is and the database is not, it is made.
    PostgresDatabase { url: SecretString },
    /// Can this database be opened?
    PostgresOpens { url: SecretString },
    /// Does Redis answer?
    RedisAnswers { host: String, port: u16 },
    /// Does this page answer 200?
    HttpOk { host: String, port: u16, path: &'static str },
    /// Does anything at all answer there? A page that is broken while it is being written is an answer.
    HttpAnswers { port: u16, path: &'static str },
    /// Does somebody listen?
    Listens { host: String, port: u16 },
}

impl Probe {
    /// Asks, and waits no longer than `patience`; the error says what is wrong in a few words.
    pub async fn ask(&self, patience: Duration) -> Result<(), String> {
        match timeout(patience, self.answer()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(err)) => Err(err.to_string()),
            Err(_) => Err(format!("no answer within {} s", patience.as_secs_f32())),
        }
    }

    async fn answer(&self) -> ProbeResult {
        match self {
            Self::PostgresAccepts { port } => postgres_accepts(*port).await,
            Self::PostgresDatabase { url } => postgres_database(url.expose_secret()).await,
            Self::PostgresOpens { url } => postgres_opens(url.expose_secret()).await,
            Self::RedisAnswers { host, port } => redis_answers((host.as_str(), *port)).await,
            Self::HttpOk { host, port, path } => match http_status(host, *port, path).await? {
                200 => Ok(()),
                status => Err(format!("{path} answers {status}").into()),
            },
            Self::HttpAnswers { port, path } => http_status("127.0.0.1", *port, path).await.map(drop),
            Self::Listens { host, port } => listens((host.as_str(), *port)).await,
        }
    }
}

/// Knocks as a client does. A server that lets nobody in yet answers with an error at once; one that does, asks for
/// the password, and there we leave.
async fn postgres_accepts(port: u16) -> ProbeResult {
    const PROTOCOL_3: i32 = 3 << 16;
    let parameters = b"user\0meetbox\0database\0postgres\0\0";

    let mut hello = Vec::new();
    hello.extend(i32::try_from(8 + parameters.len())?.to_be_bytes());
    hello.extend(PROTOCOL_3.to_be_bytes());
    hello.extend(parameters);

    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    stream.write_all(&hello).await?;
    match stream.read_u8().await? {
        b'R' => Ok(()),
        _ => Err("it lets nobody in yet".into()),
    }
}

async fn listens(address: impl ToSocketAddrs) -> ProbeResult {
    TcpStream::connect(address).await?;
    Ok(())
}

async fn postgres_database(url: &str) -> ProbeResult {
    if !sqlx::Postgres::database_exists(url).await? {
        sqlx::Postgres::create_database(url).await?;
    }
    Ok(())
}

async fn postgres_opens(url: &str) -> ProbeResult {
    Ok(PgConnection::connect(url).await?.close().await?)
}

async fn redis_answers(address: impl ToSocketAddrs) -> ProbeResult {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"PING\r\n").await?;

    let mut answer = [0; 64];
    let length = stream.read(&mut answer).await?;
    match &answer[..length] {
        // A server with a password answers that it wants one: it is well.
        b if b.starts_with(b"+PONG") || b.starts_with(b"-NOAUTH") => Ok(()),
        other => Err(format!("it answers `{}`", String::from_utf8_lossy(other).trim()).into()),
    }
}

/// The status of a page, from the first line of the answer.
async fn http_status(host: &str, port: u16, path: &str) -> Result<u16, Box<dyn Error + Send + Sync>> {
    let mut stream = TcpStream::connect((host, port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;

    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    // To the end, so that the service does not see somebody who hangs up on it.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;

    let status = head.strip_prefix(b"HTTP/1.1 ").or_else(|| head.strip_prefix(b"HTTP/1.0 "));
    let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    status.ok_or_else(|| "it does not speak HTTP".into())
}
