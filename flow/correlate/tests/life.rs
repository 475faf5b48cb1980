//! The life of incidents, told as scripts.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use insta::assert_snapshot;
use pullmedic_correlate::{Correlator, Settings};
use pullmedic_model::{Cause, Certainty};
use support::{judge, judged, lives, past, story, tick, wait, waits};

fn new() -> Correlator {
    Correlator::new(Settings::default())
}

#[test]
fn a_missing_tag_opens_at_once_and_ends_when_nothing_waits() {
    let mut correlator = new();
    let web = waits("shop", "web-1", "r.acme.test/shop/web:2", Cause::TagNotFound);
    lives(
        &mut correlator,
        &[
            wait(0, &web),
            judge(4, judged(&web, Cause::TagNotFound, Certainty::Proven)),
            past(70, &web),
            tick(80),
        ],
    );
    assert_snapshot!(story(&correlator));
}
