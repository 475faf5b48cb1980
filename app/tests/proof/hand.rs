//! `pullmedic probe`, `explain --why` and what the options take.

use serde_json::{Value, json};
use testkit_registry::{
    ConnectionFault, Entry, Form, Image, Layer, Login, NameAnswer, Names, Record, Route, Rule, Token, User,
};

use super::stage::{Stage, Told, pullmedic, registry, run};
use super::words::Said;
use super::world::NAMESPACE;

fn plain(arguments: &[&str]) -> Told {
    let home = tempfile::tempdir().unwrap();
    let mut command = pullmedic(home.path());
    command.args(arguments);
    run(command)
}

fn private() -> Stage {
    let layers =
        |seed| vec![Layer::Random { bytes: 500, seed }, Layer::Random { bytes: 500, seed: seed + 1 }];
    let index = Form::Index {
        entries: vec![Entry::linux("amd64", layers(1)), Entry::linux("arm64", layers(3))],
        attestations: true,
    };
    let mut stage = Stage::of(vec![
        registry("registry")
            .login(Login::Bearer(Token::default()))
            .user(User::new("shop", "right", "*"))
            .public("open/*")
            .image(Image::of("open/app", "1", index))
            .image(Image::small("open/small", "1")),
    ]);
    let mut world = stage.one_pod("registry", ":1.0", Said::Denied, &["regcred"]);
    let host = stage.host("registry");
    world
        .secret(NAMESPACE, "regcred", &host, "shop", "right")
        .secret(NAMESPACE, "wrong", &host, "shop", "no")
        .secret(NAMESPACE, "elsewhere", "other.acme.test", "shop", "right")
        .forbid("/secrets/forbidden");
    stage.serve(&world);
    stage
}

#[test]
fn what_is_there_is_not_there_or_was_not_asked_shows_in_the_exit_code() {
    let stage = private();
    let image = |rest: &str| stage.image("registry", rest);
    let amd64 = ["--platform", "linux/amd64"];
    let s390x = ["--platform", "linux/s390x"];
    for (rest, more, code, outcome) in [
        ("open/small:1", &[][..], 0, "there"),
        ("open/app:1", &[], 0, "there"),
        ("open/app:1", &["--whole"], 0, "there"),
        ("open/app:1", &amd64, 0, "there"),
        ("open/app:1", &s390x, 1, "not-there"),
        ("open/app:1", &["--whole", "--platform", "linux/arm64", "--platform", "linux/amd64"], 0, "there"),
        ("open/app:2", &[], 1, "not-there"),
        ("open/absent:2", &[], 1, "not-there"),
        ("team/app:1.0", &[], 1, "not-there"),
        (
            "open/app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            &[],
            1,
            "not-there",
        ),
    ] {
        let told = stage.probe(&[&[image(rest).as_str(), "-o", "json"], more].concat());
        assert_eq!(told.code, Some(code), "{rest} {more:?}: {told:?}");
        let document = told.json();
        assert_eq!(
            (&document["kind"], &document["outcome"]),
            (&json!("Probe"), &json!(outcome)),
            "{rest} {more:?}"
        );
        assert_eq!(document["apiVersion"], "pullmedic.dev/v1alpha1");
        assert!(document["records"].as_array().is_some_and(|records| !records.is_empty()));
        let text = stage.probe(&[&[image(rest).as_str()], more].concat());
        assert_eq!(text.code, Some(code));
        assert!(text.out.contains("name") && text.err.is_empty(), "{text:?}");
        if more == s390x {
            assert!(text.out.contains("linux/amd64"), "{}", text.out);
        }
    }
    // Nothing is fetched unless it is asked for.
    stage.running().clear();
    stage.probe(&[&image("open/app:1")]);
    assert!(
        stage.asked("registry").iter().all(|asked| !asked.contains("/blobs/")),
        "{:?}",
        stage.asked("registry")
    );
    stage.running().clear();
    stage.probe(&[&image("open/app:1"), "--whole"]);
    let blobs = stage.requests("registry").into_iter().filter(|request| request.route == Route::Blob);
    // Two platforms of a config and two layers each.
    let fetched: Vec<String> =
        blobs.map(|request| format!("{} {}", request.method, request.path())).collect();
    assert_eq!(fetched.len(), 6, "{fetched:?}");
}

