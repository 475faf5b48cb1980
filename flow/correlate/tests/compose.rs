//! Writes the recordings of `tests/recordings/`: `cargo test -p pullmedic-correlate --test compose -- --ignored`.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use pullmedic_correlate::recording;
use pullmedic_model::incident::input::{Input, Judged, Waits};
use pullmedic_model::{Cause, Certainty};
use support::{at, gone, judge, judged, past, pulled, tick, wait, waits};

const WEB: &str = "r.acme.test/shop/web:2";
const CART: &str = "r.acme.test/shop/cart:4";

fn proven(waits: &Waits, cause: Cause) -> Judged {
    judged(waits, cause, Certainty::Proven)
}

fn missing_tag() -> Vec<Input> {
    let web = waits("shop", "web-1", WEB, Cause::TagNotFound);
    vec![
        wait(0, &web),
        judge(4, proven(&web, Cause::TagNotFound)),
        judge(610, Judged { over: true, ..proven(&web, Cause::TagNotFound) }),
        past(650, &web),
        tick(655),
    ]
}

fn outage() -> Vec<Input> {
    let pod = |number: i64| {
        let namespace = ["cart", "pay", "shop"][usize::try_from(number % 3).unwrap()];
        let mut pod = waits(namespace, &format!("web-{number}"), WEB, Cause::RegistryUnavailable);
        pod.node = Some(format!("node-{}", number % 5));
        pod
    };
    let mut inputs: Vec<Input> = (0..30).map(|number| wait(number / 4, &pod(number))).collect();
    inputs.push(judge(9, proven(&pod(0), Cause::RegistryUnavailable)));
    inputs.push(tick(60));
    inputs.extend((0..30).map(|number| past(100 + number, &pod(number))));
    inputs.extend((0..10).map(|number| wait(150, &pod(number))));
    inputs.extend((0..10).map(|number| past(200, &pod(number))));
    inputs.push(tick(500));
    inputs
}

fn private_ca() -> Vec<Input> {
    let mut web = waits("shop", "web-1", WEB, Cause::TlsUnknownAuthority);
    (web.since, web.next_attempt) = (Some(at(0)), Some(at(20)));
    let again = Waits { next_attempt: Some(at(40)), ..web.clone() };
    vec![
        wait(0, &web),
        pulled(3, "node-2", WEB),
        pulled(4, "node-3", WEB),
        judge(6, judged(&web, Cause::TlsUnknownAuthority, Certainty::Likely)),
        wait(21, &again),
        tick(31),
        past(900, &again),
        tick(905),
    ]
}

fn one_login() -> Vec<Input> {
    let mut web = waits("shop", "web-1", WEB, Cause::NoCredentials);
    let mut pay = waits("pay", "pay-1", CART, Cause::NotFoundOrDenied);
    (web.secrets, pay.secrets) = (vec!["a".to_owned()], vec!["b".to_owned()]);
    let refused =
        |waits: &Waits| Judged { login: Some("l1".to_owned()), ..proven(waits, Cause::BadCredentials) };
    vec![
        wait(0, &web),
        wait(2, &pay),
        judge(5, refused(&pay)),
        judge(9, refused(&web)),
        past(300, &web),
        past(310, &pay),
        tick(315),
    ]
}

fn two_faults() -> Vec<Input> {
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    let cart = waits("shop", "cart-1", CART, Cause::RegistryUnavailable);
    vec![
        wait(0, &web),
        wait(1, &cart),
        judge(5, proven(&web, Cause::TagNotFound)),
        judge(9, proven(&cart, Cause::RegistryUnavailable)),
        past(120, &cart),
        tick(420),
        past(500, &web),
        tick(505),
    ]
}

fn rollout() -> Vec<Input> {
    let mut inputs = Vec::new();
    for round in 0..10 {
        let pod = waits("shop", &format!("web-{round}"), WEB, Cause::TagNotFound);
        inputs.extend([wait(round * 40, &pod), gone(round * 40 + 15, &pod)]);
    }
    inputs.extend([tick(404), tick(405)]);
    inputs
}

#[test]
#[ignore = "writes the recordings anew"]
fn writes_the_recordings() {
    for (name, inputs) in [
        ("missing-tag", missing_tag()),
        ("outage", outage()),
        ("private-ca", private_ca()),
        ("one-login", one_login()),
        ("two-faults", two_faults()),
        ("rollout", rollout()),
    ] {
        let lines = inputs.iter().map(|input| recording::write(input).unwrap());
        let text: String =
            std::iter::once(recording::header()).chain(lines).map(|line| line + "\n").collect();
        let path = format!("{}/tests/recordings/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, text).unwrap();
    }
}
