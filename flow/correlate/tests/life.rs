//! The life of incidents, told as scripts.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use insta::assert_snapshot;
use jiff::SignedDuration;
use pullmedic_correlate::{Correlator, Settings, Weight, Why};
use pullmedic_model::incident::input::{Informed, Input, Judged, Ran, Told, Waits};
use pullmedic_model::incident::{Incident, Phase, Scope};
use pullmedic_model::{Cause, Certainty, Clears};
use support::{at, gone, judge, judged, key, lives, owner, past, pulled, refuse, story, tick, wait, waits};

const WEB: &str = "r.acme.test/shop/web:2";
const CART: &str = "r.acme.test/shop/cart:4";

fn new() -> Correlator {
    Correlator::new(Settings::default())
}

fn proven(waits: &Waits, cause: Cause) -> Judged {
    judged(waits, cause, Certainty::Proven)
}

fn of<'a>(correlator: &'a Correlator, waits: &Waits) -> &'a Incident {
    correlator.incident(correlator.of_container(&waits.container).unwrap()).unwrap()
}

#[test]
fn a_missing_tag_opens_at_once_and_ends_when_nothing_waits() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::TagNotFound);
    lives(
        &mut correlator,
        &[wait(0, &web), judge(4, proven(&web, Cause::TagNotFound)), past(70, &web), tick(80)],
    );
    assert_snapshot!(story(&correlator));
}

#[test]
fn an_outage_opens_when_it_lasts_and_flapping_is_one_incident() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    let mut inputs = vec![wait(0, &web), tick(59), tick(60)];
    for round in 0..4 {
        inputs.extend([past(100 + round * 60, &web), wait(130 + round * 60, &web)]);
    }
    inputs.extend([past(400, &web), tick(489), tick(490)]);
    lives(&mut correlator, &inputs);
    assert_snapshot!(story(&correlator));
}

#[test]
fn a_blip_never_opens() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::ConnectionReset);
    lives(&mut correlator, &[wait(0, &web), past(20, &web), tick(320)]);
    assert_snapshot!(story(&correlator));
}

#[test]
fn what_lasts_for_long_already_opens_at_once() {
    let mut correlator = new();
    let mut web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    web.since = Some(at(-600));
    correlator.take(&wait(0, &web));
    assert_eq!(of(&correlator, &web).phase, Phase::Open);
}

#[test]
fn debounce_and_quiet_are_by_cause() {
    let settings = Settings::default();
    let rows = Cause::ALL.iter().map(|&cause| {
        let seconds = |span: SignedDuration| span.as_secs();
        let judged = settings.debounce(cause, Some(Clears::Permanent));
        assert_eq!(judged, SignedDuration::ZERO, "what is permanent opens at once");
        format!(
            "{cause:<28} opens after {:>3} s, is over after {:>3} s",
            seconds(settings.debounce(cause, None)),
            seconds(settings.quiet(cause, None)),
        )
    });
    assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}

#[test]
fn it_comes_back_under_its_name_within_an_hour_and_under_a_new_one_later() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::TagNotFound);
    let proof = || proven(&web, Cause::TagNotFound);
    lives(&mut correlator, &[wait(0, &web), judge(4, proof()), past(70, &web), tick(75), wait(3_000, &web)]);
    let back = of(&correlator, &web);
    assert_eq!((back.reopened, back.phase), (1, Phase::Open));
    assert_eq!(back.certainty, Certainty::Likely, "what was proven before it was over is no proof now");
    assert_eq!(correlator.wants(at(3_000))[0].container, web.container);
    lives(&mut correlator, &[judge(3_005, proof()), past(3_010, &web), tick(3_015), wait(6_616, &web)]);
    assert_snapshot!(story(&correlator));
}

