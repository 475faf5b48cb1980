//! How a remedy is written: an empty one to fill in, and words for YAML.

use pullmedic_model::finding::Remedy;
use pullmedic_model::{Actor, Grade};

/// A remedy that says what it does, and nothing more yet.
pub(crate) fn blank(grade: Grade, title: &str, actor: Actor) -> Remedy {
    Remedy {
        grade,
        title: title.to_owned(),
        actor,
        tried: false,
        command: None,
        yaml: None,
        note: None,
        tried_how: None,
        changes: None,
        undo: None,
        patch: None,
    }
}

/// The remedy with what was tried to prove it.
pub(crate) fn tried(remedy: Remedy, how: String) -> Remedy {
    Remedy { tried: true, tried_how: Some(how), ..remedy }
}

/// A scalar of YAML, quoted unless it is plain in every reading: a name from outside must not become a key.
pub(crate) fn scalar(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':' | b'@');
    let begins = word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    // `yes`, `null` and the like are no text to YAML; none of them has any of these.
    let is_text = word.contains(['/', ':', '.', '-', '@']) || is_placeholder(word);
    if begins && is_text && !word.ends_with(':') && word.bytes().all(plain) {
        return word.to_owned();
    }
    serde_json::Value::from(word).to_string()
}

/// The words in capitals that a reader fills in.
fn is_placeholder(word: &str) -> bool {
    matches!(word, "IMAGE" | "CONTAINER" | "SECRET" | "VOLUME")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_one_scalar_of_yaml() {
        assert_eq!(scalar("host:5000/app:1"), "host:5000/app:1");
        assert_eq!(scalar("IMAGE"), "IMAGE");
        for word in ["a\nhostNetwork: true", "null", "yes", "1", "a: b", "a #b", "", "[x]", "NULL"] {
            let written = scalar(word);
            assert!(written.starts_with('"') && !written.contains('\n'), "{word:?}: {written}");
        }
    }
}