#[test]
fn a_probe_asks_as_a_pod_or_with_a_secret() {
    let stage = private();
    let image = stage.image("registry", "team/app:1.0");
    let kubeconfig = stage.path("kubeconfig");
    let with = |more: &[&str]| stage.probe(&[&[image.as_str(), "--kubeconfig", &kubeconfig], more].concat());
    for (more, code, word) in [
        (&["--secret", "regcred"][..], 0, ""),
        (&["--as-pod", "cart-5d-x"], 0, ""),
        (&["--secret", "wrong"], 1, ""),
        (&["--secret", "absent"], 1, "does not exist"),
        (&["--secret", "elsewhere"], 1, "no key for this image's host"),
        (&["--secret", "forbidden"], 1, "get on secret forbidden in namespace shop"),
        (&["--as-pod", "nobody"], 2, "nobody"),
        (&["--secret", "../pods"], 1, "does not exist"),
        (&["--secret", "regcred", "-n", "elsewhere"], 1, "does not exist"),
        (&["--secret", "regcred", "-n", "../.."], 1, "does not exist"),
    ] {
        stage.running().clear();
        let told = with(more);
        assert_eq!(told.code, Some(code), "{more:?}: {told:?}");
        assert!(told.err.contains(word), "{more:?}: {told:?}");
        assert!(!told.out.contains("right") && !told.err.contains("panicked"), "{told:?}");
    }
}

#[test]
fn faults_below_http_are_not_there_and_name_their_stage() {
    let stage = private();
    let image = stage.image("registry", "open/small:1");
    for (fault, stages) in [
        // A reset may come before the first byte of TLS is written.
        (ConnectionFault::Reset, &["connect", "tls"][..]),
        (ConnectionFault::Close, &["connect", "tls"]),
        (ConnectionFault::HandshakeFailure, &["tls"]),
        (ConnectionFault::PlainHttp, &["tls"]),
        (ConnectionFault::Garbage, &["tls"]),
    ] {
        stage.running().set_rules("registry", vec![Rule::connection(fault)]);
        let told = stage.probe(&[&image, "-o", "json"]);
        assert_eq!(told.code, Some(1), "{fault:?}: {told:?}");
        let document = told.json();
        let refused = &document["records"][0]["ended"]["refused"]["stage"];
        assert!(stages.iter().any(|stage| refused == stage), "{fault:?}: {document:#}");
    }
    let told = stage.probe(&["absent.acme.test/x/y:1"]);
    assert_eq!(told.code, Some(1), "the name does not exist: {told:?}");
}

#[test]
fn an_image_that_is_none_gives_the_one_that_was_meant() {
    for (image, meant) in [
        ("team/App:1", "pullmedic probe team/app:1"),
        ("https://r.acme.test/a:1", "pullmedic probe r.acme.test/a:1"),
    ] {
        plain(&["probe", image]).refused(&["next: ", meant]);
    }
    for image in [
        "",
        " ",
        "a b",
        "r.test/a@sha256:../../x",
        "r.test/a@sha256:AB",
        "r.test/a:",
        "\u{1b}[2J",
        "r.test/\u{202e}a",
        ":::",
        "/",
        "a//b",
    ] {
        let told = plain(&["probe", image]);
        told.refused(&[]);
        assert!(!told.err.contains(['\u{1b}', '\u{202e}']), "{told:?}");
    }
    plain(&["probe", &"a".repeat(1 << 16)]).refused(&[]);
}