#[test]
fn a_storm_is_one_incident_with_few_turns() {
    let mut correlator = new();
    let mut turns = Vec::new();
    for pod in 0..10_000 {
        let mut waits =
            waits(&format!("ns-{:02}", pod % 50), &format!("web-{pod}"), WEB, Cause::RegistryUnavailable);
        waits.node = Some(format!("node-{}", pod % 500));
        waits.owner = Some(owner(&format!("web-{}", pod % 200)));
        turns.extend(lives(&mut correlator, &[wait(i64::from(pod) / 500, &waits)]));
        assert!(correlator.wants(at(30)).len() <= 1, "one container stands for all");
    }
    let one = waits("ns-00", "web-0", WEB, Cause::RegistryUnavailable);
    turns.extend(lives(&mut correlator, &[judge(30, proven(&one, Cause::RegistryUnavailable)), tick(60)]));
    assert!(correlator.wants(at(59)).is_empty(), "a fault of the endpoint is the same in every namespace");
    for pod in 0..10_000 {
        let waits =
            waits(&format!("ns-{:02}", pod % 50), &format!("web-{pod}"), WEB, Cause::RegistryUnavailable);
        turns.extend(lives(&mut correlator, &[past(70, &waits)]));
    }
    turns.extend(lives(&mut correlator, &[tick(400)]));
    assert_snapshot!(format!("{}\n\n{}", turns.join("\n"), story(&correlator)));
    let incident = correlator.incidents().next().unwrap();
    assert!(
        incident.touched.values().all(|touched| touched.samples.len() <= 10 && touched.owners.len() <= 10)
    );
    assert_eq!(
        correlator.held(),
        6,
        "the incident, its fingerprint, its two answers, that it is over, and until when"
    );
}

#[test]
fn the_next_pod_of_an_owner_goes_on_with_its_incident() {
    let mut correlator = new();
    let mut inputs = Vec::new();
    for round in 0..20 {
        let pod = waits("shop", &format!("web-{round}"), WEB, Cause::TagNotFound);
        inputs.extend([wait(round * 40, &pod), gone(round * 40 + 15, &pod)]);
    }
    let turns = lives(&mut correlator, &inputs);
    assert_eq!(turns.len(), 2, "seen and opened: {turns:?}");
    let turns = lives(&mut correlator, &[tick(19 * 40 + 44), tick(19 * 40 + 45)]);
    assert!(turns.len() == 1 && turns[0].ends_with("resolved"), "{turns:?}");
}

#[test]
fn a_namespace_whose_pods_went_is_touched_no_more() {
    let mut correlator = new();
    let (web, pay) =
        (waits("shop", "web-1", WEB, Cause::TagNotFound), waits("pay", "web-1", WEB, Cause::TagNotFound));
    lives(&mut correlator, &[wait(0, &web), wait(0, &pay), gone(10, &pay)]);
    let touched = |correlator: &Correlator| of(correlator, &web).touched.keys().cloned().collect::<Vec<_>>();
    assert_eq!(touched(&correlator), ["pay", "shop"], "another pod may follow");
    correlator.take(&tick(40));
    assert_eq!(touched(&correlator), ["shop"]);
}

#[test]
fn alternating_words_change_nothing() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    lives(&mut correlator, &[wait(0, &web), judge(3, proven(&web, Cause::RegistryUnavailable))]);
    for round in 1..50 {
        let mut again = web.clone();
        again.next_attempt = Some(at(round * 20 + 10));
        let turns = lives(&mut correlator, &[wait(round, &again)]);
        assert!(turns.is_empty(), "{turns:?}");
    }
    assert_eq!(correlator.incidents().count(), 1);
}

#[test]
fn other_words_of_the_same_fault_keep_the_verdict_and_are_asked_about_soon() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    lives(&mut correlator, &[wait(0, &web), judge(3, proven(&web, Cause::MirrorMisconfigured))]);
    let id = of(&correlator, &web).id.clone();
    let mut other = web.clone();
    other.words.push_str(" 503");
    lives(&mut correlator, &[wait(20, &other)]);
    assert_eq!((&of(&correlator, &web).id, of(&correlator, &web).cause), (&id, Cause::MirrorMisconfigured));
    assert_eq!(correlator.wants(at(30)).len(), 1);
    lives(
        &mut correlator,
        &[judge(31, proven(&other, Cause::MirrorMisconfigured)), wait(40, &web), wait(60, &other)],
    );
    assert!(correlator.wants(at(70)).is_empty(), "both words are answered now");
}

#[test]
fn proof_renames_the_fault_and_the_rest_stays_behind() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    let cart = waits("shop", "cart-1", CART, Cause::RegistryUnavailable);
    let turns = lives(
        &mut correlator,
        &[
            wait(0, &web),
            wait(1, &cart),
            judge(5, proven(&web, Cause::TagNotFound)),
            judge(9, proven(&cart, Cause::RegistryUnavailable)),
        ],
    );
    assert_snapshot!(format!("{}\n\n{}", turns.join("\n"), story(&correlator)));
}

