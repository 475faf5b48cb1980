//! One reading of a server that behaves, and of servers that do not.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use pullmedic_cluster::{Access, Cluster, ReadError, Scope};
use pullmedic_model::object::{Objects, Pod};
use support::{
    Answer, CANARY, Request, Server, busy, chain, empty, forbidden, item, list, ok, refusal, status,
};

fn shop() -> Scope {
    Scope { namespace: Some("shop".into()), selector: None }
}

fn names(objects: &Objects) -> Vec<&str> {
    objects.pods.iter().map(|pod: &Pod| pod.metadata.name.as_str()).collect()
}

async fn read(server: &Server) -> Objects {
    server.cluster().await.pods_and_events(&shop()).await.unwrap()
}

async fn refused(server: &Server) -> ReadError {
    let error = server.cluster().await.pods_and_events(&shop()).await.unwrap_err();
    let all = format!("{error:?} {} {:?}", chain(&error), error.hint());
    assert!(!all.contains(CANARY), "{all}");
    error
}

/// A server whose pods answer by `pods`, given how often they were asked before, and which has no events.
fn pods(mut pods: impl FnMut(usize, &Request) -> Answer + Send + 'static) -> Server {
    let mut asked = 0;
    Server::start(move |request| {
        if !request.path().ends_with("/pods") {
            return empty(request);
        }
        asked += 1;
        pods(asked - 1, request)
    })
}

#[tokio::test]
async fn pages_are_followed_and_the_selector_is_for_pods_only() {
    let server = Server::start(|request| match request.path() {
        "/api/v1/namespaces/shop/pods" if request.asks("continue=next%2Fpage") => {
            ok(list("Pod", &[item("shop", "b")], ""))
        }
        "/api/v1/namespaces/shop/pods" => ok(list("Pod", &[item("shop", "a")], "next/page")),
        "/api/v1/namespaces/shop/events" => ok(list("Event", &[item("shop", "e")], "")),
        other => panic!("{other}"),
    });
    let scope = Scope { selector: Some("app=web".into()), ..shop() };
    let objects = server.cluster().await.pods_and_events(&scope).await.unwrap();
    assert_eq!((names(&objects), objects.events.len()), (vec!["a", "b"], 1));
    assert_eq!(objects.skipped, []);
    for request in server.seen() {
        assert!(request.asks("limit=500"), "{request:?}");
        assert_eq!(request.asks("labelSelector=app%3Dweb"), request.path().ends_with("pods"), "{request:?}");
        assert_eq!(request.header("authorization"), [format!("Bearer {CANARY}")]);
    }
}

#[tokio::test]
async fn all_namespaces_are_one_list_a_kind() {
    let server = Server::start(empty);
    server.cluster().await.pods_and_events(&Scope::default()).await.unwrap();
    let mut paths: Vec<String> = server.seen().iter().map(|request| request.path().to_owned()).collect();
    paths.sort();
    assert_eq!(paths, ["/api/v1/events", "/api/v1/pods"]);
}

#[tokio::test]
async fn a_compressed_page_is_read() {
    let server = pods(|_, request| {
        assert_eq!(request.header("accept-encoding"), ["gzip"]);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(list("Pod", &[item("shop", "a")], "").as_bytes()).unwrap();
        let headers = vec![("content-encoding", "gzip".to_owned())];
        Answer::Whole { status: 200, headers, body: encoder.finish().unwrap() }
    });
    assert_eq!(names(&read(&server).await), ["a"]);
}

#[tokio::test]
async fn a_list_that_expires_between_pages_is_read_anew_without_duplicates() {
    let server = pods(|asked, request| match asked {
        0 => ok(list("Pod", &[item("shop", "a"), item("shop", "gone")], "old")),
        1 => status(410, refusal(410, "The provided continue parameter is too old")),
        2 => {
            assert!(!request.asks("continue"), "{request:?}");
            ok(list("Pod", &[item("shop", "a"), item("shop", "b")], "new"))
        }
        _ => ok(list("Pod", &[item("shop", "c")], "")),
    });
    let objects = read(&server).await;
    assert_eq!(names(&objects), ["a", "b", "c"]);
    assert_eq!(objects.skipped, []);
}

