//! Requests through a proxy: as Go sends them, and never with what is not the proxy's.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use pullmedic_model::probe::record::{Ended, NotAsked};
use pullmedic_model::probe::route::Scheme;
use pullmedic_registry::Proxies;
use support::{CANARY, ask, bench, end, get, head, host, stages};
use testkit_registry::{Certificate, Endpoint, Image};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A proxy that sends everything to one place, and the heads that it was sent.
async fn proxy(to: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let text = String::from_utf8(head).unwrap();
                kept.lock().unwrap().push(text.clone());
                let mut server = TcpStream::connect(to).await.unwrap();
                if text.starts_with("CONNECT ") {
                    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                } else {
                    let (line, rest) = text.split_once("\r\n").unwrap();
                    let path = line.split_once("r.test").unwrap().1;
                    let method = line.split(' ').next().unwrap();
                    server.write_all(format!("{method} {path}\r\n{rest}").as_bytes()).await.unwrap();
                }
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, heads)
}

fn open(name: &str) -> Endpoint {
    Endpoint {
        host: Some("r.test".to_owned()),
        ..Endpoint::named(name).image(Image::small("team/app", "1.0"))
    }
}

#[tokio::test]
async fn tls_goes_through_a_tunnel_and_plain_http_names_the_whole_url() {
    for (endpoint, scheme, port) in
        [(open("r").tls(Certificate::Trusted), Scheme::Https, ""), (open("r"), Scheme::Http, ":80")]
    {
        let (address, heads) = {
            let at = std::sync::OnceLock::new();
            let bench = bench(vec![endpoint], |running, _| {
                at.set((running.endpoint("r"), running.ca_pem())).unwrap();
            })
            .await;
            let (to, ca) = at.get().unwrap().clone();
            let (address, heads) = proxy(to).await;
            let proxies = format!("http://user:{CANARY}@{address}");
            let trust = pullmedic_registry::Trust {
                authorities: vec![ca.into_bytes()],
                replaces_system: true,
                ..pullmedic_registry::Trust::default()
            };
            let prober = pullmedic_registry::Prober::new(pullmedic_registry::Settings {
                proxies: Proxies::from_values(&proxies, &proxies, ""),
                trusts: [(String::new(), trust)].into(),
                limits: support::limits(),
                ..pullmedic_registry::Settings::default()
            })
            .unwrap();
            let ask = ask(host(&format!("r.test{port}"), scheme), "team/app", head("1.0"));
            let record = prober.ask(&ask, None).await;
            assert_eq!(end(&record), "got manifest", "{record:?}");
            assert!(!stages(&record).contains("name"), "the proxy resolves: {record:?}");
            assert!(record.steps.iter().all(|step| step.address.is_none()));
            assert!(!support::written(&record).contains(CANARY));
            assert_eq!(bench.running.requests().len(), 1);
            // Through a tunnel the proxy's login stays with the proxy.
            let passed_on = bench.running.seen_at("Basic ");
            assert_eq!(passed_on.is_empty(), scheme == Scheme::Https);
            (address, heads)
        };
        let heads = heads.lock().unwrap().join("\n").to_lowercase();
        let first = if scheme == Scheme::Https {
            "connect r.test:443 http/1.1"
        } else {
            "head http://r.test/v2/team/app/manifests/1.0 http/1.1"
        };
        assert!(heads.starts_with(first), "{address}: {heads}");
        assert!(heads.contains("proxy-authorization: basic "), "{heads}");
    }
}

#[tokio::test]
async fn metadata_is_not_asked_through_a_proxy_either() {
    let bench = bench(vec![open("r")], |running, settings| {
        let proxy = format!("http://{}", running.endpoint("r"));
        settings.proxies = Proxies::from_values(&proxy, &proxy, "");
    })
    .await;
    for name in ["169.254.169.254:80", "[fd00:ec2::254]:80"] {
        let record = bench.prober.ask(&ask(host(name, Scheme::Http), "team/app", get("1.0")), None).await;
        assert!(matches!(record.ended, Ended::NotAsked(NotAsked::Address(_))), "{record:?}");
    }
    assert!(bench.running.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_that_we_cannot_use_is_our_own_failure() {
    let bench = bench(vec![open("r")], |_, settings| {
        settings.proxies = Proxies::from_values("socks5://127.0.0.1:1080", "", "");
    })
    .await;
    let record = bench.prober.ask(&ask(host("r.test:80", Scheme::Http), "team/app", get("1.0")), None).await;
    assert!(
        matches!(&record.ended, Ended::NotAsked(NotAsked::Ours(why)) if why.contains("SOCKS")),
        "{record:?}"
    );
}