#[test]
fn options_of_a_wrong_form_end_with_a_clear_word() {
    let stage = private();
    let file = stage.save("file", "not a resolv.conf \u{0} nameserver nowhere\n");
    let folder = stage.path("kept");
    std::fs::create_dir(&folder).unwrap();
    for (arguments, words) in [
        (&["--resolve", "x"][..], &["--resolve", "HOST:PORT:ADDRESS"][..]),
        (&["--resolve", "h:70000:127.0.0.1"], &["--resolve"]),
        (&["--resolve", "h:443:host.test"], &["--resolve"]),
        (&["--resolve", ":443:127.0.0.1"], &["--resolve"]),
        (&["--allow-realm", "x"], &["--allow-realm"]),
        (&["--allow-realm", "a="], &["--allow-realm"]),
        (&["--allow-realm", "=https://b.test"], &["--allow-realm"]),
        (&["--allow-realm", "a.test=file:///x"], &["--allow-realm"]),
        (&["--runtime", "docker"], &["--runtime", "containerd@"]),
        (&["--node-config", "/nonexistent"], &["/nonexistent", "next: "]),
        (&["--node-config", &file], &["file", "next: "]),
        (&["--node-config", &folder], &["kept", "next: "]),
        (&["--resolv-conf", "/nonexistent"], &["/nonexistent"]),
        (&["--resolv-conf", &folder], &["kept"]),
    ] {
        for told in [
            plain(&[&["probe", "r.acme.test/a:1"], arguments].concat()),
            plain(&[&["diagnose", "--kubeconfig", &stage.path("kubeconfig")], arguments].concat()),
        ] {
            assert_eq!(told.code, Some(2), "{arguments:?}: {told:?}");
            assert!(told.out.is_empty() && !told.err.contains("panicked"), "{arguments:?}: {told:?}");
            for word in words {
                assert!(told.err.contains(word), "{arguments:?}: {word:?}: {told:?}");
            }
        }
    }
    for arguments in [
        &["--probe-timeout", "soon"][..],
        &["--probe-timeout=-1s"],
        &["--platform", "linux"],
        &["--platform", "a/b/c/d"],
    ] {
        let told = plain(&[&["probe", "r.acme.test/a:1"], arguments].concat());
        assert!(
            told.code == Some(2) && told.err.contains(arguments[0].split('=').next().unwrap()),
            "{told:?}"
        );
    }
}

#[test]
fn options_that_exclude_each_other_are_refused_by_name() {
    for (arguments, word) in [
        (&["diagnose", "--no-probe", "--why"][..], "--why"),
        (&["diagnose", "--no-probe", "--transcript", "t"], "--transcript"),
        (&["diagnose", "--probe"], "--filename"),
        (&["diagnose", "-f", "x", "--probe", "--no-probe"], "--no-probe"),
        (&["diagnose", "-f", "x", "--watch"], "--watch"),
        (&["diagnose", "--from-transcript", "t", "-f", "x"], "--from-transcript"),
        (&["diagnose", "--from-transcript", "t", "--transcript", "u"], "--transcript"),
        (&["diagnose", "--from-transcript", "t", "--watch"], "--watch"),
        (&["diagnose", "--from-transcript", "t", "--no-probe"], "--no-probe"),
        (&["diagnose", "-A", "-n", "x"], "--namespace"),
        (&["diagnose", "--watch", "--patch-dir", "p"], "--patch-dir"),
        (&["probe", "a", "--as-pod", "p", "--secret", "s"], "--secret"),
        (&["probe"], "<IMAGE>"),
        (&["explain", "--why"], "CODE"),
    ] {
        let told = plain(arguments);
        assert!(told.code == Some(2) && told.out.is_empty(), "{arguments:?}: {told:?}");
        assert!(told.err.contains(word) && told.err.contains("Usage"), "{arguments:?}: {told:?}");
        assert!(!told.err.contains("panicked"), "{told:?}");
    }
}

