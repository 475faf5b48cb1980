//! What must not be proven: each of these once looked like proof.

use pullmedic_model::Cause::{
    self, BadCredentials, ConnectionRefused, Forbidden, NoCredentials, RegistryUnavailable,
    RepositoryNotFound, TagNotFound, TlsUnknownAuthority, UpstreamOfCacheFailed,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::finding::FindingState;
use pullmedic_model::probe::case::{NodeCredentials, PulledOn, RunsThere};
use pullmedic_model::probe::login::SecretState;
use pullmedic_model::probe::record::NotAsked;
use pullmedic_model::probe::{Ask, Class, Got, Record, What};
use pullmedic_model::{Confidence, Endpoint, Stage};

use crate::scenarios::{CART, HOST, bare_401, certain, held, not_found};
use crate::support::{Registry, answered, at, case, challenged, got, not_asked, refused, run, with_header};

fn cart() -> Registry {
    Registry::open(&[("shop/cart", &["4.1", "4.2"])])
}

#[test]
fn a_corporate_authority_that_is_missing_here_is_our_own_fault() {
    let run = run(&bare_401(CART).0, |ask| refused(ask, Stage::Tls, Class::UnknownAuthority));
    held(&run, NoCredentials, Undecided);
    assert!(!run.is_open(TlsUnknownAuthority));
    assert!(run.verdict.missing.as_ref().unwrap().contains("earlier stage"), "{run:#?}");
}

#[test]
fn an_allow_list_that_keeps_us_out_says_nothing_of_the_node() {
    let run = run(&not_found(CART).0, |ask| {
        answered(ask, 403, "DENIED: client with IP 198.51.100.7 is not allowed")
    });
    assert_eq!((run.verdict.cause, run.verdict.certainty), (TagNotFound, Undecided), "{run:#?}");
}

#[test]
fn a_refusal_without_a_challenge_may_have_lost_it_on_the_way() {
    let run = run(&bare_401(CART).candidate("good", "Deployment/web").0, |ask| answered(ask, 401, ""));
    assert_eq!(run.verdict.certainty, Undecided);
    assert!(run.is_open(RegistryUnavailable), "{run:#?}");
    assert!(!run.sent("good"), "no challenge asked for a login");
}

#[test]
fn a_registry_that_changes_its_mind_proves_nothing() {
    // It lists the tag that it does not give.
    let lists = run(&not_found(CART).0, |ask| match &ask.what {
        What::ManifestHead(tag) if tag == "4.1" => answered(ask, 404, ""),
        _ => cart().answer(ask),
    });
    assert_eq!(lists.verdict.certainty, Undecided, "{lists:#?}");
    // It lists others and gives none of them.
    let gives_none = run(&not_found("registry.acme.test/shop/cart:9").0, |ask| match &ask.what {
        What::ManifestHead(_) => answered(ask, 404, ""),
        _ => cart().answer(ask),
    });
    assert_eq!(gives_none.verdict.certainty, Undecided, "{gives_none:#?}");
}

#[test]
fn a_404_with_the_mark_of_a_cache_may_be_its_upstreams() {
    for (name, value) in [("via", "1.1 proxy"), ("x-cache", "MISS"), ("server", "Artifactory/7")] {
        let run = run(&not_found("registry.acme.test/shop/cart:9").0, |ask| {
            with_header(cart().answer(ask), name, value)
        });
        assert_ne!(run.verdict.certainty, Proven, "{name}: {run:#?}");
        assert!(run.is_open(UpstreamOfCacheFailed), "{name}: {run:#?}");
    }
}

#[test]
fn our_own_tls_limit_is_no_cause() {
    let words = certain(Cause::TlsProtocol, Stage::Tls, "handshake failure");
    let run = run(&words.0, |ask| refused(ask, Stage::Tls, Class::OurTlsLimit));
    held(&run, Cause::TlsProtocol, Likely);
    assert!(run.verdict.missing.as_ref().unwrap().contains("our own TLS library"));
}

#[test]
fn a_loopback_registry_is_another_machine_from_here() {
    let words = |on_node| {
        case("127.0.0.1:5000/shop/cart:4.1")
            .said(
                (ConnectionRefused, pullmedic_model::Confidence::Certain, &[]),
                Stage::Connect,
                "127.0.0.1:5000",
                None,
                "connection refused",
            )
            .with(move |case| case.on_node = on_node)
    };
    let here = run(&words(false).0, |_| panic!("not even asked"));
    held(&here, ConnectionRefused, Likely);
    held(&run(&words(true).0, |ask| refused(ask, Stage::Connect, Class::Refused)), ConnectionRefused, Proven);
    // A name that is loopback here.
    let named = certain(ConnectionRefused, Stage::Connect, "connection refused");
    let loopback = |ask: &pullmedic_model::probe::Ask| {
        let mut record = refused(ask, Stage::Connect, Class::Refused);
        record.steps.last_mut().unwrap().address = Some("127.0.0.1".parse().unwrap());
        record
    };
    held(&run(&named.0, loopback), ConnectionRefused, Likely);
    let pinned = named.with(|case| case.pinned = vec![Endpoint::parse(HOST).unwrap()]);
    held(&run(&pinned.0, loopback), ConnectionRefused, Proven);
}

#[test]
fn words_from_before_an_edit_are_history() {
    let edited = not_found("registry.acme.test/shop/cart:4.1").with(|case| case.changed = Some(at(-30)));
    let passes = run(&edited.0, |ask| cart().answer(ask));
    assert_eq!(
        (passes.verdict.certainty, passes.verdict.state),
        (Undecided, FindingState::Unknown),
        "{passes:#?}"
    );
    // The secret counts as well.
    let secret = bare_401(CART).sends("regcred").with(|case| case.secrets[0].changed = Some(at(-10)));
    let refuses = run(&secret.0, |ask| challenged(ask, "basic", HOST, None));
    assert_eq!(refuses.verdict.certainty, Undecided, "{refuses:#?}");
    // What changed before the words were written does not matter.
    let before = not_found("registry.acme.test/shop/cart:9").with(|case| case.changed = Some(at(-90)));
    held(&run(&before.0, |ask| cart().answer(ask)), TagNotFound, Proven);
}

#[test]
fn an_image_that_was_pushed_a_moment_ago_is_not_over() {
    let run = run(&not_found(CART).0, |ask| cart().answer(ask));
    assert_eq!((run.verdict.certainty, run.verdict.state), (Undecided, FindingState::Unknown), "{run:#?}");
    assert!(run.is_open(RepositoryNotFound));
    assert!(run.verdict.missing.as_ref().unwrap().contains("passes from here; the kubelet tries again at"));
    assert_eq!(run.transcript.len(), 1);
}

#[test]
fn an_open_api_is_not_one_that_answers_with_a_challenge() {
    // `/v2/` with a challenge is an answer of the API, and tells nothing of what may be seen.
    let run = run(&not_found("registry.acme.test/shop/crat:4.1").0, |ask| match ask.what {
        What::Ping => {
            let mut record = challenged(ask, "basic", HOST, None);
            record.ended = pullmedic_model::probe::Ended::Got(Got::Ping);
            record.steps.retain(|step| step.stage != Stage::Token);
            record
        }
        What::Catalog => answered(ask, 401, "UNAUTHORIZED: no"),
        _ => answered(ask, 404, "NAME_UNKNOWN: repository name not known to registry"),
    });
    assert_ne!(run.verdict.certainty, Proven, "{run:#?}");
}

#[test]
fn a_login_that_could_not_be_read_leaves_what_was_sent_open() {
    let unread = SecretState::Unread { needs: "get on secrets".into() };
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let build = bare_401(CART).names("regcred", unread).candidate("good", "Deployment/web");
    let run = run(&build.0, |ask| registry.answer(ask));
    assert_eq!(run.verdict.certainty, Undecided, "{run:#?}");
    assert!(run.verdict.missing.as_ref().unwrap().contains("get on secrets"), "{run:#?}");
}

#[test]
fn a_host_that_node_credentials_serve_keeps_their_failure_open() {
    let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/cart:4.1";
    let said = (NoCredentials, pullmedic_model::Confidence::Strong, &[Cause::CredentialProviderFailed][..]);
    let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
    let words = case(image).said(said, Stage::Manifest, host, 401, "no basic auth credentials");
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let build = words.candidate("good", "Deployment/web");
    let open = run(&build.0, |ask| registry.answer(ask));
    assert_ne!(open.verdict.certainty, Proven, "{open:#?}");
    assert!(open.is_open(Cause::CredentialProviderFailed));
    // Once the node was looked at, the repair is proof.
    let looked = build.with(|case| case.node_credentials = NodeCredentials::None);
    held(&run(&looked.0, |ask| registry.answer(ask)), NoCredentials, Proven);
}

#[test]
fn a_mirror_that_only_the_words_name_is_never_dialled() {
    let words = certain(ConnectionRefused, Stage::Connect, "connection refused")
        .with(|case| case.words.as_mut().unwrap().endpoint = Endpoint::parse("mirror.acme.test").ok());
    let run = run(&words.0, |ask| {
        assert_eq!(ask.host.endpoint.as_str(), HOST);
        cart().answer(ask)
    });
    assert_ne!(run.verdict.certainty, Proven, "{run:#?}");
}

#[test]
fn another_address_than_the_nodes_only_allows() {
    let words =
        certain(ConnectionRefused, Stage::Connect, "dial tcp 10.0.0.7:443: connect: connection refused");
    let at_address = |address: &'static str| {
        run(&words.0, move |ask| {
            let mut record = refused(ask, Stage::Connect, Class::Refused);
            record.steps.last_mut().unwrap().address = Some(address.parse().unwrap());
            record
        })
    };
    held(&at_address("10.0.0.8"), ConnectionRefused, Likely);
    held(&at_address("10.0.0.7"), ConnectionRefused, Proven);
}