#[tokio::test]
async fn a_list_that_keeps_expiring_keeps_what_came_and_says_what_did_not() {
    let server = pods(|asked, _| match asked % 2 {
        0 => ok(list("Pod", &[item("shop", "a")], "old")),
        _ => status(410, refusal(410, "too old")),
    });
    let objects = read(&server).await;
    assert_eq!(names(&objects), ["a"]);
    let [skipped] = objects.skipped.as_slice() else { panic!("{:?}", objects.skipped) };
    assert_eq!(skipped.what, r#"pods in namespace "shop" after the first 1"#);
    assert_eq!(skipped.reason, "the list expired on the server before all of it was read");
}

#[tokio::test]
async fn a_list_that_names_the_same_page_for_ever_ends() {
    let server = pods(|_, _| ok(list("Pod", &[item("shop", "a")], "again")));
    let objects = read(&server).await;
    assert!(objects.skipped[0].reason.ends_with("it names the same page twice"), "{:?}", objects.skipped);
}

#[tokio::test]
async fn overload_is_waited_out_for_as_long_as_the_server_asks() {
    let server = pods(|asked, _| match asked {
        0 => busy(429, "1"),
        1 => busy(503, "0"),
        _ => ok(list("Pod", &[item("shop", "a")], "")),
    });
    let start = Instant::now();
    assert_eq!(names(&read(&server).await), ["a"]);
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_asks_for_more_time_than_there_is_ends_the_matter_at_once() {
    let server = Server::start(|_| busy(429, "3600"));
    let start = Instant::now();
    let error = refused(&server).await;
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(
        chain(&error),
        "read pods in namespace \"shop\": the API server answered 429 Too Many Requests to the only try: slow down"
    );
}

#[tokio::test]
async fn an_error_of_the_server_is_tried_a_few_times_and_then_told_with_its_words() {
    let server = Server::start(|_| status(500, refusal(500, "etcdserver: leader changed")));
    let error = refused(&server).await;
    let said = chain(&error);
    assert!(
        said.starts_with("read pods in namespace \"shop\": the API server answered 500 Internal Server Error to each of 4 tries in ")
            && said.ends_with(": etcdserver: leader changed"),
        "{said}"
    );
    assert!(error.hint().is_some());
    assert_eq!(server.seen().len(), 8);
}

#[tokio::test]
async fn pods_that_fail_alone_leave_the_events_and_are_named() {
    let server = pods(|_, _| status(500, refusal(500, "boom")));
    let objects = read(&server).await;
    let [skipped] = objects.skipped.as_slice() else { panic!("{:?}", objects.skipped) };
    assert_eq!(skipped.what, "pods in namespace \"shop\"");
    assert_eq!(skipped.needs, None);
}

#[tokio::test]
async fn silence_ends_in_an_error_that_says_how_long_it_was() {
    let server = Server::start(|_| Answer::Silence);
    let mut setup = server.access();
    setup.access.request_timeout = Some(Duration::from_millis(250));
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    let error = cluster.pods_and_events(&shop()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        format!("read pods in namespace \"shop\": no answer from {} within 250 ms", server.url())
    );
    assert!(error.hint().unwrap().contains("--request-timeout"));
}

#[tokio::test]
async fn a_body_that_stops_half_way_is_silence_too() {
    let server =
        Server::start(|_| Answer::Lines { lines: vec![r#"{"kind":"PodList","items":["#.into()], hold: true });
    let mut setup = server.access();
    setup.access.request_timeout = Some(Duration::from_millis(250));
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    let error = cluster.pods_and_events(&shop()).await.unwrap_err();
    assert!(chain(&error).ends_with("within 250 ms"), "{}", chain(&error));
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_tried_again() {
    let server = pods(|asked, _| match asked {
        0 => Answer::Short { promised: 1000, body: br#"{"kind":"PodList","items":["#.to_vec() },
        1 => Answer::Hangup,
        _ => ok(list("Pod", &[item("shop", "a")], "")),
    });
    assert_eq!(names(&read(&server).await), ["a"]);
}

#[tokio::test]
async fn json_that_is_cut_off_or_no_json_is_told_without_quoting_it() {
    for (body, said) in [
        (r#"{"kind":"PodList","items":[{"canary-7f3a9c"#, "it ends after 42 bytes"),
        ("<html>canary-7f3a9c</html>", "it is not JSON at line 1, column 1"),
        (r#"{"items":"canary-7f3a9c"}"#, "it is JSON, but no Kubernetes list"),
        ("", "it ends after 0 bytes"),
    ] {
        let server = Server::start(move |_| ok(body));
        let error = refused(&server).await;
        assert!(chain(&error).ends_with(said), "{body}: {}", chain(&error));
    }
}

#[tokio::test]
async fn an_object_that_does_not_decode_costs_no_other() {
    let bad = r#"{"metadata":{"name":"bad","namespace":"shop"},"spec":{"containers":"canary"}}"#;
    let server = pods(move |_, _| {
        ok(list("Pod", &[item("shop", "a"), bad.into(), "7".into(), item("shop", "b")], ""))
    });
    let objects = read(&server).await;
    assert_eq!(names(&objects), ["a", "b"]);
    let what: Vec<&str> = objects.skipped.iter().map(|skipped| skipped.what.as_str()).collect();
    assert_eq!(what, ["Pod shop/bad", "item 3 of PodList"]);
    assert!(!format!("{:?}", objects.skipped).contains("canary"));
}

#[tokio::test]
async fn a_missing_right_costs_only_what_it_is_for() {
    let server = Server::start(|request| match request.path() {
        path if path.ends_with("/events") => forbidden("events"),
        _ => ok(list("Pod", &[item("shop", "a")], "")),
    });
    let objects = read(&server).await;
    assert_eq!(names(&objects), ["a"]);
    let [skipped] = objects.skipped.as_slice() else { panic!("{:?}", objects.skipped) };
    assert_eq!(skipped.what, "events in namespace \"shop\"");
    assert_eq!(skipped.reason, "forbidden for user \"dev\"");
    assert_eq!(skipped.needs.as_deref(), Some("list on events in namespace shop (role \"view\" has it)"));
    assert!(skipped.next.as_deref().unwrap().ends_with(" auth can-i list events -n shop"), "{skipped:?}");
}

#[tokio::test]
async fn no_rights_at_all_are_told_and_are_no_error() {
    let server = Server::start(|request| forbidden(request.path().rsplit('/').next().unwrap()));
    let objects = server.cluster().await.pods_and_events(&Scope::default()).await.unwrap();
    let [skipped] = objects.skipped.as_slice() else { panic!("{:?}", objects.skipped) };
    assert_eq!(skipped.what, "pods, events in all namespaces");
    assert!(skipped.next.as_deref().unwrap().contains("-n"), "{skipped:?}");
}

#[tokio::test]
async fn an_unaccepted_login_is_an_error_that_names_the_user() {
    let server = Server::start(|_| status(401, refusal(401, "Unauthorized")));
    let error = refused(&server).await;
    assert_eq!(
        chain(&error),
        "read pods in namespace \"shop\": not logged in: the API server does not accept the token of user \"dev\""
    );
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn a_server_that_is_none_of_kubernetes_is_an_error() {
    let server = Server::start(|_| status(404, "<html>not here</html>"));
    assert!(refused(&server).await.hint().unwrap().contains("point at an API server"));
}

#[tokio::test]
async fn a_selector_that_the_server_refuses_is_an_error_in_its_words() {
    let server = pods(|_, _| status(400, refusal(400, "unable to parse requirement: found '=='")));
    assert!(chain(&refused(&server).await).ends_with("unable to parse requirement: found '=='"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(empty);
    let target = elsewhere.url();
    let server = Server::start(move |request| Answer::Whole {
        status: 307,
        headers: vec![("location", format!("{target}{}", request.target))],
        body: Vec::new(),
    });
    assert!(chain(&refused(&server).await).contains("307"));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn nothing_that_listens_is_an_error_with_a_next_step() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let setup = support::Setup::new(&format!("http://{free}"));
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    let error = cluster.pods_and_events(&shop()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "read pods in namespace \"shop\": cannot connect to http://{free}: connection refused: nothing listens there"
        )
    );
    assert!(error.hint().unwrap().contains("VPN"));
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_told_from_a_slow_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut setup = support::Setup::new(&format!("https://{address}"));
    setup.access.request_timeout = Some(Duration::from_millis(400));
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    let error = cluster.pods_and_events(&shop()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "read pods in namespace \"shop\": cannot connect to https://{address}: no answer to the attempt to connect"
        )
    );
    drop(listener);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_called_that() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    let setup = support::Setup::new(&format!("https://{address}"));
    let cluster = Cluster::connect(&setup.access).await.unwrap();
    let error = cluster.pods_and_events(&shop()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "read pods in namespace \"shop\": no secure connection to https://{address}: it does not speak TLS"
        )
    );
    assert!(error.hint().unwrap().contains("https"));
}

#[tokio::test]
async fn a_namespace_that_cannot_be_is_not_sent_anywhere() {
    let server = Server::start(empty);
    let cluster = server.cluster().await;
    for name in ["../../secrets", "a/b", "..", "Shop", ""] {
        let scope = Scope { namespace: Some(name.into()), selector: None };
        assert!(cluster.pods_and_events(&scope).await.is_err(), "{name}");
    }
    let odd = BTreeSet::from(["../secrets".to_owned()]);
    assert!(cluster.owners(&odd).await.workloads.is_empty());
    assert!(cluster.nodes(&odd).await.nodes.is_empty());
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn owners_of_a_few_namespaces_are_asked_for_there_and_a_kind_that_is_absent_is_no_gap() {
    let server = Server::start(|request| match request.path() {
        "/apis/apps/v1/namespaces/shop/deployments" => ok(list("Deployment", &[item("shop", "web")], "")),
        path if path.ends_with("/cronjobs") => status(404, "404 page not found"),
        path if path.starts_with("/apis/batch/v1") => forbidden("jobs"),
        _ => empty(request),
    });
    let objects = server.cluster().await.owners(&BTreeSet::from(["shop".into()])).await;
    let [web] = objects.workloads.as_slice() else { panic!("{objects:?}") };
    assert_eq!((web.kind.as_str(), web.metadata.name.as_str()), ("Deployment", "web"));
    let [skipped] = objects.skipped.as_slice() else { panic!("{:?}", objects.skipped) };
    assert_eq!(skipped.what, "jobs in namespace \"shop\"");
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn owners_of_many_namespaces_are_one_list_a_kind_or_else_one_each() {
    let many: BTreeSet<String> = (0..25).map(|n| format!("n{n}")).collect();
    let server = Server::start(|request| match request.path() {
        "/apis/apps/v1/deployments" => ok(list("Deployment", &[item("n3", "in"), item("other", "out")], "")),
        _ => empty(request),
    });
    let objects = server.cluster().await.owners(&many).await;
    assert_eq!((objects.workloads.len(), server.seen().len()), (1, 7));

    let server = Server::start(|request| match request.path() {
        path if path.contains("/namespaces/") => empty(request),
        _ => forbidden("deployments"),
    });
    let objects = server.cluster().await.owners(&many).await;
    assert_eq!(objects.skipped, []);
    assert_eq!(server.seen().len(), 7 + 7 * 25);
}

#[tokio::test]
async fn nodes_come_by_name_those_gone_are_left_out_and_a_refusal_is_asked_for_once() {
    let server = Server::start(|request| match request.path() {
        "/api/v1/nodes/a" => ok(r#"{"kind":"Node","apiVersion":"v1","metadata":{"name":"a"}}"#),
        _ => status(404, refusal(404, "nodes \"b\" not found")),
    });
    let wanted: BTreeSet<String> = ["a", "b"].map(String::from).into();
    let objects = server.cluster().await.nodes(&wanted).await;
    assert_eq!((objects.nodes.len(), objects.skipped.len()), (1, 0));

    let server = Server::start(|_| forbidden("nodes"));
    let objects = server.cluster().await.nodes(&wanted).await;
    assert_eq!((objects.skipped.len(), server.seen().len()), (1, 1));
    assert_eq!(objects.skipped[0].what, "nodes");
}

#[tokio::test]
async fn at_most_eight_requests_are_under_way() {
    let server = Server::start(|_| Answer::Silence);
    let cluster = server.cluster().await;
    let namespaces: BTreeSet<String> = (0..15).map(|n| format!("n{n}")).collect();
    let reading = tokio::spawn(async move { cluster.owners(&namespaces).await.workloads.len() });
    while server.seen().len() < 8 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A ninth would come as soon as the eight did; none of them is answered.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.seen().len(), 8);
    reading.abort();
}

#[tokio::test]
async fn who_may_not_impersonate_reads_nothing_and_is_told_why() {
    let message = r#"users "x" is forbidden: User "dev" cannot impersonate resource "users" in API group "" at the cluster scope"#;
    let server = Server::start(|_| status(403, refusal(403, message)));
    let error = refused(&server).await;
    assert_eq!(chain(&error), "read pods in namespace \"shop\": user \"dev\" may not act as another");
    assert!(error.hint().unwrap().contains("can-i impersonate users"));
}

#[tokio::test]
async fn impersonation_is_sent_and_the_cluster_is_identified() {
    let server = Server::start(empty);
    let setup = server.access();
    let access = Access {
        impersonate: Some("system:serviceaccount:shop:web".into()),
        impersonate_groups: vec!["a".into(), "b".into()],
        ..setup.access.clone()
    };
    let cluster = Cluster::connect(&access).await.unwrap();
    cluster.pods_and_events(&shop()).await.unwrap();
    for request in server.seen() {
        assert_eq!(request.header("impersonate-user"), ["system:serviceaccount:shop:web"]);
        assert_eq!(request.header("impersonate-group"), ["a", "b"]);
    }
    assert_eq!(cluster.default_namespace(), "shop");
    let identity = cluster.identity();
    assert_eq!((identity.context.as_deref(), identity.server), (Some("test"), server.url()));
}
