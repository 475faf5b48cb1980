//! What the watch tells goes in, and what the correlation is told comes out.

use pullmedic_model::incident::input::{ContainerKey, Gone, Leaves, Told, Waits};
use pullmedic_model::object::{ContainerKind, Object, OwnerReference, Pod, Workload};
use pullmedic_sight::STALLED_AFTER;

use super::around::{Got, Need};
use super::built;
use super::world::{Heard, World};

fn is(world: &mut World, pod: &Pod) -> Heard {
    world.is(Object::Pod(Box::new(pod.clone())), built::now())
}

fn told(heard: Heard) -> Vec<Told> {
    heard.inputs.into_iter().map(|input| input.told).collect()
}

fn waits(heard: Heard) -> Vec<Waits> {
    let only = |told| match told {
        Told::Waits(waits) => Some(*waits),
        _ => None,
    };
    told(heard).into_iter().filter_map(only).collect()
}

fn cart() -> Pod {
    built::waiting("shop", "cart-5d-a", "r.test/cart:1", &built::not_found("r.test/cart:1"))
}

fn key() -> ContainerKey {
    ContainerKey {
        namespace: "shop".into(),
        pod: "uid-cart-5d-a".into(),
        container: "app".into(),
        kind: ContainerKind::Main,
    }
}

fn world() -> World {
    World::new(STALLED_AFTER)
}

#[test]
fn a_pod_that_waits_is_told_once_and_past_when_it_runs() {
    let mut world = world();
    let first = waits(is(&mut world, &cart()));
    assert_eq!((first.len(), &first[0].container), (1, &key()));
    assert_eq!(first[0].owner.as_ref().map(ToString::to_string).as_deref(), Some("Deployment/cart"));
    assert_eq!(first[0].by_words.cause.code(), "tag-not-found");
    assert!(told(is(&mut world, &cart())).is_empty(), "the same again is no news");
    let told = told(is(&mut world, &built::running("shop", "cart-5d-a", "r.test/cart:1")));
    assert!(matches!(&told[..], [Told::Past(past), Told::Ran(_)] if *past == key()), "{told:?}");
    assert_eq!((world.sizes().pods, world.sizes().dropped), (0, 1));
}

#[test]
fn a_healthy_pod_is_dropped_and_leaves_what_ran() {
    let mut world = world();
    let told = told(is(&mut world, &built::running("shop", "web-5d-a", "r.test/web:1")));
    assert!(matches!(&told[..], [Told::Ran(ran)] if ran.image == "r.test/web:1"), "{told:?}");
    assert_eq!((world.sizes().pods, world.sizes().stands), (0, 1));
}

#[test]
fn a_pod_that_is_deleted_finished_or_replaced_leaves() {
    let mut deleted = cart();
    deleted.metadata.deletion_timestamp = Some(built::now());
    let mut finished = cart();
    finished.status.phase = "Failed".into();
    let mut replaced = cart();
    replaced.metadata.uid = "another".into();
    for (pod, why, again) in
        [(deleted, Leaves::Deleted, 0), (finished, Leaves::Finished, 0), (replaced, Leaves::Deleted, 1)]
    {
        let mut world = world();
        is(&mut world, &cart());
        let told = told(is(&mut world, &pod));
        let gone = Gone { namespace: "shop".into(), pod: "uid-cart-5d-a".into(), why };
        assert_eq!(told[0], Told::Gone(gone), "{told:?}");
        assert_eq!(told.len() - 1, again);
    }
    let mut world = world();
    is(&mut world, &cart());
    let other = world.gone("Pod", "shop", "cart-5d-a", "of an earlier pod", built::now());
    assert!(other.inputs.is_empty());
    let heard = world.gone("Pod", "shop", "cart-5d-a", "uid-cart-5d-a", built::now());
    assert!(matches!(&told(heard)[..], [Told::Gone(_)]));
}

