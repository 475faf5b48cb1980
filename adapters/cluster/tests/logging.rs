//! What the libraries below log, at the most talkative level, holds no credential and no body (threats 10, 13, 29).

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use pullmedic_cluster::{Cluster, News, Observe, Scope};
use support::{Answer, CANARY, Server, Setup, ok, refusal, status};
use tracing_subscriber::fmt::MakeWriter;

/// What stands in a body where a secret might.
const BODY: &str = "canary-of-a-body";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn no_credential_and_no_body_is_logged_whatever_the_server_answers() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .init();
    for answer in [
        || ok(format!(r#"{{"kind":"PodList","items":[{{"metadata":"{BODY}"}}]}}"#)),
        || ok(format!(r#"{{"kind":"PodList","items":"{BODY}"}}"#)),
        || ok(BODY),
        || status(401, refusal(401, BODY)),
        || status(400, BODY),
        || Answer::Short { promised: 500, body: BODY.into() },
    ] {
        let server = Server::start(move |_| answer());
        let setup = server.access();
        let cluster = Cluster::connect(&setup.access).await.unwrap();
        let _ = cluster.pods_and_events(&Scope::default()).await;
        let _ = cluster.may("list", "", "pods", None).await;
        // As in a pod: a token that is read from a file, by us.
        let text = std::fs::read_to_string(setup.path()).unwrap();
        let setup = Setup::written(&text.replace(&format!("token: {CANARY}"), "tokenFile: token"));
        std::fs::write(setup.folder.path().join("token"), CANARY).unwrap();
        let cluster = Cluster::connect(&setup.access).await.unwrap();
        let told = cluster.observe(Observe::default()).take(12).collect::<Vec<News>>();
        let _ = tokio::time::timeout(Duration::from_secs(3), told).await;
        assert!(!server.seen().is_empty());
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("requesting"), "nothing was logged at all");
    assert!(!log.contains(CANARY), "{log}");
    assert!(!log.contains(BODY), "{log}");
}
