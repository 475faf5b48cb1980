//! Markdown that says exactly what was said to us.
//!
//! Whoever names a pod or answers for a registry writes into our tickets (threat 18). A backslash is not enough: a
//! `@mention` or `#1` behind one still rings somebody on GitHub. So only plain words stay prose, and every other word,
//! which is a name more often than not, becomes a code span.

use std::borrow::Cow;

use crate::paper::safe;

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// A code span; `-` for nothing.
pub(crate) fn code(text: &str, ascii: bool) -> String {
    let text = safe(text, ascii);
    if text.trim_matches(' ').is_empty() {
        return "-".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // One space on each side is dropped by the reader, and keeps a backtick away from the fence.
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// What [`code`] or [`prose`] wrote, for a cell of a table: there a bar ends the cell in a code span too.
pub(crate) fn cell(inline: &str) -> Cow<'_, str> {
    if inline.contains('|') { Cow::Owned(inline.replace('|', "\\|")) } else { Cow::Borrowed(inline) }
}

/// A sentence: plain words as they are, all others as code spans.
pub(crate) fn prose(text: &str, ascii: bool) -> String {
    let text = safe(text, ascii);
    let mut written = String::with_capacity(text.len() + 16);
    for (index, word) in text.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if index > 0 {
            written.push(' ');
        }
        let (before, core, after) = parts(word);
        if is_plain(core) && !(index == 0 && starts_a_block(core, after)) {
            written.push_str(word);
        } else if core.is_empty() {
            written.push_str(&code(word, ascii));
        } else {
            written.push_str(before);
            written.push_str(&code(core, ascii));
            written.push_str(after);
        }
    }
    written
}

/// Punctuation before, the word, punctuation after. Only marks that mean nothing to Markdown count as punctuation.
fn parts(word: &str) -> (&str, &str, &str) {
    let core = word.trim_start_matches(['(', '"', '\'', '“', '‘']);
    let before = &word[..word.len() - core.len()];
    let kept = core.trim_end_matches(['.', ',', ';', ':', ')', '?', '"', '\'', '”', '’', '…']);
    (before, kept, &core[kept.len()..])
}

/// Letters, with hyphens and apostrophes between them; or a number or version. `GH-1` and a commit's hash are links somewhere.
fn is_plain(core: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    core.split(['-', '\'', '’']).all(letters)
        || (!core.is_empty() && core.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

/// `1.` and `1)` begin a list.
fn starts_a_block(core: &str, after: &str) -> bool {
    core.bytes().all(|b| b.is_ascii_digit()) && after.starts_with(['.', ')'])
}

/// A fenced block of lines, each safe, with a fence that nothing inside can close.
pub(crate) fn fenced(language: &str, text: &str, ascii: bool) -> String {
    let mut body = String::with_capacity(text.len() + 32);
    for line in text.trim_end_matches('\n').split('\n') {
        body.push_str(&safe(line, ascii));
        body.push('\n');
    }
    let fence = "`".repeat(longest_run(&body).max(2) + 1);
    format!("{fence}{language}\n{body}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_plain_words_and_fences_all_others() {
        for (text, written) in [
            ("the registry wants a login.", "the registry wants a login."),
            ("(pull Deployment/cart, now)", "(pull `Deployment/cart`, now)"),
            (
                "registry.acme.test/shop/cart:4.1 is 2 days old",
                "`registry.acme.test/shop/cart:4.1` is 2 days old",
            ),
            ("ask @oncall, see #12 and GH-12", "ask `@oncall`, see `#12` and `GH-12`"),
            ("<img src=x onerror=alert(1)>", "`<img` `src=x` `onerror=alert(1)>`"),
            ("[a](http://evil.test) **b** a|b", "`[a](http://evil.test`) `**b**` `a|b`"),
            ("1. a list - no", "`1`. a list `-` no"),
            ("a `b` c", "a `` `b` `` c"),
            ("größe des Kubelet's", "größe des Kubelet's"),
        ] {
            assert_eq!(prose(text, false), written);
        }
    }

    #[test]
    fn no_content_closes_its_fence() {
        assert_eq!(fenced("text", "a\n```\nb\u{202e}", false), "````text\na\n```\nb\\u{202e}\n````\n");
        assert_eq!(code("a``b", false), "```a``b```");
        assert_eq!(code("", false), "-");
        assert_eq!(cell(&code("a|b", false)), "`a\\|b`");
    }
}
