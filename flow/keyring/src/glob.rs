//! `filepath.Match` of Go, which the kubelet holds against each label of a host.
//!
//! A pattern is `*` (anything without `/`), `?` (any letter but `/`), `[a-z]` and `[^a-z]`, `\` before a letter meant
//! as itself. A pattern that is malformed matches nothing here, as the kubelet drops its error.
//! <https://pkg.go.dev/path/filepath#Match>

use crate::json::letter;

/// Whether `pattern` matches the whole of `name`.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let (star, chunk, rest) = first_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return !name.contains(&b'/');
        }
        let starts = if star { name.iter().take_while(|&&byte| byte != b'/').count() } else { 0 };
        // The shortest text for a star is right: a later chunk has stars of its own. The last must reach the end.
        let tail = (0..=starts)
            .filter_map(|skip| chunk_matches(chunk, &name[skip..]))
            .find(|tail| tail.is_empty() || !pattern.is_empty());
        match tail {
            Some(tail) => name = tail,
            None => return false,
        }
    }
    name.is_empty()
}

/// Whether a star leads, what follows up to the next star outside brackets, and the rest.
fn first_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    let pattern = &pattern[stars..];
    let mut in_brackets = false;
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            b'\\' => at += 1,
            b'[' => in_brackets = true,
            b']' => in_brackets = false,
            b'*' if !in_brackets => break,
            _ => {}
        }
        at += 1;
    }
    let (chunk, rest) = pattern.split_at(at.min(pattern.len()));
    (stars > 0, chunk, rest)
}

/// Matches a chunk without stars at the start of `name`; what is left of `name`.
fn chunk_matches<'a>(chunk: &[u8], name: &'a [u8]) -> Option<&'a [u8]> {
    let (mut chunk, mut name) = (chunk, name);
    while let Some((&first, rest)) = chunk.split_first() {
        if name.is_empty() {
            return None;
        }
        match first {
            b'[' => {
                let (found, width) = letter(name);
                let (inside, rest) = in_class(rest, found)?;
                if !inside {
                    return None;
                }
                (chunk, name) = (rest, &name[width..]);
            }
            b'?' => {
                if name[0] == b'/' {
                    return None;
                }
                (chunk, name) = (rest, &name[letter(name).1..]);
            }
            _ => {
                let (literal, rest) = if first == b'\\' { rest.split_first()? } else { (&first, rest) };
                if *literal != name[0] {
                    return None;
                }
                (chunk, name) = (rest, &name[1..]);
            }
        }
    }
    Some(name)
}

/// Whether the class that `chunk` begins with (past its bracket) holds `found`, and what follows it; `None` when it is
/// malformed.
fn in_class(chunk: &[u8], found: char) -> Option<(bool, &[u8])> {
    let (negated, mut chunk) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let mut inside = false;
    let mut ranges = 0;
    loop {
        if ranges > 0
            && let Some(rest) = chunk.strip_prefix(b"]")
        {
            return Some((inside != negated, rest));
        }
        let (low, rest) = class_letter(chunk)?;
        let (high, rest) = match rest.strip_prefix(b"-") {
            Some(rest) => class_letter(rest)?,
            None => (low, rest),
        };
        inside = inside || (low..=high).contains(&found);
        ranges += 1;
        chunk = rest;
    }
}

