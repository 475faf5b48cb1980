//! What goes wrong, and when.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::audit::Request;
use crate::status::Refusal;

/// Which requests a fault strikes: all whose words fit. `None` fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// `list`, `watch`, `patch`, …; as [`Request::verb`](crate::Request::verb).
    pub verb: Option<String>,
    /// `pods`, `leases`.
    pub resource: Option<String>,
    /// The namespace asked for.
    pub namespace: Option<String>,
    /// The object asked for.
    pub name: Option<String>,
    /// The user's name.
    pub user: Option<String>,
    /// Only requests that change something.
    pub writes: bool,
    /// How many fitting requests are answered well first.
    pub after: u32,
    /// How many are struck; `None` for all until it is healed.
    pub times: Option<u32>,
}

impl When {
    /// Every request.
    #[must_use]
    pub fn any() -> When {
        When::default()
    }

    /// This verb on this resource.
    #[must_use]
    pub fn on(verb: &str, resource: &str) -> When {
        When { verb: Some(verb.to_owned()), resource: Some(resource.to_owned()), ..When::default() }
    }

    /// Every write.
    #[must_use]
    pub fn writes() -> When {
        When { writes: true, ..When::default() }
    }

    /// Only in this namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> When {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// Only this object.
    #[must_use]
    pub fn name(mut self, name: &str) -> When {
        self.name = Some(name.to_owned());
        self
    }

    /// Only this user.
    #[must_use]
    pub fn user(mut self, user: &str) -> When {
        self.user = Some(user.to_owned());
        self
    }

    /// Only after so many have passed.
    #[must_use]
    pub fn after(mut self, passed: u32) -> When {
        self.after = passed;
        self
    }

    /// Only so often.
    #[must_use]
    pub fn times(mut self, times: u32) -> When {
        self.times = Some(times);
        self
    }

    fn fits(&self, request: &Request) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.verb, &request.verb)
            && same(&self.resource, &request.resource)
            && same(&self.namespace, &request.namespace)
            && same(&self.name, &request.name)
            && same(&self.user, &request.user)
            && (!self.writes || request.writes())
    }
}

/// What a fault does to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Answered later.
    Delay(Duration),
    /// Never answered; nothing takes effect.
    Hang,
    /// The connection is closed without an answer; nothing takes effect.
    Close,
    /// Refused: [`Refusal::too_many`], [`Refusal::unavailable`], [`Refusal::unauthorized`], [`Refusal::expired`], ….
    Refuse(Refusal),
    /// Answered with this status and these words, which need be no Status: what a proxy in between says.
    Words(u16, String),
    /// It takes effect, and the connection is closed without an answer.
    LoseAnswer,
    /// It takes effect, and is never answered.
    HangAfter,
    /// A watch that is opened, and ill from then on.
    Watch(WatchFault),
}

/// What happens to a watch that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchFault {
    /// Says nothing any more and stays open, past its own time.
    Silent,
    /// Tells everything twice.
    Duplicate,
    /// Breaks off in the middle of its next line.
    CutMidLine,
    /// Ends as if its time were over.
    End,
    /// Its connection breaks.
    Break,
    /// Says that its version is too old (410), and ends.
    Expire,
    /// Says this line as it stands, which may be no JSON, or no object that anybody can decode.
    Line(String),
    /// Says each change this much later.
    Slow(Duration),
}

/// Names a fault, so that it can be healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(u64);

#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    faults: Vec<(FaultId, When, Then)>,
    next: u64,
}

impl Faults {
    pub(crate) fn add(&self, when: When, then: Then) -> FaultId {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.next += 1;
        let id = FaultId(known.next);
        known.faults.push((id, when, then));
        id
    }

    /// Ends one, or all.
    pub(crate) fn heal(&self, id: Option<FaultId>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.faults.retain(|(kept, _, _)| id.is_some_and(|id| id != *kept));
    }

    /// The first fault that strikes this request.
    pub(crate) fn strike(&self, request: &Request) -> Option<Then> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, when, then) in &mut known.faults {
            if when.times == Some(0) || !when.fits(request) {
                continue;
            }
            if when.after > 0 {
                when.after -= 1;
                continue;
            }
            if let Some(times) = &mut when.times {
                *times -= 1;
            }
            return Some(then.clone());
        }
        None
    }
}
