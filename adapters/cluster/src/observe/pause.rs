//! How long to wait before the next try.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The pause after the first failure; it doubles up to the longest.
const FIRST: Duration = Duration::from_millis(500);
pub(super) const LONGEST: Duration = Duration::from_secs(30);

/// The pause after a refusal for want of a right: long enough to be no burden, short enough that a right that is given
/// back is noticed while its giver still looks.
const REFUSED: Duration = Duration::from_secs(60);

/// The longest that a server may make us wait.
const ASKED: Duration = Duration::from_secs(600);

/// A back-off with jitter, so that all the watches of all replicas do not come back in one moment.
#[derive(Debug)]
pub(super) struct Pause {
    next: Duration,
}

impl Pause {
    pub(super) fn new() -> Pause {
        Pause { next: FIRST }
    }

    /// After success.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// The pause before the next try. What the server asks for is kept, and up to a second more.
    pub(super) fn take(&mut self, asked: Option<Duration>) -> Duration {
        let own = self.next.mul_f64(0.5 + fraction() / 2.0);
        self.next = (self.next * 2).min(LONGEST);
        match asked {
            Some(asked) => (asked.min(ASKED) + Duration::from_secs(1).mul_f64(fraction())).max(own),
            None => own,
        }
    }

    /// The pause after a refusal.
    pub(super) fn refused() -> Duration {
        REFUSED.mul_f64(1.0 + fraction() / 4.0)
    }
}

/// A number from 0 up to 1. Of its randomness nothing is asked but spread.
pub(super) fn fraction() -> f64 {
    let random = RandomState::new().build_hasher().finish() as u32;
    f64::from(random) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew_after_success() {
        let mut pause = Pause::new();
        let first = pause.take(None);
        assert!(first >= FIRST / 2 && first <= FIRST, "{first:?}");
        let last = (0..20).map(|_| pause.take(None)).last();
        assert!(last.is_some_and(|last| last >= LONGEST / 2 && last <= LONGEST), "{last:?}");
        pause.reset();
        assert!(pause.take(None) <= FIRST);
    }

    #[test]
    fn what_the_server_asks_for_is_never_cut_short_but_for_the_absurd() {
        let mut pause = Pause::new();
        assert!(pause.take(Some(Duration::from_secs(7))) >= Duration::from_secs(7));
        assert!(pause.take(Some(Duration::from_secs(u64::MAX))) <= ASKED + Duration::from_secs(1));
    }
}
