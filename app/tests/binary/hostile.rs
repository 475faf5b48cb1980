//! Threats 11, 18, 21 and 28: what comes from outside does not leak, does not reach the terminal raw, and dials nothing.

use std::net::TcpListener;

use serde_json::json;

use super::{run, run_with_input, saved, waiting_pod};

const FORMS: [&str; 5] = ["text", "wide", "json", "yaml", "markdown"];

#[test]
fn escapes_and_bidi_marks_are_shown_and_never_sent() {
    let words = "\u{1b}]8;;https://evil.example\u{7}click\u{1b}[2J \u{202e}gpj.exe\u{2066} <img onerror=alert(1)> \u{9b}31m";
    let mut pod = waiting_pod("cart\u{1b}[2J\u{202e}", "registry.example.com/\u{202e}a:1", words);
    pod["spec"]["nodeName"] = json!("n\u{1b}]0;title\u{7}");
    for form in FORMS {
        let told = run_with_input(&["diagnose", "-f", "-", "-o", form], pod.to_string().as_bytes());
        let raw: Vec<char> = told
            .out
            .chars()
            .chain(told.err.chars())
            .filter(|&c| {
                (c.is_control() && c != '\n')
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            })
            .collect();
        assert!(raw.is_empty(), "{form}: {raw:?}\n{}", told.out);
        assert_eq!(told.code, Some(1));
    }
}

#[test]
fn secrets_of_a_message_appear_in_no_form() {
    let words = "Get \"https://bucket.example.com/l?X-Amz-Signature=CANARY7f&sig=CANARY7f\": https://u:CANARY7f@h.example.com: \
                 Authorization: Bearer CANARY7fCANARY7f {\"password\":\"CANARY7f\"} 403 Forbidden";
    let pod = waiting_pod("a", "u:CANARY7f@registry.example.com/a:1", words);
    for form in FORMS {
        let told = run_with_input(&["diagnose", "-f", "-", "-o", form], pod.to_string().as_bytes());
        assert!(!told.out.contains("CANARY7f"), "{form}: {}", told.out);
    }
}

#[test]
fn a_dump_dials_nothing_and_its_secrets_stay_unread() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let host = listener.local_addr().unwrap();
    let image = format!("{host}/shop/cart:1");
    let words = format!(
        "failed to do request: Head \"http://{host}/v2/shop/cart/manifests/1\": EOF, see https://{host}/help"
    );
    let folder = tempfile::tempdir().unwrap();
    saved(folder.path(), "pods.json", waiting_pod("a", &image, &words).to_string());
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "shop", "name": "regcred"},
        "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "CANARY7f"}, "stringData": {"x": 7}});
    saved(folder.path(), "secrets.json", secret.to_string());
    for form in FORMS {
        let told = run(&["diagnose", "-f", folder.path().to_str().unwrap(), "-o", form]);
        assert!(!told.out.contains("CANARY7f") && !told.err.contains("CANARY7f"), "{form}");
    }
    let connected = listener.accept();
    assert!(
        matches!(&connected, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock),
        "{connected:?}"
    );
}

#[test]
fn absurd_input_ends_with_a_clear_word() {
    let deep = "[".repeat(200_000);
    let nested = format!("{{\"kind\":\"Pod\",\"status\":{{\"conditions\":{deep}");
    let closed =
        format!("{{\"kind\":\"Pod\",\"metadata\":{}1{}}}", "{\"labels\":".repeat(50_000), "}".repeat(50_000));
    let bomb = {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for level in 1..20 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(",");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        text
    };
    let long = format!("kind: Pod\nmetadata:\n  name: {}\n  x: [", "y".repeat(1 << 20));
    for input in [
        "",
        "\u{0}\u{1}",
        "hello",
        &deep,
        &nested,
        &closed,
        &bomb,
        &long,
        "kind: Pod\nkind: Pod",
        "? [a]\n: b",
    ] {
        let told = run_with_input(&["diagnose", "-f", "-"], input.as_bytes());
        assert_eq!(told.code, Some(2), "{:.60}: {}{}", input, told.out, told.err);
        assert!(!told.err.contains("panicked"), "{}", told.err);
    }
}

#[test]
fn a_huge_event_is_capped() {
    let words = format!("x{}pull access denied", "é ".repeat(1 << 20));
    let pod = waiting_pod("a", "registry.example.com/a:1", &words);
    let told = run_with_input(&["diagnose", "-f", "-", "-o", "json"], pod.to_string().as_bytes());
    assert_eq!(told.code, Some(1));
    assert!(told.out.len() < 1 << 20, "{} bytes", told.out.len());
}
