//! What the controller may not do it does not try, and what it may not read costs what rests on it only.

use pullmedic_model::Certainty;
use testkit_apiserver::{Request, Rule, User};
use testkit_registry::{Login, Token, User as Account};

use super::play::Play;
use crate::stage::{Stage, canary, registry};
use crate::words::Said;
use crate::world::NAMESPACE;

/// The pod's login is refused by the registry; the controller is a user of its own.
fn refused_login(password: &str) -> Play {
    let stage =
        Stage::of(vec![registry("registry").login(Login::Bearer(Token::default())).user(Account::new(
            "shop",
            &canary(),
            "*",
        ))]);
    let mut world = stage.one_pod("registry", ":1.0", Said::LoginRefused, &["regcred"]);
    let host = stage.host("registry");
    world.secret(NAMESPACE, "regcred", &host, "shop", password);
    let play = Play::of(stage, &world);
    play.api().add_token("controller", User::service_account("pullmedic", "controller"));
    play.stage.save("kubeconfig", play.api().kubeconfig("controller"));
    play
}

fn rules() -> Vec<Rule> {
    let all = ["get", "list", "watch"];
    vec![
        Rule::on("", &["pods", "events", "nodes", "serviceaccounts", "replicationcontrollers"], &all),
        Rule::on("apps", &["deployments", "replicasets", "statefulsets", "daemonsets"], &all),
        Rule::on("batch", &["jobs", "cronjobs"], &all),
    ]
}

const USER: &str = "system:serviceaccount:pullmedic:controller";

#[test]
fn without_the_right_to_read_a_secret_nothing_is_refused_and_the_verdict_says_what_would_buy_it() {
    let password = canary();
    let play = refused_login(&password);
    play.api().set_rules(USER, rules());
    let controller = play.start(&[]);
    let history = play.history_when("judged", |history| history.iter().any(|it| it.cost.proofs > 0));
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
    let [incident] = &history[..] else { panic!("{history:#?}") };
    assert_ne!(incident.certainty, Certainty::Proven);
    let text = format!("{incident:?}");
    assert!(text.contains("get on secret regcred in namespace shop"), "{text}");
    assert_eq!(play.api().count(|request| request.code == Some(403)), 0, "{:#?}", play.api().requests());
    assert_eq!(play.api().count(|request| request.resource == "secrets"), 0);
}

#[test]
fn with_it_the_login_is_tried_and_its_value_is_nowhere() {
    let password = canary();
    let play = refused_login(&password);
    let mut rules = rules();
    rules.push(Rule::on("", &["secrets"], &["get"]).in_namespace(NAMESPACE));
    play.api().set_rules(USER, rules);
    let record = play.stage.path("record.jsonl");
    let controller = play.start(&["--log-level", "trace", "--record", &record]);
    let history =
        play.history_when("proven", |history| history.iter().any(|it| it.certainty == Certainty::Proven));
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
    assert_eq!(history[0].cause.code(), "bad-credentials");
    assert_eq!(play.api().count(|request| request.code == Some(403)), 0);
    assert_eq!(play.api().count(|request| request.resource == "secrets" && request.lists()), 0);
    assert_eq!(play.api().count(Request::writes), 0);
    assert!(!log.contains(&password));
    for (path, bytes) in play.stage.files("kept").into_iter().chain(play.stage.files("record.jsonl")) {
        let found = bytes.windows(password.len()).any(|window| window == password.as_bytes());
        assert!(!found, "{path} holds the password");
    }
    assert!(!std::fs::read_to_string(record).unwrap().contains(&password));
}

#[test]
fn a_kind_that_may_not_be_watched_costs_what_rests_on_it_only() {
    let play = refused_login(&canary());
    play.api().set_rules(USER, vec![Rule::on("", &["pods"], &["get", "list", "watch"])]);
    let mut controller = play.start(&[]);
    controller.says("which right is missing", |line| {
        line["needs"].as_str().is_some_and(|needs| needs.contains("events"))
    });
    controller.tells("seen");
    let (status, log) = controller.ended();
    assert!(status.success(), "{log}");
}
