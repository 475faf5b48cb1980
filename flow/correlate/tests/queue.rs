//! Which proof is run next.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use pullmedic_correlate::{Limits, Queue, Wanted, Why};
use pullmedic_model::Endpoint;
use pullmedic_model::incident::IncidentId;
use support::{at, key};

fn want(number: u64, namespace: &str, host: &str, why: Why) -> Wanted {
    Wanted {
        incident: IncidentId::from_seed(number),
        container: key(namespace, &format!("pod-{number}")),
        host: Endpoint::parse(host).ok(),
        namespace: namespace.to_owned(),
        why,
        due: at(0),
    }
}

/// Runs a queue: what it begins takes as long and costs as much as its host says. Gives what was begun, with when.
fn run(
    queue: &mut Queue,
    mut wanted: Vec<Wanted>,
    until: i64,
    takes: impl Fn(&Wanted) -> (i64, u32),
) -> Vec<(i64, Wanted)> {
    let (mut begun, mut running) = (Vec::new(), Vec::<(i64, u32, Wanted)>::new());
    for second in 0..until {
        let (done, still): (Vec<_>, Vec<_>) = running.into_iter().partition(|(ends, ..)| *ends <= second);
        running = still;
        for (_, requests, want) in done {
            queue.done(&want, requests, at(second));
            wanted.retain(|other| other.incident != want.incident);
        }
        queue.offer(&wanted);
        while let Some(want) = queue.next(at(second)) {
            let (seconds, requests) = takes(&want);
            running.push((second + seconds, requests, want.clone()));
            begun.push((second, want));
        }
    }
    begun
}

fn count(begun: &[(i64, Wanted)], host: &str) -> usize {
    begun.iter().filter(|(_, want)| want.host.as_ref().is_some_and(|h| h.as_str() == host)).count()
}

#[test]
fn ten_thousand_wants_of_one_registry_cost_a_handful() {
    let wanted = (0..10_000).map(|n| want(n, &format!("ns-{}", n % 50), "hub.test", Why::First)).collect();
    let begun = run(&mut Queue::new(Limits::default()), wanted, 60, |_| (1, 4));
    assert!((5..=15).contains(&begun.len()), "{} proofs of 4 requests in a minute", begun.len());
}

#[test]
fn a_registry_that_hangs_delays_no_other() {
    let mut wanted: Vec<Wanted> = (0..40).map(|n| want(n, "shop", "hangs.test", Why::First)).collect();
    wanted.push(want(100, "shop", "well.test", Why::First));
    let begun = run(&mut Queue::new(Limits::default()), wanted, 30, |want| {
        if want.host.as_ref().unwrap().as_str() == "hangs.test" { (1_000, 1) } else { (1, 1) }
    });
    assert_eq!(count(&begun, "hangs.test"), 1);
    assert!(begun.iter().any(|(second, want)| *second == 0 && want.incident == IncidentId::from_seed(100)));
}

#[test]
fn a_namespace_with_ten_thousand_registries_takes_its_turn() {
    let mut wanted: Vec<Wanted> =
        (0..10_000).map(|n| want(n, "hostile", &format!("h{n}.test"), Why::First)).collect();
    wanted.extend((0..5).map(|n| want(20_000 + n, "shop", &format!("shop{n}.test"), Why::First)));
    let begun = run(&mut Queue::new(Limits::default()), wanted, 60, |want| {
        if want.namespace == "hostile" { (30, 1) } else { (1, 3) }
    });
    let shop: Vec<i64> = begun.iter().filter(|(_, want)| want.namespace == "shop").map(|(s, _)| *s).collect();
    assert_eq!(shop.len(), 5);
    assert!(shop.iter().all(|second| *second <= 5), "{shop:?}");
    assert!(begun.len() <= 5 + 10 + 60 / 6, "the namespace has a rate of its own: {}", begun.len());
}

#[test]
fn registries_that_were_slow_leave_room_for_the_others() {
    let slow = |want: &Wanted| want.host.as_ref().unwrap().as_str().starts_with("slow");
    let mut queue = Queue::new(Limits::default());
    let wanted: Vec<Wanted> =
        (0..20).map(|n| want(n, &format!("a-{n}"), &format!("slow{n}.test"), Why::First)).collect();
    run(&mut queue, wanted, 60, |_| (10, 1));
    let mut wanted: Vec<Wanted> =
        (0..20).map(|n| want(100 + n, &format!("b-{n}"), &format!("slow{n}.test"), Why::Again)).collect();
    queue.offer(&wanted);
    let began = std::iter::from_fn(|| queue.next(at(1_000))).count();
    assert_eq!(began, Limits::default().of_slow);
    wanted.push(want(500, "c", "well.test", Why::Again));
    queue.offer(&wanted);
    assert!(!slow(&queue.next(at(1_000)).unwrap()));
}

