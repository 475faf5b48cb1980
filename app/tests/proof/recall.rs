//! `--transcript` and `--from-transcript`: the same verdict, byte for byte, from a file that nobody else may read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use testkit_registry::{Login, Token, User};

use super::stage::{Stage, canary, pullmedic, registry, run};
use super::words::Said;
use super::world::NAMESPACE;

fn stage() -> Stage {
    let (own, other) = (canary(), canary());
    let mut stage = Stage::of(vec![
        registry("registry").login(Login::Bearer(Token::default())).user(User::new("other", &other, "*")),
    ]);
    let mut world = stage.one_pod("registry", ":1.0", Said::LoginRefused, &["regcred"]);
    let host = stage.host("registry");
    world
        .secret(NAMESPACE, "regcred", &host, "shop", &own)
        .secret(NAMESPACE, "candidate", &host, "other", &other)
        .user_of("candidate")
        .forbid("/statefulsets");
    stage.serve(&world);
    stage
}

const FORMS: [&[&str]; 7] = [
    &[],
    &["-o", "wide"],
    &["-o", "json"],
    &["-o", "yaml"],
    &["-o", "markdown"],
    &["--why"],
    &["-o", "wide", "--why"],
];

#[test]
fn a_transcript_gives_the_same_words_without_cluster_and_registry() {
    let mut stage = stage();
    let said: Vec<_> = FORMS
        .iter()
        .enumerate()
        .map(|(number, form)| {
            let mut command = stage.proving(form);
            command.args(["--transcript", &stage.path(&format!("t{number}"))]);
            run(command)
        })
        .collect();
    stage.stop();
    for (number, (form, said)) in FORMS.iter().zip(said).enumerate() {
        assert_eq!(said.code, Some(1), "{said:?}");
        let path = stage.path(&format!("t{number}"));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut command = pullmedic(stage.folder.path());
        command.args(["diagnose", "--from-transcript", &path]).args(*form);
        let again = run(command);
        assert_eq!((again.out, again.code), (said.out, said.code), "{form:?}: {}", again.err);
    }
}

#[test]
fn a_transcript_of_a_dump_gives_the_same_words() {
    let mut stage = Stage::of(vec![registry("registry")]);
    let world = stage.one_pod("registry", ":9.9", Said::NotFound, &[]);
    let dump = stage.save("dump.json", world.saved());
    for form in [&[][..], &["-o", "json"], &["-o", "wide"]] {
        let path = stage.path("t");
        let said = run(
            stage.command("diagnose", &[&["-f", &dump, "--probe", "--transcript", &path], form].concat())
        );
        assert_eq!(said.code, Some(1), "{said:?}");
        let mut command = pullmedic(stage.folder.path());
        command.args(["diagnose", "--from-transcript", &path]).args(form);
        let again = run(command);
        assert_eq!(again.out, said.out, "{form:?}: {}", again.err);
    }
    stage.stop();
}

#[test]
fn a_transcript_gives_the_verdict_and_its_patches_to_another() {
    let stage = stage();
    stage.prove(&["--transcript", &stage.path("t")]);
    let mut command = pullmedic(stage.folder.path());
    command.args([
        "diagnose",
        "--from-transcript",
        &stage.path("t"),
        "--patch-dir",
        &stage.path("p"),
        "--exit-zero",
    ]);
    let told = run(command);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(!stage.files("p").is_empty(), "{}", told.out);
    assert!(!stage.path("state").is_empty());
}