/// An option that could only be passed over is not passed over in silence.
#[test]
fn a_dump_that_is_not_asked_about_takes_no_option_of_asking() {
    let home = tempfile::tempdir().unwrap();
    let dump = home.path().join("dump.json");
    std::fs::write(&dump, "{\"kind\": \"PodList\", \"apiVersion\": \"v1\", \"items\": []}").unwrap();
    for option in [
        &["--transcript", "t"][..],
        &["--secret", "s"],
        &["--search-secrets"],
        &["--sandbox-image", "pause"],
        &["--node-config", "etc"],
        &["--runtime", "containerd@2.3.7"],
        &["--resolve", "a:1:127.0.0.1"],
        &["--resolv-conf", "f"],
        &["--allow-realm", "a=https://b"],
        &["--allow-plain-http", "a"],
    ] {
        let mut command = pullmedic(home.path());
        command.current_dir(home.path()).args(["diagnose", "-f", "dump.json"]).args(option);
        run(command).refused(&[option[0], "--probe"]);
    }
    assert!(!home.path().join("t").exists());
}

#[test]
fn names_come_from_the_file_that_is_given() {
    let stage = private();
    let address = stage.running().endpoint("registry");
    let names = Names {
        records: vec![
            Record::addresses("registry.acme.test", &[address.ip()]),
            Record::always("lame.acme.test", NameAnswer::Servfail),
        ],
        ..Names::default()
    };
    stage
        .running()
        .replace(&testkit_registry::Configuration { endpoints: vec![], names: Some(names) })
        .unwrap();
    let asked = |image: &str, more: &[&str]| {
        let mut command = pullmedic(stage.folder.path());
        command.env("SSL_CERT_FILE", stage.path("ca.pem"));
        command.args(["probe", image]).args(more);
        run(command)
    };
    let image = stage.image("registry", "open/small:1");
    let conf = stage.path("resolv.conf");
    assert_eq!(asked(&image, &["--resolv-conf", &conf]).code, Some(0));
    assert!(stage.running().questions().iter().any(|question| question.name == "registry.acme.test"));
    let lame = asked(&format!("lame.acme.test:{}/open/small:1", address.port()), &["--resolv-conf", &conf]);
    assert!(lame.code == Some(1) && lame.out.to_lowercase().contains("servfail"), "{lame:?}");
    // An address given by hand is for that port alone.
    stage.running().clear();
    let pin = format!("registry.acme.test:{}:{}", address.port(), address.ip());
    assert_eq!(asked(&image, &["--resolv-conf", &conf, "--resolve", &pin]).code, Some(0));
    assert!(stage.running().questions().is_empty(), "{:?}", stage.running().questions());
}

#[test]
fn why_a_cause_is_proven_is_told_for_every_cause() {
    let list = plain(&["explain"]);
    let codes: Vec<&str> =
        list.out.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert_eq!(codes.len(), 52, "{codes:?}");
    for code in codes {
        let told = plain(&["explain", "--why", code]);
        assert!(told.code == Some(0) && told.err.is_empty(), "{code}: {told:?}");
        let after = told.out.split_once("What proves it").unwrap_or_else(|| panic!("{code}: {}", told.out)).1;
        let proof = after.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        let node = "nothing that can be seen from outside the node";
        let unknown = code == "unknown" || code == "unclassified";
        assert!(proof.starts_with("- ") || proof == node || unknown, "{code}: {}", told.out);
    }
    for code in ["nonsense", "", "\u{1b}[2J", "tag-not-foud"] {
        let told = plain(&["explain", "--why", code]);
        told.refused(&["next: "]);
        assert!(!told.err.contains('\u{1b}'), "{told:?}");
    }
    assert!(plain(&["explain", "--why", "tag-not-foud"]).err.contains("pullmedic explain"));
}

/// What the report says holds to its published schema, also with a proof in it.
#[test]
fn a_proof_holds_to_the_schema_in_the_repository() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let stage = private();
    for more in [&[][..], &["--why"], &["--search-secrets"], &["--secret", "wrong"]] {
        let told = stage.prove(&[&["-o", "json"], more].concat());
        let errors: Vec<String> =
            validator.iter_errors(&told.json()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{more:?}: {errors:?}");
    }
}
