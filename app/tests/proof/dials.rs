//! Threats 2, 3, 14, 27 and 28: who is dialled, and who never.

use std::io::{ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use testkit_registry::{Configuration, Login, NameAnswer, Names, Record, Token, User};

use super::stage::{Stage, Told, brief, canary, pullmedic, registry, run};
use super::words::Said;
use super::world::{NAMESPACE, Waiting, World};

/// A listener that must see nobody.
fn nobody() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn undisturbed(listener: &TcpListener) {
    let came = listener.accept();
    assert!(matches!(&came, Err(error) if error.kind() == ErrorKind::WouldBlock), "{came:?}");
}

fn saved(stage: &Stage, world: &World, more: &[&str]) -> Told {
    let dump = stage.save("dump.json", world.saved());
    run(stage.command("diagnose", &[&["-f", &dump, "-o", "json"], more].concat()))
}

#[test]
fn a_dump_is_asked_about_without_the_logins_in_it() {
    let password = canary();
    let stage = Stage::of(vec![
        registry("registry").login(Login::Bearer(Token::default())).user(User::new("shop", &password, "*")),
    ]);
    let mut world = stage.one_pod("registry", ":1.0", Said::Denied, &["regcred"]);
    world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", &password);
    let dump = stage.save("dump.json", world.saved());
    let mut command = pullmedic(stage.folder.path());
    command.args(["diagnose", "-f", &dump, "--why"]);
    assert_eq!(run(command).code, Some(1));
    assert!(stage.running().connections().is_empty(), "-f dials nothing");
    assert!(stage.running().questions().is_empty(), "-f asks no name");
    for more in [&["--probe"][..], &["--probe", "--secret", "regcred"], &["--probe", "--search-secrets"]] {
        stage.running().clear();
        let told = saved(&stage, &world, more);
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(!stage.requests("registry").is_empty(), "--probe asks");
        assert!(
            stage.requests("registry").iter().all(|request| request.user.is_none()),
            "{:?}",
            stage.requests("registry")
        );
        assert!(stage.running().seen_at(&password).is_empty());
        assert!(!told.out.contains(&password) && !told.err.contains(&password));
        assert_ne!(told.finding()["certainty"], "proven", "{}", brief(&told.finding()));
    }
}

#[test]
fn hosts_that_only_a_message_names_are_not_dialled() {
    let (listener, address) = nobody();
    let mut stage = Stage::of(vec![registry("registry")]);
    let words = format!(
        "failed to resolve image: failed to do request: Head \"https://{address}/v2/team/app/manifests/1.0\": EOF, see https://evil.test/ and http://{address}/"
    );
    let world = stage.one_pod_that_says("registry", ":1.0", &words, &[]);
    stage.serve(&world);
    for arguments in [&["-o", "json"][..], &["-o", "json", "--why"]] {
        let told = stage.diagnose(arguments);
        assert_eq!(told.code, Some(1), "{told:?}");
        let told = stage.prove(arguments);
        assert_eq!(told.code, Some(1), "{told:?}");
    }
    saved(&stage, &world, &["--probe"]);
    undisturbed(&listener);
    let questions = stage.running().questions();
    assert!(questions.iter().all(|question| !question.name.contains("evil")), "{questions:?}");
}

#[test]
fn metadata_and_link_local_are_not_dialled_and_said_so() {
    for host in [
        "169.254.169.254",
        "169.254.169.254:80",
        "[fd00:ec2::254]",
        "[::ffff:a9fe:a9fe]:443",
        "[fe80::1]:443",
        "0.0.0.0:443",
        "100.100.100.200",
        "metadata.acme.test",
        "rebound.acme.test",
    ] {
        let mut stage = Stage::of(vec![registry("registry")]);
        let link_local = NameAnswer::Addresses(vec![IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254))]);
        let there = Record::always("metadata.acme.test", link_local.clone());
        let public = NameAnswer::Addresses(vec![IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253))]);
        let rebound = Record { name: "rebound.acme.test".into(), answers: vec![public, link_local] };
        let names = Names { records: vec![there, rebound], ..Names::default() };
        stage.running().replace(&Configuration { endpoints: vec![], names: Some(names) }).unwrap();
        let image = format!("{host}/latest/meta-data:1");
        let words = format!(
            "failed to pull and unpack image \"{image}\": failed to resolve image: failed to do request: Head \"https://{host}/v2/\": dial tcp: i/o timeout"
        );
        let mut world = World::new();
        world.waiting(&Waiting {
            namespace: NAMESPACE,
            name: "cart-5d-x",
            image: &image,
            words: &words,
            secrets: &[],
            owner: "cart",
        });
        stage.serve(&world);
        let told = stage.prove(&["-o", "json", "--probe-timeout", "5s", "--transcript", &stage.path("t")]);
        let finding = told.finding();
        assert_ne!(finding["certainty"], "proven", "{host}: {}", brief(&finding));
        let kept: serde_json::Value =
            serde_json::from_slice(&std::fs::read(stage.path("t")).unwrap()).unwrap();
        let ended: Vec<String> = kept["proofs"][0]["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["ended"].to_string())
            .collect();
        assert!(!ended.is_empty() || finding["cause"] == "invalid-reference", "{host}: {}", brief(&finding));
        assert!(ended.iter().all(|ended| ended.contains("not-asked")), "{host}: {ended:?}");
        let wide = stage.prove(&["--probe-timeout", "5s", "-o", "wide"]).out;
        let words: Vec<&str> = wide.split_whitespace().collect();
        assert!(
            finding["cause"] == "invalid-reference" || words.join(" ").contains("which is never dialled"),
            "{host}: it is not said why: {wide}"
        );
        let probed = stage.probe(&[&image, "--probe-timeout", "5s"]);
        assert_eq!(probed.code, Some(2), "{host}: {probed:?}");
    }
}

