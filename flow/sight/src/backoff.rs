//! When the kubelet tries next.

use jiff::{SignedDuration, Timestamp};

/// The first wait after a failure, and the longest:
/// <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/kubelet.go> (`imageBackOffPeriod`, `MaxImageBackOff`).
const FIRST: SignedDuration = SignedDuration::from_secs(10);
const LONGEST: SignedDuration = SignedDuration::from_secs(300);

/// When the next attempt is due, from the first and the last attempt that events tell of.
///
/// Waits double from 10 s to 300 s. After n waits the time gone by is 10·(2ⁿ−1) s, so the next wait is that time and
/// ten seconds more; no attempt has to be counted, which matters because events are dropped. The kubelet looks again
/// only with its next sync, so the real attempt comes up to 15 s later.
pub(crate) fn next_attempt(first: Timestamp, last: Timestamp) -> Timestamp {
    let gone_by = last.duration_since(first).max(SignedDuration::ZERO);
    let wait = gone_by.checked_add(FIRST).unwrap_or(LONGEST).min(LONGEST);
    last.checked_add(wait).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_stop_at_five_minutes() {
        let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for (gone_by, wait) in [(0, 10), (10, 20), (30, 40), (70, 80), (150, 160), (310, 300), (9000, 300)] {
            let last = first + SignedDuration::from_secs(gone_by);
            assert_eq!(next_attempt(first, last), last + SignedDuration::from_secs(wait), "{gone_by}");
        }
        assert_eq!(
            next_attempt(first, first - SignedDuration::from_secs(60)),
            first - SignedDuration::from_secs(50)
        );
        assert_eq!(next_attempt(Timestamp::MIN, Timestamp::MAX), Timestamp::MAX);
    }
}
