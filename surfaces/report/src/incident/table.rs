//! A table by kubectl's habits that a narrow page shrinks: names are shortened in the middle, columns stay columns.

use std::io;

use anstyle::Style;

use crate::paper::{FAINT, PLAIN, Paper, safe};
use crate::wrap::{columns, units};

/// A cell longer than this pushes only its own row, so that one absurd name does not pad every other.
const WIDEST: usize = 64;

/// Where the further lines of a row that is a paragraph start.
const INDENT: usize = 2;

/// What stands where there is nothing.
const NONE: &str = "<none>";

/// One cell, safe to print.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    /// What it says where room is scarce.
    brief: Option<String>,
    style: Style,
}

/// A column and its cells.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) head: &'static str,
    /// The head where room is scarce.
    brief: &'static str,
    /// To how many columns it may shrink, see [`Column::shrinks`].
    shrinks: Option<[usize; 3]>,
    pub(super) cells: Vec<Cell>,
}

/// Columns, left to right, each with a cell for every row.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    /// Nothing is shortened, whatever the page: what a reader of the wide form asked for.
    pub(super) whole: bool,
    ascii: bool,
}

/// What a page makes of a table.
struct Layout {
    widths: Vec<usize>,
    gap: usize,
    brief: bool,
}

impl Table {
    pub(super) fn new(whole: bool, ascii: bool) -> Table {
        Table { columns: Vec::new(), whole, ascii }
    }

    /// Adds a column whose cells come from outside, or are ours: they are made safe here.
    pub(super) fn column(
        &mut self,
        head: &'static str,
        cells: impl IntoIterator<Item = Option<String>>,
    ) -> &mut Column {
        let ascii = self.ascii;
        let cells = cells
            .into_iter()
            .map(|text| match text {
                Some(text) if !text.is_empty() => {
                    Cell { text: safe(&text, ascii).into_owned(), brief: None, style: PLAIN }
                }
                Some(_) | None => Cell { text: NONE.to_owned(), brief: None, style: PLAIN },
            })
            .collect();
        self.columns.push(Column { head, brief: head, shrinks: None, cells });
        self.columns.last_mut().expect("it was pushed a line above")
    }

    pub(super) fn rows(&self) -> usize {
        self.columns.iter().map(|column| column.cells.len()).max().unwrap_or_default()
    }

    /// Writes it as a table, or where the page is too narrow for one, a paragraph a row.
    pub(super) fn write(&self, paper: &mut Paper<'_>) -> io::Result<()> {
        let Some(layout) = self.layout(paper.look.columns()) else { return self.write_paragraphs(paper) };
        let heads = self.columns.iter().map(|column| (column.head(layout.brief), FAINT)).collect();
        self.line(paper, &layout, heads)?;
        for row in 0..self.rows() {
            let cells = self.columns.iter().filter_map(|column| column.cells.get(row));
            let cells = cells.map(|cell| (cell.shown(layout.brief), cell.style)).collect();
            self.line(paper, &layout, cells)?;
        }
        Ok(())
    }

    fn line(&self, paper: &mut Paper<'_>, layout: &Layout, cells: Vec<(&str, Style)>) -> io::Result<()> {
        let mut line = String::new();
        let last = cells.len().saturating_sub(1);
        for (index, ((text, style), &width)) in cells.into_iter().zip(&layout.widths).enumerate() {
            let text = if self.whole { text.to_owned() } else { shortened(text, width, self.ascii) };
            line.push_str(&paper.painted(style, &text));
            if index < last {
                line.push_str(&" ".repeat(width.saturating_sub(columns(&text)) + layout.gap));
            }
        }
        paper.line(&line)
    }

    /// The first of several measures, each harsher than the one before, by which it fits; `None` if none does.
    fn layout(&self, room: usize) -> Option<Layout> {
        if self.whole {
            return Some(Layout { widths: self.widths(false), gap: 3, brief: false });
        }
        let measures = [
            (3, false, Shrink::No),
            (2, false, Shrink::No),
            (2, true, Shrink::No),
            (2, true, Shrink::Readable),
            (1, true, Shrink::Readable),
            (1, true, Shrink::Tight),
            (1, true, Shrink::Least),
        ];
        measures.into_iter().find_map(|(gap, brief, shrink)| {
            let mut widths = self.widths(brief);
            let gaps = gap * widths.len().saturating_sub(1);
            let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(room);
            let leasts: Vec<usize> = self
                .columns
                .iter()
                .zip(&widths)
                .map(|(column, &width)| column.least(width, brief, shrink))
                .collect();
            // Whoever has the most to spare gives, so that no name is cut to nothing while another is whole.
            while excess > 0 {
                let spare = |index: &usize| widths[*index].saturating_sub(leasts[*index]);
                let Some(widest) = (0..widths.len()).max_by_key(spare).filter(|index| spare(index) > 0)
                else {
                    break;
                };
                widths[widest] -= 1;
                excess -= 1;
            }
            (excess == 0).then_some(Layout { widths, gap, brief })
        })
    }

