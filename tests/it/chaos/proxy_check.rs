//! The chaos proxy does what the chaos tests take it for.

use std::{io::ErrorKind, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use crate::chaos::{Mode, Proxy};

/// Answers every byte with itself, on a port of its own.
async fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.into_split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    port
}

async fn ask(stream: &mut TcpStream) -> std::io::Result<u8> {
    stream.write_all(b"x").await?;
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    Ok(answer[0])
}

#[tokio::test]
async fn a_refusing_proxy_cuts_off_old_connections_and_takes_no_new_ones_until_it_passes_again() {
    let proxy = Proxy::to(echo().await).await;
    let mut old = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
    assert_eq!(ask(&mut old).await.unwrap(), b'x');

    proxy.set(Mode::Refused).await;
    assert!(ask(&mut old).await.is_err());
    let refused = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    proxy.set(Mode::Pass).await;
    let mut new = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
    assert_eq!(ask(&mut new).await.unwrap(), b'x');
}

#[tokio::test]
async fn a_black_hole_takes_everything_and_answers_nothing() {
    let proxy = Proxy::to(echo().await).await;
    proxy.set(Mode::BlackHoled).await;

    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
    assert!(timeout(Duration::from_millis(300), ask(&mut stream)).await.is_err());
}

#[tokio::test]
async fn a_resetting_proxy_resets() {
    let proxy = Proxy::to(echo().await).await;
    proxy.set(Mode::Reset).await;

    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
    assert!(ask(&mut stream).await.is_err());
}

#[tokio::test]
async fn a_slow_proxy_takes_its_time_both_ways() {
    let proxy = Proxy::to(echo().await).await;
    proxy.set(Mode::Slow(Duration::from_millis(100))).await;

    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
    let asked = Instant::now();
    ask(&mut stream).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(200));
}
