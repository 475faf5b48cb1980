//! Lines of a given number of columns.

use unicode_width::UnicodeWidthChar;

/// Columns of a text that holds no hidden character.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

fn column(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// Breaks `text` at spaces into lines of at most `first` columns for the first and `rest` for the others. A word longer
/// than a line is broken where the line ends, so that nothing is lost. At least one line.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    // Room for the widest unit, so that every line gets something.
    let mut room = first.max(ESCAPE);
    let rest = rest.max(ESCAPE);
    for (index, word) in text.split(' ').enumerate() {
        let needed = columns(word);
        let space = usize::from(index > 0);
        if index > 0 && used + space + needed > room && used > 0 {
            lines.push(std::mem::take(&mut line));
            (used, room) = (0, rest);
        } else if space == 1 && used < room {
            line.push(' ');
            used += 1;
        }
        for unit in units(word) {
            let needed = columns(unit);
            if used + needed > room && used > 0 {
                lines.push(std::mem::take(&mut line));
                (used, room) = (0, rest);
            }
            line.push_str(unit);
            used += needed;
        }
    }
    lines.push(line);
    // Only a break may have left these behind.
    for line in &mut lines {
        line.truncate(line.trim_end_matches(' ').len());
    }
    lines
}

/// The parts of a word that are never broken: characters, and escapes as [`crate::shown`] writes them.
pub(crate) fn units(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let escape = rest.starts_with("\\u{").then(|| rest.find('}')).flatten();
        let length = match escape {
            Some(end) if end < ESCAPE => end + 1,
            Some(_) | None => rest.chars().next()?.len_utf8(),
        };
        let (unit, after) = rest.split_at(length);
        rest = after;
        Some(unit)
    })
}

/// Length of the longest escape, `\u{10ffff}`.
const ESCAPE: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_spaces_and_inside_words_that_are_too_long() {
        assert_eq!(wrap("one two three four", 13, 10), ["one two three", "four"]);
        assert_eq!(wrap("abcdefghijklm no", 10, 10), ["abcdefghij", "klm no"]);
        assert_eq!(wrap("a abcdefghijklm", 10, 10), ["a", "abcdefghij", "klm"]);
        assert_eq!(wrap("", 10, 10), [""]);
        assert_eq!(wrap("画像がないので", 11, 10), ["画像がない", "ので"]);
        assert_eq!(wrap("abc\\u{202e}def", 10, 12), ["abc", "\\u{202e}def"]);
    }

    #[test]
    fn counts_wide_characters_as_two_columns_and_combining_ones_as_none() {
        assert_eq!(columns("画像"), 4);
        assert_eq!(columns("a\u{301}b"), 2);
    }
}