/// One letter of a class, escaped or not, and what follows; something must follow.
fn class_letter(chunk: &[u8]) -> Option<(char, &[u8])> {
    let chunk = match chunk.first()? {
        b'-' | b']' => return None,
        b'\\' => &chunk[1..],
        _ => chunk,
    };
    if chunk.is_empty() {
        return None;
    }
    let (found, width) = letter(chunk);
    let is_invalid = found == char::REPLACEMENT_CHARACTER && width == 1;
    if is_invalid || chunk.len() == width { None } else { Some((found, &chunk[width..])) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stop_at_slashes_and_walk_by_bytes_as_in_go() {
        for (pattern, name, expected) in [
            ("*", "a/b", false),
            ("a*b", "a/b", false),
            ("?", "/", false),
            ("*[^0]*a", "b/a", false),
            ("a/*", "a/b", true),
            ("[^a-é]", "é", false),
            ("*[^a-é]", "é", true),
            ("?", "é", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn malformed_patterns_match_nothing() {
        for pattern in
            ["[", "[]", "[a", "[a-", "[a-]", "[-a]", "[^]", "[^a", "a\\", "[\\", "[]a]", "*[", "a["]
        {
            for name in ["", "a", "-", "]", "[", "^", "aa"] {
                assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
            }
        }
        assert!(!matches(b"[\xff]", b"\xff"));
    }

    /// One part of a well-formed pattern.
    #[derive(Debug, Clone)]
    enum Part {
        Star,
        AnyLetter,
        Letter(char),
        Escaped(char),
        Class(bool, Vec<(char, char)>),
    }

    fn written(parts: &[Part]) -> String {
        let one = |part: &Part| match part {
            Part::Star => "*".to_owned(),
            Part::AnyLetter => "?".to_owned(),
            Part::Letter(letter) => letter.to_string(),
            Part::Escaped(letter) => format!("\\{letter}"),
            Part::Class(negated, ranges) => {
                let ranges = ranges.iter().map(|(low, high)| format!("\\{low}-\\{high}")).collect::<String>();
                format!("[{}{ranges}]", if *negated { "^" } else { "" })
            }
        };
        parts.iter().map(one).collect()
    }

    /// The definition, letter by letter, with every length tried for a star. Go tries only the shortest that lets the
    /// next chunk match, which is the same as long as no slash stands in the way (`*[^0]*a` does not match `b/a`), and
    /// tries them byte by byte, which is the same in ASCII (`*[^a-é]` matches `é`). The labels of an image are ASCII.
    fn oracle(parts: &[Part], name: &[char]) -> bool {
        let Some((part, parts)) = parts.split_first() else { return name.is_empty() };
        if let Part::Star = part {
            let free = name.iter().take_while(|&&letter| letter != '/').count();
            return (0..=free).any(|skip| oracle(parts, &name[skip..]));
        }
        let Some((&letter, name)) = name.split_first() else { return false };
        let fits = match part {
            Part::Star => false,
            Part::AnyLetter => letter != '/',
            Part::Letter(wanted) | Part::Escaped(wanted) => letter == *wanted,
            Part::Class(negated, ranges) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *negated
            }
        };
        fits && oracle(parts, name)
    }

    fn letter() -> impl Strategy<Value = char> {
        prop::sample::select(vec!['a', 'b', 'c', '-', '0'])
    }

    fn part() -> impl Strategy<Value = Part> {
        let class = (any::<bool>(), prop::collection::vec((letter(), letter()), 1..3));
        prop_oneof![
            3 => Just(Part::Star),
            2 => Just(Part::AnyLetter),
            4 => letter().prop_map(Part::Letter),
            1 => prop::sample::select(vec!['a', '*', '[', '\\', '?']).prop_map(Part::Escaped),
            2 => class.prop_map(|(negated, ranges)| Part::Class(negated, ranges)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn matches_as_the_definition_says(
            parts in prop::collection::vec(part(), 0..7),
            name in prop::collection::vec(letter(), 0..8),
        ) {
            let text = name.iter().collect::<String>();
            prop_assert_eq!(matches(written(&parts).as_bytes(), text.as_bytes()), oracle(&parts, &name));
        }

        #[test]
        fn any_bytes_are_read_to_their_end(
            pattern in prop::collection::vec(prop::sample::select(b"[]^-\\*?a/\xc3\xa9".to_vec()), 0..12),
            name in prop::collection::vec(any::<u8>(), 0..12),
        ) {
            let _ = matches(&pattern, &name);
        }
    }
}
