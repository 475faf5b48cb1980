//! When an incident is asked about again.

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::{Cause, Certainty, Clears};

use crate::agenda::later;
use crate::cause::{Pace, clears, row};

/// What the next look depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) cause: Cause,
    pub(crate) clears: Option<Clears>,
    pub(crate) certainty: Certainty,
    /// The replay passed, or the container got past: only the kubelet's next try ends it.
    pub(crate) over: bool,
    /// When the limit resets or the login expires.
    pub(crate) resets_at: Option<Timestamp>,
    /// Proofs run before, since it was found or found changed.
    pub(crate) looks: u32,
    /// A number of its own for each incident, so that not all come at one time.
    pub(crate) seed: u64,
}

const SECOND: i64 = 1;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

/// When it is asked about again, after a proof that was run `now`; `None`: when something changes.
///
/// | after | first look in | growing to |
/// |---|---|---|
/// | the replay passed | 1 min | 5 min |
/// | transient | 30 s | 5 min |
/// | may be either | 1 min | 30 min |
/// | permanent, as a missing tag | 10 min | 6 h |
/// | a login was refused | 30 min | 6 h |
/// | a limit or a login with a known time | at that time and up to 30 s | |
/// | undecided | 5 min, of a login 30 min, or soon for news of it | 2 h |
/// | read in an object | when it changes | |
pub(crate) fn next(asked: Asked, now: Timestamp) -> Option<Timestamp> {
    let pace = row(asked.cause).pace;
    let (first, longest) = match (pace, asked.certainty) {
        _ if asked.over => (MINUTE, 5 * MINUTE),
        (Pace::AtReset, Certainty::Undecided | Certainty::Likely | Certainty::Proven) => {
            if let Some(at) = asked.resets_at.filter(|&at| at > now) {
                let spread = SignedDuration::from_secs(i64::try_from(asked.seed % 30).unwrap_or(0) * SECOND);
                return Some(later(at, spread));
            }
            (15 * MINUTE, 6 * HOUR)
        }
        (Pace::OnChange, Certainty::Likely | Certainty::Proven) => return None,
        (Pace::Rarely, Certainty::Likely | Certainty::Proven) => (30 * MINUTE, 6 * HOUR),
        (Pace::Rarely, Certainty::Undecided) => (30 * MINUTE, 2 * HOUR),
        (Pace::ByClears | Pace::OnChange, Certainty::Undecided) => (5 * MINUTE, 2 * HOUR),
        (Pace::ByClears, Certainty::Likely | Certainty::Proven) => match clears(asked.cause, asked.clears) {
            Some(Clears::Transient) => (30 * SECOND, 5 * MINUTE),
            Some(Clears::Permanent) => (10 * MINUTE, 6 * HOUR),
            None => (MINUTE, 30 * MINUTE),
        },
    };
    let grown = first.saturating_mul(1_i64 << asked.looks.min(20)).min(longest);
    Some(later(now, SignedDuration::from_secs(grown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(
        cause: Cause,
        certainty: Certainty,
        looks: u32,
        resets_in: Option<i64>,
        over: bool,
    ) -> Option<i64> {
        let now = Timestamp::UNIX_EPOCH;
        let resets_at = resets_in.map(|seconds| later(now, SignedDuration::from_secs(seconds)));
        let asked = Asked { cause, clears: None, certainty, over, resets_at, looks, seed: 7 };
        next(asked, now).map(Timestamp::as_second)
    }

    #[test]
    fn looks_again_by_cause() {
        use Certainty::{Likely, Proven, Undecided};
        for (cause, certainty, looks, resets_in, over, seconds) in [
            (Cause::TagNotFound, Proven, 0, None, false, Some(600)),
            (Cause::TagNotFound, Proven, 3, None, false, Some(4_800)),
            (Cause::TagNotFound, Proven, 99, None, false, Some(21_600)),
            (Cause::TagNotFound, Proven, 2, None, true, Some(240)),
            (Cause::RegistryUnavailable, Likely, 0, None, false, Some(30)),
            (Cause::RegistryUnavailable, Proven, 2, None, false, Some(120)),
            (Cause::RegistryUnavailable, Proven, 9, None, false, Some(300)),
            (Cause::Dns, Proven, 1, None, false, Some(120)),
            (Cause::RateLimited, Proven, 4, Some(1_000), false, Some(1_007)),
            (Cause::RateLimited, Proven, 0, Some(-5), false, Some(900)),
            (Cause::RateLimited, Proven, 0, None, false, Some(900)),
            (Cause::CredentialsExpired, Proven, 0, Some(43_200), false, Some(43_207)),
            (Cause::BadCredentials, Proven, 0, None, false, Some(1_800)),
            (Cause::Unknown, Undecided, 0, None, false, Some(300)),
            (Cause::Unknown, Undecided, 9, None, false, Some(7_200)),
            (Cause::InvalidReference, Proven, 0, None, false, None),
        ] {
            assert_eq!(
                after(cause, certainty, looks, resets_in, over),
                seconds,
                "{cause} {certainty:?} {looks}"
            );
        }
    }
}
