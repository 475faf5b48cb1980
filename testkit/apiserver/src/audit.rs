//! Who asked for what, and what it cost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

/// One request, written down when it was understood and completed as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Counted from 1 over the life of the server.
    pub number: u64,
    /// When its head was read.
    pub time: Timestamp,
    /// The user's name; empty for a token that nobody has.
    pub user: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for a path that is no
    /// resource the method, in lower case.
    pub verb: String,
    /// The API group; empty for core and for paths that are no resource.
    pub group: String,
    /// `pods`; for a path that is no resource the path itself, which begins with a slash.
    pub resource: String,
    /// `status`; empty for none.
    pub subresource: String,
    /// Empty for none, or all.
    pub namespace: String,
    /// Empty for none.
    pub name: String,
    /// As it came, still escaped.
    pub query: String,
    /// The client's own name for itself.
    pub agent: String,
    /// How it was answered; `None` while it is not, for ever where the fault is silence.
    pub code: Option<u16>,
    /// Whether a fault struck it.
    pub faulted: bool,
    /// The bytes of its answer's body so far.
    pub bytes: u64,
    /// The time it took to render that body: the server's own part, without waiting for the client to read.
    #[serde(skip)]
    pub busy: Duration,
    /// When its answer was complete; `None` while a watch is open.
    pub ended: Option<Timestamp>,
}

impl Request {
    /// Whether it is a list: the verb `list`, or a watch that begins with all there is.
    #[must_use]
    pub fn lists(&self) -> bool {
        self.verb == "list" || (self.verb == "watch" && self.begins_with_all())
    }

    /// Whether it is a watch that begins with all objects there are: a streaming list, or a watch from no version.
    #[must_use]
    pub fn begins_with_all(&self) -> bool {
        let mut version = String::new();
        let mut asked = false;
        for (key, value) in form_urlencoded::parse(self.query.as_bytes()) {
            match &*key {
                "resourceVersion" => version = value.into_owned(),
                "sendInitialEvents" => asked = value == "true",
                _ => {}
            }
        }
        self.verb == "watch" && (asked || version.is_empty() || version == "0")
    }

    /// Whether it changes anything: not a read, and not a review.
    #[must_use]
    pub fn writes(&self) -> bool {
        matches!(&*self.verb, "create" | "update" | "patch" | "delete" | "deletecollection")
            && !self.group.starts_with("auth")
    }
}

/// The log, and the handle of one entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    requests: Vec<Request>,
    next: u64,
}

impl Log {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin(&self, mut request: Request) -> Entry {
        let mut entries = self.entries();
        entries.next += 1;
        request.number = entries.next;
        let number = request.number;
        entries.requests.push(request);
        Entry { log: self.clone(), number }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.entries().requests.clone()
    }

    pub(crate) fn count(&self, fits: impl Fn(&Request) -> bool) -> usize {
        self.entries().requests.iter().filter(|request| fits(request)).count()
    }

    pub(crate) fn clear(&self) {
        self.entries().requests.clear();
    }
}

/// One entry, to be completed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    log: Log,
    pub(crate) number: u64,
}

impl Entry {
    pub(crate) fn change(&self, change: impl FnOnce(&mut Request)) {
        let mut entries = self.log.entries();
        let at = entries.requests.binary_search_by_key(&self.number, |request| request.number);
        if let Some(request) = at.ok().and_then(|at| entries.requests.get_mut(at)) {
            change(request);
        }
    }
}
