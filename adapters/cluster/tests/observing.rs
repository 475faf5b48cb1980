//! Observing a whole cluster, over everything that ends a watch.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{Stream, StreamExt};
use pullmedic_cluster::{Cluster, Kind, News, Observe};
use pullmedic_model::object::Object;
use support::{Answer, CANARY, Request, Server, Setup, busy, forbidden, item, list, refusal, review, status};

/// One line of a watch of pods.
fn line(kind: &str, object: &str) -> String {
    let object = object.replacen('{', r#"{"kind":"Pod","apiVersion":"v1","#, 1);
    format!(r#"{{"type":"{kind}","object":{object}}}"#)
}

fn pod(name: &str, version: u64) -> String {
    item("shop", name).replace(r#""resourceVersion":"10""#, &format!(r#""resourceVersion":"{version}""#))
}

fn added(name: &str, version: u64) -> String {
    line("ADDED", &pod(name, version))
}

/// The end of what there is at the start.
fn end(version: u64) -> String {
    line(
        "BOOKMARK",
        &format!(
            r#"{{"metadata":{{"resourceVersion":"{version}","annotations":{{"k8s.io/initial-events-end":"true"}}}}}}"#
        ),
    )
}

fn bookmark(version: u64) -> String {
    line("BOOKMARK", &format!(r#"{{"metadata":{{"resourceVersion":"{version}"}}}}"#))
}

fn failed(code: u16) -> String {
    format!(r#"{{"type":"ERROR","object":{}}}"#, refusal(code, "no"))
}

/// Lines after which the connection stays open.
fn hold(lines: &[String]) -> Answer {
    Answer::Lines { lines: lines.to_vec(), hold: true }
}

/// Lines after which it ends in good order.
fn cut(lines: &[String]) -> Answer {
    Answer::Lines { lines: lines.to_vec(), hold: false }
}

fn is_list(request: &Request) -> bool {
    !request.asks("watch=1")
}

/// A server whose pods are the script's, told how often they were asked for before; all other kinds are none, and nobody
/// says which rights there are.
fn server(mut pods: impl FnMut(usize, &Request) -> Answer + Send + 'static) -> Server {
    let mut asked = 0;
    Server::start(move |request| {
        if request.is_review() {
            return status(404, refusal(404, "no reviews here"));
        }
        if !request.path().ends_with("/pods") {
            return hold(&[end(10)]);
        }
        asked += 1;
        pods(asked - 1, request)
    })
}

/// What a reader is told.
struct Reader {
    cluster: Cluster,
    news: Pin<Box<dyn Stream<Item = News> + Send>>,
}

impl Reader {
    async fn of(server: &Server) -> Reader {
        Reader::new(server.cluster().await, Observe::default())
    }

    fn new(cluster: Cluster, observe: Observe) -> Reader {
        let news = Box::pin(cluster.observe(observe));
        Reader { cluster, news }
    }

    async fn next(&mut self) -> News {
        tokio::time::timeout(Duration::from_secs(100_000), self.news.next()).await.unwrap().unwrap()
    }

    /// The next `count` things told of pods, in words, lag and all else left out.
    async fn pods(&mut self, count: usize) -> Vec<String> {
        let mut told = Vec::new();
        while told.len() < count {
            told.extend(of_pods(self.next().await));
        }
        told
    }
}

fn of_pods(news: News) -> Option<String> {
    match news {
        News::Began { kind: Kind::Pod, .. } => Some("began".into()),
        News::Listed { kind: Kind::Pod, .. } => Some("listed".into()),
        News::Is { kind: Kind::Pod, object: Object::Pod(pod) } => Some(format!("is {}", pod.metadata.name)),
        News::Touched { kind: Kind::Pod, name, .. } => Some(format!("touched {name}")),
        News::Gone { kind: Kind::Pod, namespace, name, uid } => Some(format!("gone {namespace}/{name}{uid}")),
        News::Trouble(skipped) => Some(format!("{}: {}", skipped.what, skipped.reason)),
        News::Over(skipped) => Some(format!("over {}", skipped.what)),
        _ => None,
    }
}

/// The watches of pods that a server was asked for.
fn watches_of_pods(server: &Server) -> Vec<String> {
    let seen = server.seen().into_iter().filter(|request| request.path().ends_with("/pods"));
    seen.filter(|request| !is_list(request)).map(|request| request.target).collect()
}

/// Lets time pass that nobody waits for in fact.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn one_streaming_list_a_kind_is_all_that_is_asked_and_it_goes_on_as_the_watch() {
    let server = server(|_, _| hold(&[added("b", 7), added("a", 5), end(10), added("c", 11)]));
    let mut reader = Reader::of(&server).await;
    let (mut told, mut synced) = (Vec::new(), false);
    while !synced || told.len() < 5 {
        let news = reader.next().await;
        synced |= matches!(news, News::Synced);
        told.extend(of_pods(news));
    }
    assert_eq!(told, ["began", "is b", "is a", "listed", "is c"]);
    let counts = reader.cluster.requests();
    assert_eq!((counts.watches, counts.lists, counts.gets), (Kind::ALL.len() as u64, 0, 0));
    let seen: Vec<Request> = server.seen().into_iter().filter(|request| !request.is_review()).collect();
    for request in &seen {
        assert!(
            request.asks("sendInitialEvents=true") && request.asks("resourceVersionMatch=NotOlderThan"),
            "{request:?}"
        );
        assert!(!request.asks("resourceVersion="), "{request:?}");
        let whole = request.path().ends_with("/pods") || request.path().ends_with("/events");
        let accept = request.header("accept").concat();
        assert_eq!(accept.contains("as=PartialObjectMetadata;"), !whole, "{request:?}");
        assert_eq!(request.asks("fieldSelector="), request.path().ends_with("/events"), "{request:?}");
    }
}

#[tokio::test]
async fn of_nodes_accounts_and_owners_only_that_they_changed_is_told() {
    let server = Server::start(|request| match request.path() {
        _ if request.is_review() => review(true),
        "/api/v1/nodes" => hold(&[added("node-a", 3), end(10), line("DELETED", &pod("node-a", 11))]),
        _ => hold(&[end(10)]),
    });
    let mut reader = Reader::of(&server).await;
    let mut told = Vec::new();
    while told.len() < 2 {
        match reader.next().await {
            News::Touched { kind: Kind::Node, name, version, .. } => told.push(format!("{name} {version}")),
            News::Gone { kind: Kind::Node, name, .. } => told.push(format!("gone {name}")),
            News::Is { object, .. } => panic!("{object:?}"),
            _ => {}
        }
    }
    assert_eq!(told, ["node-a 3", "gone node-a"]);
}

#[tokio::test]
async fn a_watch_that_ends_or_is_cut_in_a_line_goes_on_from_the_last_version_without_a_list() {
    let server = server(|asked, request| match asked {
        0 => cut(&[end(10), added("a", 11), bookmark(15)]),
        1 => {
            assert!(request.asks("resourceVersion=15"), "{request:?}");
            let body = format!("{}\n{{\"type\":\"ADD", added("b", 16));
            Answer::Short { promised: 5000, body: body.into() }
        }
        _ => {
            assert!(request.asks("resourceVersion=16"), "{request:?}");
            hold(&[added("c", 17)])
        }
    });
    let mut reader = Reader::of(&server).await;
    assert_eq!(reader.pods(5).await, ["began", "listed", "is a", "is b", "is c"]);
    assert_eq!(reader.cluster.requests().lists, 0);
}

#[tokio::test]
async fn a_version_that_the_server_forgot_is_all_that_makes_a_second_list() {
    let server = server(|asked, request| match asked {
        0 => cut(&[added("a", 9), end(10), added("b", 11)]),
        1 => status(410, refusal(410, "too old resource version")),
        2 => {
            assert!(request.asks("sendInitialEvents=true"), "{request:?}");
            hold(&[added("b", 11), end(20), failed(410)])
        }
        _ => hold(&[end(30)]),
    });
    let mut reader = Reader::of(&server).await;
    let told = reader.pods(8).await;
    assert_eq!(told, ["began", "is a", "listed", "is b", "began", "is b", "listed", "began"]);
    assert_eq!(reader.cluster.requests().lists, 0);
}

#[tokio::test]
async fn a_server_without_streaming_lists_is_asked_for_pages_and_refuses_once() {
    let server = server(|_, request| match request {
        request if request.asks("sendInitialEvents") => status(
            422,
            refusal(
                422,
                "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
            ),
        ),
        request if is_list(request) && request.asks("continue=more") => {
            support::ok(list("Pod", &[item("shop", "b")], ""))
        }
        request if is_list(request) => support::ok(list("Pod", &[item("shop", "a")], "more")),
        request if request.asks("resourceVersion=10") => cut(&[added("c", 11), failed(410)]),
        _ => panic!("{request:?}"),
    });
    let mut reader = Reader::of(&server).await;
    let told = reader.pods(9).await;
    assert_eq!(told, ["began", "is a", "is b", "listed", "is c", "began", "is a", "is b", "listed"]);
    let streamed = watches_of_pods(&server).iter().filter(|it| it.contains("sendInitialEvents")).count();
    assert_eq!(streamed, 1);
}

#[tokio::test]
async fn a_page_that_expired_begins_the_list_anew() {
    let mut pages = 0;
    let server = server(move |_, request| match request {
        request if request.asks("sendInitialEvents") => status(422, refusal(422, "no")),
        request if is_list(request) && request.asks("continue=") => status(410, refusal(410, "expired")),
        request if is_list(request) => {
            pages += 1;
            support::ok(list("Pod", &[item("shop", "a")], if pages == 1 { "more" } else { "" }))
        }
        _ => hold(&[]),
    });
    let mut reader = Reader::of(&server).await;
    assert_eq!(reader.pods(5).await, ["began", "is a", "began", "is a", "listed"]);
}

#[tokio::test]
async fn a_list_that_is_cut_begins_anew_and_after_three_cuts_pages_are_asked_for() {
    let server = server(|_, request| match request {
        request if is_list(request) => support::ok(list("Pod", &[item("shop", "a")], "")),
        request if request.asks("sendInitialEvents") => cut(&[added("a", 9)]),
        _ => hold(&[added("b", 11)]),
    });
    let mut reader = Reader::of(&server).await;
    let mut told = reader.pods(10).await;
    told.retain(|word| !word.starts_with("is a"));
    assert_eq!(told, ["began", "began", "began", "began", "listed", "is b"]);
}

#[tokio::test]
async fn a_silent_server_counts_as_dead_and_is_gone_on_from_the_last_version() {
    let server = server(|asked, request| match asked {
        0 => hold(&[end(10), added("a", 11)]),
        _ => {
            assert!(request.asks("resourceVersion=11"), "{request:?}");
            hold(&[bookmark(12)])
        }
    });
    let mut reader = Reader::of(&server).await;
    assert_eq!(reader.pods(3).await, ["began", "listed", "is a"]);
    // Time runs while nothing else happens, until the stream says that it gave up.
    tokio::time::pause();
    let mut behind = Vec::new();
    let trouble = loop {
        match reader.next().await {
            News::Lag { kind: Kind::Pod, behind: lag, .. } => behind.push(lag.as_secs()),
            News::Trouble(skipped) if skipped.what.starts_with("pods") => break skipped,
            _ => {}
        }
    };
    tokio::time::resume();
    assert!(trouble.reason.contains("no answer") && trouble.reason.contains("within 200 s"), "{trouble:?}");
    assert!(behind.starts_with(&[15, 30, 45]) && behind.is_sorted(), "{behind:?}");
    loop {
        match reader.next().await {
            News::Over(over) if over.what.starts_with("pods") => {
                assert_eq!(over, trouble);
                break;
            }
            News::Began { kind: Kind::Pod, .. } => panic!("listed again"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn lag_ends_when_something_is_heard() {
    let lines = Arc::new(Mutex::new(vec![end(10)]));
    let script = Arc::clone(&lines);
    let server = server(move |_, _| hold(&script.lock().unwrap()));
    let mut reader = Reader::of(&server).await;
    assert_eq!(reader.pods(2).await, ["began", "listed"]);
    *lines.lock().unwrap() = vec![bookmark(11)];
    tokio::time::pause();
    while !matches!(reader.next().await, News::Trouble(skipped) if skipped.what.starts_with("pods")) {}
    tokio::time::resume();
    let over = loop {
        match reader.next().await {
            News::Lag { kind: Kind::Pod, behind, .. } if behind < Duration::from_secs(200) => break behind,
            _ => {}
        }
    };
    assert_eq!(over, Duration::ZERO);
}

#[tokio::test]
async fn an_object_that_does_not_decode_is_told_to_be_there_and_the_rest_goes_on() {
    let bad = |name: &str, version: u64| {
        let object = pod(name, version);
        line("MODIFIED", &format!(r#"{},"spec":7}}"#, &object[..object.len() - 1]))
    };
    let lines = [
        bad("bad", 9),
        added("a", 8),
        end(10),
        bad("bad", 11),
        line("MODIFIED", &pod("bad", 12)),
        added("b", 13),
    ];
    let server = server(move |_, _| hold(&lines));
    let mut reader = Reader::of(&server).await;
    let told = reader.pods(9).await;
    let why = "Pod shop/bad: it does not decode: spec has the wrong type";
    assert_eq!(
        told,
        ["began", why, "touched bad", "is a", "listed", "touched bad", "over Pod shop/bad", "is bad", "is b"]
    );
}

#[tokio::test]
async fn ever_more_objects_that_do_not_decode_are_told_up_to_a_bound() {
    let bad =
        |n: u64| line("ADDED", &format!(r#"{{"metadata":{{"name":"p{n}","namespace":"shop"}},"spec":7}}"#));
    let lines: Vec<String> = (0..200).map(bad).chain([end(10)]).collect();
    let server = server(move |_, _| hold(&lines));
    let mut reader = Reader::of(&server).await;
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "listed") {
        told.extend(of_pods(reader.next().await));
    }
    assert_eq!(told.iter().filter(|word| word.starts_with("touched")).count(), 200);
    assert_eq!(told.iter().filter(|word| word.contains("decode")).count(), 33);
}

#[tokio::test]
async fn what_was_told_is_not_told_again_by_a_server_that_repeats_itself() {
    let server = server(|asked, _| match asked {
        0 => cut(&[end(10), added("a", 11), added("a", 11), line("MODIFIED", &pod("a", 12)), added("a", 11)]),
        _ => hold(&[line("MODIFIED", &pod("a", 12)), line("DELETED", &pod("a", 13)), added("b", 14)]),
    });
    let mut reader = Reader::of(&server).await;
    assert_eq!(reader.pods(6).await, ["began", "listed", "is a", "is a", "gone shop/a", "is b"]);
}

#[tokio::test]
async fn a_store_that_was_set_back_is_listed_anew() {
    let server = server(|asked, _| match asked {
        0 => hold(&[end(1000), bookmark(500)]),
        _ => hold(&[end(501)]),
    });
    let mut reader = Reader::of(&server).await;
    assert_eq!(reader.pods(4).await, ["began", "listed", "began", "listed"]);
}

#[tokio::test]
async fn a_line_that_is_none_ends_the_watch_and_not_the_reading() {
    let server = server(|asked, _| match asked {
        0 => hold(&[end(10), added("a", 11), "<html>".into()]),
        _ => hold(&[added("b", 12)]),
    });
    let mut reader = Reader::of(&server).await;
    let told = reader.pods(6).await;
    assert!(told[3].ends_with("it is no line of a watch"), "{told:?}");
    assert_eq!(told[4..], ["is b", "over pods in all namespaces"]);
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_left_alone_for_so_long() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let server = server(move |asked, _| {
        seen.lock().unwrap().push(std::time::Instant::now());
        match asked {
            0 => cut(&[end(10), added("a", 11)]),
            1 => busy(429, "2"),
            _ => hold(&[added("b", 12)]),
        }
    });
    let mut reader = Reader::of(&server).await;
    let told = reader.pods(6).await;
    assert!(told[3].contains("429"), "{told:?}");
    assert_eq!(told[4..], ["is b", "over pods in all namespaces"]);
    let times = times.lock().unwrap();
    assert!(times[2] - times[1] >= Duration::from_secs(2), "{times:?}");
}

#[tokio::test]
async fn errors_of_the_server_are_one_trouble_and_the_watch_goes_on_from_its_version() {
    let server = server(|asked, request| match asked {
        0 => cut(&[end(10), added("a", 11)]),
        1 | 2 => status(503, refusal(503, "etcd leader changed")),
        3 => Answer::Hangup,
        _ => {
            assert!(request.asks("resourceVersion=11"), "{request:?}");
            hold(&[added("b", 12)])
        }
    });
    let mut reader = Reader::of(&server).await;
    let told = reader.pods(8).await;
    assert!(told[3].contains("503") && told[5].contains("broke off"), "{told:?}");
    let over = "over pods in all namespaces";
    assert_eq!((told[4].as_str(), told[6].as_str(), told[7].as_str()), (over, "is b", over));
}

#[tokio::test]
async fn a_token_that_was_rotated_on_disk_is_read_anew_when_the_old_one_is_refused() {
    let accepted = Arc::new(Mutex::new("one".to_owned()));
    let now = Arc::clone(&accepted);
    let server = Server::start(move |request| {
        if request.header("authorization").concat() != format!("Bearer {CANARY}-{}", now.lock().unwrap()) {
            return status(401, refusal(401, "Unauthorized"));
        }
        if request.is_review() {
            return review(true);
        }
        match request.path().ends_with("/pods") {
            true if request.asks("resourceVersion=11") => hold(&[added("b", 12)]),
            true => cut(&[end(10), added("a", 11)]),
            false => hold(&[end(10)]),
        }
    });
    let setup = Setup::written(&format!(
        "current-context: test\ncontexts:\n- {{name: test, context: {{cluster: c, user: u}}}}\nclusters:\n- {{name: c, cluster: {{server: '{}'}}}}\nusers:\n- {{name: u, user: {{tokenFile: token}}}}\n",
        server.url()
    ));
    let write = |token: &str| {
        std::fs::write(setup.folder.path().join("token"), format!("{CANARY}-{token}\n")).unwrap();
    };
    write("one");
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    let mut reader = Reader::new(cluster, Observe::default());
    // The first watch ends right after this, and the next must not be sent with the old token alone.
    assert_eq!(reader.pods(2).await, ["began", "listed"]);
    *accepted.lock().unwrap() = "two".into();
    write("two");
    assert_eq!(reader.pods(2).await, ["is a", "is b"]);
}

#[tokio::test]
async fn a_right_that_is_taken_away_and_given_back_costs_one_refused_request_and_no_change() {
    let rights = Arc::new(Mutex::new(true));
    let now = Arc::clone(&rights);
    let mut watched = 0;
    let server = Server::start(move |request| {
        let pods = request.path().ends_with("/pods");
        if request.is_review() {
            return review(*now.lock().unwrap() || !request.body.contains(r#""pods""#));
        }
        if !pods {
            return hold(&[end(10)]);
        }
        watched += 1;
        match watched {
            1 => {
                *now.lock().unwrap() = false;
                cut(&[end(10), added("a", 11)])
            }
            2 => forbidden("pods"),
            _ => {
                assert!(request.asks("resourceVersion=11"), "{request:?}");
                hold(&[added("b", 12)])
            }
        }
    });
    let mut reader = Reader::of(&server).await;
    assert_eq!(reader.pods(3).await, ["began", "listed", "is a"]);
    let trouble = loop {
        if let News::Trouble(skipped) = reader.next().await {
            break skipped;
        }
    };
    assert!(trouble.needs.as_ref().unwrap().contains("watch on pods in all namespaces"), "{trouble:?}");
    // Asked again slowly, and by a question about the right at that.
    pass(80).await;
    while server
        .seen()
        .iter()
        .filter(|request| request.is_review() && request.body.contains(r#""pods""#))
        .count()
        < 2
    {
        tokio::time::timeout(Duration::from_millis(50), reader.next()).await.ok();
    }
    *rights.lock().unwrap() = true;
    pass(80).await;
    let told = reader.pods(2).await;
    assert_eq!(told, ["is b", "over pods in all namespaces"]);
    assert_eq!(reader.cluster.requests().refused, 1);
}

#[tokio::test]
async fn synced_waits_for_the_pods_and_for_no_right_that_is_missing() {
    let server = Server::start(|request| match request.path() {
        path if request.is_review() => {
            review(!path.is_empty() && !request.body.contains(r#""resource":"events""#))
        }
        "/api/v1/pods" if request.asks("sendInitialEvents") => hold(&[added("a", 9), end(10)]),
        path => {
            assert!(!path.ends_with("/events"), "asked without the right");
            hold(&[end(10)])
        }
    });
    let mut reader = Reader::of(&server).await;
    let mut listed = Vec::new();
    let mut troubles = 0;
    loop {
        match reader.next().await {
            News::Listed { kind, .. } => listed.push(kind),
            News::Trouble(_) => troubles += 1,
            News::Synced => break,
            _ => {}
        }
    }
    assert!(listed.contains(&Kind::Pod) && !listed.contains(&Kind::PodEvent), "{listed:?}");
    assert_eq!((troubles, reader.cluster.requests().refused), (2, 0));
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_at_the_start_is_not_called_an_empty_cluster() {
    let server = server(|asked, _| match asked {
        0 => status(500, refusal(500, "not ready")),
        _ => hold(&[added("a", 9), end(10)]),
    });
    let mut reader = Reader::of(&server).await;
    let mut told = Vec::new();
    loop {
        match reader.next().await {
            News::Synced => break,
            news => told.extend(of_pods(news)),
        }
    }
    assert_eq!(told[1..], ["began", "is a", "over pods in all namespaces", "listed"]);
}

#[tokio::test]
async fn given_namespaces_are_watched_one_by_one_and_one_that_cannot_be_is_not_asked_for() {
    let server = Server::start(|request| match request.is_review() {
        true => review(true),
        false => hold(&[end(10)]),
    });
    let observe = Observe { namespaces: vec!["shop".into(), "../secrets".into(), "bank".into()] };
    let mut reader = Reader::new(server.cluster().await, observe);
    let mut troubles = Vec::new();
    loop {
        match reader.next().await {
            News::Synced => break,
            News::Trouble(skipped) => troubles.push(skipped.what),
            News::Listed { kind, namespace, .. } => assert_eq!(namespace.is_none(), kind == Kind::Node),
            _ => {}
        }
    }
    assert_eq!(troubles, [r#"namespace "../secrets""#]);
    let paths: Vec<String> = server.seen().iter().map(|request| request.path().to_owned()).collect();
    assert!(paths.contains(&"/api/v1/namespaces/bank/pods".to_owned()), "{paths:?}");
    assert!(!paths.contains(&"/api/v1/pods".to_owned()), "{paths:?}");
}
