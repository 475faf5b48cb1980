//! The one clock of the controller. It never goes back, whatever the machine's does: what is told later is not earlier.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Time as the machine tells it, but for steps back.
pub(crate) struct Clock {
    last: std::cell::Cell<Timestamp>,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { last: std::cell::Cell::new(Timestamp::MIN) }
    }
}

impl Clock {
    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.at(Timestamp::now())
    }

    fn at(&self, told: Timestamp) -> Timestamp {
        // After a step back time stands still until the machine's is there again; an hour of that is a clock that was
        // wrong before, so its word counts anew.
        let last = self.last.get();
        let back = last.duration_since(told);
        let now = if back.as_hours() >= 1 { told } else { told.max(last) };
        self.last.set(now);
        now
    }

    /// The same moment for a timer; what is past is now.
    pub(crate) fn instant(&self, at: Timestamp) -> Instant {
        let wait = at.duration_since(self.last.get().max(Timestamp::now()));
        Instant::now() + Duration::try_from(wait).unwrap_or(Duration::ZERO).min(Duration::from_secs(3600))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_small_step_back_is_waited_out_and_a_large_one_is_believed() {
        let clock = Clock::default();
        let first: Timestamp = "2026-11-22T16:00:00Z".parse().unwrap();
        let minute = SignedDuration::from_mins(1);
        assert_eq!(clock.at(first), first);
        assert_eq!(clock.at(first - minute), first);
        assert_eq!(clock.at(first + minute), first + minute);
        let long = first - SignedDuration::from_hours(2);
        assert_eq!(clock.at(long), long);
    }
}