#[test]
fn what_was_not_asked_tells_nothing_and_ends() {
    for why in [
        NotAsked::Realm { realm: "https://evil.test".into() },
        NotAsked::LockOut { refused_at: at(-300) },
        NotAsked::Budget,
        NotAsked::Cancelled,
        NotAsked::Ours("a bug".into()),
    ] {
        let run = run(&bare_401(CART).sends("regcred").0, |ask| not_asked(ask, why.clone()));
        held(&run, NoCredentials, Undecided);
        assert!(run.verdict.missing.is_some(), "{run:#?}");
        assert_eq!(run.transcript.len(), 1);
    }
}

#[test]
fn a_locked_account_is_no_proof_that_the_password_is_wrong() {
    let registry = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let build = bare_401(CART).sends("stale").candidate("good", "Deployment/web");
    let run = run(&build.0, |ask| match (&ask.what, &ask.login) {
        (What::Ping, Some(_)) => not_asked(ask, NotAsked::LockOut { refused_at: at(0) }),
        _ => registry.answer(ask),
    });
    assert_ne!(run.verdict.certainty, Proven, "{run:#?}");
}

#[test]
fn r14_a_tag_that_the_login_does_not_find_either_is_a_fault_beside() {
    let registry =
        Registry::closed(&[("shop/cart", &["4.2"])], &["good"]).with_token_service("token.acme.test");
    let words = bare_401(CART).candidate("good", "Deployment/web");
    let run_tag = run(&words.0, |ask| registry.answer(ask));
    held(&run_tag, NoCredentials, Proven);
    assert_eq!(run_tag.verdict.also, [TagNotFound]);
    assert_eq!(run_tag.verdict.evidence.there[0].0, "4.2");
    assert_eq!(run_tag.verdict.evidence.repair, None, "no login alone lets the pull pass");
    // Where the sibling is given to anybody, the repository is no private one, and nothing is proven.
    let open = run(&words.0, |ask| match (&ask.login, &ask.what) {
        (None, What::ManifestHead(tag)) if tag == "4.2" => {
            Registry::open(&[("shop/cart", &["4.2"])]).answer(ask)
        }
        _ => registry.answer(ask),
    });
    assert_ne!(open.verdict.certainty, Proven, "{open:#?}");
    // A refused login of the pod's own is not sent again for it.
    let basic = Registry::closed(&[("shop/cart", &["4.2"])], &["good"]);
    let own = run(&words.clone().sends("stale").0, |ask| basic.answer(ask));
    assert_eq!((own.verdict.cause, own.verdict.also.as_slice()), (BadCredentials, &[TagNotFound][..]));
    let sent = own
        .transcript
        .iter()
        .filter(|record| record.ask.login.as_ref().is_some_and(|login| login.secret == "stale"));
    assert!(sent.count() <= 2);
}

