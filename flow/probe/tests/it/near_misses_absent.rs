//! What seemed to be absent, and was hidden, filtered or elsewhere. The second stranger's faults h11, j01, j02, i15.

use pullmedic_model::Cause::{Forbidden, NoCredentials, RepositoryNotFound, TagNotFound};
use pullmedic_model::Certainty::{Likely, Proven};
use pullmedic_model::probe::case::RunsThere;
use pullmedic_model::probe::{Answer, Ask, Record};
use pullmedic_model::{Captured, Endpoint, Stage};

use crate::scenarios::{CART, bare_401, held, not_found};
use crate::support::{Build, Registry, answered, challenged, run};

const BILL: &str = "registry.acme.test/bill/app:1.0";

/// The record behind a token service, whose token grants pull or does not.
fn behind_token(mut record: Record, realm: &str, grants: bool) -> Record {
    let ask = record.ask.clone();
    let asked = challenged(&ask, "bearer", realm, None).steps.into_iter();
    let way = asked.filter(|step| step.answer.is_some()).take(2).map(|step| match &step.answer {
        Some(answer) if answer.status == 200 => {
            let answer = Some(Answer { grants_pull: Some(grants), ..answer.clone() });
            pullmedic_model::probe::Step { answer, ..step }
        }
        _ => step,
    });
    let last = record.steps.len() - 1;
    record.steps.splice(last..last, way);
    record
}

/// Hides what the login `good` alone may see, behind a token service that grants everything but `withheld`.
fn hides<'a>(realm: &'a str, withheld: &'a str) -> impl Fn(&Ask) -> Record + 'a {
    move |ask| {
        let good = ask.login.as_ref().is_some_and(|login| login.secret == "good");
        let tags: &[(&str, &[&str])] =
            if good { &[("bill/app", &["1.0"])] } else { &[("team/app", &["1.0"])] };
        let registry = Registry::open(tags);
        let asks = |ask: &Ask| registry.answer(&Ask { login: None, ..ask.clone() });
        let record = match ask.repository.as_str() {
            "" => answered(ask, 401, "UNAUTHORIZED: no"),
            repository if repository == withheld => challenged(ask, "bearer", realm, None),
            _ => asks(ask),
        };
        behind_token(Record { ask: ask.clone(), ..record }, realm, ask.repository != withheld)
    }
}

fn team_runs(build: Build) -> Build {
    build.with(|case| {
        case.runs_there = vec![RunsThere {
            repository: "team/app".to_owned(),
            reference: "1.0".to_owned(),
            owner: "Deployment/team".to_owned(),
            secrets: vec!["regcred".to_owned()],
        }];
    })
}

/// The record of a host with these addresses, of which `dialled` answered.
fn resolved(mut record: Record, addresses: &str, dialled: &str) -> Record {
    for step in &mut record.steps {
        match step.stage {
            Stage::Name => step.detail = Captured::new(addresses),
            _ => step.address = Some(dialled.parse().unwrap()),
        }
    }
    record
}

#[test]
fn r13_one_address_of_several_proves_nothing_absent() {
    let registry = Registry::open(&[("shop/cart", &["4.1"])]);
    let case = not_found("registry.acme.test/shop/cart:9");
    let both = "198.51.100.1 198.51.100.2 by its name servers";
    let met = |addresses: &'static str, other: &'static str| {
        run(&case.0, |ask| {
            let dialled = if ask.again == 2 { other } else { "198.51.100.1" };
            resolved(registry.answer(ask), addresses, dialled)
        })
    };
    let one = met(both, "198.51.100.1");
    held(&one, TagNotFound, Likely);
    assert!(one.verdict.missing.as_ref().unwrap().contains("has 2 addresses"), "{one:#?}");
    held(&met(both, "198.51.100.2"), TagNotFound, Proven);
    held(&met("198.51.100.1 by its name servers", "198.51.100.1"), TagNotFound, Proven);
    // A login that is wanted is wanted by each: the next request gives it.
    let closed = Registry::closed(&[("shop/cart", &["4.1"])], &["good"]);
    let wants = bare_401(CART).candidate("good", "Deployment/web");
    let login = run(&wants.0, |ask| resolved(closed.answer(ask), both, "198.51.100.1"));
    held(&login, NoCredentials, Proven);
}

#[test]
fn a_token_that_grants_everything_does_not_prove_a_repository_absent() {
    let service = hides("token.acme.test", "");
    let login = team_runs(not_found(BILL).sends("regcred"));
    let robot = run(&login.0, &service);
    held(&robot, RepositoryNotFound, Likely);
    assert!(robot.is_open(Forbidden), "{robot:#?}");
    assert!(robot.verdict.missing.as_ref().unwrap().contains("its token service grants"), "{robot:#?}");
    let nobody = run(&team_runs(not_found(BILL)).0, &service);
    held(&nobody, RepositoryNotFound, Likely);
    assert!(nobody.is_open(NoCredentials), "{nobody:#?}");
    // A login that sees it.
    let seen = run(&login.candidate("good", "Deployment/ops").0, &service);
    assert_eq!(seen.verdict.cause, Forbidden, "{seen:#?}");
    assert_ne!(seen.verdict.certainty, Proven, "{seen:#?}");
}

#[test]
fn a_token_proves_a_repository_absent_where_the_registry_judges_by_nothing_else() {
    let gitlab = team_runs(not_found("registry.gitlab.com/bill/app:1.0").sends("regcred")).with(|case| {
        case.words.as_mut().unwrap().endpoint = Endpoint::parse("registry.gitlab.com").ok();
    });
    held(&run(&gitlab.0, hides("gitlab.com", "")), RepositoryNotFound, Proven);
    let login = team_runs(not_found(BILL).sends("regcred"));
    // The service gave the same login no pull on another name.
    let near = login.with(|case| case.known_repositories = vec!["bill/apps".to_owned()]);
    held(&run(&near.0, hides("token.acme.test", "bill/apps")), RepositoryNotFound, Proven);
}
