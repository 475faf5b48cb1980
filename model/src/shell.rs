//! Words for a POSIX shell: every command that we print can be pasted, whatever a name holds.

/// `word` as a shell reads it back, quoted only when it has to be.
pub fn word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_one_word() {
        assert_eq!(word("a;id"), "'a;id'");
        assert_eq!(word("a'b$(id)"), r"'a'\''b$(id)'");
        assert_eq!(word(""), "''");
        assert_eq!(word("host:5000/shop"), "host:5000/shop");
    }
}