#[test]
fn r09_a_login_that_is_let_in_and_finds_no_repository_asks_for_no_further_login() {
    let registry = Registry::closed(&[("shop/carts", &["4.1"])], &["good"]);
    let run = run(&bare_401(CART).candidate("good", "Deployment/web").0, |ask| registry.answer(ask));
    held(&run, NoCredentials, Undecided);
    assert!(run.is_open(RepositoryNotFound), "{run:#?}");
    let missing = run.verdict.missing.as_deref().unwrap();
    assert!(missing.contains("secret good is let in and finds no registry.acme.test/shop/cart"), "{missing}");
    assert!(!missing.contains("--secret"), "{missing}");
}

#[test]
fn r09_words_for_a_wanting_right_do_not_prove_that_there_is_anything_to_have_it_for() {
    let said = (Forbidden, Confidence::Strong, &[RepositoryNotFound][..]);
    let words = case(CART).said(said, Stage::Manifest, HOST, 403, "403 Forbidden").sends("own");
    let refused = |ask: &pullmedic_model::probe::Ask| {
        answered(ask, 403, "DENIED: User: arn:x is not authorized to perform: ecr:BatchGetImage")
    };
    let alone = run(&words.0, refused);
    assert_eq!(alone.verdict.certainty, Undecided, "{alone:#?}");
    assert!(alone.is_open(RepositoryNotFound) || alone.verdict.cause == RepositoryNotFound);
    // Another login sees it: then it is the right that is wanting.
    let other = run(&words.candidate("good", "Deployment/web").0, |ask| match &ask.login {
        Some(login) if login.secret == "good" => {
            cart().answer(&pullmedic_model::probe::Ask { login: None, ..ask.clone() })
        }
        _ if ask.what == What::Ping => got(ask, Got::Ping),
        _ => refused(ask),
    });
    held(&other, Forbidden, Proven);
}