#[test]
fn what_is_found_to_be_one_is_one_under_the_older_name() {
    let mut correlator = new();
    let mut web = waits("shop", "web-1", WEB, Cause::NoCredentials);
    let mut pay = waits("pay", "pay-1", CART, Cause::NoCredentials);
    (web.secrets, pay.secrets) = (vec!["a".to_owned()], vec!["b".to_owned()]);
    let refused =
        |waits: &Waits| Judged { login: Some("l1".to_owned()), ..proven(waits, Cause::BadCredentials) };
    let turns = lives(
        &mut correlator,
        &[wait(0, &web), wait(2, &pay), judge(5, refused(&pay)), judge(9, refused(&web))],
    );
    assert_snapshot!(format!("{}\n\n{}", turns.join("\n"), story(&correlator)));
    assert_eq!(of(&correlator, &web).touched.values().filter(|touched| touched.detail.is_some()).count(), 2);
}

#[test]
fn a_proof_of_what_it_no_longer_says_is_dropped() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::Dns);
    let late = proven(&web, Cause::ConnectionRefused);
    let now = waits("shop", "web-1", WEB, Cause::TagNotFound);
    lives(&mut correlator, &[wait(0, &web), wait(5, &now), judge(6, late)]);
    assert_eq!(of(&correlator, &now).cause, Cause::TagNotFound);
    assert_eq!(of(&correlator, &now).certainty, Certainty::Undecided);
    assert_eq!(of(&correlator, &now).cost.proofs, 1, "it was spent all the same");
    assert_eq!(correlator.wants(at(16)).len(), 1);
    let still_true = proven(&web, Cause::TagNotFound);
    correlator.take(&judge(20, still_true));
    assert_eq!(of(&correlator, &now).certainty, Certainty::Proven, "it says what the words now say");
}

#[test]
fn a_proof_for_a_deleted_pod_answers_those_that_say_the_same() {
    let mut correlator = new();
    let (one, two) =
        (waits("shop", "web-1", WEB, Cause::TagNotFound), waits("shop", "web-2", WEB, Cause::TagNotFound));
    lives(&mut correlator, &[wait(0, &one), wait(1, &two), gone(3, &one)]);
    correlator.take(&judge(5, proven(&one, Cause::TagNotFound)));
    assert_eq!(of(&correlator, &two).certainty, Certainty::Proven);
}

#[test]
fn what_passes_now_ends_only_when_the_kubelet_got_past_it() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    let over = Judged { over: true, ..proven(&web, Cause::RegistryUnavailable) };
    lives(&mut correlator, &[wait(0, &web), tick(60), judge(90, over)]);
    let incident = of(&correlator, &web);
    assert_eq!((incident.phase, incident.next_probe), (Phase::Open, Some(at(150))));
    assert_eq!(incident.certainty, Certainty::Undecided);
}

#[test]
fn what_was_decided_is_not_undone_by_a_look_that_decides_nothing() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::TagNotFound);
    lives(
        &mut correlator,
        &[
            wait(0, &web),
            judge(5, proven(&web, Cause::TagNotFound)),
            judge(700, judged(&web, Cause::Dns, Certainty::Undecided)),
        ],
    );
    assert_eq!(
        (of(&correlator, &web).cause, of(&correlator, &web).certainty),
        (Cause::TagNotFound, Certainty::Proven)
    );
}

#[test]
fn a_node_is_set_apart_when_others_really_pulled_the_same_since() {
    let mut correlator = new();
    let mut web = waits("shop", "web-1", WEB, Cause::TlsUnknownAuthority);
    let mut cart = waits("shop", "cart-1", CART, Cause::TlsUnknownAuthority);
    (web.since, cart.since) = (Some(at(0)), Some(at(0)));
    cart.node = Some("node-9".to_owned());
    web.next_attempt = Some(at(20));
    let again = Waits { next_attempt: Some(at(60)), ..web.clone() };
    let turns = lives(
        &mut correlator,
        &[
            wait(0, &web),
            wait(0, &cart),
            pulled(5, "node-2", WEB),
            tick(15),
            wait(21, &again),
            tick(31),
            tick(400),
        ],
    );
    assert_snapshot!(format!("{}\n\n{}", turns.join("\n"), story(&correlator)));
    assert_eq!((of(&correlator, &web).scope, of(&correlator, &cart).scope), (Scope::Node, Scope::Image));
}

