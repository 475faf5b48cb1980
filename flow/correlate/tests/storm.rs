//! What a storm costs at the registry.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use pullmedic_correlate::{Correlator, Settings};
use pullmedic_model::{Cause, Certainty};
use support::{at, judge, judged, wait, waits};

#[test]
fn ten_thousand_pods_in_fifty_namespaces_need_ten_requests() {
    for cause in [Cause::TagNotFound, Cause::DigestNotFound, Cause::BlobMissing, Cause::RegistryUnavailable] {
        let mut correlator = Correlator::new(Settings::default());
        let pod = |namespace: &str, pod: &str| waits(namespace, pod, "r.acme.test/shop/web:2", cause);
        for number in 0..10_000 {
            let namespace = format!("ns-{:02}", number % 50);
            correlator.take(&wait(number / 1_000, &pod(&namespace, &format!("web-{number}"))));
        }
        let mut second = 10;
        while let Some(want) = correlator.wants(at(second)).first().cloned() {
            let mut proof = judged(&pod(&want.namespace, "web-0"), cause, Certainty::Proven);
            proof.container = want.container;
            correlator.take(&judge(second, proof));
            second += 1;
        }
        let incident = correlator.incidents().next().unwrap();
        assert_eq!((correlator.incidents().count(), incident.counts.pods), (1, 10_000));
        assert!(incident.cost.requests <= 10, "{cause}: {:?}", incident.cost);
    }
}