#[test]
fn r09_nobody_lacks_a_right_where_no_login_was_sent() {
    let image = "registry.acme.test/shop/crat:4.1";
    let run = run(&not_found(image).0, |ask| {
        with_header(answered(ask, 404, "MANIFEST_UNKNOWN: no"), "server", "Nexus/3.70")
    });
    assert!(
        run.verdict.rivals.iter().any(|rival| {
            rival.code == Forbidden && rival.standing == pullmedic_model::finding::Standing::Excluded
        }),
        "{run:#?}"
    );
}

/// A 404 for a login that the registry asked for and took.
fn hidden_from_login(ask: &Ask) -> Record {
    let mut record = answered(ask, 404, "");
    let asked = challenged(ask, "basic", HOST, None).steps.into_iter().find(|step| step.answer.is_some());
    let last = record.steps.len() - 1;
    record.steps.insert(last, asked.unwrap());
    record
}

fn runs_there(repository: &str, secrets: &[&str]) -> RunsThere {
    RunsThere {
        repository: repository.to_owned(),
        reference: "1.0".to_owned(),
        owner: "Deployment/team".to_owned(),
        secrets: secrets.iter().map(|&secret| secret.to_owned()).collect(),
    }
}

#[test]
fn r07_a_tag_that_another_workload_runs_may_be_filtered_from_the_list() {
    // The registry shows and gives 4.1 to `good` only; everybody else sees 4.0.
    let filters = |ask: &Ask| match (&ask.what, &ask.login) {
        (What::ManifestHead(tag), Some(login)) if tag == "4.1" && login.secret != "good" => {
            hidden_from_login(ask)
        }
        (What::ManifestHead(tag), None) if tag == "4.1" => challenged(ask, "basic", HOST, None),
        (What::Tags, _) => got(ask, Got::Tags { names: vec!["4.0".into()], complete: true }),
        _ => Registry::open(&[("shop/cart", &["4.0", "4.1"])]).answer(&Ask { login: None, ..ask.clone() }),
    };
    let words = not_found(CART).sends("regcred");
    held(&run(&words.0, filters), TagNotFound, Proven);
    let build = words.with(|case| case.runs_for = vec!["Deployment/ops".into()]);
    let open = run(&build.0, filters);
    held(&open, TagNotFound, Undecided);
    assert!(open.verdict.missing.as_ref().unwrap().contains("Deployment/ops runs"), "{open:#?}");
    assert!(open.is_open(Forbidden), "{open:#?}");
    // A login of the namespace sees it: it is hidden, and what would be proven is the registry's to say.
    let seen = run(&build.clone().candidate("good", "Deployment/ops").0, filters);
    held(&seen, Forbidden, Likely);
    assert_eq!(seen.verdict.evidence.repair.as_ref().unwrap().secret, "good");
    // A node that really pulled it is no less.
    let pulled = not_found(CART).sends("regcred").with(|case| {
        case.pulled_on = vec![PulledOn { node: "node-a".into(), at: at(-600) }];
    });
    held(&run(&pulled.0, filters), TagNotFound, Undecided);
}

