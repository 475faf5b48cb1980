//! What happens to incidents while somebody watches.

use insta::assert_snapshot;
use pullmedic_model::Incident;
use pullmedic_model::incident::Event;
use pullmedic_report::{Changed, Look, change_json, write_change};
use serde_json::Value;

use crate::built_incident::{aggregate, at, login, long, merged, over, registry_down};
use crate::look;

pub(crate) fn change(incident: &Incident, what: Option<Event>, note: Option<&str>, look: &Look) -> String {
    let mut out = Vec::new();
    let changed = Changed { at: at("16:19:41"), what, note, incident };
    write_change(&changed, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn stream(look: &Look) -> String {
    [
        (registry_down(), Some(Event::Seen), None),
        (login(), Some(Event::Opened), None),
        (login(), Some(Event::Judged), Some("no-credentials, proven")),
        (login(), Some(Event::Told), Some("shop")),
        (login(), Some(Event::Judged), Some("passes now; the kubelet's next try ends it")),
        (aggregate(), None, None),
        (merged(), Some(Event::Merged), Some("pi-k7m2qx")),
        (over(), Some(Event::Resolved), None),
        (long(), Some(Event::Reopened), None),
    ]
    .into_iter()
    .map(|(incident, what, note)| change(&incident, what, note, look))
    .collect()
}

#[test]
fn a_change_is_a_line() {
    assert_snapshot!(stream(&look()), @r"
    16:19:41  pi-9ddk4w  seen         registry-unavailable  likely     12 pods
    16:19:41  pi-k7m2qx  opened       no-credentials        proven     3 pods
    16:19:41  pi-k7m2qx  judged       no-credentials        proven     3 pods
    16:19:41  pi-k7m2qx  owners told  no-credentials        proven     3 pods
    16:19:41  pi-k7m2qx  judged       no-credentials        proven     3 pods
    16:19:41  pi-stzrm2  counted      rate-limited          proven     10000 pods
    16:19:41  pi-mmmm22  merged  client-certificate-required  likely  pi-k7m2qx
    16:19:41  pi-dns234  resolved     dns                   likely     after 2h
    16:19:41  pi-zzzzzz  reopened  client-certificate-required  undecided  100000
      pods
    ");
    assert_snapshot!(stream(&Look { width: 120, ..look() }), @r"
    16:19:41  pi-9ddk4w  seen         registry-unavailable  likely     12 pods  in 2 namespaces  ghcr.io
    16:19:41  pi-k7m2qx  opened       no-credentials        proven     3 pods  in shop  registry.acme.test
    16:19:41  pi-k7m2qx  judged       no-credentials        proven     3 pods  in shop  registry.acme.test
    16:19:41  pi-k7m2qx  owners told  no-credentials        proven     3 pods  shop  in shop  registry.acme.test
    16:19:41  pi-k7m2qx  judged       no-credentials        proven     3 pods  passes now; the kubelet's next try ends it
    16:19:41  pi-stzrm2  counted      rate-limited          proven     10000 pods  in 50 namespaces  docker.io
    16:19:41  pi-mmmm22  merged       client-certificate-required  likely     pi-k7m2qx  registry.acme.test
    16:19:41  pi-dns234  resolved     dns                   likely     after 2h  registry.internal.acme.test:5000
    16:19:41  pi-zzzzzz  reopened     client-certificate-required  undecided  100000 pods
    ");
}

/// A recording is read without a present, and then every time has its date.
#[test]
fn a_change_without_a_present_has_its_date() {
    let look = Look { now: None, width: 100, ..look() };
    assert_snapshot!(change(&login(), Some(Event::Proven), None, &look), @"2026-11-22 16:19:41  pi-k7m2qx  proven       no-credentials        proven     3 pods  in shop");
}

#[test]
fn a_note_that_is_too_long_is_shortened() {
    let note = "a note that says more than any line of a terminal has room for, and then some";
    let line = change(&login(), Some(Event::Flapped), Some(note), &Look { width: 130, ..look() });
    assert_eq!(line.lines().count(), 1);
    assert!(line.contains("a note that") && line.contains('…'), "{line}");
    assert!(!change(&login(), Some(Event::Flapped), Some(note), &look()).contains("note"));
}

#[test]
fn a_change_is_a_document_of_one_line() {
    let incident = login();
    let changed =
        Changed { at: at("16:19:41"), what: Some(Event::Told), note: Some("shop"), incident: &incident };
    let line = change_json(&changed, &look());
    assert!(!line.contains('\n'));
    let document: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(document["kind"], "IncidentChange");
    assert_eq!(document["what"], "told");
    assert_eq!(document["note"], "shop");
    assert_eq!(document["incident"]["id"], "pi-k7m2qx");
}
