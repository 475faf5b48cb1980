//! How a page looks: what the caller knows of the terminal, the clock and the locale.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What the caller knows of the page: nothing here is looked up by this crate.
#[derive(Debug, Clone)]
pub struct Look {
    /// Columns. Commands, YAML to paste and the tables of [`crate::Form::Wide`] are never broken and may be longer.
    pub width: usize,
    /// Whether to colour. Colour only repeats what mark, word and position say.
    pub colour: bool,
    /// Whether nothing but ASCII may be written.
    pub ascii: bool,
    /// The present; `None` where it means nothing, and then every time has its date.
    pub now: Option<Timestamp>,
    /// The zone in which times are written.
    pub time_zone: TimeZone,
    /// Whether a text says of every rival why it is out or still open, and shows all that was seen. [`crate::Form::Wide`]
    /// does so in any case; a ticket names what is out too.
    pub why: bool,
}

impl Default for Look {
    /// 80 columns, no colour, UTC.
    fn default() -> Look {
        Look { width: 80, colour: false, ascii: false, now: None, time_zone: TimeZone::UTC, why: false }
    }
}

/// Below this many columns the first line of a finding does not hold its mark, code and certainty.
const NARROWEST: usize = 40;

/// A retry that is overdue by more than the kubelet's longest back-off (`maxContainerBackOff`, 5 min) and a pull's
/// own time is no longer expected.
const OVERDUE: SignedDuration = SignedDuration::from_mins(10);

impl Look {
    pub(crate) fn columns(&self) -> usize {
        self.width.max(NARROWEST)
    }

    /// A clock time where the day is today, else with its date.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.time_zone.clone());
        let today = self.now.map(|now| now.to_zoned(self.time_zone.clone()).date());
        let format = if today == Some(at.date()) { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        at.strftime(format).to_string()
    }

    /// As [`Look::time`], but a day that is not today stands alone, and without its year where that is this one; `None`
    /// where that says no less.
    pub(crate) fn day_or_time(&self, at: Timestamp) -> Option<String> {
        let day = self.date(at);
        if !self.time(at).starts_with(&day) {
            return None;
        }
        let at = at.to_zoned(self.time_zone.clone());
        let this_year = self.now.is_some_and(|now| now.to_zoned(self.time_zone.clone()).year() == at.year());
        Some(if this_year { at.strftime("%m-%d").to_string() } else { day })
    }

    /// As [`Look::time`], to the second: requests follow each other faster than minutes.
    pub(crate) fn time_with_seconds(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.time_zone.clone());
        format!("{}{}", self.time(at), zoned.strftime(":%S"))
    }

    /// The day alone, for what is older than a clock time tells.
    pub(crate) fn date(&self, at: Timestamp) -> String {
        at.to_zoned(self.time_zone.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// A time that reads alike wherever it is pasted: date, clock and offset.
    pub(crate) fn time_to_paste(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.time_zone.clone());
        let format = if at.offset().is_zero() { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M %:z" };
        at.strftime(format).to_string()
    }

    /// When the kubelet tries next, as a clause. `recorded`: it was expected then, and we look later.
    pub(crate) fn next_attempt(&self, at: Timestamp, recorded: bool) -> String {
        let clock = self.time(at);
        let left = match self.now {
            Some(now) if !recorded => at.duration_since(now),
            Some(_) | None => return format!("the kubelet's next try was due at {clock}"),
        };
        if left < -OVERDUE {
            format!("the kubelet's next try was due at {clock}")
        } else if left <= SignedDuration::ZERO {
            "the kubelet tries again any moment".to_owned()
        } else {
            format!("the kubelet tries again {} ({clock})", within(left))
        }
    }
}

fn within(left: SignedDuration) -> String {
    let seconds = left.as_secs();
    if seconds < 60 {
        "in less than a minute".to_owned()
    } else if seconds < 90 * 60 {
        format!("in about {} min", (seconds + 30) / 60)
    } else {
        format!("in about {} h", (seconds + 1800) / 3600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        Look { now: Some("2026-11-22T16:20:00Z".parse().unwrap()), ..Look::default() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn leaves_out_the_date_of_today_in_the_readers_zone() {
        assert_eq!(look().time(at("2026-11-22T16:02:30Z")), "16:02");
        assert_eq!(look().time(at("2026-11-21T16:02:30Z")), "2026-11-21 16:02");
        let east = Look { time_zone: TimeZone::fixed(jiff::tz::offset(9)), ..look() };
        assert_eq!(east.time(at("2026-11-22T14:30:00Z")), "2026-11-22 23:30");
        assert_eq!(east.time(at("2026-11-22T16:02:00Z")), "01:02");
        assert_eq!(east.time_to_paste(at("2026-11-22T14:30:00Z")), "2026-11-22 23:30 +09:00");
        assert_eq!(Look::default().time(at("2026-11-22T16:02:30Z")), "2026-11-22 16:02");
    }

    #[test]
    fn says_how_long_until_the_next_attempt() {
        for (then, clause) in [
            ("2026-11-22T16:20:20Z", "the kubelet tries again in less than a minute (16:20)"),
            ("2026-11-22T16:22:10Z", "the kubelet tries again in about 2 min (16:22)"),
            ("2026-11-22T19:20:00Z", "the kubelet tries again in about 3 h (19:20)"),
            ("2026-11-22T16:19:00Z", "the kubelet tries again any moment"),
            ("2026-11-22T15:00:00Z", "the kubelet's next try was due at 15:00"),
        ] {
            assert_eq!(look().next_attempt(at(then), false), clause);
        }
        assert_eq!(
            look().next_attempt(at("2026-11-22T16:22:00Z"), true),
            "the kubelet's next try was due at 16:22"
        );
    }
}
