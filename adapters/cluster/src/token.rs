//! A token that lives in a file, which is rotated under us: a ServiceAccount's in a pod, or a kubeconfig's `tokenFile`.
//!
//! Not by kube-client, which measures a token's age by the wall clock, keeps a refused one for up to a minute, and sends
//! a line end at the end of the file with it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

/// How long a token that was read is sent without looking at the file again; client-go's is as long.
const FRESH: Duration = Duration::from_secs(60);

/// A token's file and the token last read from it.
pub(crate) struct TokenFile {
    path: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    header: HeaderValue,
    read: Instant,
}

impl TokenFile {
    /// The file at `path`, which was just found to hold `token`; `None` when no header can carry that.
    pub(crate) fn new(path: &Path, token: &str) -> Option<TokenFile> {
        let held = Held { header: header(token)?, read: Instant::now() };
        Some(TokenFile { path: path.to_owned(), held: Mutex::new(held) })
    }

    /// The `Authorization` header to send.
    pub(crate) async fn current(&self) -> HeaderValue {
        if self.with(|held| held.read.elapsed() >= FRESH) {
            self.read().await;
        }
        self.with(|held| held.header.clone())
    }

    /// What the file holds now, unless that is still what was `refused`.
    pub(crate) async fn other_than(&self, refused: &HeaderValue) -> Option<HeaderValue> {
        self.read().await;
        self.with(|held| (held.header != refused).then(|| held.header.clone()))
    }

    /// Reads the file. One that cannot be read, or holds no token, leaves the last: it may be rotated right now, and some
    /// are removed after the start (<https://github.com/kubernetes/kubernetes/issues/68164>).
    async fn read(&self) {
        let path = self.path.clone();
        let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
        let found = text.ok().and_then(Result::ok).and_then(|text| header(&text));
        self.with(|held| {
            held.read = Instant::now();
            if let Some(found) = found {
                held.header = found;
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Held) -> T) -> T {
        // Nothing in here panics, so a poisoned lock holds a whole value.
        work(&mut self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

fn header(token: &str) -> Option<HeaderValue> {
    let token = token.trim();
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| !token.is_empty())?;
    header.set_sensitive(true);
    Some(header)
}
