//! The forms in which a registry, a proxy or a runtime may tell a login back: as it is, and as it is written in a URL, in
//! HTML, in JSON, in base64 and in hexadecimal. Whoever prints outside text leaves all of them out.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter texts stand in many words that are no secret.
const SHORTEST: usize = 4;

/// A shorter piece of base64 or hexadecimal might be any text's.
const SHORTEST_PIECE: usize = 8;

/// The forms of a password, and of user and password as Basic sends them; longest first. Empty for a password that is too
/// short to be one.
pub fn forms(user: &str, password: &str) -> Vec<String> {
    if password.len() < SHORTEST {
        return Vec::new();
    }
    let basic = format!("{user}:{password}");
    let mut all = vec![password.to_owned(), password.to_uppercase(), password.to_lowercase()];
    all.push(html(password));
    all.extend(json(password));
    for upper in [true, false] {
        all.push(percent(password, upper, "%20"));
        all.push(percent(password, upper, "+"));
    }
    for text in [password, basic.as_str()] {
        all.extend(encoded(text.as_bytes()));
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        all.extend([hex.to_uppercase(), hex].into_iter().filter(|hex| hex.len() >= SHORTEST_PIECE));
    }
    all.retain(|form| form.len() >= SHORTEST);
    // One within another must not leave the rest of it behind.
    all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    all.dedup();
    all
}

/// Base64 of it wherever it stands in what was encoded: the letters that depend on it alone, for each of the three places
/// within a group.
fn encoded(bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        all.push(engine.encode(bytes));
        for before in 0..3 {
            let mut shifted = vec![0; before];
            shifted.extend_from_slice(bytes);
            // A last letter that shares its bits with what follows is left off.
            let whole = shifted.len() * 8 / 6;
            let first = (before * 8).div_ceil(6);
            let letters = engine.encode(&shifted);
            all.extend(letters.get(first..whole).map(str::to_owned));
        }
    }
    all.retain(|piece| piece.len() >= SHORTEST_PIECE);
    all
}

fn percent(text: &str, upper: bool, blank: &str) -> String {
    let letter = |byte: u8| match byte {
        b' ' => blank.to_owned(),
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ if upper => format!("%{byte:02X}"),
        _ => format!("%{byte:02x}"),
    };
    text.bytes().map(letter).collect()
}

fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&quot;").replace('\'', "&#39;")
}

/// As JSON writes it, with and without the escape before a slash, and with every letter outside of ASCII escaped.
fn json(text: &str) -> Vec<String> {
    let written = serde_json::to_string(text).unwrap_or_default();
    let plain = written.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
    let escape = |text: &str| -> String {
        let mut all = String::new();
        for letter in text.chars() {
            if letter.is_ascii() {
                all.push(letter);
            } else {
                let mut units = [0; 2];
                letter
                    .encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| all.push_str(&format!("\\u{unit:04x}")));
            }
        }
        all
    };
    vec![plain.replace('/', "\\/"), escape(&plain), escape(&plain.replace('/', "\\/")), plain]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Captured;

    #[test]
    fn a_login_is_left_out_however_it_is_told_back() {
        let password = "Kan@rie/9+x=z&q \"ü";
        let forms = forms("robot", password);
        let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
        let padded = base64::engine::general_purpose::STANDARD;
        for told in [
            password.to_owned(),
            password.to_uppercase(),
            "Kan%40rie%2F9%2Bx%3Dz%26q%20%22%C3%BC".to_owned(),
            "Kan%40rie%2f9%2bx%3dz%26q+%22%c3%bc".to_owned(),
            "Kan@rie/9+x=z&amp;q &quot;ü".to_owned(),
            "Kan@rie\\/9+x=z&q \\\"\\u00fc".to_owned(),
            padded.encode(format!("robot:{password}")),
            STANDARD_NO_PAD.encode(format!("robot:{password}")),
            URL_SAFE_NO_PAD.encode(format!("x-robot:{password}")),
            padded.encode(format!("xy-robot:{password}, and so on")),
            format!("robot:{password}").bytes().map(|byte| format!("{byte:02X}")).collect(),
        ] {
            let left = Captured::new(&format!("https://cdn.test/{told}/b")).without(&forms);
            let left = left.as_str().replace(crate::capture::REDACTED, "");
            // Of base64 a letter or two at each end may stay: they hold bits of what stands around as well.
            assert!(left.len() <= "https://cdn.test//b".len() + 24, "{told}: {left}");
            assert!(!left.to_lowercase().contains("rie"), "{told}: {left}");
        }
    }

    #[test]
    fn what_is_too_short_is_no_secret() {
        assert!(forms("robot", "").is_empty() && forms("robot", "abc").is_empty());
        assert!(forms("robot", "abcd").iter().all(|form| form.len() >= SHORTEST));
    }
}
