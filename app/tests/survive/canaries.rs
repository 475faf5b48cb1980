//! Threats 10 to 13: no secret stands in anything that the controller says, writes, serves or keeps, and none goes to
//! whom it is not for.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;
use testkit_registry::{Answer, Login, Route, Rule, Token, User};

use crate::child::until;
use crate::ground::{Ground, TOKEN, USER, brief};
use crate::hosts::{address, get};
use crate::stage::{Stage, canary, pullmedic, registry, run};
use crate::words::Said;
use crate::world::{Waiting, World};

/// A text as it is, and as it stands inside base64, whatever was before it.
fn shapes(secret: &str) -> Vec<String> {
    let within = (0..3).map(|shift| {
        let text = STANDARD_NO_PAD.encode(format!("{}{secret}", "x".repeat(shift)));
        text[4..text.len() - 4].to_owned()
    });
    std::iter::once(secret.to_owned()).chain(within).collect()
}

/// Lets the account read secrets of a namespace, as `deploy/rbac/pull-secrets.yaml` says.
fn opt_in(ground: &Ground, namespace: &str) {
    ground.create(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"namespace": namespace, "name": "pullmedic-pull-secrets"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pullmedic-pull-secrets"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "pullmedic", "name": "pullmedic"}],
    }));
}

#[test]
fn no_secret_stands_in_any_output_and_none_goes_astray() {
    let [password, other, broken, signature] = [canary(), canary(), canary(), canary()];
    let echo =
        format!("no, shop:{password}, not with {}", STANDARD_NO_PAD.encode(format!("shop:{password}")));
    let told_back = Answer::Error { status: 403, code: "DENIED".into(), message: echo.clone() };
    let echoes =
        Rule::on(Route::Manifest).user("shop").answer(told_back.clone()).header("x-told-back", &echo);
    let endpoint = registry("registry")
        .login(Login::Bearer(Token::default()))
        .user(User::new("shop", &password, "*"))
        .rule(echoes)
        .rule(Rule::on(Route::Tags).user("shop").answer(told_back));
    let ground = Ground::of(Stage::of(vec![endpoint, registry("bystander")]));
    let host = ground.stage.host("registry");
    let image = ground.stage.image("registry", "team/app:1.0");
    let denied = ground.stage.words("registry", ":1.0", Said::Denied);
    let words = format!(
        "{denied}: Get \"https://bucket.acme.test/blob?X-Amz-Signature={signature}&sig={signature}\": https://u:{signature}@x.test/"
    );
    let mut world = World::default();
    let mut pod = |namespace: &str, name: &str, secrets: &[&str]| {
        world.waiting(&Waiting { namespace, name, image: &image, words: &words, secrets, owner: name });
    };
    pod("shop", "cart", &["regcred"]);
    pod("shop", "torn", &["torn"]);
    // Of another namespace, and by every way to spell that.
    pod(
        "bank",
        "thief",
        &["of-shop", "../shop/secrets/of-shop", "..%2fshop%2fsecrets%2fof-shop", "shop/of-shop"],
    );
    world.secret("shop", "regcred", &host, "shop", &password);
    world.secret("shop", "of-shop", &host, "shop", &other);
    world.secret_of("shop", "torn", &format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{broken}\" oops"));
    ground.put_all(&world);
    ["shop", "bank"].iter().for_each(|namespace| opt_in(&ground, namespace));
    let record = ground.stage.path("record.jsonl");
    let mut command =
        ground.command("one", &["--listen", "127.0.0.1:0", "--log-level", "trace", "--record", &record]);
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    let mut controller = ground.spawn("one", command);
    let address = address(&mut controller);
    until("the login tried, and all of it shown and told", || {
        let tried = ground.stage.running().seen_at(&password);
        let judged = controller.said(|line| line["message"] == "proof" || line["message"] == "no proof");
        let (parts, told) = (ground.parts(), ground.told());
        let both = ["shop", "bank"]
            .iter()
            .all(|namespace| parts.iter().any(|part| part["metadata"]["namespace"] == **namespace));
        let done = !tried.is_empty() && judged.len() >= 2 && both && !told.is_empty();
        done.then_some(()).ok_or_else(|| {
            format!("{tried:?}, {} judged, {} told, {}", judged.len(), told.len(), brief(&parts))
        })
    });
    let mut said: Vec<(String, String)> = Vec::new();
    for path in ["/metrics", "/readyz?verbose", "/livez"] {
        said.push((path.to_owned(), get(&address, path)));
    }
    said.push(("the log".to_owned(), controller.ended()));
    for kind in ["pullincidents", "clusterpullincidents", "leases"] {
        said.push((kind.to_owned(), format!("{:?}", ground.api().objects(kind))));
    }
    said.push(("events".to_owned(), format!("{:?}", ground.told())));
    let history = ground.stage.path("one/history.db");
    let ids: Vec<String> = ground.history("one").iter().map(|it| it.id.to_string()).collect();
    assert!(!ids.is_empty());
    let mut runs: Vec<Vec<&str>> = ["text", "wide", "json", "yaml", "markdown"]
        .iter()
        .flat_map(|form| {
            [vec!["list", "-o", form], vec!["history", "-o", form], vec!["replay", &record, "-o", form]]
        })
        .collect();
    for id in &ids {
        runs.extend(["text", "json"].map(|form| vec!["show", id, "--why", "-o", form]));
    }
    for arguments in runs {
        let mut command = pullmedic(ground.stage.folder.path());
        command.arg("incidents").args(&arguments);
        if arguments[0] != "replay" {
            command.args(["--history", &history]);
        }
        let told = run(command);
        assert!(told.code.is_some_and(|code| code < 2), "{arguments:?}: {told:?}");
        said.push((format!("incidents {arguments:?}"), told.out + &told.err));
    }
    for (path, bytes) in ground.stage.files("") {
        let is_ours = !path.ends_with("kubeconfig");
        said.extend(is_ours.then(|| (path, String::from_utf8_lossy(&bytes).into_owned())));
    }
    let secrets = [
        ("the password", &password),
        ("another's", &other),
        ("a torn one", &broken),
        ("a signature", &signature),
    ];
    let token = TOKEN.to_owned();
    for (place, text) in &said {
        for (what, secret) in secrets.iter().chain(&[("our token", &token)]) {
            for shape in shapes(secret) {
                let at = text.find(&shape);
                let around = at.map(|at| text[..at].chars().rev().take(200).collect::<String>());
                let around: Option<String> = around.map(|text| text.chars().rev().collect());
                assert!(at.is_none(), "{what} stands in {place} after {around:?}");
            }
        }
        // How every token of the test registry begins: `{"alg":"HS256"`.
        assert!(!text.contains("eyJhbGciOiJIUzI1NiI"), "a registry's token stands in {place}");
    }
    // To whom they went, and that they were told back there.
    let registries = ground.stage.running();
    let told_back = registries.requests().iter().filter(|request| request.status == Some(403)).count();
    assert!(told_back > 0, "{:#?}", registries.requests());
    assert_eq!(registries.seen_at(&password), BTreeSet::from(["registry".to_owned()]));
    for secret in [&other, &broken, &signature, &token] {
        assert!(registries.seen_at(secret).is_empty());
    }
    // And what was read: each by its name, in the namespace of the pod that names it.
    let mut read = ground.api().requests();
    read.retain(|request| request.resource == "secrets");
    assert!(read.iter().all(|request| request.verb == "get" && request.user == USER), "{read:#?}");
    let read: BTreeSet<(&str, &str)> =
        read.iter().map(|request| (request.namespace.as_str(), request.name.as_str())).collect();
    let may = BTreeSet::from([("shop", "regcred"), ("shop", "torn"), ("bank", "of-shop")]);
    assert!(read.is_subset(&may), "{read:?}");
    assert_eq!(ground.api().count(|request| request.code == Some(403)), 0);
}