#[test]
fn a_private_registry_with_its_own_realm_works() {
    let mut stage = Stage::of(vec![
        registry("registry").login(Login::Bearer(Token::default())).user(User::new("shop", "right", "*")),
    ]);
    let mut world = stage.one_pod("registry", ":9.9", Said::NotFound, &["regcred"]);
    world.secret(NAMESPACE, "regcred", &stage.host("registry"), "shop", "right");
    stage.serve(&world);
    let finding = stage.prove(&["-o", "json"]).finding();
    assert_eq!(finding["certainty"], "proven", "{}", brief(&finding));
}

/// Threat 5.
#[test]
fn pages_of_another_origin_are_not_asked_for_and_endless_ones_end() {
    use testkit_registry::{Answer, Route, Rule};
    for (next, most) in
        [("{url:cdn}{path}?last=a", 1), ("{own}{path}", 10), ("//evil.test/x", 1), ("https://evil.test/", 1)]
    {
        let listing = Rule::on(Route::Tags).answer(Answer::Link(next.into()));
        let mut stage = Stage::of(vec![registry("registry").rule(listing), registry("cdn")]);
        let world = stage.one_pod("registry", ":9.9", Said::NotFound, &[]);
        stage.serve(&world);
        let told = stage.prove(&["-o", "json"]);
        assert!(told.code == Some(1) && told.err.is_empty(), "{next}: {told:?}");
        let pages = stage.running().count("registry", Route::Tags);
        assert!((1..=most).contains(&pages), "{next}: {pages} pages");
        assert!(stage.requests("cdn").is_empty(), "{next}");
        assert!(stage.running().questions().iter().all(|question| !question.name.contains("evil")), "{next}");
    }
}

/// Threat 13.
#[test]
fn the_login_of_the_cluster_goes_to_no_registry() {
    let token = canary();
    let mut stage = Stage::of(vec![registry("registry").login(Login::Bearer(Token::default()))]);
    let world = stage.one_pod("registry", ":1.0", Said::Denied, &[]);
    stage.serve(&world);
    let kubeconfig = std::fs::read_to_string(stage.path("kubeconfig")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&kubeconfig).unwrap();
    config["users"][0]["user"] = serde_json::json!({"token": token});
    stage.save("kubeconfig", config.to_string());
    let told = stage.prove(&["-o", "json", "--transcript", &stage.path("t")]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(stage.running().seen_at(&token).is_empty() && !stage.requests("registry").is_empty());
    let kept = std::fs::read_to_string(stage.path("t")).unwrap();
    assert!(!told.out.contains(&token) && !kept.contains(&token));
}

/// Threat 6.
#[test]
fn the_addresses_of_foreign_layers_are_not_asked() {
    use testkit_registry::{Entry, Form, Image, Layer};
    let (listener, address) = nobody();
    let foreign = Layer::Described {
        digest: format!("sha256:{}", "ab".repeat(32)),
        size: 10,
        media_type: Some("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".into()),
        urls: vec![format!("http://{address}/layer"), format!("https://{address}/layer")],
    };
    let image = Image::of("team/app", "foreign", Form::Image(Entry::linux("amd64", vec![foreign])));
    let mut stage = Stage::of(vec![registry("registry").image(image)]);
    let words = "failed to copy: httpReadSeeker: failed open: content not found: not found";
    let world = stage.one_pod_that_says("registry", ":foreign", words, &[]);
    stage.serve(&world);
    let told = stage.prove(&["-o", "json"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    stage.probe(&["--whole", &stage.image("registry", "team/app:foreign")]);
    undisturbed(&listener);
}

/// One connection at a time is counted by a server that closes each.
#[test]
fn many_hosts_of_one_author_are_bounded_by_time() {
    let count = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, seen) = (listener.local_addr().unwrap().port(), Arc::clone(&count));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            seen.fetch_add(1, Ordering::SeqCst);
            // It is read and closed; what comes is of no interest.
            let _ = (&stream).read(&mut [0; 64]);
        }
    });
    let mut stage = Stage::of(vec![registry("registry")]);
    let mut world = World::new();
    for number in 0..300 {
        let image = format!("h{number}.acme.test:{port}/team/app:1");
        world.waiting(&Waiting {
            namespace: NAMESPACE,
            name: &format!("p{number}"),
            image: &image,
            words: "EOF",
            secrets: &[],
            owner: &format!("d{number}"),
        });
    }
    let wild = Record::addresses("*.acme.test", &[IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    let names = Names { records: vec![wild], ..Names::default() };
    stage.running().replace(&Configuration { endpoints: vec![], names: Some(names) }).unwrap();
    stage.serve(&world);
    let told = stage.diagnose(&["-o", "json", "--probe-timeout", "5s"]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(told.took < std::time::Duration::from_secs(25), "{:?}", told.took);
    assert!(count.load(Ordering::SeqCst) <= 300 * 6, "{} connections", count.load(Ordering::SeqCst));
}