#[test]
fn r07_a_digest_or_repository_that_another_workload_runs_is_not_proven_absent() {
    let digest = format!("registry.acme.test/shop/cart@sha256:{}", "ab".repeat(32));
    for image in ["registry.acme.test/shop/crat:4.1", &digest] {
        let build = not_found(image).with(|case| case.runs_for = vec!["Deployment/ops".into()]);
        let run = run(&build.0, |ask| cart().answer(ask));
        assert_eq!(run.verdict.certainty, Undecided, "{image}: {run:#?}");
    }
}

#[test]
fn r06_a_registry_that_answers_404_to_everything_is_no_proof_of_an_absent_repository() {
    let image = "registry.acme.test/flap/app:1.0";
    let flaps = |ask: &Ask| match ask.what {
        What::Ping => got(ask, Got::Ping),
        What::Catalog => answered(ask, 404, ""),
        _ => answered(ask, 404, "NAME_UNKNOWN: repository name not known to registry"),
    };
    let alone = run(&not_found(image).0, flaps);
    held(&alone, RepositoryNotFound, Likely);
    assert!(alone.verdict.missing.as_ref().unwrap().contains("404 to everything"), "{alone:#?}");
    // What runs from there is refused as well.
    let other = not_found(image).with(|case| case.runs_there = vec![runs_there("flap/other", &[])]);
    let down = run(&other.0, flaps);
    assert_eq!(down.verdict.certainty, Undecided, "{down:#?}");
    assert!(down.is_open(RegistryUnavailable) || down.verdict.cause == RegistryUnavailable, "{down:#?}");
    // It is given: then the repository is absent.
    let up = run(&other.0, |ask| match ask.repository.as_str() {
        "flap/other" => Registry::open(&[("flap/other", &["1.0"])]).answer(ask),
        _ => flaps(ask),
    });
    held(&up, RepositoryNotFound, Proven);
    // A near name that is given is a control as well.
    let near = not_found(image).with(|case| case.known_repositories = vec!["flap/apps".into()]);
    let near = run(&near.0, |ask| match ask.repository.as_str() {
        "flap/apps" => Registry::open(&[("flap/apps", &["1.0"])]).answer(ask),
        _ => flaps(ask),
    });
    held(&near, RepositoryNotFound, Proven);
}

#[test]
fn r04_a_pull_that_passes_on_the_node_is_not_over_while_the_container_waits() {
    let build = not_found(CART).with(|case| case.on_node = true);
    let run = run(&build.0, |ask| cart().answer(ask));
    assert_eq!((run.verdict.certainty, run.verdict.state), (Undecided, FindingState::Unknown), "{run:#?}");
}

