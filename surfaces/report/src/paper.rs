//! Lines of text on a page of a given look.

use std::borrow::Cow;
use std::io;

use anstyle::{AnsiColor, Color, Style};

use crate::Look;
use crate::invisible::{hidden, shown, shown_in_ascii};
use crate::wrap::{columns, wrap};

/// No style.
pub(crate) const PLAIN: Style = Style::new();
/// A label, or what a reader may pass over.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// A code or a heading.
pub(crate) const STRONG: Style = Style::new().bold();
/// A fault whose cause is known.
pub(crate) const FAULT: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// A doubt.
pub(crate) const DOUBT: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// Health.
pub(crate) const GOOD: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// What can be pasted.
pub(crate) const PASTE: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));

/// Where the text of a labelled line starts.
pub(crate) const MARGIN: usize = 9;

/// A page that is being written.
pub(crate) struct Paper<'a> {
    pub(crate) look: &'a Look,
    /// How many lines a paragraph keeps from its start and from its end; `None` keeps all. A name in a saved file may
    /// be as long as the file.
    pub(crate) keep: Option<(usize, usize)>,
    /// The flag that shows what `keep` leaves out.
    pub(crate) more: &'static str,
    out: &'a mut dyn io::Write,
}

impl<'a> Paper<'a> {
    pub(crate) fn new(look: &'a Look, out: &'a mut dyn io::Write) -> Paper<'a> {
        Paper { look, keep: None, more: "--why", out }
    }

    /// Words from outside, safe to print.
    pub(crate) fn words<'t>(&self, text: &'t str) -> Cow<'t, str> {
        safe(text, self.look.ascii)
    }

    /// `text` in `style`, if this page is coloured. Only for text that [`Paper::words`] made safe, or our own.
    pub(crate) fn painted(&self, style: Style, text: &str) -> String {
        if self.look.colour && style != PLAIN && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// A glyph, or what stands for it where only ASCII may be written.
    pub(crate) fn glyph(&self, glyph: &'static str, ascii: &'static str) -> &'static str {
        if self.look.ascii { ascii } else { glyph }
    }

    /// One line as it is, never broken.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end_matches(' '))
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A paragraph of words from outside or our own, at `indent`.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str, style: Style) -> io::Result<()> {
        self.hanging("", indent, indent, text, style)
    }

    /// A paragraph under a label: `  Proof  …`, its further lines under its first.
    pub(crate) fn labelled(&mut self, label: &str, text: &str, style: Style) -> io::Result<()> {
        let label = format!("  {label:<width$}", width = MARGIN - 2);
        self.hanging(&label, MARGIN, MARGIN, text, style)
    }

    /// A label of any length and its paragraph, further lines at `indent`.
    pub(crate) fn titled(&mut self, label: &str, indent: usize, text: &str) -> io::Result<()> {
        let label = format!("  {label} ");
        let first = columns(&label);
        self.hanging(&label, first, indent, text, PLAIN)
    }

    /// A paragraph whose first line follows `lead`, which is our own, painted, and `first` columns wide; further lines at
    /// `rest`.
    pub(crate) fn after(&mut self, lead: &str, first: usize, rest: usize, text: &str) -> io::Result<()> {
        let text = self.words(text);
        let width = self.look.columns();
        let lines = self.kept(wrap(&text, width.saturating_sub(first), width.saturating_sub(rest)));
        for (index, line) in lines.iter().enumerate() {
            let lead = if index == 0 { lead } else { &" ".repeat(rest) };
            self.line(&format!("{lead}{line}"))?;
        }
        Ok(())
    }

    /// A paragraph whose first line starts at column `first` and the others at `rest`.
    pub(crate) fn hanging_at(&mut self, first: usize, rest: usize, text: &str) -> io::Result<()> {
        self.hanging("", first, rest, text, PLAIN)
    }

    /// Who said the paragraph above, behind a dash.
    pub(crate) fn signed(&mut self, dash: &str, text: &str) -> io::Result<()> {
        let label = format!("{}{dash} ", " ".repeat(MARGIN));
        let indent = columns(&label);
        self.hanging(&label, indent, indent, text, FAINT)
    }

    /// `label` (faint, our own), then `text`: the first line from column `first` on, the others from `rest` on.
    fn hanging(
        &mut self,
        label: &str,
        first: usize,
        rest: usize,
        text: &str,
        style: Style,
    ) -> io::Result<()> {
        let text = self.words(text);
        let width = self.look.columns();
        let lines = self.kept(wrap(&text, width.saturating_sub(first), width.saturating_sub(rest)));
        for (index, line) in lines.iter().enumerate() {
            let lead = if index > 0 {
                " ".repeat(rest)
            } else if label.is_empty() {
                " ".repeat(first)
            } else if line.is_empty() {
                self.painted(FAINT, label.trim_end_matches(' '))
            } else {
                self.painted(FAINT, label)
            };
            let body = self.painted(style, line);
            self.line(&format!("{lead}{body}"))?;
        }
        Ok(())
    }

    /// The lines that a paragraph keeps, and a note in the place of the others.
    fn kept(&self, mut lines: Vec<String>) -> Vec<String> {
        let Some((head, tail)) = self.keep else { return lines };
        // The note takes a line itself.
        if let Some(left_out @ 2..) = lines.len().checked_sub(head + tail) {
            let gap = self.glyph("…", "...");
            let note = format!("{gap} {left_out} lines left out ({})", self.more);
            lines.splice(head..head + left_out, [note]);
        }
        lines
    }

    /// `left` under a label and `right` at the right edge if both fit one line; else one after the other.
    pub(crate) fn edges(&mut self, label: &str, left: &str, right: &str) -> io::Result<()> {
        let (left, right) = (self.words(left).into_owned(), self.words(right).into_owned());
        let taken = MARGIN + columns(&left) + 2 + columns(&right);
        if taken > self.look.columns() {
            self.labelled(label, &left, PLAIN)?;
            return self.paragraph(MARGIN, &right, FAINT);
        }
        let lead = self.painted(FAINT, &format!("  {label:<width$}", width = MARGIN - 2));
        let fill = " ".repeat(self.look.columns() - taken + 2);
        let right = self.painted(FAINT, &right);
        self.line(&format!("{lead}{left}{fill}{right}"))
    }

    /// Lines to paste: exactly as they are, behind a uniform indent. `false` if they cannot be shown exactly.
    pub(crate) fn paste(&mut self, indent: usize, lines: &str, several: bool) -> io::Result<bool> {
        if !pasteable(lines, self.look.ascii, several) {
            return Ok(false);
        }
        let lead = " ".repeat(indent);
        for line in lines.trim_end_matches('\n').split('\n') {
            let line = self.painted(PASTE, line);
            writeln!(self.out, "{}{line}", if line.is_empty() { "" } else { &lead })?;
        }
        Ok(true)
    }
}

/// `text` with what may not reach a page escaped.
pub(crate) fn safe(text: &str, ascii: bool) -> Cow<'_, str> {
    if ascii { shown_in_ascii(text) } else { shown(text) }
}

/// Whether a page shows `text` exactly, so that pasting it does what it says. A line feed inside a command comes from a
/// name (the commands of remedies are one line) and would run what follows as a command of its own.
pub(crate) fn pasteable(text: &str, ascii: bool, several_lines: bool) -> bool {
    text.chars().all(|character| {
        (several_lines && character == '\n') || !(hidden(character) || (ascii && !character.is_ascii()))
    })
}