#[test]
fn what_a_new_list_does_not_hold_is_gone() {
    let mut world = world();
    world.began(None);
    is(&mut world, &cart());
    is(&mut world, &built::running("shop", "web-5d-a", "r.test/web:1"));
    assert!(world.listed(None, built::now()).inputs.is_empty());
    world.began(None);
    is(&mut world, &built::running("shop", "web-5d-a", "r.test/web:1"));
    assert!(matches!(&told(world.listed(None, built::now()))[..], [Told::Gone(_)]));
    assert_eq!((world.sizes().pods, world.sizes().dropped), (0, 1));
}

#[test]
fn words_that_left_the_status_are_those_of_before() {
    let mut world = world();
    let first = waits(is(&mut world, &cart()));
    let bare = "Back-off pulling image \"r.test/cart:1\"";
    let pod = built::waiting_with("cart-5d-a", "r.test/cart:1", "ImagePullBackOff", bare);
    assert!(told(is(&mut world, &pod)).is_empty(), "a bare back-off inherits the cause");
    let scene = world.scene(&key(), built::now()).expect("it waits");
    assert_eq!(scene.words, first[0].words);
    assert!(scene.seen.sighting.testimony.is_some_and(|testimony| testimony.at.is_some()));
    let other = built::waiting_with("cart-5d-a", "r.test/cart:2", "ImagePullBackOff", bare);
    let second = waits(is(&mut world, &other));
    assert_ne!(second[0].words, first[0].words, "of another image nothing is known");
}

#[test]
fn an_event_tells_of_its_pod_whichever_comes_first() {
    let creating = built::waiting_with("cart-5d-a", "r.test/cart:1", "ContainerCreating", "");
    let words = format!("Failed to pull image \"r.test/cart:1\": {}", built::not_found("r.test/cart:1"));
    let event = || Object::Event(Box::new(built::event("cart-5d-a", "Failed", &words)));
    let mut world = world();
    assert!(waits(is(&mut world, &creating)).is_empty());
    let after = waits(world.is(event(), built::now()));
    let mut world = World::new(STALLED_AFTER);
    assert!(world.is(event(), built::now()).inputs.is_empty());
    let before = waits(is(&mut world, &creating));
    assert_eq!(after, before);
    assert_eq!(after.len(), 1);
    // That the event expires takes nothing back.
    assert!(world.gone("Event", "shop", "cart-5d-a.Failed", "", built::now()).inputs.is_empty());
    assert!(told(is(&mut world, &creating)).is_empty());
    let pulled =
        "Successfully pulled image \"r.test/cart:1\" in 1s (1s including waiting). Image size: 1 bytes.";
    let mut pulled = built::event("cart-5d-a", "Pulled", pulled);
    pulled.last_timestamp = Some(built::now());
    let told = told(world.is(Object::Event(Box::new(pulled)), built::now()));
    assert!(matches!(&told[..], [Told::Pulled(pulled), Told::Past(_)] if pulled.node == "n1"), "{told:?}");
}

#[test]
fn a_pull_that_does_not_end_is_told_by_time_alone() {
    let mut world = world();
    let creating = built::waiting_with("cart-5d-a", "r.test/cart:1", "ContainerCreating", "");
    is(&mut world, &creating);
    let pulling = built::event("cart-5d-a", "Pulling", "Pulling image \"r.test/cart:1\"");
    let begun = pulling.last_seen().unwrap();
    assert!(world.is(Object::Event(Box::new(pulling)), begun).inputs.is_empty());
    assert!(world.tick(begun + STALLED_AFTER / 2).inputs.is_empty());
    let waits = waits(world.tick(begun + STALLED_AFTER));
    assert_eq!(waits[0].by_words.cause.code(), "pull-stalled");
}

