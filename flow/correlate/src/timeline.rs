//! What happened to an incident: few entries, the first and the last.

use jiff::Timestamp;
use pullmedic_model::incident::{Event, MOMENTS, Moment};

/// Of the entries kept, how many are the first: how it began is worth as much as how it stands.
const FIRST: usize = 6;

/// Adds an entry. What merely repeats is folded into one, with its note and time renewed.
pub(crate) fn add(timeline: &mut Vec<Moment>, at: Timestamp, what: Event, note: Option<String>) {
    match what {
        Event::Flapped | Event::Told | Event::Judged => {
            if let Some(last) = timeline.last_mut().filter(|last| last.what == what)
                && (what != Event::Judged || last.note == note)
            {
                last.at = at;
                last.note = note;
                return;
            }
        }
        Event::Seen
        | Event::Opened
        | Event::Proven
        | Event::Split
        | Event::Merged
        | Event::Resolved
        | Event::Reopened => {}
    }
    if timeline.len() >= MOMENTS {
        timeline.drain(FIRST..=timeline.len() - MOMENTS + FIRST);
    }
    // Of one moment, what led to it stands before what came of it.
    let later =
        timeline.iter().rev().take_while(|last| last.at == at && rank(last.what) > rank(what)).count();
    timeline.insert(timeline.len() - later, Moment { at, what, note });
}

const fn rank(what: Event) -> u8 {
    match what {
        Event::Seen | Event::Reopened => 0,
        Event::Flapped => 1,
        Event::Judged => 2,
        Event::Proven => 3,
        Event::Split | Event::Merged => 4,
        Event::Opened => 5,
        Event::Told => 6,
        Event::Resolved => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_the_last() {
        let mut timeline = Vec::new();
        let at = |second| Timestamp::from_second(second).unwrap();
        for second in 0..1_000 {
            let what = if second % 2 == 0 { Event::Resolved } else { Event::Reopened };
            add(&mut timeline, at(second), what, None);
        }
        let seconds: Vec<i64> = timeline.iter().map(|moment| moment.at.as_second()).collect();
        assert_eq!(seconds.len(), MOMENTS);
        assert_eq!(seconds[..FIRST], [0, 1, 2, 3, 4, 5]);
        assert_eq!(seconds[FIRST..], (974..1_000).collect::<Vec<i64>>());
    }

    #[test]
    fn what_repeats_is_one_entry() {
        let mut timeline = Vec::new();
        for second in 0..9 {
            let note = Some(format!("{second} times"));
            add(&mut timeline, Timestamp::from_second(second).unwrap(), Event::Flapped, note);
        }
        assert_eq!(timeline.len(), 1);
        assert_eq!(timeline[0].note.as_deref(), Some("8 times"));
    }
}