#[test]
fn a_registry_that_answers_now_and_then_is_no_fault_of_many_nodes() {
    let mut correlator = new();
    for pod in 0..40 {
        let mut web = waits("shop", &format!("web-{pod}"), WEB, Cause::RegistryUnavailable);
        (web.node, web.since) = (Some(format!("node-{pod}")), Some(at(0)));
        correlator.take(&wait(0, &web));
    }
    for node in 100..120 {
        correlator.take(&pulled(5, &format!("node-{node}"), WEB));
    }
    correlator.take(&tick(1_000));
    assert_eq!(correlator.incidents().count(), 1);
    assert_eq!(correlator.incidents().next().unwrap().scope, Scope::Endpoint);
}

#[test]
fn scope_is_found_by_what_was_really_pulled() {
    let scope = |cause: Cause, pulls: &[(&str, &str)]| {
        let mut correlator = new();
        let mut web = waits("shop", "web-1", WEB, cause);
        web.since = Some(at(0));
        correlator.take(&wait(0, &web));
        for (node, image) in pulls {
            correlator.take(&pulled(5, node, image));
        }
        of(&correlator, &web).scope
    };
    for (cause, pulls, expected) in [
        (Cause::RegistryUnavailable, &[][..], Scope::Endpoint),
        (Cause::RegistryUnavailable, &[("node-2", CART)], Scope::Image),
        (Cause::RegistryUnavailable, &[("node-2", "elsewhere.test/a/b")], Scope::Endpoint),
        (Cause::TagNotFound, &[("node-2", CART)], Scope::Image),
        (Cause::TagNotFound, &[("node-1", WEB)], Scope::Pod),
        (Cause::BadCredentials, &[("node-2", WEB)], Scope::Credential),
        (Cause::DiskFull, &[], Scope::Node),
        (Cause::Unknown, &[], Scope::Pod),
    ] {
        assert_eq!(scope(cause, pulls), expected, "{cause} {pulls:?}");
    }
}

#[test]
fn every_cause_has_what_it_is_a_fault_of() {
    let rows = Cause::ALL.iter().map(|&cause| {
        let mut correlator = new();
        let web = waits("shop", "web-1", WEB, cause);
        correlator.take(&wait(0, &web));
        let differs = |change: &dyn Fn(&mut Waits)| {
            let mut correlator = new();
            let mut other = web.clone();
            change(&mut other);
            correlator.take(&wait(0, &other));
            correlator.incidents().next().unwrap().fingerprint
        };
        let own = of(&correlator, &web).fingerprint;
        let parts: [(&str, Changed<'_>); 5] = [
            ("endpoint", &|w| w.by_words.endpoint = "mirror.test".parse_endpoint()),
            ("image", &|w| w.image = "r.acme.test/shop/web:3".to_owned()),
            ("namespace", &|w| w.container.namespace = "pay".to_owned()),
            ("secrets", &|w| w.secrets.push("other".to_owned())),
            ("node", &|w| w.node = Some("node-7".to_owned())),
        ];
        let by: Vec<&str> =
            parts.iter().filter(|(_, change)| differs(*change) != own).map(|(name, _)| *name).collect();
        assert_eq!(differs(&|w| w.container.pod = "other".to_owned()), own, "never by the pod");
        format!("{cause:<28} {}", by.join(", "))
    });
    assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}

type Changed<'a> = &'a dyn Fn(&mut Waits);

trait ParseEndpoint {
    fn parse_endpoint(&self) -> Option<pullmedic_model::Endpoint>;
}

impl ParseEndpoint for str {
    fn parse_endpoint(&self) -> Option<pullmedic_model::Endpoint> {
        pullmedic_model::Endpoint::parse(self).ok()
    }
}

#[test]
fn a_sandbox_image_is_of_its_inner_cause_and_of_nobodys_secrets() {
    let mut correlator = new();
    let mut one = waits("shop", "web-1", "r.acme.test/pause:3", Cause::SandboxImage);
    one.by_words.inner = Some(Cause::NoCredentials);
    one.secrets = vec!["regcred".to_owned()];
    let mut two = one.clone();
    two.container = key("pay", "pay-1");
    two.secrets.clear();
    let plain = waits("shop", "web-2", "r.acme.test/pause:3", Cause::NoCredentials);
    lives(&mut correlator, &[wait(0, &one), wait(0, &two), wait(0, &plain)]);
    assert_eq!(of(&correlator, &one).id, of(&correlator, &two).id);
    assert_ne!(of(&correlator, &one).id, of(&correlator, &plain).id);
}

#[test]
fn the_summary_of_the_whole_names_nothing_of_a_namespace() {
    let summary = |cause: Cause, text: &str| {
        let mut correlator = new();
        let mut web = waits("shop", "web-1", "r.acme.test/team/app:2", cause);
        web.secrets = vec!["regcred".to_owned()];
        text.clone_into(&mut web.by_words.summary);
        correlator.take(&wait(0, &web));
        of(&correlator, &web).summary.clone()
    };
    for (cause, text, expected) in [
        (
            Cause::TagNotFound,
            "r.acme.test/team/app:2 has no such tag",
            "r.acme.test/team/app:2 has no such tag",
        ),
        (
            Cause::TagNotFound,
            "shop/web-1 wants what is not",
            "r.acme.test/team/app:2: the repository has no such tag",
        ),
        (Cause::Dns, "r.acme.test does not resolve", "r.acme.test does not resolve"),
        (Cause::Dns, "team/app cannot be found", "r.acme.test: the registry's name does not resolve"),
        (
            Cause::BadCredentials,
            "regcred is refused",
            "r.acme.test: a login was sent, and the registry refused it",
        ),
    ] {
        assert_eq!(summary(cause, text), expected);
    }
}

#[test]
fn a_limit_is_asked_about_when_it_resets() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RateLimited);
    let limited = Judged { resets_at: Some(at(1_000)), ..proven(&web, Cause::RateLimited) };
    lives(&mut correlator, &[wait(0, &web), judge(5, limited)]);
    assert!(correlator.wants(at(999)).is_empty());
    assert_eq!(correlator.wants(at(1_030)).len(), 1);
    let due = correlator.due().unwrap();
    assert_eq!(due, at(60), "it opens first");
    correlator.take(&tick(60));
    let due = correlator.due().unwrap();
    assert!((at(1_000)..=at(1_030)).contains(&due));
    correlator.take(&Input { at: due, told: Told::Tick });
    assert_eq!(correlator.due(), None, "a proof that is due and not run does not make time matter");
}

