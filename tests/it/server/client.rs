//! A client that says exactly what it is told, byte for byte.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection.
pub struct Client {
    stream: TcpStream,
    /// Read, and not yet part of an answer.
    ahead: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The code of the problem that it tells.
    pub fn problem(&self) -> String {
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: TcpStream::connect(address).await?, ahead: Vec::new() })
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        self.answer().await
    }

    pub async fn post(&mut self, path: &str, body: &str) -> Answer {
        let length = body.len();
        self.try_send(&format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")).await;
        self.answer().await
    }

    pub async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Whether the other side still took it.
    pub async fn try_send(&mut self, text: &str) -> bool {
        self.stream.write_all(text.as_bytes()).await.is_ok()
    }

    /// The next answer; it has a `Content-Length`.
    pub async fn answer(&mut self) -> Answer {
        let end = loop {
            match self.ahead.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.read_more().await,
            }
        };
        let head = String::from_utf8(self.ahead[..end].to_vec()).unwrap().to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        while self.ahead.len() < end + length {
            self.read_more().await;
        }
        let rest = self.ahead.split_off(end + length);
        let body = String::from_utf8(self.ahead.split_off(end)).unwrap();
        self.ahead = rest;
        Answer { status: head[9..12].parse().unwrap(), head, body }
    }

    async fn read_more(&mut self) {
        let read = self.stream.read_buf(&mut self.ahead).await.unwrap();
        assert!(read > 0, "closed in the middle of an answer: {:?}", String::from_utf8_lossy(&self.ahead));
    }

    /// Resolves when the other side has closed; nothing may come before.
    pub async fn is_closed(&mut self) {
        let mut byte = [0];
        let read = self.stream.read(&mut byte).await;
        assert!(!matches!(read, Ok(1)), "something was said instead");
    }

    /// How many bytes still come.
    pub async fn read_all(&mut self) -> usize {
        let mut bytes = Vec::new();
        // A reset is an end, too.
        let _ = self.stream.read_to_end(&mut bytes).await;
        bytes.len()
    }
}
