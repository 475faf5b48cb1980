//! Our keyring against Kubernetes' own, and against our other answers, on cases that are the same in every run.
//!
//! The former needs Go and the modules of `testkit/cluster`:
//! `cargo test -p pullmedic-keyring --test differential -- --include-ignored`

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod cases;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use cases::Case;
use pullmedic_keyring::{Found, Malformed, SecretState, matching, may_go_to, rekeyed, state};
use pullmedic_model::object::Secret;
use pullmedic_model::{Endpoint, Reference};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How many cases are made up beside those of `cases::by_hand`.
const MADE_UP: usize = 8_000;

/// One login as both sides tell it: secret, key as filed, hashes of user and password.
type Told = (String, String, String, String);

#[test]
#[ignore = "needs Go; .ci/run runs it"]
fn finds_what_the_kubelet_finds_in_its_order() {
    let mut all = cases::by_hand();
    all.extend(cases::made_up(MADE_UP));
    let answers = kubernetes(&all);
    assert_eq!(answers.len(), all.len());
    let (mut matched, mut failed, mut several, mut different) = (0, 0, 0, Vec::new());
    for (case, theirs) in all.iter().zip(&answers) {
        let secrets = case.secrets();
        let ours = matching(&secrets.iter().collect::<Vec<_>>(), &case.image, b"key");
        matched += usize::from(ours.as_ref().is_ok_and(|found| !found.is_empty()));
        several += usize::from(ours.as_ref().is_ok_and(|found| found.len() > 1));
        failed += usize::from(ours.is_err());
        if !agree(&ours, theirs) {
            different.push(format!("{case}\n  ours:   {}\n  theirs: {theirs}", ours_told(&ours)));
        }
    }
    println!("{} cases: {matched} with a login, {several} with several, {failed} that fail", all.len());
    assert!(different.is_empty(), "{} differ, first:\n{}", different.len(), different[0]);
    // A generator that makes up nothing but misses would prove nothing.
    for (kind, count) in [("match", matched), ("match several", several), ("fail", failed)] {
        assert!(count * 20 > all.len(), "only {count} of {} cases {kind}", all.len());
    }
}

/// A secret alone matches when its state says so, what the kubelet sends may go to the image's registry, and a key that
/// nearly matches does match once it is renamed as proposed.
#[test]
fn our_other_answers_follow_from_the_keyring() {
    let mut all = cases::by_hand();
    all.extend(cases::made_up(MADE_UP));
    let mut renamed = 0;
    for case in &all {
        let secrets = case.secrets();
        let ours = matching(&secrets.iter().collect::<Vec<_>>(), &case.image, b"key");
        check_hosts(case, &ours);
        for secret in &secrets {
            let alone = matching(&[secret], &case.image, b"key");
            renamed += check_state(case, secret, &alone);
        }
    }
    assert!(renamed > 1_000, "only {renamed} keys nearly match");
}

fn check_hosts(case: &Case, ours: &Result<Vec<Found>, Malformed>) {
    let Ok(reference) = Reference::parse(&case.image) else { return };
    let host = if reference.host == "docker.io" { "registry-1.docker.io" } else { &reference.host };
    let Ok(endpoint) = Endpoint::parse(host) else { return };
    for found in ours.iter().flatten() {
        assert!(may_go_to(&found.key, &endpoint, &case.image), "{case}: {:?}", found.key);
    }
}

/// How many keys were renamed.
fn check_state(case: &Case, secret: &Secret, alone: &Result<Vec<Found>, Malformed>) -> usize {
    let says = state(secret, &case.image);
    match alone {
        Ok(found) => {
            assert_eq!(matches!(says, SecretState::Matches(_)), !found.is_empty(), "{case}: {says:?}")
        }
        Err(malformed) if malformed.defect.contains("UTF-8") => {}
        Err(_) => assert!(matches!(says, SecretState::Malformed { .. }), "{case}: {says:?}"),
    }
    let SecretState::Near(near) = says else { return 0 };
    let mut renamed = 0;
    for near in near {
        // Two keys may be shown alike, the new key may be there for another path, and serde_json reads less than Go.
        let Ok(mended) = rekeyed(secret, &near.login.key, &near.should_be) else { continue };
        let now = state(&mended.secret, &case.image);
        assert!(matches!(now, SecretState::Matches(_)), "{case}: {} to {}", near.login.key, near.should_be);
        renamed += 1;
    }
    renamed
}

/// The answers of Kubernetes' keyring, one for each case.
fn kubernetes(cases: &[Case]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testkit/cluster");
    let program = folder.join("kubernetes-keyring");
    let built = Command::new("go")
        .args(["build", "-trimpath", "-buildvcs=false", "-o"])
        .arg(&program)
        .arg("./keyring")
        .current_dir(module)
        .status()
        .expect("go runs");
    assert!(built.success());
    let input = folder.join("keyring-cases.jsonl");
    let lines = cases.iter().map(|case| format!("{}\n", case.line()));
    fs::write(&input, lines.collect::<String>()).unwrap();
    let output = Command::new(program)
        .stdin(File::open(input).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .expect("the program was built");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn agree(ours: &Result<Vec<Found>, Malformed>, theirs: &Value) -> bool {
    let logins = theirs["logins"].as_array().unwrap();
    let text = |login: &Value, name: &str| login[name].as_str().unwrap().to_owned();
    let sendable = logins
        .iter()
        .filter(|login| login["sendable"] == true)
        .map(|login| {
            (
                text(login, "secret"),
                one_mark(&text(login, "key")),
                text(login, "user"),
                text(login, "password"),
            )
        })
        .collect::<Vec<Told>>();
    match (theirs["failed"].as_str(), ours) {
        (Some("keyring"), ours) => ours.is_err(),
        (Some(_image), Ok(ours)) => ours.is_empty(),
        (Some(_), Err(_)) => false,
        (None, Ok(ours)) => {
            let left_nothing = sendable.is_empty() && !logins.is_empty();
            !left_nothing && unordered_within_a_key(sendable) == unordered_within_a_key(told(ours))
        }
        // All that match are no UTF-8.
        (None, Err(malformed)) => {
            sendable.is_empty() && !logins.is_empty() && malformed.defect.contains("UTF-8")
        }
    }
}

fn told(ours: &[Found]) -> Vec<Told> {
    let hash = |text: &str| Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    ours.iter()
        .map(|found| {
            let secret = found.login.name.secret.clone();
            let user = hash(found.user.expose_secret());
            (secret, one_mark(&found.filed), user, hash(found.password.expose_secret()))
        })
        .collect()
}

/// Go puts a mark for each byte that is no UTF-8, Rust one for several.
fn one_mark(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("\u{fffd}\u{fffd}") {
        text = text.replace("\u{fffd}\u{fffd}", "\u{fffd}");
    }
    text
}

/// Keys of one secret that are filed alike go in the order of a Go map, which is another in each run; and in the order
/// of the secrets, where several have the key.
fn unordered_within_a_key(logins: Vec<Told>) -> Vec<Vec<Told>> {
    let mut groups =
        logins.chunk_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1)).map(<[Told]>::to_vec).collect::<Vec<_>>();
    groups.iter_mut().for_each(|group| group.sort());
    groups
}

fn ours_told(ours: &Result<Vec<Found>, Malformed>) -> String {
    match ours {
        Ok(found) => format!("{:?}", told(found)),
        Err(malformed) => malformed.to_string(),
    }
}
