//! What holds of every sequence of inputs. What it once did not hold of is in `found.rs`.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use pullmedic_correlate::{Correlator, Settings};
use pullmedic_model::Certainty;
use pullmedic_model::incident::input::{Input, Told};
use pullmedic_model::incident::{MOMENTS, Phase, SAMPLES};
use support::at;
use support::script::{CAUSES, PODS, Step, essences, inputs, kept, restarted, run, shuffled, waiting};

fn step() -> impl Strategy<Value = Step> {
    let pod = 0..PODS;
    let cause = 0..CAUSES.len();
    let certainty = prop_oneof![Just(Certainty::Undecided), Just(Certainty::Likely), Just(Certainty::Proven)];
    prop_oneof![
        6 => (pod.clone(), cause.clone()).prop_map(|(pod, cause)| Step::Wait { pod, cause }),
        2 => pod.clone().prop_map(Step::Past),
        1 => pod.clone().prop_map(Step::Gone),
        3 => (pod.clone(), cause, certainty, prop::bool::weighted(0.1), any::<bool>()).prop_map(
            |(pod, cause, certainty, over, login)| Step::Judge { pod, cause, certainty, over, login }
        ),
        1 => pod.prop_map(Step::Refuse),
        1 => (0..3_usize, 0..3_usize).prop_map(|(node, image)| Step::Pulled { node, image }),
        1 => Just(Step::Tick),
    ]
}

/// Steps with the seconds since the one before; many at the same moment.
fn script() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let pause = prop_oneof![5 => Just(0_i64), 3 => 1..20_i64, 1 => 20..400_i64, 1 => 3_000..5_000_i64];
    prop::collection::vec((pause, step()), 1..40)
}

/// Always the same scripts, so that a run says of the change and not of its luck; `FREE_SEED=1` for others each time.
fn seed() -> RngSeed {
    if std::env::var_os("FREE_SEED").is_some() { RngSeed::Random } else { RngSeed::Fixed(5) }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        rng_seed: seed(),
        ..ProptestConfig::default() })]

    #[test]
    fn every_container_is_in_one_incident_that_counts_it(script in script()) {
        let inputs = inputs(&script);
        let mut correlator = Correlator::new(Settings::default());
        for (number, input) in inputs.iter().enumerate() {
            correlator.take(input);
            let waiting = waiting(&inputs[..=number]);
            let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for (pod, waits) in &waiting {
                let id = correlator.of_container(&waits.container);
                let incident = id.and_then(|id| correlator.incident(id));
                prop_assert!(incident.is_some_and(|incident| incident.phase != Phase::Resolved), "{pod}");
                members.entry(id.unwrap().as_str()).or_default().insert(pod);
            }
            for incident in correlator.incidents() {
                let own = members.get(incident.id.as_str()).map_or(0, BTreeSet::len);
                prop_assert_eq!(incident.counts.pods as usize, own, "{:?}", incident);
                if own > 0 {
                    let sum: u32 = incident.touched.values().map(|touched| touched.pods).sum();
                    prop_assert_eq!(sum as usize, own);
                    let samples: usize = incident.touched.values().map(|touched| touched.samples.len()).sum();
                    prop_assert!(samples >= own, "{:?}", incident.touched);
                }
                prop_assert!(incident.timeline.len() <= MOMENTS);
                prop_assert!(incident.touched.values().all(|touched| touched.samples.len() <= SAMPLES));
                prop_assert!(incident.known_as.len() <= 48);
                prop_assert_eq!(incident.phase == Phase::Resolved, incident.resolved_at.is_some());
                prop_assert!(incident.timeline.is_sorted_by_key(|moment| moment.at), "{:?}", incident.timeline);
            }
        }
    }

    #[test]
    fn two_that_last_never_have_one_fingerprint(script in script()) {
        let correlator = run(&inputs(&script));
        let mut seen = BTreeSet::new();
        for incident in correlator.incidents().filter(|incident| incident.phase != Phase::Resolved) {
            prop_assert!(seen.insert(incident.fingerprint), "{}", incident.fingerprint);
        }
    }

    #[test]
    fn the_order_within_a_moment_does_not_matter(script in script(), seed in any::<u64>()) {
        let inputs = inputs(&script);
        let other = shuffled(&inputs, seed);
        prop_assert_eq!(essences(&run(&inputs)), essences(&run(&other)));
    }

    #[test]
    fn a_resolved_incident_is_quiet_and_time_alone_ends_what_nothing_waits_for(script in script()) {
        let mut inputs = inputs(&script);
        let last = inputs.last().unwrap().at;
        for waits in waiting(&inputs).values() {
            inputs.push(Input { at: last, told: Told::Past(waits.container.clone()) });
        }
        let mut correlator = run(&inputs);
        for _ in 0..200 {
            let Some(due) = correlator.due() else { break };
            correlator.take(&Input { at: due, told: Told::Tick });
        }
        prop_assert_eq!(correlator.due(), None);
        prop_assert_eq!(correlator.incidents().count(), 0, "all are forgotten in the end");
        prop_assert!(correlator.wants(at(1_000_000_000)).is_empty());
    }

    #[test]
    fn a_restart_in_the_middle_changes_neither_phases_nor_names(script in script(), cut in any::<prop::sample::Index>()) {
        let inputs = kept(inputs(&script));
        prop_assume!(!inputs.is_empty());
        let (again, straight) = restarted(&inputs, cut.index(inputs.len()));
        prop_assert_eq!(again, straight);
    }
}
