//! Watches: what there is, then what changes.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant as Deadline, sleep, sleep_until};

use crate::audit::Entry;
use crate::fault::WatchFault;
use crate::kinds::Kind;
use crate::object::{Form, Key, Object};
use crate::selector::Selector;
use crate::serve::Server;
use crate::serve::ask::Ask;
use crate::serve::body::{self, Body, Pieces};
use crate::serve::list::{PIECE, version_of};
use crate::status::{Flaw, Refusal};
use crate::store::{Change, Did};

/// How many changes are taken at once.
const AT_ONCE: usize = 256;

/// The longest watch where the client names no time: the real server takes 30 to 60 minutes.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// What an open watch is told to do from outside.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Fault(WatchFault),
    /// Send a bookmark now, if it takes bookmarks.
    Bookmark,
}

/// An open watch, as the server knows it.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) number: u64,
    pub(crate) resource: String,
    pub(crate) namespace: String,
    pub(crate) user: String,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
}

/// One watch under way.
struct Watch {
    server: Arc<Server>,
    kind: Arc<Kind>,
    selector: Selector,
    /// Empty for all.
    namespace: String,
    partial: bool,
    bookmarks: bool,
    entry: Entry,
    pieces: Pieces,
    /// Told up to here.
    version: u64,
    ill: Ill,
}

/// What is wrong with it.
#[derive(Default)]
struct Ill {
    silent: bool,
    twice: bool,
    cut: bool,
    slow: Duration,
}

/// Nobody reads any more, or it was to end.
struct Over;

pub(crate) async fn open(
    server: &Arc<Server>,
    kind: &Arc<Kind>,
    ask: &Ask,
    entry: &Entry,
    user: &str,
    fault: Option<WatchFault>,
) -> Result<Response<Body>, Refusal> {
    let selector = Selector::parse(kind, ask.parameter("labelSelector"), ask.parameter("fieldSelector"))?;
    let streams = streams(server, ask)?;
    let asked = version_of(ask)?;
    server.reach(asked).await?;
    let target = ask.target.clone().unwrap_or_default();
    let (pieces, reply) = Body::pieces();
    let (orders, inbox) = mpsc::unbounded_channel();
    if let Some(fault) = fault {
        // The inbox is ours still: this cannot fail.
        let _ = orders.send(Order::Fault(fault));
    }
    let open = Open {
        number: entry.number,
        resource: kind.plural.clone(),
        namespace: target.namespace.clone(),
        user: user.to_owned(),
        orders,
    };
    server.watches().push(open);
    let mut watch = Watch {
        server: Arc::clone(server),
        kind: Arc::clone(kind),
        selector,
        namespace: target.namespace,
        partial: ask.wants_partial(),
        bookmarks: ask.flag("allowWatchBookmarks"),
        entry: entry.clone(),
        pieces,
        version: asked,
        ill: Ill::default(),
    };
    let seconds: u64 = ask.parameter("timeoutSeconds").parse().unwrap_or(0);
    let length = if seconds == 0 { LONGEST } else { Duration::from_secs(seconds) };
    let start = if streams {
        Start::Stream
    } else if asked == 0 {
        Start::All
    } else {
        Start::Changes
    };
    tokio::spawn(async move {
        // However it ended, it is over.
        let _ = watch.run(start, Deadline::now() + length, inbox).await;
        watch.entry.change(|request| request.ended = Some(jiff::Timestamp::now()));
        let number = watch.entry.number;
        watch.server.watches().retain(|open| open.number != number);
    });
    Ok(body::with(200, "application/json", reply))
}

/// How a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// With what happened after its version.
    Changes,
    /// With all there is.
    All,
    /// With all there is, and a bookmark that says so.
    Stream,
}

