//! A watch over everything that ends one.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::pin::pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
use pullmedic_cluster::{Change, Scope};
use pullmedic_model::object::Object;
use support::{Answer, Request, Server, empty, forbidden, item, list, ok, refusal, status};

/// One line of a watch.
fn line(kind: &str, object: &str) -> String {
    let object = object.replacen('{', r#"{"kind":"Pod","apiVersion":"v1","#, 1);
    format!(r#"{{"type":"{kind}","object":{object}}}"#)
}

fn pod(name: &str, version: &str) -> String {
    item("shop", name).replace(r#""resourceVersion":"10""#, &format!(r#""resourceVersion":"{version}""#))
}

/// A server whose pods are listed and watched by the scripts, each told how often it was asked before; events are
/// none, and their watch is silent.
fn server(
    mut lists: impl FnMut(usize) -> Answer + Send + 'static,
    mut watches: impl FnMut(usize, &Request) -> Answer + Send + 'static,
) -> Server {
    let (mut listed, mut watched) = (0, 0);
    Server::start(move |request| match (request.path().ends_with("/pods"), request.asks("watch=1")) {
        (true, false) => {
            listed += 1;
            lists(listed - 1)
        }
        (true, true) => {
            watched += 1;
            watches(watched - 1, request)
        }
        (false, false) => empty(request),
        (false, true) => Answer::Lines { lines: Vec::new(), hold: true },
    })
}

fn lines(lines: &[String]) -> Answer {
    Answer::Lines { lines: lines.to_vec(), hold: true }
}

fn cut(lines: &[String]) -> Answer {
    Answer::Lines { lines: lines.to_vec(), hold: false }
}

/// The next `count` changes, in words.
async fn told(server: &Server, count: usize) -> Vec<String> {
    let scope = Scope { namespace: Some("shop".into()), selector: None };
    let changes = pin!(server.cluster().await.watch(&scope));
    take(changes, count).await
}

async fn take(changes: impl Stream<Item = Change>, count: usize) -> Vec<String> {
    let words = changes.take(count).map(|change| match change {
        Change::Upsert(Object::Pod(pod)) => format!("is {}", pod.metadata.name),
        Change::Upsert(other) => panic!("{other:?}"),
        Change::Delete { kind, namespace, name } => format!("gone {kind} {namespace}/{name}"),
        Change::Synced => "synced".into(),
        Change::Trouble(skipped) => format!("{}: {}", skipped.what, skipped.reason),
        Change::Over(skipped) => format!("over {}: {}", skipped.what, skipped.reason),
    });
    tokio::time::timeout(Duration::from_secs(30), words.collect()).await.expect("enough changes in time")
}

#[tokio::test]
async fn what_is_there_comes_first_then_what_changes() {
    let server = server(
        |_| ok(list("Pod", &[item("shop", "a")], "")),
        |_, request| {
            assert!(request.asks("resourceVersion=10&") || request.target.ends_with("resourceVersion=10"));
            assert_eq!(request.header("accept-encoding"), ["identity"]);
            lines(&[
                line("ADDED", &pod("b", "11")),
                line("MODIFIED", &pod("a", "12")),
                line("BOOKMARK", r#"{"metadata":{"resourceVersion":"13"}}"#),
                line("DELETED", &pod("a", "14")),
            ])
        },
    );
    let mut told = told(&server, 5).await;
    // Synced waits for events too, and so comes at any time after the list.
    told.retain(|word| word != "synced");
    assert_eq!(told, ["is a", "is b", "is a", "gone Pod shop/a"]);
}

#[tokio::test]
async fn synced_comes_once_and_after_all_that_was_there() {
    let server = Server::start(|request| match request.asks("watch=1") {
        true => lines(&[]),
        false if request.path().ends_with("/pods") => {
            ok(list("Pod", &[item("shop", "a"), item("shop", "b")], ""))
        }
        false => empty(request),
    });
    assert_eq!(told(&server, 3).await, ["is a", "is b", "synced"]);
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_from_where_it_was() {
    let server = server(
        |_| ok(list("Pod", &[], "")),
        |asked, request| match asked {
            0 => cut(&[line("ADDED", &pod("a", "11"))]),
            1 => {
                assert!(request.asks("resourceVersion=11"), "{request:?}");
                // Broken off in the middle of a line.
                Answer::Short {
                    promised: 500,
                    body: format!("{}\n{{\"type\":", line("ADDED", &pod("b", "12"))).into(),
                }
            }
            _ => {
                assert!(request.asks("resourceVersion=12"), "{request:?}");
                lines(&[line("ADDED", &pod("c", "13"))])
            }
        },
    );
    let mut told = told(&server, 4).await;
    told.retain(|word| word != "synced");
    assert_eq!(told, ["is a", "is b", "is c"]);
}

#[tokio::test]
async fn an_expired_version_is_a_new_list_that_says_what_is_gone() {
    for answer in [
        || status(410, refusal(410, "too old resource version")),
        || cut(&[line("ERROR", r#"{"code":410,"reason":"Expired"}"#)]),
    ] {
        let server = server(
            |asked| match asked {
                0 => ok(list("Pod", &[item("shop", "a"), item("shop", "b")], "")),
                _ => ok(list("Pod", &[item("shop", "b"), item("shop", "c")], "")),
            },
            move |asked, _| if asked == 0 { answer() } else { lines(&[]) },
        );
        let mut told = told(&server, 6).await;
        told.retain(|word| word != "synced");
        assert_eq!(told, ["is a", "is b", "is b", "is c", "gone Pod shop/a"]);
    }
}

#[tokio::test]
async fn trouble_is_told_once_and_outlived() {
    let server = server(
        |_| ok(list("Pod", &[], "")),
        |asked, _| match asked {
            0 | 1 => status(400, refusal(400, "not now")),
            2 => Answer::Hangup,
            _ => lines(&[line("ADDED", &pod("a", "11"))]),
        },
    );
    let mut told = told(&server, 4).await;
    told.retain(|word| word != "synced");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("400") && told[1].contains("broke off"), "{told:?}");
    assert_eq!(told[2], "is a");
}

#[tokio::test]
async fn an_object_that_does_not_decode_and_a_line_that_is_none_end_no_watch() {
    let server = server(
        |_| ok(list("Pod", &[], "")),
        |asked, _| match asked {
            0 => lines(&[
                line(
                    "ADDED",
                    r#"{"metadata":{"name":"bad","namespace":"shop","resourceVersion":"11"},"spec":7}"#,
                ),
                line("ADDED", &pod("a", "12")),
                "<html>".into(),
            ]),
            _ => lines(&[line("ADDED", &pod("b", "13"))]),
        },
    );
    let mut told = told(&server, 5).await;
    told.retain(|word| word != "synced");
    assert_eq!(told[0], "Pod shop/bad: it does not decode: spec has the wrong type");
    assert_eq!(told[1], "is a");
    assert!(told[2].ends_with("it is no line of a watch"), "{told:?}");
    assert_eq!(told[3], "is b");
}

#[tokio::test]
async fn a_namespace_that_cannot_be_is_watched_nowhere() {
    let server = Server::start(empty);
    let scope = Scope { namespace: Some("../secrets".into()), selector: None };
    let told = take(pin!(server.cluster().await.watch(&scope)), 3).await;
    assert!(told.contains(&"synced".to_owned()), "{told:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn events_that_may_not_be_read_do_not_hold_up_the_pods() {
    let server = Server::start(|request| match request.path() {
        path if path.ends_with("/events") => forbidden("events"),
        _ if request.asks("watch=1") => lines(&[line("ADDED", &pod("b", "11"))]),
        _ => ok(list("Pod", &[item("shop", "a")], "")),
    });
    let mut told = told(&server, 4).await;
    told.sort();
    assert_eq!(told, ["events in namespace \"shop\": forbidden for user \"dev\"", "is a", "is b", "synced"]);
}

#[tokio::test]
async fn a_trouble_is_over_when_its_own_reading_works_again_and_not_before() {
    let server = server(
        |asked| match asked {
            0 => status(400, refusal(400, "no list")),
            _ => ok(list("Pod", &[item("shop", "a")], "")),
        },
        |asked, _| match asked {
            // The pods that a new list tells do not mean that changes come.
            0 => status(400, refusal(400, "no watch")),
            1 => status(410, refusal(410, "too old resource version")),
            _ => lines(&[line("BOOKMARK", r#"{"metadata":{"resourceVersion":"13"}}"#)]),
        },
    );
    let mut told = told(&server, 7).await;
    told.retain(|word| word != "synced");
    assert!(told[0].contains("no list") && !told[0].starts_with("over"), "{told:?}");
    assert_eq!(told[1], "is a");
    assert_eq!(told[2], format!("over {}", told[0]));
    assert!(told[3].contains("no watch") && !told[3].starts_with("over"), "{told:?}");
    assert_eq!(told[4], "is a");
    assert_eq!(told[5], format!("over {}", told[3]));
}

#[tokio::test]
async fn an_object_that_does_not_decode_is_over_once_it_does_or_is_gone() {
    let bad = |kind: &str, name: &str, version: &str| {
        let object = pod(name, version);
        line(kind, &format!(r#"{},"spec":7}}"#, &object[..object.len() - 1]))
    };
    let script = [
        bad("ADDED", "a", "11"),
        bad("ADDED", "b", "12"),
        line("ADDED", &pod("c", "13")),
        bad("MODIFIED", "a", "14"),
        line("MODIFIED", &pod("a", "15")),
        bad("DELETED", "b", "16"),
    ];
    let server = server(|_| ok(list("Pod", &[], "")), move |_, _| lines(&script));
    let mut told = told(&server, 8).await;
    told.retain(|word| word != "synced");
    let why = "it does not decode: spec has the wrong type";
    assert_eq!(
        told,
        [
            format!("Pod shop/a: {why}"),
            format!("Pod shop/b: {why}"),
            "is c".into(),
            "is a".into(),
            format!("over Pod shop/a: {why}"),
            format!("over Pod shop/b: {why}"),
            "gone Pod shop/b".into(),
        ]
    );
}
