//! Text that goes into an object of the cluster: redacted, with nothing in it that moves a cursor, and cut by bytes.

use crate::Captured;

/// What stands where a text was cut.
const CUT: char = '…';

/// `text` in one line of at most `cap` bytes.
pub(super) fn line(text: &str, cap: usize) -> String {
    cut(&visible(Captured::new(text).as_str(), |_| false), cap)
}

/// As [`line()`]; `None` for a text that says nothing.
pub(super) fn some_line(text: Option<&String>, cap: usize) -> Option<String> {
    text.map(|text| line(text, cap)).filter(|text| !text.is_empty())
}

/// A text that is of use only whole: a command, a piece of YAML. `None` where it would have to be cut, escaped or redacted.
pub(super) fn whole(text: Option<&String>, cap: usize) -> Option<String> {
    let text = text?;
    // What a reader is to fill in is no secret.
    let filled = text.replace("=PASSWORD", "=");
    let is_safe = Captured::new(&filled).as_str() == filled && visible(text, |c| c == '\n') == *text;
    (is_safe && !text.is_empty() && text.len() <= cap).then(|| text.clone())
}

/// A name as it is: `None` where it would have to be cut or escaped, because another name is worse than none.
pub(super) fn name(text: &str, cap: usize) -> Option<String> {
    let is_safe = text.len() <= cap && visible(text, |_| false) == text;
    is_safe.then(|| Captured::new(text).as_str().to_owned()).filter(|name| name.len() <= cap)
}

/// Every character that is not printed, or that changes how others are, as its escape (threat 18).
fn visible(text: &str, kept: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        // `escape_debug` escapes quotes and backslashes too, which are harmless here.
        if matches!(c, '\'' | '"' | '\\') || kept(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_debug());
        }
    }
    safe
}

/// At most `cap` bytes of a text, the mark of the cut among them: every cap of ours is larger than that.
fn cut(text: &str, cap: usize) -> String {
    if text.len() <= cap {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(cap.saturating_sub(CUT.len_utf8()));
    format!("{}{CUT}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_redacted_escaped_and_cut_by_bytes() {
        let text = "see https://h.test/x?X-Amz-Signature=CANARY7f or \u{1b}[2J\n\u{202e}";
        let shown = "see https://h.test/x?X-Amz-Signature=REDACTED or \\u{1b}[2J\\n\\u{202e}";
        assert_eq!(line(text, 200), shown);
        assert_eq!(line("ééééé", 7), "éé…");
        assert_eq!(line("ééééé", 10), "ééééé");
    }

    #[test]
    fn a_command_is_whole_or_not_at_all() {
        let kept = "kubectl create secret docker-registry r --docker-password=PASSWORD".to_owned();
        assert_eq!(whole(Some(&kept), 100), Some(kept.clone()));
        assert_eq!(whole(Some(&kept), 20), None);
        for text in ["login --password=CANARY7f", "echo \u{1b}]8;;x", "a\u{202e}b", ""] {
            assert_eq!(whole(Some(&text.to_owned()), 100), None, "{text:?}");
        }
        assert!(whole(Some(&"a:\n  b: 1".to_owned()), 100).is_some());
    }

    #[test]
    fn a_name_is_never_another_name() {
        assert_eq!(name("cart-7c9f8", 63).as_deref(), Some("cart-7c9f8"));
        assert_eq!(name(&"a".repeat(64), 63), None);
        assert_eq!(name("a\nb", 63), None);
    }
}