/// Whether it is a streaming list: <https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>.
fn streams(server: &Server, ask: &Ask) -> Result<bool, Refusal> {
    let flaw = |message: &str| {
        let flaw = Flaw::new("FieldValueForbidden", "resourceVersionMatch", format!("Forbidden: {message}"));
        Refusal::invalid("meta.k8s.io", "ListOptions", "", &[flaw])
    };
    let asked = ask.parameter("sendInitialEvents");
    let matched = ask.parameter("resourceVersionMatch");
    if asked.is_empty() {
        if !matched.is_empty() {
            return Err(flaw(
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        return Ok(false);
    }
    if !server.options.streaming_lists {
        let message = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
        let flaw = Flaw::new("FieldValueForbidden", "sendInitialEvents", message);
        return Err(Refusal::invalid("meta.k8s.io", "ListOptions", "", &[flaw]));
    }
    if matched != "NotOlderThan" {
        return Err(flaw("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    }
    Ok(ask.flag("sendInitialEvents"))
}

impl Watch {
    async fn run(
        &mut self,
        start: Start,
        end: Deadline,
        mut inbox: mpsc::UnboundedReceiver<Order>,
    ) -> Result<(), Over> {
        while let Ok(order) = inbox.try_recv() {
            self.obey(order).await?;
        }
        let mut bell = {
            let mut store = self.server.store();
            store.table(&self.kind).bell()
        };
        if start != Start::Changes {
            self.tell_all(start).await?;
        }
        let every = self.server.options.bookmark_every;
        let mut mark = Deadline::now() + every;
        loop {
            self.catch_up(&mut bell).await?;
            tokio::select! {
                biased;
                order = inbox.recv() => match order {
                    Some(order) => self.obey(order).await?,
                    None => return Ok(()),
                },
                () = self.pieces.closed() => return Ok(()),
                // A silent watch outlives its time: that is what is wrong with it.
                () = sleep_until(end), if !self.ill.silent => {
                    return self.bookmark().await;
                }
                () = sleep_until(mark), if !self.ill.silent => {
                    mark = Deadline::now() + every;
                    self.bookmark().await?;
                }
                _ = bell.changed(), if !self.ill.silent => {}
            }
        }
    }

    /// Tells all that happened since.
    async fn catch_up(&mut self, bell: &mut watch::Receiver<u64>) -> Result<(), Over> {
        while !self.ill.silent {
            bell.mark_unchanged();
            let (changes, oldest) = {
                let mut store = self.server.store();
                let table = store.table(&self.kind);
                (table.since(self.version, AT_ONCE), table.oldest())
            };
            let Some(changes) = changes else {
                return self.expire(oldest).await;
            };
            if changes.is_empty() {
                return Ok(());
            }
            if !self.ill.slow.is_zero() {
                sleep(self.ill.slow).await;
            }
            let start = Instant::now();
            let mut out = Vec::new();
            for change in &changes {
                let from = out.len();
                self.write_change(change, &mut out);
                if self.ill.twice {
                    out.extend_from_within(from..);
                }
                self.version = change.version;
            }
            let busy = start.elapsed();
            self.entry.change(|request| request.busy += busy);
            self.send(out).await?;
        }
        Ok(())
    }

    /// Tells what there is now.
    async fn tell_all(&mut self, start: Start) -> Result<(), Over> {
        let (version, objects) = {
            let mut store = self.server.store();
            let namespace = Some(self.namespace.as_str()).filter(|word| !word.is_empty());
            let objects = store.table(&self.kind).range(namespace);
            let objects: Vec<(Key, Object)> =
                objects.map(|(key, object)| (key.clone(), object.clone())).collect();
            (store.version, objects)
        };
        let mut out = Vec::with_capacity(PIECE);
        let mut since = Instant::now();
        for (key, object) in objects {
            if self.fits(&key, &object) {
                self.write_event("ADDED", &object, &mut out);
            }
            if out.len() >= PIECE {
                let busy = since.elapsed();
                self.entry.change(|request| request.busy += busy);
                self.send(std::mem::take(&mut out)).await?;
                since = Instant::now();
            }
        }
        let busy = since.elapsed();
        self.entry.change(|request| request.busy += busy);
        self.send(out).await?;
        self.version = version;
        if start == Start::Stream && self.bookmarks {
            let annotations = json!({"k8s.io/initial-events-end": "true"});
            self.say_bookmark(&json!({"resourceVersion": version.to_string(), "annotations": annotations}))
                .await?;
        }
        Ok(())
    }

    fn fits(&self, key: &Key, object: &Object) -> bool {
        (self.namespace.is_empty() || *key.0 == *self.namespace) && self.selector.fits(key, object)
    }

    /// A change as this watch sees it: an object that begins to fit is new to it, one that fits no more is gone.
    fn write_change(&self, change: &Change, out: &mut Vec<u8>) {
        let before = change.before.as_ref().is_some_and(|before| self.fits(&change.key, before));
        let after = change.did != Did::Deleted && self.fits(&change.key, &change.object);
        match (before, after) {
            (false, true) => self.write_event("ADDED", &change.object, out),
            (true, true) => self.write_event("MODIFIED", &change.object, out),
            (true, false) => self.write_event("DELETED", &change.object, out),
            (false, false) => {}
        }
    }

    fn write_event(&self, what: &str, object: &Object, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(what.as_bytes());
        out.extend_from_slice(b"\",\"object\":");
        object.write(if self.partial { Form::Partial } else { Form::Whole }, out);
        out.extend_from_slice(b"}\n");
    }

    /// Says where things stand, if the client takes that.
    async fn bookmark(&mut self) -> Result<(), Over> {
        if !self.bookmarks || self.ill.silent {
            return Ok(());
        }
        let (version, behind) = {
            let mut store = self.server.store();
            let version = store.version;
            (
                version,
                store.table(&self.kind).since(self.version, 1).is_none_or(|changes| !changes.is_empty()),
            )
        };
        // Whatever changed meanwhile of this kind is told first.
        if behind {
            return Ok(());
        }
        self.version = version;
        self.say_bookmark(&json!({"resourceVersion": version.to_string()})).await
    }

    async fn say_bookmark(&mut self, meta: &Value) -> Result<(), Over> {
        let (kind, api_version) = if self.partial {
            ("PartialObjectMetadata".to_owned(), "meta.k8s.io/v1".to_owned())
        } else {
            (self.kind.kind.clone(), self.kind.api_version())
        };
        let object = json!({"kind": kind, "apiVersion": api_version, "metadata": meta});
        self.say(&json!({"type": "BOOKMARK", "object": object})).await
    }

    async fn expire(&mut self, oldest: u64) -> Result<(), Over> {
        let status = Refusal::expired(self.version, oldest).to_value();
        self.say(&json!({"type": "ERROR", "object": status})).await?;
        Err(Over)
    }

    async fn say(&mut self, line: &Value) -> Result<(), Over> {
        self.send(format!("{line}\n").into_bytes()).await
    }

    async fn send(&mut self, mut lines: Vec<u8>) -> Result<(), Over> {
        if lines.is_empty() || self.ill.silent {
            return Ok(());
        }
        if self.ill.cut {
            let line = lines.iter().position(|byte| *byte == b'\n').unwrap_or(lines.len());
            lines.truncate(line / 2);
            self.pass(lines).await?;
            return self.break_off().await;
        }
        self.pass(lines).await
    }

    async fn pass(&mut self, lines: Vec<u8>) -> Result<(), Over> {
        self.entry.change(|request| request.bytes += lines.len() as u64);
        self.pieces.send(Ok(Bytes::from(lines))).await.map_err(|_| Over)
    }

    /// Breaks the connection, once what was said before is under way.
    async fn break_off(&mut self) -> Result<(), Over> {
        sleep(Duration::from_millis(20)).await;
        let broken = io::Error::new(io::ErrorKind::ConnectionReset, "broken off by a fault");
        // Either way there is no more.
        let _ = self.pieces.send(Err(broken)).await;
        Err(Over)
    }

    async fn obey(&mut self, order: Order) -> Result<(), Over> {
        let fault = match order {
            Order::Bookmark => return self.bookmark().await,
            Order::Fault(fault) => fault,
        };
        self.entry.change(|request| request.faulted = true);
        match fault {
            WatchFault::Silent => self.ill.silent = true,
            WatchFault::Duplicate => self.ill.twice = true,
            WatchFault::CutMidLine => self.ill.cut = true,
            WatchFault::Slow(by) => self.ill.slow = by,
            WatchFault::End => return Err(Over),
            WatchFault::Break => return self.break_off().await,
            WatchFault::Expire => {
                let oldest = self.server.store().version;
                return self.expire(oldest).await;
            }
            WatchFault::Line(line) => return self.send(format!("{line}\n").into_bytes()).await,
        }
        Ok(())
    }
}