#[test]
fn what_is_wanted_for_remedies_waits_for_what_is_not_known() {
    let mut queue = Queue::new(Limits { at_once: 1, ..Limits::default() });
    queue.offer(&[
        want(1, "a", "a.test", Why::Part),
        want(2, "b", "b.test", Why::Again),
        want(3, "b", "c.test", Why::First),
    ]);
    let mut order = Vec::new();
    for second in 0..3 {
        let want = queue.next(at(second)).unwrap();
        queue.done(&want, 1, at(second));
        order.push(want.why);
    }
    assert_eq!(order, [Why::First, Why::Again, Why::Part]);
}

#[test]
fn what_is_wanted_no_more_is_not_run_and_one_incident_has_one_proof_at_a_time() {
    let mut queue = Queue::new(Limits::default());
    queue.offer(&[want(1, "a", "a.test", Why::First), want(2, "b", "b.test", Why::First)]);
    queue.offer(&[want(1, "a", "a.test", Why::First)]);
    let first = queue.next(at(0)).unwrap();
    queue.offer(&[want(1, "c", "c.test", Why::Part)]);
    assert_eq!((queue.next(at(0)), queue.waiting(), queue.running()), (None, 0, 1));
    queue.done(&first, 1, at(1));
    queue.done(&first, 1, at(1));
    assert_eq!(queue.running(), 0);
}

#[test]
fn says_when_the_next_one_may_be_run() {
    let mut queue = Queue::new(Limits::default());
    queue.offer(&[want(1, "a", "a.test", Why::First)]);
    assert_eq!(queue.due(at(0)), Some(at(0)));
    let first = queue.next(at(0)).unwrap();
    queue.offer(&[want(2, "b", "a.test", Why::First)]);
    assert_eq!(queue.due(at(0)), None, "it waits for the first to be done");
    queue.done(&first, 30, at(0));
    let due = queue.due(at(0)).unwrap();
    assert_eq!(due, at(33), "30 requests, of which 19 more than one may be owed, at one in 3 s");
    assert_eq!(queue.next(at(32)), None);
    assert!(queue.next(due).is_some());
}

proptest! {
    #[test]
    fn no_budget_is_passed_and_everything_is_run_in_the_end(
        jobs in prop::collection::vec((0..5_u8, 0..6_u8, 1..20_i64, 0..12_u32), 1..60),
    ) {
        let limits = Limits::default();
        let wanted: Vec<Wanted> = jobs
            .iter()
            .zip(0_u64..)
            .map(|(job, n)| want(n, &format!("ns-{}", job.0), &format!("h{}.test", job.1), Why::First))
            .collect();
        let cost = |want: &Wanted| {
            let place = wanted.iter().position(|other| other.incident == want.incident).unwrap();
            (jobs[place].2, jobs[place].3)
        };
        let mut queue = Queue::new(limits.clone());
        let begun = run(&mut queue, wanted.clone(), 4_000, cost);
        prop_assert_eq!(begun.len(), wanted.len());
        for second in 0..200 {
            let under_way: Vec<&Wanted> = begun
                .iter()
                .filter(|(began, want)| *began <= second && second < began + cost(want).0)
                .map(|(_, want)| want)
                .collect();
            prop_assert!(under_way.len() <= limits.at_once);
            let mut hosts = BTreeMap::<_, usize>::new();
            let mut namespaces = BTreeMap::<_, usize>::new();
            for want in under_way {
                *hosts.entry(&want.host).or_default() += 1;
                *namespaces.entry(&want.namespace).or_default() += 1;
            }
            prop_assert!(hosts.values().all(|count| *count == 1));
            prop_assert!(namespaces.values().all(|count| *count <= limits.of_namespace));
        }
    }

    #[test]
    fn one_hanging_host_never_delays_another_hosts_job(
        hanging in 1..300_u64,
        others in 1..8_u64,
    ) {
        let mut wanted: Vec<Wanted> = (0..hanging).map(|n| want(n, "a", "hangs.test", Why::First)).collect();
        wanted.extend((0..others).map(|n| want(1_000 + n, "b", &format!("h{n}.test"), Why::First)));
        let begun = run(&mut Queue::new(Limits::default()), wanted, 60, |want| {
            if want.namespace == "a" { (1_000, 1) } else { (2, 3) }
        });
        prop_assert_eq!(count(&begun, "hangs.test"), 1);
        let late = begun.iter().filter(|(_, want)| want.namespace == "b").map(|(second, _)| *second).max();
        // Two of a namespace at once, each two seconds.
        prop_assert!(late.unwrap() <= i64::try_from(others).unwrap(), "{late:?}");
    }
}

#[test]
fn extreme_times_do_no_harm() {
    let mut queue = Queue::new(Limits { host_every: SignedDuration::MAX, ..Limits::default() });
    queue.offer(&[want(1, "a", "a.test", Why::First)]);
    let want = queue.next(Timestamp::MAX).unwrap();
    queue.done(&want, u32::MAX, Timestamp::MIN);
    assert_eq!(queue.running(), 0);
}