    fn widths(&self, brief: bool) -> Vec<usize> {
        let most = if self.whole { WIDEST } else { usize::MAX };
        let width = |column: &Column| {
            let cells = column.cells.iter().map(|cell| columns(cell.shown(brief)).min(most));
            cells.chain([columns(column.head(brief))]).max().unwrap_or_default()
        };
        self.columns.iter().map(width).collect()
    }

    fn write_paragraphs(&self, paper: &mut Paper<'_>) -> io::Result<()> {
        for row in 0..self.rows() {
            let parts: Vec<String> = self
                .columns
                .iter()
                .filter_map(|column| Some((column, column.cells.get(row)?)))
                .map(|(column, cell)| {
                    let text = shortened(&cell.text, paper.look.columns() - INDENT - 1, self.ascii);
                    format!("{} {text}", column.head.to_lowercase())
                })
                .collect();
            paper.hanging_at(0, INDENT, &parts.join(", "))?;
        }
        Ok(())
    }
}

/// How far columns give way.
#[derive(Clone, Copy)]
enum Shrink {
    No,
    Readable,
    Tight,
    Least,
}

impl Column {
    /// The head that takes less room.
    pub(super) fn brief(&mut self, head: &'static str) -> &mut Column {
        self.brief = head;
        self
    }

    /// The cells that take less room, where they differ.
    pub(super) fn brief_cells(&mut self, cells: impl IntoIterator<Item = Option<String>>) -> &mut Column {
        for (cell, brief) in self.cells.iter_mut().zip(cells) {
            cell.brief = brief;
        }
        self
    }

    /// To how many columns it may shrink: where it still reads well, where it is told from others, and the least.
    pub(super) fn shrinks(&mut self, measures: [usize; 3]) -> &mut Column {
        self.shrinks = Some(measures);
        self
    }

    pub(super) fn styled(&mut self, styles: impl IntoIterator<Item = Style>) -> &mut Column {
        for (cell, style) in self.cells.iter_mut().zip(styles) {
            cell.style = style;
        }
        self
    }

    /// The width to which it may shrink from `width`.
    fn least(&self, width: usize, brief: bool, shrink: Shrink) -> usize {
        let least = match (shrink, self.shrinks) {
            (Shrink::No, _) | (_, None) => width,
            (Shrink::Readable, Some([readable, _, _])) => readable,
            (Shrink::Tight, Some([_, tight, _])) => tight,
            (Shrink::Least, Some([_, _, least])) => least,
        };
        least.max(columns(self.head(brief)))
    }

    fn head(&self, brief: bool) -> &'static str {
        if brief { self.brief } else { self.head }
    }
}

impl Cell {
    fn shown(&self, brief: bool) -> &str {
        match &self.brief {
            Some(text) if brief => text,
            Some(_) | None => &self.text,
        }
    }
}

/// `text`, which is safe, in at most `width` columns: both ends of a longer one, for a host tells by its last labels and a
/// pod by its first.
pub(super) fn shortened(text: &str, width: usize, ascii: bool) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let gap = if ascii { ".." } else { "…" };
    let room = width.saturating_sub(columns(gap));
    let all: Vec<&str> = units(text).collect();
    let taken = |units: &mut dyn Iterator<Item = &&str>, room: usize| {
        let mut used = 0;
        units
            .take_while(|unit| {
                used += columns(unit);
                used <= room
            })
            .count()
    };
    let tail = taken(&mut all.iter().rev(), room / 2);
    let tail_columns: usize = all[all.len() - tail..].iter().map(|unit| columns(unit)).sum();
    let head = taken(&mut all.iter(), room - tail_columns);
    format!("{}{gap}{}", all[..head].concat(), all[all.len() - tail..].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_both_ends_and_its_room() {
        for (text, width, written) in [
            ("ghcr.io", 7, "ghcr.io"),
            ("registry.eu-west-1.acme.test:5000", 17, "registry…est:5000"),
            ("画像画像画像", 7, "画像…像"),
            ("a\\u{202e}bcdefghijk", 8, "a…ijk"),
            ("abc", 1, "…"),
        ] {
            assert_eq!(shortened(text, width, false), written);
            assert!(columns(written) <= width);
        }
        assert_eq!(shortened("registry.acme.test", 10, true), "regi..test");
    }
}
