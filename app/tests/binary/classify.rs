use serde_json::Value;

use super::{not_found, run, run_with_input};

fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

#[test]
fn one_message_is_told_in_words() {
    let message = format!(
        "Failed to pull image \"registry.example.com/a:1\": {}",
        not_found("registry.example.com/a:1")
    );
    let told = run(&["classify", "-m", &message]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    for word in ["tag-not-found", "strong", "manifest", "registry.example.com", "repository-not-found"] {
        assert!(told.out.contains(word), "{word}: {}", told.out);
    }
}

#[test]
fn jsonl_in_is_one_object_a_line_out_in_order() {
    let input = "{\"message\":\"pull QPS exceeded\",\"other\":1}\nnot json\n\n{\"message\":7}\n{\"message\":\"\"}\n\
                 {\"other\":\"x\"}\n{\"message\":\"dial tcp 192.0.2.1:443: connect: connection refused\"}";
    let told = run_with_input(&["classify", "--format", "jsonl", "-"], input.as_bytes());
    let objects = objects(&told.out);
    assert_eq!(objects.len(), 7, "{}", told.out);
    let causes: Vec<_> = objects.iter().map(|object| object["cause"].as_str().unwrap()).collect();
    assert_eq!(
        causes,
        ["local-qps-limited", "unknown", "unknown", "unknown", "unknown", "unknown", "connection-refused"]
    );
    for object in &objects {
        for key in ["cause", "confidence", "rivals", "stage", "endpoint", "image", "clears"] {
            assert!(object.get(key).is_some(), "{key} is missing in {object}");
        }
    }
    assert!(objects[1]["error"].is_string() && objects[4].get("error").is_none());
    assert_eq!(told.code, Some(2), "lines that could not be read are told by the exit code");
}

#[test]
fn lines_of_any_bytes_give_one_hypothesis_each() {
    let mut input = b"\xff\xfe\x00binary\n\x1b]8;;https://evil.example\x07x\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 10 << 20));
    input.extend(b" pull QPS exceeded\r\n");
    let told = run_with_input(&["classify", "--format", "lines", "-o", "jsonl", "-"], &input);
    let objects = objects(&told.out);
    assert_eq!(objects.len(), 3);
    assert_eq!(objects[2]["cause"], "local-qps-limited", "the end of a long line is read");
    assert!(!told.out.contains('\u{1b}'));
    assert_eq!(told.code, Some(0));
    let text = run_with_input(&["classify", "-"], &input);
    assert!(!text.out.contains('\u{1b}'));
}

#[test]
fn json_is_an_object_for_one_message_and_an_array_for_a_file() {
    let one = run(&["classify", "-o", "json", "-m", "pull QPS exceeded"]);
    assert_eq!(serde_json::from_str::<Value>(&one.out).unwrap()["cause"], "local-qps-limited");
    let file = run_with_input(&["classify", "-o", "json", "-"], b"pull QPS exceeded\nx\n");
    assert_eq!(serde_json::from_str::<Value>(&file.out).unwrap().as_array().map(Vec::len), Some(2));
    let empty = run_with_input(&["classify", "-o", "json", "-"], b"");
    assert_eq!(serde_json::from_str::<Value>(&empty.out).unwrap().as_array().map(Vec::len), Some(0));
}

#[test]
fn a_secret_in_a_message_does_not_come_out() {
    let message = "Get \"https://u:CANARY7f@registry.example.com/v2/?X-Amz-Signature=CANARY7f\": dial tcp: lookup registry.example.com: no such host";
    for form in ["text", "json", "jsonl"] {
        let told = run(&["classify", "-o", form, "-m", message]);
        assert!(told.out.contains("dns") && !told.out.contains("CANARY7f"), "{form}: {}", told.out);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let told = run(&["classify", "/nonexistent/messages"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("/nonexistent/messages") && told.err.contains("No such file"), "{}", told.err);
    assert_eq!(run(&["classify"]).code, Some(2));
}
