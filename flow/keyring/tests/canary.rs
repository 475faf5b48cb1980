//! Secrets of every broken kind, each holding a random value that nothing of ours may print (`security.md` row 10).

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use pullmedic_keyring::{SecretState, entries, matching, normalised, rekeyed, state};
use pullmedic_model::object::Secret;
use serde_json::json;

const IMAGE: &str = "reg.test/team/app:1";

/// Another in each run; of the form of a token, so that it is no user name to be shown either.
fn canary() -> String {
    format!("cAnArY{:016x}Zz9", RandomState::new().hash_one(Instant::now()))
}

fn secret(kind: &str, data_key: &str, data: String) -> Secret {
    let object = json!({ "metadata": { "name": "s" }, "type": kind, "data": { data_key: data } });
    Secret::decode(&object.to_string()).unwrap()
}

/// Asks everything of a secret; all that may be printed of the answers.
fn printed(secret: &Secret) -> String {
    let mut out = String::new();
    let mut print = |answer: &dyn Debug| out.push_str(&format!("{answer:?}\n{answer:#?}\n"));
    print(secret);
    print(&state(secret, IMAGE));
    let (all, found) = (entries(secret), matching(&[secret], IMAGE, b"install"));
    let mended = [normalised(secret), rekeyed(secret, "reg.test", "reg.test:5000")];
    print(&all);
    print(&found);
    print(&mended);
    let errors = [all.err().map(|e| e.to_string()), found.err().map(|e| e.to_string())];
    let errors = errors.into_iter().chain(mended.into_iter().map(|m| m.err().map(|e| e.to_string())));
    out.extend(errors.flatten());
    out
}

fn assert_hidden(secret: &Secret, canary: &str, case: &str) {
    let printed = printed(secret);
    assert!(!printed.contains(canary), "{case}: {}", printed.replace(canary, "<canary>"));
    // In base64 a text looks different by where it begins.
    for shift in 0..3 {
        let encoded = BASE64.encode(format!("{}{canary}", "x".repeat(shift)).as_bytes());
        let inner = &encoded[4..encoded.len() - 4];
        assert!(!printed.contains(inner), "{case}, encoded");
    }
}

#[test]
fn no_answer_prints_a_value_of_a_secret() {
    let c = canary();
    let auth = BASE64.encode(format!("{c}:{c}").as_bytes());
    let contents = [
        format!("{{\"auths\":{{\"reg.test\":{{\"username\":\"{c}\",\"password\":\"{c}\"}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"auth\":\"{auth}\"}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"auth\":\"{auth}\\n\"}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"auth\":\"{c}\"}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"auth\":\"u:{c}\"}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"auth\":\" {auth} \"}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":\"{c}\"}}}}"),
        format!("{{\"auths\":{{\"reg.test\":[\"{c}\"]}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"username\":[\"{c}\"]}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"password\":{{\"{c}\":null}}}}}}}}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"password\":\"{c}\"}},\"reg.test\":{{\"auth\":\"!{c}\"}}}}}}"),
        format!("{{\"auths\":\"{c}\"}}"),
        format!("{{\"auths\":[\"{c}\"]}}"),
        format!("{{\"auths\":{{\"reg.test\":null}},\"HttpHeaders\":{{\"Authorization\":[\"{c}\"]}}}}"),
        format!("{{\"auths\":null,\"{c}\":null}}"),
        format!("[null,[null,\"{c}\"]]"),
        format!("\"{c}\""),
        c.clone(),
        format!("{{\"auths\":{{\"reg.test\":{{\"password\":\"{c}"),
        format!("{{\"auths\":{{\"reg.test\":{{\"password\":\"{c}\"}}}}}}trailing {c}"),
        BASE64.encode(format!("{{\"auths\":{{\"reg.test\":{{\"auth\":\"{c}\"}}}}}}").as_bytes()),
        format!("{{\"auths\":{{\"https://u:{c}@reg.test/v1\":{{\"auth\":\"!\"}}}}}}"),
        format!("{{\"auths\":{{\"https://u:{c}@reg.test/v1\":{{\"auth\":\"{auth}\"}}}}}}"),
        format!("{{\"auths\":{{\"reg.test/?sig={c}\":{{\"auth\":\"{auth}\"}}}}}}"),
        format!("{{\"auths\":{{\"{c}\":{{\"auth\":\"{auth}\"}}}}}}"),
    ];
    for content in &contents {
        for newline in ["", "\n"] {
            let data = || BASE64.encode(format!("{content}{newline}").as_bytes());
            let case = content.replace(&c, "<canary>");
            assert_hidden(&secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", data()), &c, &case);
            assert_hidden(&secret("kubernetes.io/dockercfg", ".dockercfg", data()), &c, &case);
            assert_hidden(&secret("Opaque", ".dockerconfigjson", data()), &c, &case);
        }
    }
    let plain = secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", format!("!{c}"));
    assert_hidden(&plain, &c, "not base64");
    let SecretState::Malformed { path, defect, .. } = state(&plain, IMAGE) else { panic!("{plain:?}") };
    assert_eq!((path.as_str(), defect.as_str()), ("data[\".dockerconfigjson\"]", "not base64"));
}

#[test]
fn a_secret_of_a_megabyte_is_read_in_time_and_hidden() {
    let c = canary();
    let many = (0..20_000).map(|at| format!("\"reg.test/{at}\":{{\"username\":\"u\",\"password\":\"{c}\"}}"));
    let many = format!("{{\"auths\":{{{}}}}}", many.collect::<Vec<_>>().join(","));
    let long =
        json!({ "auths": { "reg.test": { "username": "u", "password": c.repeat(40_000) } } }).to_string();
    let deep = format!("{{\"auths\":{{\"reg.test\":{}\"{c}\"", "[".repeat(1 << 20));
    for (case, content) in [("many", many), ("long", long), ("deep", deep)] {
        let begun = Instant::now();
        let secret =
            secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", BASE64.encode(content.as_bytes()));
        assert_hidden(&secret, &c, case);
        assert!(begun.elapsed() < Duration::from_secs(60), "{case}: {:?}", begun.elapsed());
    }
}
