//! Threat 26: a diagnosis is no password spraying.

use std::collections::BTreeSet;

use testkit_registry::{Login, Token, User};

use super::stage::{Stage, canary, registry, run};
use super::words::Said;
use super::world::NAMESPACE;

#[test]
fn of_ten_wrong_logins_of_one_account_two_are_sent_also_over_two_runs() {
    for login in [Login::Basic, Login::Bearer(Token::default())] {
        let passwords: Vec<String> = (0..10).map(|_| canary()).collect();
        let mut stage =
            Stage::of(vec![registry("registry").login(login).user(User::new("shop", "right", "*"))]);
        let host = stage.host("registry");
        let names: Vec<String> = (0..10).map(|number| format!("regcred{number}")).collect();
        let own: Vec<&str> = names[..5].iter().map(String::as_str).collect();
        let mut world = stage.one_pod("registry", ":1.0", Said::LoginRefused, &own);
        for (name, password) in names.iter().zip(&passwords) {
            world.secret(NAMESPACE, name, &host, "shop", password).user_of(name);
        }
        stage.serve(&world);
        let sent = |stage: &Stage| -> BTreeSet<String> {
            passwords
                .iter()
                .filter(|password| !stage.running().seen_at(password).is_empty())
                .cloned()
                .collect()
        };
        let first = stage.prove(&["-o", "json"]);
        assert_eq!(first.code, Some(1), "{first:?}");
        let after_first = sent(&stage);
        assert_eq!(after_first.len(), 2, "{}", first.out);
        let told = stage.prove(&["--search-secrets", "-o", "wide", "--transcript", &stage.path("t")]);
        assert_eq!(sent(&stage), after_first, "{}", told.out);
        let kept = std::fs::read_to_string(stage.path("t")).unwrap();
        assert!(kept.contains("lock-out"), "{kept}");
        // When it may be tried again has to be told to who reads it.
        let words = told.out.replace(['\n', ' '], "");
        assert!(words.contains("lock") || words.contains("refusedtwice"), "{}", told.out);
        for password in &passwords {
            assert!(!told.out.contains(password) && !kept.contains(password));
        }
        // Another account is another matter.
        let other = canary();
        let mut world = stage.one_pod("registry", ":1.0", Said::LoginRefused, &["regcred"]);
        world.secret(NAMESPACE, "regcred", &host, "other", &other);
        stage.serve(&world);
        stage.prove(&["-o", "json"]);
        assert!(!stage.running().seen_at(&other).is_empty());
    }
}

#[test]
fn a_state_that_cannot_be_kept_stops_nothing() {
    let stage = {
        let mut stage = Stage::of(vec![
            registry("registry").login(Login::Bearer(Token::default())).user(User::new("shop", "right", "*")),
        ]);
        let mut world = stage.one_pod("registry", ":1.0", Said::LoginRefused, &["regcred"]);
        world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", "wrong");
        stage.serve(&world);
        stage
    };
    let state = stage.folder.path().join("state/pullmedic");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("install-key"), "short").unwrap();
    for refusals in [&b"\xff\xfe garbage"[..], b"", b"{\"a\":", &[b'['; 100_000]] {
        std::fs::write(state.join("refusals"), refusals).unwrap();
        let told = stage.prove(&["-o", "json"]);
        assert!(told.code == Some(1) && told.err.is_empty(), "{told:?}");
    }
    std::fs::write(state.join("install-key"), [7; 32]).unwrap();
    for refusals in [&b"\xff\xfe garbage"[..], b"", b"{\"a\":", &[b'['; 100_000]] {
        std::fs::write(state.join("refusals"), refusals).unwrap();
        let told = stage.prove(&["-o", "json"]);
        assert!(told.code == Some(1) && told.err.is_empty(), "{told:?}");
    }
}

/// `HOME=/nonexistent` is how accounts without a home are made; to make one for them would surprise.
#[test]
fn a_home_that_is_not_there_is_not_made() {
    let mut stage = Stage::of(vec![registry("registry")]);
    let world = stage.one_pod("registry", ":9.9", Said::NotFound, &[]);
    stage.serve(&world);
    let mut command = stage.proving(&["-o", "json"]);
    command.env_remove("XDG_STATE_HOME").env("HOME", stage.path("absent"));
    let told = run(command);
    assert!(told.code == Some(1) && told.err.is_empty(), "{told:?}");
    assert!(!stage.folder.path().join("absent").exists());
}
