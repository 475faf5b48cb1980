//! `WWW-Authenticate` taken apart.

use pullmedic_model::probe::record::Challenge;

/// Challenges kept of one answer; a server that sends more tells nothing more.
const MOST: usize = 8;

/// Longest parameter value kept.
const LONGEST: usize = 4096;

/// Reads the challenges of one header value, in order
/// ([RFC 9110 §11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)); a list may stand in one header.
/// What does not parse ends the reading and keeps what was read. The realm is as sent, query and all: the caller judges
/// it and keeps only what may be shown.
pub(crate) fn parse(header: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = header.trim();
    while !rest.is_empty() && found.len() < MOST {
        let (word, after) = token(rest);
        if word.is_empty() {
            // A stray comma between challenges is allowed; anything else is not.
            match rest.strip_prefix(',') {
                Some(next) => {
                    rest = next.trim_start();
                    continue;
                }
                None => break,
            }
        }
        let mut challenge = Challenge {
            scheme: word.to_ascii_lowercase(),
            realm: String::new(),
            service: String::new(),
            scope: String::new(),
            error: String::new(),
        };
        rest = after.trim_start();
        while let Some((name, value, next)) = parameter(rest) {
            let value: String = value.chars().take(LONGEST).collect();
            match name.to_ascii_lowercase().as_str() {
                "realm" => challenge.realm = value,
                "service" => challenge.service = value,
                "scope" => challenge.scope = value,
                "error" => challenge.error = value,
                _ => {}
            }
            rest = next.trim_start();
            match rest.strip_prefix(',') {
                Some(next) => rest = next.trim_start(),
                None => break,
            }
        }
        found.push(challenge);
    }
    found
}

/// A token and what follows it.
fn token(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// `name=value` or `name="value"` and what follows it; `None` when no parameter stands here.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = token(text);
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    if name.is_empty() {
        return None;
    }
    let Some(quoted) = rest.strip_prefix('"') else {
        // Distribution's own parser stops at a comma; a scope without quotes may hold colons and slashes.
        let end = rest.find([',', ' ', '\t']).unwrap_or(rest.len());
        return Some((name, rest[..end].to_owned(), &rest[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((name, value, &quoted[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    // The closing quote is missing: what stands there is the value.
    Some((name, value, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flat(header: &str) -> Vec<String> {
        parse(header)
            .into_iter()
            .map(|c| format!("{} {} {} {} {}", c.scheme, c.realm, c.service, c.scope, c.error))
            .collect()
    }

    #[test]
    fn reads_what_registries_send() {
        for (header, expected) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                vec!["bearer https://auth.docker.io/token registry.docker.io repository:a/b:pull,push "],
            ),
            (
                r#"bearer realm="https://a.test/t", service="a", error="insufficient_scope""#,
                vec!["bearer https://a.test/t a  insufficient_scope"],
            ),
            (r#"Basic realm="Registry""#, vec!["basic Registry   "]),
            ("Basic", vec!["basic    "]),
            (
                r#"Basic realm="x", Bearer realm="https://a.test/t",service=s"#,
                vec!["basic x   ", "bearer https://a.test/t s  "],
            ),
            (r#"Bearer realm="a\"b""#, vec![r#"bearer a"b   "#]),
            (r#"Bearer realm="never closed"#, vec!["bearer never closed   "]),
            ("Negotiate", vec!["negotiate    "]),
            ("", vec![]),
            ("\u{1}", vec![]),
        ] {
            assert_eq!(flat(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_an_end(header in ".{0,200}") {
            prop_assert!(parse(&header).len() <= MOST);
        }

        #[test]
        fn any_list_of_pieces_is_read_to_an_end(pieces in proptest::collection::vec(
            prop_oneof![Just("Bearer"), Just(" "), Just(","), Just("="), Just("\""), Just("\\"), Just("realm"), Just("é")], 0..60)
        ) {
            prop_assert!(parse(&pieces.concat()).len() <= MOST);
        }
    }
}