#[test]
fn what_may_not_be_proven_in_one_namespace_is_asked_in_another() {
    let mut correlator = new();
    let (a, b) = (waits("a", "web-1", WEB, Cause::Dns), waits("b", "web-1", WEB, Cause::Dns));
    lives(&mut correlator, &[wait(0, &a), wait(0, &b)]);
    assert_eq!(correlator.wants(at(0))[0].namespace, "a");
    correlator.take(&refuse(1, &a, "needs get on secret x in a", None));
    assert_eq!(correlator.wants(at(1))[0].namespace, "b");
    correlator.take(&refuse(2, &b, "the host is not on the list", Some(500)));
    assert!(correlator.wants(at(499)).is_empty());
    assert_eq!(correlator.wants(at(500))[0].namespace, "b");
    let touched = &of(&correlator, &a).touched;
    assert_eq!(touched["a"].detail.as_ref().unwrap().not_looked_at, ["needs get on secret x in a"]);
    assert_eq!(touched["b"].detail.as_ref().unwrap().not_looked_at.len(), 1);
}

#[test]
fn other_namespaces_get_their_own_remedies_where_these_differ() {
    let parts = |cause: Cause| {
        let mut correlator = new();
        let first = waits("ns-00", "web-1", WEB, cause);
        for namespace in 0..50 {
            correlator.take(&wait(0, &waits(&format!("ns-{namespace:02}"), "web-1", WEB, cause)));
        }
        correlator.take(&judge(5, proven(&first, cause)));
        let mut ran = Vec::new();
        while let Some(want) = correlator.wants(at(6)).first().cloned() {
            assert_eq!(want.why, Why::Part);
            let waits = waits(&want.namespace, "web-1", WEB, cause);
            correlator.take(&judge(6, proven(&waits, cause)));
            ran.push(want.namespace);
        }
        (correlator.incidents().count(), ran.len())
    };
    assert_eq!(parts(Cause::TagNotFound), (1, Settings::default().most_parts));
    assert_eq!(parts(Cause::RegistryUnavailable), (1, 0));
}

