//! What of an incident may be told to whom.

use std::collections::BTreeSet;

use proptest::prelude::*;
use pullmedic_model::Incident;
use pullmedic_model::incident::{Counts, Event, Scope};
use pullmedic_report::{Form, Look, View, of_namespaces};

use crate::built_incident::{deployment, id, incident, login, moment, over, registry_down};
use crate::incident::{list, show};
use crate::look;

fn only(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn events(incident: &Incident) -> Vec<(Event, Option<&str>)> {
    incident.timeline.iter().map(|moment| (moment.what, moment.note.as_deref())).collect()
}

#[test]
fn nothing_is_left_of_what_touches_none_of_them() {
    assert_eq!(of_namespaces(&login(), &only(&["web"])), None);
    assert_eq!(of_namespaces(&login(), &only(&[])), None);
}

#[test]
fn whoever_reads_all_of_it_is_told_all_of_it() {
    let mut down = registry_down();
    down.timeline.pop();
    for incident in [login(), down, over()] {
        assert_eq!(of_namespaces(&incident, &only(&["shop", "billing", "web"])), Some(incident));
    }
}

#[test]
fn another_namespace_is_neither_named_nor_counted() {
    let reduced = of_namespaces(&registry_down(), &only(&["billing"])).unwrap();
    assert_eq!(reduced.touched.keys().collect::<Vec<_>>(), ["billing"]);
    assert_eq!(reduced.counts, Counts { pods: 2, owners: 1, namespaces: 1, nodes: 2 });
    assert_eq!(reduced.most_pods, 2);
    assert_eq!(
        events(&reduced),
        [
            (Event::Seen, None),
            (Event::Judged, Some("registry-unavailable, likely")),
            (Event::Split, Some("pi-abc234")),
            (Event::Told, Some("billing")),
            (Event::Flapped, None),
        ]
    );
    let page = show(&reduced, Form::Wide, &look());
    assert!(!page.contains("shop") && !page.contains("search"), "{page}");
    let shop = of_namespaces(&registry_down(), &only(&["shop"])).unwrap();
    assert_eq!(events(&shop).last(), Some(&(Event::Flapped, None)));
}

/// A namespace that it no longer touches was told of it all the same.
#[test]
fn a_namespace_that_it_left_is_not_named_either() {
    let mut left = registry_down();
    left.touched.remove("billing");
    left.counts.namespaces = 1;
    let reduced = of_namespaces(&left, &only(&["shop"])).unwrap();
    assert!(!show(&reduced, Form::Json, &look()).contains("billing"));
    assert_eq!(reduced.most_pods, 10);
}

#[test]
fn an_image_is_told_where_it_is_asked_for() {
    let image = "registry.acme.test/shop/cart:4.1";
    let (other, touched) = deployment("web", "front", 1, "registry.acme.test/web:1");
    let mut shared = login();
    shared.touched.insert(other, touched);
    shared.counts.namespaces = 2;
    let image_of = |incident: &Incident, name| of_namespaces(incident, &only(&[name])).unwrap().image;
    assert_eq!(image_of(&shared, "shop").as_deref(), Some(image));
    let web = of_namespaces(&shared, &only(&["web"])).unwrap();
    assert_eq!((web.image, web.summary.as_str()), (None, web.cause.title()));
    shared.scope = Scope::Endpoint;
    assert_eq!(image_of(&shared, "shop"), None);
}

#[test]
fn a_node_is_told_where_one_of_its_pods_is() {
    let (web, mut touched) = deployment("web", "front", 1, "acme/web:1");
    touched.nodes = vec!["worker-9".to_owned()];
    let mut shared = login();
    shared.node = Some("worker-1".to_owned());
    shared.touched.insert(web, touched);
    assert_eq!(of_namespaces(&shared, &only(&["shop"])).unwrap().node.as_deref(), Some("worker-1"));
    assert_eq!(of_namespaces(&shared, &only(&["web"])).unwrap().node, None);
}

#[test]
fn what_is_over_still_touches_nothing() {
    let (web, touched) = deployment("web", "front", 7, "acme/web:1");
    let mut shared = over();
    shared.touched.insert(web, touched);
    let reduced = of_namespaces(&shared, &only(&["web"])).unwrap();
    assert_eq!((reduced.counts, reduced.most_pods), (Counts::default(), 7));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an incident touches, a page of one namespace holds no word of another.
    #[test]
    fn no_page_of_a_namespace_holds_a_word_of_another(
        others in proptest::collection::btree_map("[a-z]{4}-other", 1_u32..20, 0..8),
        scope in prop_oneof![
            Just(Scope::Pod), Just(Scope::Image), Just(Scope::Credential), Just(Scope::Endpoint), Just(Scope::Node)
        ],
        what in prop_oneof![Just(Event::Told), Just(Event::Flapped), Just(Event::Judged)],
    ) {
        let mut all = login();
        all.scope = scope;
        for (name, pods) in &others {
            let (namespace, mut touched) = deployment(name, name, *pods, &format!("acme/{name}:1"));
            touched.nodes = vec![format!("node-of-{name}")];
            touched.detail = all.touched["shop"].detail.clone().map(|mut detail| {
                detail.summary = format!("acme/{name}:1 cannot be pulled");
                detail
            });
            all.touched.insert(namespace, touched);
            all.counts.namespaces += 1;
            all.image = Some(format!("acme/{name}:1"));
            all.node = Some(format!("node-of-{name}"));
            all.summary = match scope {
                Scope::Image => format!("acme/{name}:1 cannot be pulled"),
                Scope::Pod | Scope::Credential | Scope::Endpoint | Scope::Node => "it fails".to_owned(),
            };
            all.timeline.push(moment("16:05:00", what, Some(&format!("told {name}"))));
        }
        let reduced = of_namespaces(&all, &only(&["shop"])).unwrap();
        let wide = Look { width: 200, ..look() };
        for form in [Form::Text, Form::Wide, Form::Json, Form::Yaml, Form::Markdown] {
            let page = show(&reduced, form, &wide);
            prop_assert!(!page.contains("-other"), "{page}");
            let page = list(View::Namespace("shop"), std::slice::from_ref(&all), form, &wide);
            prop_assert!(!page.contains("-other"), "{page}");
        }
    }
}

/// Codes, names of incidents, numbers and our own words tell of no namespace; any other word may.
#[test]
fn a_note_is_kept_where_every_word_is_known() {
    let mut two = incident(
        id("abcdef"),
        pullmedic_model::Cause::Dns,
        [deployment("shop", "a", 1, "a:1"), deployment("is", "b", 1, "b:1")].into(),
    );
    let notes = [
        ("dns, likely", true),
        ("12 times", true),
        ("pi-k7m2qx", true),
        ("passes now; the kubelet's next try ends it", true),
        ("told shop", false),
        ("shop: dns", true),
        ("this-is: dns", false),
        ("gone-one 3 times", false),
    ];
    two.timeline = notes.map(|(note, _)| moment("16:05:00", Event::Judged, Some(note))).to_vec();
    let reduced = of_namespaces(&two, &only(&["shop"])).unwrap();
    let kept: Vec<bool> = reduced.timeline.iter().map(|moment| moment.note.is_some()).collect();
    assert_eq!(kept, notes.map(|(_, kept)| kept));
}