#[test]
fn an_owner_that_is_refused_its_pods_waits_until_it_has_them() {
    let mut world = world();
    let words = "Pod \"web-5d-a\" is invalid: spec.containers[0].image: Invalid value: \" r.test/web:1\": must not \
                 have leading or trailing whitespace";
    let mut event = built::event("web-5d", "FailedCreate", &format!("Error creating: {words}"));
    event.involved_object.kind = "ReplicaSet".into();
    let heard = world.is(Object::Event(Box::new(event)), built::now());
    assert!(heard.inputs.is_empty());
    let [need] = &heard.needs[..] else { panic!("{:?}", heard.needs) };
    let set = |replicas: i64| {
        let mut set = Workload { kind: "ReplicaSet".into(), ..Workload::default() };
        set.metadata.name = "web-5d".into();
        set.metadata.namespace = "shop".into();
        set.spec.replicas = Some(1);
        set.status.replicas = replicas;
        Got::Owner(Box::new(set))
    };
    let first = waits(world.learn(need.clone(), set(0), built::now()));
    assert_eq!((first.len(), first[0].container.pod.as_str()), (1, "ReplicaSet/web-5d"));
    assert_eq!(first[0].pod, None);
    let again = world.touched("ReplicaSet", "shop", "web-5d");
    let told = told(world.learn(again.needs[0].clone(), set(1), built::now()));
    assert!(matches!(&told[..], [Told::Past(_)]), "{told:?}");
}

#[test]
fn a_proof_rests_on_the_pods_own_namespace_only() {
    let mut world = world();
    is(&mut world, &cart());
    is(&mut world, &built::running("shop", "web-5d-a", "r.test/web:1"));
    is(&mut world, &built::running("bank", "vault-5d-a", "r.test/vault:1"));
    let needs = world.missing(&key(), built::now()).expect("it waits");
    assert!(needs.contains(&Need::Node("n1".into())) && needs.len() == 3, "{needs:?}");
    let scene = world.scene(&key(), built::now()).expect("it waits");
    let names: Vec<&str> = scene.objects.pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
    assert_eq!(names, ["cart-5d-a", "web-5d-a"]);
    assert!(scene.objects.workloads.iter().all(|it| it.metadata.namespace == "shop"));
    world.gone("Pod", "shop", "cart-5d-a", "", built::now());
    assert!(world.scene(&key(), built::now()).is_none());
}

#[test]
fn pods_that_only_wait_for_something_else_are_not_told_of() {
    let mut world = world();
    for reason in ["CreateContainerConfigError", "CrashLoopBackOff", "ContainerCreating"] {
        let pod = built::waiting_with("cart-5d-a", "r.test/cart:1", reason, "back-off 10s restarting");
        assert!(told(is(&mut world, &pod)).is_empty(), "{reason}");
    }
}

#[test]
fn a_jobs_pod_is_its_cronjobs_once_the_job_was_read() {
    let mut world = world();
    let mut pod = cart();
    pod.metadata.labels.clear();
    (pod.metadata.owner_references[0].kind, pod.metadata.owner_references[0].name) =
        ("Job".into(), "nightly-29".into());
    let heard = is(&mut world, &pod);
    let [need] = &heard.needs[..] else { panic!("{:?}", heard.needs) };
    let need = need.clone();
    let owner = |waits: &Waits| waits.owner.as_ref().map(ToString::to_string);
    assert_eq!(owner(&waits(heard)[0]).as_deref(), Some("Job/nightly-29"));
    let mut job = Workload { kind: "Job".into(), ..Workload::default() };
    (job.metadata.name, job.metadata.namespace) = ("nightly-29".into(), "shop".into());
    let cron = OwnerReference { kind: "CronJob".into(), name: "nightly".into(), ..OwnerReference::default() };
    job.metadata.owner_references = vec![cron];
    let told = waits(world.learn(need, Got::Owner(Box::new(job)), built::now()));
    assert_eq!(owner(&told[0]).as_deref(), Some("CronJob/nightly"));
}
