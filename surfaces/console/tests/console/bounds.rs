use std::time::{Duration, Instant};

use pullmedic_console::{Health, Metrics, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::asked::{PATIENCE, console};

#[tokio::test]
async fn the_three_paths_answer_and_no_other_does() {
    let console = console().await;
    let watches = console.health.condition("watches");
    assert_eq!(console.get("/livez").await.body, "ok\n");
    let not_ready = console.get("/readyz").await;
    assert_eq!((not_ready.status, not_ready.body.as_str()), (503, "[-]watches failed: not yet\n"));
    watches.holds();
    let ready = console.get("/readyz?verbose").await;
    assert_eq!((ready.status, ready.body.as_str()), (200, "[+]main-loop ok\n[+]watches ok\nok\n"));
    let metrics = console.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert_eq!(
        metrics.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    for path in ["/", "/metrics/", "/debug/pprof", "/livez/x", "/../etc/passwd", "/%2e%2e/metrics"] {
        assert_eq!(console.get(path).await.status, 404, "{path}");
    }
    let head = console.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let post = console
        .send("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(post.status, 405);
    console.stop().await;
}

#[tokio::test]
async fn every_answer_is_neither_stored_nor_guessed_at() {
    let console = console().await;
    for path in ["/livez", "/readyz", "/metrics", "/nowhere"] {
        let answer = console.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    console.stop().await;
}

#[tokio::test]
async fn a_head_too_long_and_a_body_are_refused() {
    let console = console().await;
    let long = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Pad: {}\r\n\r\n", "x".repeat(20 << 10));
    assert_eq!(console.send(&long).await.status, 431);
    let many: String = (0..100).map(|n| format!("X-{n}: y\r\n")).collect();
    assert_eq!(console.send(&format!("GET /livez HTTP/1.1\r\nHost: x\r\n{many}\r\n")).await.status, 431);
    let address = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(70 << 10));
    assert!(matches!(console.send(&address).await.status, 414 | 431 | 0));
    let body = "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nxxxx";
    assert_eq!(console.send(body).await.status, 413);
    let chunks = "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n";
    assert_eq!(console.send(chunks).await.status, 413);
    assert_eq!(console.send("\u{16}\u{3}\u{1} this is no HTTP\r\n\r\n").await.status, 400);
    assert_eq!(console.get("/livez").await.status, 200);
    console.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_its_head_slowly_is_cut_off() {
    let console = console().await;
    let begun = Instant::now();
    let mut slow = TcpStream::connect(console.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut silent = TcpStream::connect(console.address).await.unwrap();
    let dripping = async {
        // A byte now and then does not prolong it.
        while slow.write_all(b"X").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(begun.elapsed() < PATIENCE, "never cut off");
        }
    };
    let unanswered = async {
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut answer)).await.expect("never cut off");
    };
    tokio::join!(dripping, unanswered);
    assert!(begun.elapsed() > Duration::from_secs(5), "it had some time");
    assert_eq!(console.get("/livez").await.status, 200);
    console.stop().await;
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_are_bounded_and_keep_no_probe_out() {
    let console = console().await;
    let before = open_descriptors();
    let mut held = std::collections::VecDeque::new();
    for n in 0..10_000 {
        let mut stream = TcpStream::connect(console.address).await.unwrap();
        // One that was given way to is closed already.
        let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n").await;
        held.push_back(stream);
        // Both ends are of this process, which has no 10,000 descriptors on every machine.
        if held.len() > 600 {
            held.pop_front();
        }
        if n % 1000 == 999 {
            assert_eq!(console.get("/livez").await.status, 200, "after {n}");
        }
    }
    let servers = open_descriptors() - before - held.len();
    assert!(servers <= 300, "{servers} connections at the server");
    assert!(servers >= 200, "{servers}: the test holds as many as it may");
    assert_eq!(console.get("/livez").await.status, 200);
    console.stop().await;
}

#[tokio::test]
async fn it_stops_after_the_answer_under_way_and_takes_no_new_one() {
    let console = console().await;
    let address = console.address;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut some = [0; 12];
    idle.read_exact(&mut some).await.unwrap();
    assert_eq!(&some, b"HTTP/1.1 200");
    let begun = Instant::now();
    console.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(String::from_utf8(rest).unwrap().ends_with("ok\n"));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let console = console().await;
    let other = Server::bind(console.address, Health::new(PATIENCE), Metrics::new("0")).await;
    let error = other.unwrap_err();
    assert_eq!(error.to_string(), format!("listen on {}", console.address));
    console.stop().await;
}
