use std::io::Read as _;
use std::process::Stdio;

use super::{pullmedic, run, run_with_input, waiting_pod};

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = pullmedic()
        .args(["classify", "--format", "lines", "-o", "jsonl", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        use std::io::Write as _;
        for _ in 0..100_000 {
            if stdin.write_all(b"pull QPS exceeded\n").is_err() {
                break;
            }
        }
    });
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn help_has_examples_and_the_exit_codes() {
    for command in [
        &["--help"][..],
        &["diagnose", "--help"],
        &["classify", "--help"],
        &["explain", "--help"],
        &["completion", "--help"],
    ] {
        let told = run(command);
        assert_eq!(told.code, Some(0));
        assert!(told.out.contains("Examples:"), "{command:?}: {}", told.out);
    }
    assert!(run(&["diagnose", "--help"]).out.contains("Exit status"));
    assert_eq!(run(&["no-such-command"]).code, Some(2));
}

#[test]
fn completion_is_written_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let told = run(&["completion", shell]);
        assert!(told.code == Some(0) && told.out.contains("diagnose"), "{shell}");
    }
}

#[test]
fn explain_prints_a_page_and_knows_near_codes() {
    let page = run(&["explain", "tag-not-found"]);
    assert!(
        page.code == Some(0) && page.out.contains("tag-not-found") && page.out.lines().count() > 10,
        "{}",
        page.out
    );
    let list = run(&["explain"]);
    for cause in pullmedic_model::Cause::ALL {
        assert!(list.out.contains(cause.code()), "{cause}");
    }
    let near = run(&["explain", "tag-notfound"]);
    assert_eq!(near.code, Some(2));
    assert!(near.err.contains("pullmedic explain tag-not-found"), "{}", near.err);
}

#[test]
fn plain_ascii_where_the_locale_asks_for_it() {
    let pod = waiting_pod("a", "registry.example.com/ä:1", "x – y");
    let ascii = run_with_input(&["diagnose", "-f", "-", "--ascii"], pod.to_string().as_bytes());
    assert!(ascii.out.is_ascii(), "{}", ascii.out);
    let utf8 = run_with_input(&["diagnose", "-f", "-"], pod.to_string().as_bytes());
    assert!(!utf8.out.is_ascii());
}

#[test]
fn colour_only_where_it_is_asked_for() {
    let pod = waiting_pod("a", "registry.example.com/a:1", "x");
    let piped = run_with_input(&["diagnose", "-f", "-"], pod.to_string().as_bytes());
    assert!(!piped.out.contains('\u{1b}'));
    let forced = run_with_input(&["diagnose", "-f", "-", "--color", "always"], pod.to_string().as_bytes());
    assert!(forced.out.contains("\u{1b}["));
}
