//! The stages of a request on a line, up to the first that failed.

use std::io;

use anstyle::Style;
use pullmedic_model::verdict::{Ladder, Rung};

use crate::Look;
use crate::paper::{FAINT, FAULT, GOOD, PLAIN, Paper, STRONG, safe};
use crate::wrap::{columns, wrap};

/// Where a ladder starts.
const INDENT: usize = 2;

/// A refusal is an answer like any other unless it was long in coming: then the wait tells.
const SLOW_US: u64 = 1_000_000;

/// No request takes longer than an hour; a file may say so.
const ENDLESS: u64 = 9_999_500_000;

/// Columns of the longest time.
pub(crate) const LONGEST: usize = 7;

/// `0.4 ms`, `12 ms`, `1.5 s`, `75 s`: at most [`LONGEST`] columns.
pub(crate) fn took(us: u64) -> String {
    match us {
        0..50 => "<0.1 ms".to_owned(),
        50..950 => format!("0.{} ms", (us + 50) / 100),
        950..999_500 => format!("{} ms", (us + 500) / 1000),
        // Tenths of a second: 9.96 s must read 10 s.
        999_500..9_950_000 => {
            let tenths = (us + 50_000) / 100_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        ENDLESS.. => ">9999 s".to_owned(),
        _ => format!("{} s", us / 1_000_000 + u64::from(us % 1_000_000 >= 500_000)),
    }
}

/// The mark of a stage that was passed or failed, and its style.
pub(crate) fn mark(passed: bool, ascii: bool) -> (&'static str, Style) {
    match (passed, ascii) {
        (true, false) => ("✓", GOOD),
        (true, true) => ("ok", GOOD),
        (false, false) => ("✗", FAULT),
        (false, true) => ("x", FAULT),
    }
}

/// `name`, its mark, and what stands behind the mark; the last still unsafe.
fn parts(rung: &Rung, ascii: bool) -> (&'static str, &'static str, Style, String) {
    let (mark, style) = mark(rung.failed.is_none(), ascii);
    let rest = match (&rung.failed, rung.took_us) {
        (None, Some(us)) => took(us),
        (None, None) => String::new(),
        (Some(failed), Some(us)) if us >= SLOW_US => format!("{failed}, {}", took(us)),
        (Some(failed), _) => failed.clone(),
    };
    (rung.stage.code(), mark, style, rest)
}

/// The ladder as plain words, for a form without columns. Not escaped.
pub(crate) fn plain(ladder: &Ladder, ascii: bool) -> String {
    let joint = if ascii { " -- " } else { " ── " };
    let rungs: Vec<String> = ladder
        .rungs
        .iter()
        .map(|rung| {
            let (stage, mark, _, rest) = parts(rung, ascii);
            format!("{stage} {mark} {rest}").trim_end_matches(' ').to_owned()
        })
        .collect();
    rungs.join(joint)
}

/// Whom we asked, from where, when.
fn stand(ladder: &Ladder, look: &Look) -> String {
    format!("{} asked from here at {}", ladder.endpoint, look.time_with_seconds(ladder.at))
}

/// Writes the ladder: as many stages on a line as it holds, and at the right edge whom we asked, when.
pub(crate) fn write(paper: &mut Paper<'_>, ladder: &Ladder) -> io::Result<()> {
    let ascii = paper.look.ascii;
    let width = paper.look.columns();
    let joint = paper.glyph(" ── ", " -- ");
    let mut line = Line { painted: " ".repeat(INDENT), used: INDENT, rungs: 0 };
    for (index, rung) in ladder.rungs.iter().enumerate() {
        let (stage, mark, style, rest) = parts(rung, ascii);
        let rest = safe(&rest, ascii);
        let needed = columns(stage) + 1 + columns(mark) + usize::from(!rest.is_empty()) + columns(&rest);
        // What goes on keeps room for the joint that says so.
        let tail = if index + 1 < ladder.rungs.len() { columns(joint) - 1 } else { 0 };
        if line.rungs > 0 {
            line.push(paper.painted(FAINT, joint.trim_end_matches(' ')), columns(joint) - 1);
            if line.used + 1 + needed + tail > width {
                paper.line(&line.painted)?;
                line = Line { painted: " ".repeat(INDENT), used: INDENT, rungs: 0 };
            } else {
                line.push(" ".to_owned(), 1);
            }
        }
        line.rungs += 1;
        line.push(format!("{stage} {}", paper.painted(style, mark)), columns(stage) + 1 + columns(mark));
        if rest.is_empty() {
            continue;
        }
        let style = if rung.failed.is_some() { STRONG } else { PLAIN };
        // Words that are wider than a line go on below their stage.
        let below = INDENT + 2;
        let room = width.saturating_sub(line.used + 1 + tail);
        let lines = wrap(&rest, room, width.saturating_sub(below + tail));
        for (index, words) in lines.iter().enumerate() {
            if index == 0 {
                line.push(" ".to_owned(), 1);
            } else {
                paper.line(&line.painted)?;
                line = Line { painted: " ".repeat(below), used: below, rungs: 1 };
            }
            line.push(paper.painted(style, words), columns(words));
        }
    }
    let stand = stand(ladder, paper.look);
    let stand = paper.words(&stand).into_owned();
    // Apart from the stages, so that a glance does not take it for one.
    if line.rungs > 0 && line.used + 3 + columns(&stand) <= width {
        let fill = " ".repeat(width - line.used - columns(&stand));
        let stand = paper.painted(FAINT, &stand);
        return paper.line(&format!("{}{fill}{stand}", line.painted));
    }
    if line.rungs > 0 {
        paper.line(&line.painted)?;
    }
    let indent = width.saturating_sub(columns(&stand)).max(INDENT);
    paper.paragraph(if indent + columns(&stand) > width { INDENT } else { indent }, &stand, FAINT)
}

/// A line that grows, with the columns that colour does not take.
struct Line {
    painted: String,
    used: usize,
    rungs: usize,
}

impl Line {
    fn push(&mut self, painted: String, columns: usize) {
        self.painted.push_str(&painted);
        self.used += columns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_two_figures_and_its_unit() {
        for (us, written) in [
            (0, "<0.1 ms"),
            (49, "<0.1 ms"),
            (50, "0.1 ms"),
            (949, "0.9 ms"),
            (950, "1 ms"),
            (2_400, "2 ms"),
            (999_499, "999 ms"),
            (999_500, "1.0 s"),
            (9_949_999, "9.9 s"),
            (9_950_000, "10 s"),
            (30_000_000, "30 s"),
            (9_999_499_999, "9999 s"),
            (u64::MAX, ">9999 s"),
        ] {
            assert!(written.len() <= LONGEST);
            assert_eq!(took(us), written, "{us}");
        }
    }
}