#[test]
fn r06_a_policy_from_which_an_administrator_is_exempt_is_no_wanting_right() {
    let said = (Forbidden, Confidence::Strong, &[BadCredentials][..]);
    let words = |leaf: &str| {
        let build = case(CART).said(said, Stage::Manifest, HOST, 403, leaf);
        build.sends("regcred").candidate("admin", "Deployment/ops")
    };
    let exempt = |body: &'static str| {
        move |ask: &Ask| match (&ask.login, &ask.what) {
            (_, What::Ping) => got(ask, Got::Ping),
            (Some(login), _) if login.secret == "admin" => cart().answer(&Ask { login: None, ..ask.clone() }),
            _ => answered(ask, 403, body),
        }
    };
    let bare = words("403 Forbidden");
    let bodies =
        ["DENIED: REQUESTED ITEM IS QUARANTINED", "DENIED: image has not been scanned", "X: unsigned"];
    for body in bodies {
        // An administrator gets it: exempt from the policy, or with a right that the other lacks.
        let exempted = run(&bare.0, exempt(body));
        assert_eq!(exempted.verdict.certainty, Undecided, "{body}: {exempted:#?}");
        let told = |cause| exempted.verdict.cause == cause || exempted.is_open(cause);
        assert!(told(Cause::PolicyBlocked) && told(Forbidden), "{exempted:#?}");
        // Nobody gets it.
        held(&run(&bare.0, |ask| answered(ask, 403, body)), Cause::PolicyBlocked, Proven);
    }
    // The node's own words tell it, where the body is gone.
    let told =
        words("cart: 403 Forbidden\ndenied: REQUESTED ITEM IS QUARANTINED, see https://iq.x.test/report/42");
    held(&run(&told.0, |ask| answered(ask, 403, "")), Cause::PolicyBlocked, Proven);
    // A bare 403, or one that mentions a policy, leaves both.
    for body in ["", "DENIED: no", "DENIED: refused by policy 7"] {
        let run = run(&bare.0, exempt(body));
        assert_eq!(run.verdict.certainty, Undecided, "{body}: {run:#?}");
        assert!(run.is_open(Cause::PolicyBlocked) || run.verdict.cause == Cause::PolicyBlocked, "{run:#?}");
    }
    // The body names the right.
    held(&run(&bare.0, exempt("DENIED: robot does not have permission to pull")), Forbidden, Proven);
    held(&run(&bare.0, exempt("DENIED: requested access to the resource is denied")), Forbidden, Proven);
}

#[test]
fn r06_a_login_that_is_refused_at_the_root_and_good_for_another_image_is_not_bad() {
    let team = |secrets: &[&str]| {
        let there = runs_there("bil/team", secrets);
        bare_401(CART).sends("regcred").candidate("admin", "Deployment/ops").with(|case| {
            case.runs_there = vec![there];
        })
    };
    let registry = |lets_in: bool| {
        move |ask: &Ask| match &ask.login {
            Some(login) if login.secret == "admin" || lets_in && ask.repository == "bil/team" => {
                let mut record = Registry::open(&[("shop/cart", &["4.1"]), ("bil/team", &["1.0"])])
                    .answer(&Ask { login: None, ..ask.clone() });
                record.steps.last_mut().unwrap().login.clone_from(&ask.login);
                record
            }
            _ => challenged(ask, "basic", HOST, None),
        }
    };
    let good = run(&team(&["regcred"]).0, registry(true));
    assert_ne!(good.verdict.cause, BadCredentials, "{good:#?}");
    assert!(!good.is_open(BadCredentials), "{good:#?}");
    // Refused there as well, the login is bad; and one refusal more is not spent on the root.
    let bad = run(&team(&["regcred"]).0, registry(false));
    held(&bad, BadCredentials, Proven);
    let spent = bad
        .transcript
        .iter()
        .filter(|record| record.ask.login.as_ref().is_some_and(|login| login.secret == "regcred"));
    assert_eq!(spent.count(), 2);
    // Without an image that runs with the same secret, the root tells.
    held(&run(&team(&["admin"]).0, registry(true)), BadCredentials, Proven);
}
