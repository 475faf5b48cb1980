//! How much may be asked: a total, a rate for each host, and the hosts that told us to wait.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Endpoint;
use pullmedic_model::probe::record::NotAsked;
use tokio::time::Instant;

use crate::settings::Limits;

/// The longest wait that a server may impose on us.
const LONGEST_WAIT: i64 = 24 * 3600;

/// Hosts kept; a run that meets more forgets the rates of the idle ones.
const HOSTS: usize = 10_000;

/// What is left.
pub(crate) struct Budget {
    most: u32,
    sent: AtomicU32,
    rate: f64,
    burst: f64,
    buckets: Mutex<HashMap<Endpoint, Bucket>>,
    limited: Mutex<HashMap<Endpoint, Timestamp>>,
}

struct Bucket {
    /// May be negative: that many requests wait for their turn.
    tokens: f64,
    at: Instant,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Budget {
        Budget {
            most: limits.requests,
            sent: AtomicU32::new(0),
            rate: limits.rate.max(0.01),
            burst: f64::from(limits.burst.max(1)),
            buckets: Mutex::default(),
            limited: Mutex::default(),
        }
    }

    /// Requests sent so far.
    pub(crate) fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the host told us to wait, until when.
    pub(crate) fn limited(&self, endpoint: &Endpoint) -> Option<NotAsked> {
        let limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        let until = limited.get(endpoint).copied().filter(|until| *until > Timestamp::now())?;
        Some(NotAsked::Limited { until: Some(until) })
    }

    /// Takes one request to a host, after waiting for its turn.
    pub(crate) async fn take(&self, endpoint: &Endpoint) -> Result<(), NotAsked> {
        if let Some(limited) = self.limited(endpoint) {
            return Err(limited);
        }
        let taken = self.sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| {
            (sent < self.most).then_some(sent + 1)
        });
        if taken.is_err() {
            return Err(NotAsked::Budget);
        }
        let wait = self.wait(endpoint, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Takes a token of the host's bucket; how long until it is ours.
    fn wait(&self, endpoint: &Endpoint, now: Instant) -> Duration {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= HOSTS {
            buckets.retain(|_, bucket| now.duration_since(bucket.at) < Duration::from_secs(60));
        }
        let bucket =
            buckets.entry(endpoint.clone()).or_insert_with(|| Bucket { tokens: self.burst, at: now });
        let grown = bucket.tokens + now.saturating_duration_since(bucket.at).as_secs_f64() * self.rate;
        bucket.tokens = grown.min(self.burst) - 1.0;
        bucket.at = now;
        Duration::from_secs_f64((-bucket.tokens).max(0.0) / self.rate)
    }

    /// Notes a `429` and its `Retry-After`; without one nothing is known of when.
    pub(crate) fn told_to_wait(&self, endpoint: &Endpoint, retry_after: Option<&str>) {
        let Some(until) = retry_after.and_then(|value| until(value, Timestamp::now())) else { return };
        self.limited.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint.clone(), until);
    }
}

/// When `Retry-After` ends: seconds, or an HTTP date
/// ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
fn until(value: &str, now: Timestamp) -> Option<Timestamp> {
    let seconds = match value.trim().parse::<u64>() {
        Ok(seconds) => i64::try_from(seconds).unwrap_or(LONGEST_WAIT),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
            date.duration_since(now).as_secs()
        }
    };
    (seconds > 0).then(|| now + SignedDuration::from_secs(seconds.min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::parse("r.test").expect("an endpoint")
    }

    #[test]
    fn a_wait_is_read_in_seconds_or_as_a_date_and_is_capped() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
        for (value, expected) in [
            ("120", Some("2026-11-22T12:02:00Z")),
            ("Sun, 22 Nov 2026 12:05:00 GMT", Some("2026-11-22T12:05:00Z")),
            ("99999999999999", Some("2026-11-23T12:00:00Z")),
            ("0", None),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(until(value, now).map(|at| at.to_string()), expected.map(str::to_owned), "{value}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_and_the_total_are_kept() {
        let budget = Budget::new(&Limits { requests: 5, rate: 1.0, burst: 2, ..Limits::default() });
        let begun = Instant::now();
        for _ in 0..5 {
            assert_eq!(budget.take(&endpoint()).await, Ok(()));
        }
        assert_eq!(begun.elapsed().as_secs(), 3, "two at once, then one each second");
        assert_eq!(budget.take(&endpoint()).await, Err(NotAsked::Budget));
        assert_eq!(budget.sent(), 5);
    }

    #[tokio::test]
    async fn a_host_that_said_wait_is_not_asked_before() {
        let budget = Budget::new(&Limits::default());
        budget.told_to_wait(&endpoint(), None);
        assert_eq!(budget.take(&endpoint()).await, Ok(()));
        budget.told_to_wait(&endpoint(), Some("3600"));
        assert!(matches!(budget.take(&endpoint()).await, Err(NotAsked::Limited { until: Some(_) })));
        assert_eq!(budget.sent(), 1);
    }
}
