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
    let mut room = first.max(2);
    let rest = rest.max(2);
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
        for character in word.chars() {
            if used + column(character) > room {
                lines.push(std::mem::take(&mut line));
                (used, room) = (0, rest);
            }
            line.push(character);
            used += column(character);
        }
    }
    lines.push(line);
    // Only a break may have left these behind.
    for line in &mut lines {
        line.truncate(line.trim_end_matches(' ').len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_spaces_and_inside_words_that_are_too_long() {
        assert_eq!(wrap("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 5, 5), ["abcde", "fgh", "ij"]);
        assert_eq!(wrap("", 5, 5), [""]);
        assert_eq!(wrap("画像がない", 5, 4), ["画像", "がな", "い"]);
    }

    #[test]
    fn counts_wide_characters_as_two_columns_and_combining_ones_as_none() {
        assert_eq!(columns("画像"), 4);
        assert_eq!(columns("a\u{301}b"), 2);
    }
}
