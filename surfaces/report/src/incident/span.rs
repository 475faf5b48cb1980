//! How long something took or lasts.

use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Incident;

use crate::Look;

/// Since when an incident is so: by the objects, and where none says, since we saw it.
pub(super) fn began(incident: &Incident) -> Timestamp {
    incident.since.unwrap_or(incident.seen_at)
}

/// How long it lasted, or lasts by now; `None` where neither its end nor the present is known.
pub(super) fn lasted(incident: &Incident, look: &Look) -> Option<SignedDuration> {
    let end = incident.resolved_at.or(look.now)?;
    Some(end.duration_since(began(incident)))
}

/// For a column, at most five characters up to 27 years: `42s`, `18m`, `5h`, `12d`. Clocks that disagree give `0s`.
pub(super) fn short(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// For a sentence: `42 s`, `18 min`, `2 h 5 min`, `3 d 4 h`.
pub(super) fn words(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let two = |whole: i64, unit: &str, rest: i64, part: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {part}"),
    };
    match seconds {
        0 => "less than 1 s".to_owned(),
        1..120 => format!("{seconds} s"),
        120..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_the_units_that_matter() {
        for (seconds, column, sentence) in [
            (-5, "0s", "less than 1 s"),
            (0, "0s", "less than 1 s"),
            (42, "42s", "42 s"),
            (119, "119s", "119 s"),
            (120, "2m", "2 min"),
            (3_599, "59m", "59 min"),
            (3_600, "60m", "1 h"),
            (7_500, "2h", "2 h 5 min"),
            (172_799, "47h", "47 h 59 min"),
            (172_800, "2d", "2 d"),
            (273_600, "3d", "3 d 4 h"),
        ] {
            let span = SignedDuration::from_secs(seconds);
            assert_eq!((short(span).as_str(), words(span).as_str()), (column, sentence), "{seconds}");
        }
    }
}