/// Changes a transcript, and asks for its verdict.
fn changed(whole: &Value, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = whole.clone();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn what_is_no_transcript_is_refused_with_a_clear_word() {
    let stage = stage();
    let path = stage.path("t");
    stage.prove(&["--transcript", &path]);
    let bytes = fs::read(&path).unwrap();
    let whole: Value = serde_json::from_slice(&bytes).unwrap();
    let of_another_version = changed(&whole, |value| value["apiVersion"] = json!("pullmedic.dev/v9"));
    let of_another_kind = changed(&whole, |value| value["kind"] = json!("Report"));
    let unknown = changed(&whole, |value| value["more"] = json!(1));
    let of_no_objects = changed(&whole, |value| value["objects"] = json!("x"));
    let report = stage.prove(&["-o", "json"]).out.into_bytes();
    let cut = bytes[..bytes.len() / 2].to_vec();
    let deep = "[".repeat(300_000).into_bytes();
    let twice = [bytes.clone(), bytes.clone()].concat();
    for (what, text) in [
        ("empty", Vec::new()),
        ("cut", cut),
        ("twice", twice),
        ("no JSON", b"hello\x1b[2J".to_vec()),
        ("deep", deep),
        ("another version", of_another_version),
        ("another kind", of_another_kind),
        ("an unknown field", unknown),
        ("objects that are none", of_no_objects),
        ("a report", report),
        ("no UTF-8", vec![0xff; 64]),
    ] {
        let path = stage.save("bad", &text);
        let mut command = pullmedic(stage.folder.path());
        command.args(["diagnose", "--from-transcript", &path]);
        let told = run(command);
        assert!(told.out.is_empty(), "{what}: {}", told.out);
        told.refused(&["next: "]);
        assert!(!told.err.contains('\u{1b}'), "{what}: {told:?}");
    }
    for path in ["/nonexistent", "/"] {
        let mut command = pullmedic(stage.folder.path());
        command.args(["diagnose", "--from-transcript", path]);
        run(command).refused(&[path, "next: "]);
    }
}

/// Puts a text in place of every string in which `old` stands, and of those that are empty.
fn soiled(value: &mut Value, dirt: &str) {
    match value {
        // Words of a closed list stay: another would be refused as a whole.
        Value::String(text)
            if text.contains(' ') || text.contains('/') && !text.starts_with("pullmedic.dev") =>
        {
            *text = format!("{text}{dirt}");
        }
        Value::Array(values) => values.iter_mut().for_each(|value| soiled(value, dirt)),
        Value::Object(fields) => fields.values_mut().for_each(|value| soiled(value, dirt)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn a_hostile_transcript_neither_panics_nor_reaches_the_terminal_raw() {
    let stage = stage();
    let path = stage.path("t");
    stage.prove(&["--transcript", &path]);
    let whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let escapes = "\u{1b}]8;;https://evil.test\u{7}x\u{1b}[2J\u{202e}\u{9b}31m\r\u{0}";
    let huge = "é".repeat(10_000);
    for dirt in [escapes, &huge, "\n\n\t\"'`$(id)<img onerror=x>|a|b|"] {
        let mut value = whole.clone();
        soiled(&mut value, dirt);
        let bad = stage.save("bad", value.to_string());
        for form in [&["-o", "wide", "--why"][..], &["-o", "json"], &["-o", "markdown"]] {
            let mut command = pullmedic(stage.folder.path());
            command.args(["diagnose", "--from-transcript", &bad]).args(form);
            let told = run(command);
            assert!(matches!(told.code, Some(1 | 2)) && !told.err.contains("panicked"), "{form:?} {told:?}");
            let raw = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
            assert!(!told.out.contains(raw) && !told.err.contains(raw), "{form:?}: {}{}", told.out, told.err);
        }
    }
    // Records in another order, doubled, gone, and many.
    let records = |change: &dyn Fn(&mut Vec<Value>)| {
        changed(&whole, |value| {
            for proof in value["proofs"].as_array_mut().unwrap() {
                change(proof["records"].as_array_mut().unwrap());
            }
        })
    };
    for text in [
        records(&|records| records.reverse()),
        records(&Vec::clear),
        records(&|records| *records = records.iter().cycle().take(5000).cloned().collect()),
        changed(&whole, |value| value["proofs"] = json!([])),
        changed(&whole, |value| {
            let proof = value["proofs"][0].clone();
            value["proofs"] = std::iter::repeat_n(proof, 500).collect();
        }),
        changed(&whole, |value| value["now"] = json!("0001-01-01T00:00:00Z")),
        changed(&whole, |value| value["now"] = json!("9999-12-30T00:00:00Z")),
    ] {
        let bad = stage.save("bad", text);
        let mut command = pullmedic(stage.folder.path());
        command.args(["diagnose", "--from-transcript", &bad, "--why"]);
        let told = run(command);
        assert!(matches!(told.code, Some(1 | 2)) && !told.err.contains("panicked"), "{told:?}");
    }
}

#[test]
fn a_transcript_that_cannot_be_written_is_told() {
    let stage = stage();
    let told = stage.prove(&["--transcript", "/nonexistent/folder/t"]);
    told.refused(&["/nonexistent/folder"]);
}
