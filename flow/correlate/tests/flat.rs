//! Nothing grows with the number of things told.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use pullmedic_correlate::{Correlator, Settings};
use pullmedic_model::incident::input::{Input, Ran, Told};
use pullmedic_model::{Cause, Certainty};
use support::{at, gone, judge, judged, owner, past, pulled, wait, waits};

/// Names that never come again: pods, images, registries, logins, owners.
fn feed(correlator: &mut Correlator, numbers: std::ops::Range<i64>) {
    for number in numbers {
        let cause = Cause::ALL[usize::try_from(number).unwrap() % Cause::ALL.len()];
        let image = format!("r{number}.test/team/app:{number}");
        let pod = waits(&format!("ns-{}", number % 3_000), &format!("web{number}-1"), &image, cause);
        let mut proof = judged(&pod, cause, Certainty::Proven);
        proof.login = Some(format!("login-{number}"));
        let ran = Ran {
            namespace: "shop".to_owned(),
            owner: owner(&format!("web-{number}")),
            container: "main".to_owned(),
            image: image.clone(),
        };
        let leaves = if number % 2 == 0 { past(number, &pod) } else { gone(number, &pod) };
        for input in [
            pulled(number, &format!("node-{number}"), &image),
            wait(number, &pod),
            judge(number, proof),
            Input { at: at(number), told: Told::Ran(ran) },
            leaves,
        ] {
            correlator.take(&input);
        }
    }
}

#[test]
fn what_is_held_stays_the_same_over_hundreds_of_thousands_of_changes() {
    // Caps small enough to be met in a test: what they hold is the same at any size.
    let settings = Settings { most_resolved: 200, ..Settings::default() };
    let mut correlator = Correlator::new(settings);
    // Until every digest is full: 20,000 owners.
    feed(&mut correlator, 0..30_000);
    let full = correlator.held();
    let most = (30..40).map(|thousands| {
        feed(&mut correlator, thousands * 1_000..(thousands + 1) * 1_000);
        correlator.held()
    });
    let most = most.max().unwrap();
    assert!(most * 100 <= full * 105, "{full} entries grew to {most}");
    let texts = correlator.incidents().map(|incident| serde_json::to_string(incident).unwrap().len());
    assert!(texts.max().unwrap() < 16_384);
}
