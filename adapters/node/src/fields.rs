//! Typed reading of TOML as Go's decoder types it: an unknown key is ignored, a wrong type refuses the whole file.

use std::ops::Range;

use pullmedic_model::Captured;
use toml_edit::{Document, Item, TableLike, Value};

const DEEPER: &str = "nested deeper than we read";

/// Why a file is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) span: Option<Range<usize>>,
    pub(crate) what: String,
    /// Whether it is a limit of ours, which the runtime need not share.
    pub(crate) ours: bool,
}

impl Fault {
    pub(crate) fn new(span: Option<Range<usize>>, what: impl Into<String>) -> Fault {
        Fault { span, what: what.into(), ours: false }
    }

    pub(crate) fn at(item: &Item, what: impl Into<String>) -> Fault {
        Fault::new(item.span(), what)
    }

    /// `line 3, column 9: expected a string`.
    pub(crate) fn detail(&self, text: &str) -> String {
        let what = Captured::new(&self.what);
        match &self.span {
            Some(span) => {
                let (line, column) = position(text, span.start);
                format!("line {line}, column {column}: {what}")
            }
            None => what.to_string(),
        }
    }
}

/// Line and column of a byte, from 1.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..offset.min(text.len())).unwrap_or_default();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    (before.iter().filter(|byte| **byte == b'\n').count() + 1, column)
}

/// Reads TOML 1.0.
pub(crate) fn parse(text: &str) -> Result<Document<String>, Fault> {
    Document::parse(text.to_owned()).map_err(|error| {
        // The parser says so in words alone: <https://docs.rs/toml_edit/0.23/toml_edit/#feature-flags>, `unbounded`.
        let ours = error.message().contains("recursion") || error.message().contains("recurse");
        // The message alone: the error's full text shows the line, which may hold a credential.
        let what = error.message().lines().collect::<Vec<_>>().join(", ");
        Fault { ours, ..Fault::new(error.span(), if ours { DEEPER.to_owned() } else { what }) }
    })
}

/// The text of a file, or where it stops being UTF-8.
pub(crate) fn utf8(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let (line, column) = position(&text, valid);
        Fault::new(None, format!("line {line}, column {column}: not UTF-8"))
    })
}

/// The value of a key; Go's decoder ignores case where the exact name is not there.
pub(crate) fn get<'t>(table: &'t dyn TableLike, name: &str) -> Option<&'t Item> {
    table
        .get(name)
        .or_else(|| table.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, item)| item))
        .filter(|item| !item.is_none())
}

pub(crate) fn text(table: &dyn TableLike, name: &str) -> Result<Option<String>, Fault> {
    typed(table, name, "a string", |item| item.as_str().map(str::to_owned))
}

pub(crate) fn flag(table: &dyn TableLike, name: &str) -> Result<Option<bool>, Fault> {
    typed(table, name, "true or false", Item::as_bool)
}

pub(crate) fn number(table: &dyn TableLike, name: &str) -> Result<Option<i64>, Fault> {
    typed(table, name, "a number", Item::as_integer)
}

pub(crate) fn list(table: &dyn TableLike, name: &str) -> Result<Option<Vec<String>>, Fault> {
    typed(table, name, "a list of strings", |item| {
        item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
    })
}

pub(crate) fn table<'t>(parent: &'t dyn TableLike, name: &str) -> Result<Option<&'t dyn TableLike>, Fault> {
    typed(parent, name, "a table", Item::as_table_like)
}

fn typed<'t, T>(
    table: &'t dyn TableLike,
    name: &str,
    expected: &str,
    read: impl Fn(&'t Item) -> Option<T>,
) -> Result<Option<T>, Fault> {
    get(table, name)
        .map(|item| read(item).ok_or_else(|| Fault::at(item, format!("{name}: expected {expected}"))))
        .transpose()
}

/// A string or a list of strings.
pub(crate) fn texts(item: &Item, name: &str) -> Result<Vec<String>, Fault> {
    let wrong = || Fault::at(item, format!("{name}: expected a string or a list of strings"));
    match item.as_value().ok_or_else(wrong)? {
        Value::String(text) => Ok(vec![text.value().clone()]),
        Value::Array(values) => {
            values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::InlineTable(_) => Err(wrong()),
    }
}