#[test]
fn a_pod_author_with_ten_thousand_registries_gets_a_share() {
    let mut correlator = new();
    let settings = Settings::default();
    for host in 0..10_000 {
        let hostile = waits("hostile", &format!("x-{host}"), &format!("h{host}.test/a/b:1"), Cause::Dns);
        correlator.take(&wait(0, &hostile));
    }
    assert_eq!(correlator.incidents().count(), settings.most_of_namespace + 1);
    let web = waits("shop", "web-1", WEB, Cause::TagNotFound);
    correlator.take(&wait(1, &web));
    assert_eq!(of(&correlator, &web).cause, Cause::TagNotFound);
    let rest = waits("hostile", "x-9999", "h9999.test/a/b:1", Cause::Dns);
    let rest = of(&correlator, &rest);
    assert_eq!(rest.summary, "more faults in one namespace than are told apart");
    assert_eq!(rest.counts.pods as usize, 10_000 - settings.most_of_namespace);
    assert_eq!(
        correlator.wants(at(1)).len(),
        settings.most_of_namespace + 1,
        "of the rest none is asked for"
    );
    let first = waits("hostile", "x-0", "h0.test/a/b:1", Cause::Dns);
    lives(&mut correlator, &[past(2, &first), tick(2_000)]);
    assert_eq!(
        correlator.incidents().filter(|incident| incident.phase != Phase::Resolved).count(),
        settings.most_of_namespace + 2,
        "there is room for one more",
    );
}

#[test]
fn more_containers_than_are_held_are_counted_only() {
    let mut correlator = Correlator::new(Settings { most_containers: 5, ..Settings::default() });
    for pod in 0..9 {
        correlator.take(&wait(0, &waits("shop", &format!("web-{pod}"), WEB, Cause::Dns)));
    }
    assert_eq!((correlator.overlooked(), correlator.incidents().next().unwrap().counts.pods), (4, 5));
}

#[test]
fn after_a_restart_nothing_is_opened_twice_and_what_nobody_claims_ends() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    let cart = waits("pay", "cart-1", CART, Cause::Dns);
    lives(
        &mut correlator,
        &[wait(0, &web), wait(0, &cart), judge(5, proven(&web, Cause::TagNotFound)), tick(80)],
    );
    let before = story(&correlator);
    let kept: Vec<Incident> = correlator.incidents().cloned().collect();
    let mut again = Correlator::restore(Settings::default(), kept);
    assert_eq!(again.due(), None);
    let turns = lives(&mut again, &[wait(100, &web), tick(200)]);
    assert!(turns.is_empty(), "{turns:?}");
    assert_eq!(story(&again), before);
    assert_eq!(of(&again, &web).certainty, Certainty::Proven);
    let settled = again.settled(at(201));
    assert!(settled.iter().all(|change| change.weight == Weight::Count), "{settled:?}");
    let turns = lives(&mut again, &[tick(320), tick(321), tick(322)]);
    assert_eq!(turns.len(), 1, "{turns:?}");
    assert_snapshot!(story(&again));
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::RegistryUnavailable);
    lives(&mut correlator, &[wait(1_000_000, &web), wait(0, &waits("shop", "web-2", WEB, Cause::Dns))]);
    let turns = lives(&mut correlator, &[tick(61)]);
    assert_eq!(turns.iter().filter(|turn| turn.ends_with("opened")).count(), 2, "{turns:?}");
}

#[test]
fn the_last_images_that_ran_are_kept_for_an_owner() {
    let mut correlator = new();
    let ran = |container: &str, image: &str| Ran {
        namespace: "shop".to_owned(),
        owner: owner("web"),
        container: container.to_owned(),
        image: image.to_owned(),
    };
    for (second, tag) in (0..9).zip([1, 2, 2, 3, 2, 3, 3, 4, 4]) {
        let told = Told::Ran(ran("main", &format!("r.test/web:{tag}")));
        correlator.take(&Input { at: at(second), told });
        correlator.take(&Input { at: at(second), told: Told::Ran(ran("side", "r.test/side:1")) });
    }
    let images: Vec<&str> =
        correlator.last_good("shop", &owner("web")).iter().map(|ran| &*ran.image).collect();
    assert_eq!(images, ["r.test/side:1", "r.test/web:4", "r.test/web:3"]);
    assert!(correlator.last_good("pay", &owner("web")).is_empty());
}

#[test]
fn owners_that_were_told_are_written_down() {
    let mut correlator = new();
    let web = waits("shop", "web-1", WEB, Cause::TagNotFound);
    correlator.take(&wait(0, &web));
    let incident = of(&correlator, &web).id.clone();
    for second in 1..20 {
        let told = Told::Owners(Informed { incident: incident.clone(), namespace: "shop".to_owned() });
        correlator.take(&Input { at: at(second), told });
    }
    assert_eq!(of(&correlator, &web).timeline.len(), 3, "seen, opened, told");
}
