//! What one hosts.toml makes of the route.

use pullmedic_model::probe::route::DefectKind;

use crate::fixture::{CERTIFICATE, KEY, V2, V3, config_of, faults, lines, view, with_hosts_toml};

const UPSTREAM: &str = "origin: https://registry-1.docker.io/v2\n";

#[test]
fn hosts_are_asked_as_the_file_orders_and_writes_them() {
    let rows: &[(&str, &str, &str)] = &[
        (
            "mirrors in the order of the file, then the upstream",
            "[host.\"https://z.test\"]\n[host.\"https://a.test\"]\n",
            "mirror 0: https://z.test/v2 ns=docker.io\nmirror 1: https://a.test/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "a server is taken literally, docker.io as well",
            "server = \"https://docker.io\"\n[host.\"https://m.test\"]\n",
            "mirror 0: https://m.test/v2 ns=docker.io\norigin: https://docker.io/v2\n",
        ),
        (
            "a server that is another registry leaves the origin out",
            "server = \"https://m.test\"\n[host.\"https://m.test\"]\n",
            "mirror 0: https://m.test/v2 ns=docker.io\nmirror 1: https://m.test/v2 ns=docker.io\n",
        ),
        (
            "a path gets /v2 behind it unless it ends so or is said to be all",
            "[host.\"https://a.test/v2/proj\"]\n[host.\"https://b.test/v2/proj\"]\noverride_path = true\n[host.\"https://c.test/x/v2/\"]\n[host.\"https://d.test/\"]\n[host.\"https://e.test\"]\noverride_path = true\n",
            "mirror 0: https://a.test/v2/proj/v2 ns=docker.io\nmirror 1: https://b.test/v2/proj ns=docker.io\nmirror 2: https://c.test/x/v2 ns=docker.io\nmirror 3: https://d.test/v2 ns=docker.io\nmirror 4: https://e.test ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "without resolve no tags are looked up, without pull nothing is asked",
            "[host.\"https://a.test\"]\ncapabilities = [\"pull\"]\n[host.\"https://b.test\"]\ncapabilities = [\"push\", \"resolve\"]\n[host.\"https://c.test\"]\ncapabilities = [\"Pull\", \"RESOLVE\"]\n",
            "mirror 0: https://a.test/v2 ns=docker.io no-tags\nmirror 2: https://c.test/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "the root's capabilities count only with a server",
            "capabilities = [\"push\"]\n[host.\"https://a.test\"]\n",
            "mirror 0: https://a.test/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "with a server they do",
            "server = \"https://registry-1.docker.io\"\ncapabilities = [\"push\"]\n[host.\"https://a.test\"]\n",
            "mirror 0: https://a.test/v2 ns=docker.io\n",
        ),
        (
            "plain HTTP without a port is port 80",
            "[host.\"http://a.test\"]\n[host.\"http://b.test:5000\"]\n",
            "mirror 0: http://a.test:80/v2 ns=docker.io\nmirror 1: http://b.test:5000/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "a host without a scheme is asked by TLS",
            "[host.\"a.test:5000\"]\n",
            "mirror 0: https://a.test:5000/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "user information is no part of the host",
            "[host.\"https://user:canary@a.test\"]\n",
            "mirror 0: https://a.test/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "the origin stays the origin in whatever place",
            "[host.\"https://registry-1.docker.io\"]\n[host.\"https://a.test\"]\n",
            "origin: https://registry-1.docker.io/v2\nmirror 1: https://a.test/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
    ];
    for (what, text, expected) in rows {
        for version in ["1.6.20", "1.7.34", "2.0.11", "2.3.7"] {
            let route = with_hosts_toml(text, version).route("docker.io");
            assert_eq!(lines(&route), *expected, "{what}, {version}");
            assert!(route.of_node && route.defects.is_empty(), "{what}, {version}: {:?}", route.defects);
        }
    }
}

#[test]
fn releases_differ_in_one_file() {
    let tls_on_http =
        "[host.\"http://m.test:5000\"]\nskip_verify = true\n[host.\"http://n.test\"]\nskip_verify = true\n";
    let dial = "[host.\"http://m.test:5000\"]\ndial_timeout = \"2s\"\n";
    let repeated =
        "[host.\"https://a.test\"]\n[host.\"https://b.test\"]\n[host.\"https://a.test\".header]\nX = \"y\"\n";
    let plain = "mirror 0: http://m.test:5000/v2 ns=docker.io unchecked\nmirror 1: http://n.test:80/v2 ns=docker.io unchecked\n";
    let first = "mirror 0: https-then-http://m.test:5000/v2 ns=docker.io unchecked\nmirror 1: http://n.test:80/v2 ns=docker.io unchecked\n";
    let both = "mirror 0: https-then-http://m.test:5000/v2 ns=docker.io unchecked\nmirror 1: https-then-http://n.test/v2 ns=docker.io unchecked\n";
    let folder = "/etc/containerd/certs.d/docker.io/hosts.toml";
    let a = |place: u8, number: u8| {
        format!("mirror {place}: https://a.test/v2 ns=docker.io trust={folder}#{number}\n")
    };
    let b = "mirror 1: https://b.test/v2 ns=docker.io\n";
    for (text, version, mirrors) in [
        (tls_on_http, "1.6.31", plain.to_owned()),
        (tls_on_http, "1.6.39", first.to_owned()),
        (tls_on_http, "1.7.23", first.to_owned()),
        (tls_on_http, "1.7.24", both.to_owned()),
        (tls_on_http, "2.3.7", both.to_owned()),
        (dial, "1.7.34", "mirror 0: http://m.test:5000/v2 ns=docker.io\n".into()),
        (dial, "2.0.11", "mirror 0: https-then-http://m.test:5000/v2 ns=docker.io dial=2000\n".into()),
        (dial, "2.3.7", "mirror 0: http://m.test:5000/v2 ns=docker.io dial=2000\n".into()),
        (repeated, "1.7.34", a(0, 1) + b),
        (repeated, "2.3.7", a(0, 1) + b + &a(2, 3)),
    ] {
        let route = with_hosts_toml(text, version).route("docker.io");
        assert_eq!(lines(&route), mirrors + UPSTREAM, "{version}: {text}");
    }
}

#[test]
fn what_only_go_toml_1_does_is_kept_to_1_x() {
    // Found by comparing 6000 generated files with containerd's own ConfigureHosts of 1.6.20, 1.7.31, 1.7.34 and 2.3.4.
    let v6 = "[host.\"https://[::1]:5000\"]\n";
    let inline = "[host.\"https://a.test\"]\n[host]\n\"https://b.test\" = {}\n";
    let a = |place: u8| format!("mirror {place}: https://a.test/v2 ns=docker.io\n");
    for (text, version, mirrors, kind) in [
        (v6, "1.6.20", String::new(), Some(DefectKind::Unparsable)),
        (v6, "1.7.34", String::new(), Some(DefectKind::Unparsable)),
        (v6, "2.3.7", "mirror 0: https://[::1]:5000/v2 ns=docker.io\n".into(), None),
        (inline, "1.7.34", "mirror 0: https://b.test/v2 ns=docker.io\n".to_owned() + &a(1), None),
        (inline, "2.3.7", a(0), Some(DefectKind::Dropped)),
    ] {
        let route = with_hosts_toml(text, version).route("docker.io");
        assert_eq!(lines(&route), mirrors + UPSTREAM, "{version}: {text}");
        assert_eq!(route.defects.first().map(|defect| defect.kind), kind, "{version}: {text}");
    }
}

#[test]
fn a_folder_is_found_by_its_names_in_order() {
    let mirror = |name: &str| format!("[host.\"https://{name}.test\"]\n");
    let (port, plain, any) = (mirror("port"), mirror("plain"), mirror("any"));
    let all = [
        ("containerd/certs.d/reg.test_5000_/hosts.toml", port.as_str()),
        ("containerd/certs.d/reg.test:5000/hosts.toml", plain.as_str()),
        ("containerd/certs.d/_default/hosts.toml", any.as_str()),
    ];
    for version in ["1.6.20", "2.3.7"] {
        for (from, expected) in [(0, "port.test"), (1, "plain.test"), (2, "any.test")] {
            let mut files = vec![("containerd/config.toml", config_of(version))];
            files.extend(&all[from..]);
            let route = view(&files, version).route("reg.test:5000");
            assert_eq!(route.hosts[0].endpoint.as_str(), expected, "{version}");
            assert_eq!(lines(&view(&files, version).route("reg.test:5000")).lines().count(), 2);
        }
        let none = view(&[("containerd/config.toml", config_of(version))], version).route("reg.test:5000");
        assert_eq!(lines(&none), "origin: https://reg.test:5000/v2\n");
        assert!(none.of_node);
    }
}

#[test]
fn a_file_that_does_not_parse_is_as_good_as_none() {
    for (what, text, versions, detail, corrected) in [
        (
            "an open string",
            "server = \"https://registry-1.docker.io\"\n[host.\"https://m.test]\n",
            "1.6.20 2.3.7",
            "line 2, column ",
            Some("server = \"https://registry-1.docker.io\"\n[host.\"https://m.test\"]\n"),
        ),
        (
            "an open value",
            "server = \"https://registry-1.docker.io\n[host.\"https://m.test\"]\n",
            "1.6.20 2.3.7",
            "line 1, column ",
            Some("server = \"https://registry-1.docker.io\"\n[host.\"https://m.test\"]\n"),
        ),
        (
            "an open list",
            "[host.\"https://m.test\"]\ncapabilities = [\"pull\", \"resolve\"\n",
            "1.6.20 2.3.7",
            "line ",
            Some("[host.\"https://m.test\"]\ncapabilities = [\"pull\", \"resolve\"]\n"),
        ),
        ("noise", "this is = = not toml\n", "1.6.20 2.3.7", "line 1, column ", None),
        (
            "an unknown capability",
            "[host.\"https://m.test\"]\ncapabilities = [\"pull\", \"fetch\"]\n",
            "1.6.20 2.3.7",
            "line 2, column 16: unknown capability \"fetch\"",
            None,
        ),
        (
            "a capability that came later",
            "[host.\"https://m.test\"]\ncapabilities = [\"pull\", \"referrers\"]\n",
            "1.6.20 1.7.34 2.1.9",
            "line 2, column 16: unknown capability \"referrers\"",
            Some("[host.\"https://m.test\"]\ncapabilities = [\"pull\"]\n"),
        ),
        (
            "a wrong type",
            "[host.\"https://m.test\"]\nskip_verify = \"true\"\n",
            "1.6.20 2.3.7",
            "line 2, column 15: skip_verify: expected true or false",
            Some("[host.\"https://m.test\"]\nskip_verify = true\n"),
        ),
        (
            "a duration without a unit",
            "[host.\"https://m.test\"]\ndial_timeout = \"10\"\n",
            "2.0.7 2.3.7",
            "line 2, column 16: dial_timeout: expected a duration such as \"10s\"",
            None,
        ),
        (
            "an address with a broken port",
            "[host.\"https://m.test:50o0\"]\n",
            "1.6.20 2.3.7",
            "line 1, column 1: a host or server is not an address",
            None,
        ),
        (
            "a list of tables",
            "[[host]]\nurl = \"https://m.test\"\n",
            "2.3.7",
            "line 1, column 1: host: expected a table",
            None,
        ),
        (
            "a credential is never shown corrected",
            "[host.\"https://m.test\"]\nskip_verify = \"true\"\n[host.\"https://m.test\".header]\nAuthorization = \"canary\"\n",
            "1.6.20 2.3.7",
            "line 2, column 15: ",
            None,
        ),
    ] {
        for version in versions.split(' ') {
            let route = with_hosts_toml(text, version).route("docker.io");
            assert_eq!(lines(&route), UPSTREAM, "{what}, {version}");
            let [defect] = route.defects.as_slice() else { panic!("{what}, {version}: {route:?}") };
            assert_eq!(defect.kind, DefectKind::Unparsable, "{what}");
            assert_eq!(defect.file, "/etc/containerd/certs.d/docker.io/hosts.toml");
            assert!(defect.detail.starts_with(detail), "{what}, {version}: {}", defect.detail);
            assert!(!defect.detail.contains("canary"));
            assert_eq!(defect.corrected.as_deref(), corrected, "{what}, {version}");
            if let Some(corrected) = &defect.corrected {
                let route = with_hosts_toml(corrected, version).route("docker.io");
                assert_eq!(route.defects, [], "{what}: what is shown as corrected is read");
                assert_eq!(route.hosts[0].endpoint.as_str(), "m.test", "{what}");
            }
        }
    }
}

#[test]
fn a_file_without_a_host_table_is_dropped_by_releases_before_1_7_32() {
    let text = "server = \"https://m.test:5000\"\nca = \"ca.crt\"\n";
    let files = |text: &str, version: &str| {
        view(
            &[
                ("containerd/config.toml", config_of(version)),
                ("containerd/certs.d/reg.test/hosts.toml", text),
                ("containerd/certs.d/reg.test/ca.crt", CERTIFICATE),
            ],
            version,
        )
        .route("reg.test")
    };
    for version in ["1.6.20", "1.6.39", "1.7.31"] {
        let route = files(text, version);
        // The certificate in the folder still counts, by Docker's layout.
        assert_eq!(
            lines(&route),
            "origin: https://reg.test/v2 trust=/etc/containerd/certs.d/reg.test\n",
            "{version}"
        );
        let [defect] = route.defects.as_slice() else { panic!("{route:?}") };
        assert_eq!(defect.kind, DefectKind::Dropped);
        assert!(defect.detail.contains("invalid host tree"));
        let corrected = defect.corrected.as_deref().unwrap();
        let route = files(corrected, version);
        assert_eq!(route.defects, [], "{corrected}");
        assert_eq!(route.hosts[0].endpoint.as_str(), "m.test:5000");
        assert_eq!(route.hosts[0].trust, "/etc/containerd/certs.d/reg.test/hosts.toml#1");
    }
    for version in ["1.7.32", "2.0.0", "2.3.7"] {
        let route = files(text, version);
        assert_eq!(
            lines(&route),
            "mirror 0: https://m.test:5000/v2 ns=reg.test trust=/etc/containerd/certs.d/reg.test/hosts.toml#server\n"
        );
        assert_eq!(route.defects, []);
    }
    for version in ["1.6.20", "2.3.7"] {
        assert_eq!(files("# nothing here\n", version).defects, [], "a comment loses nothing");
    }
}

#[test]
fn a_host_in_a_form_that_is_not_listed_is_said_to_be_dropped() {
    for text in ["host = { \"https://m.test\" = {} }\n", "host.\"https://m.test\".skip_verify = true\n"] {
        let route = with_hosts_toml(text, "2.3.7").route("docker.io");
        assert_eq!(lines(&route), UPSTREAM);
        assert_eq!(
            faults(&route.defects),
            [
                "Dropped /etc/containerd/certs.d/docker.io/hosts.toml: host \"https://m.test\" has no table header of its own, so it is never asked"
            ]
        );
        assert_eq!(with_hosts_toml(text, "1.7.34").route("docker.io").hosts.len(), 2, "1.x lists it");
    }
    let route = with_hosts_toml("[host.\"httpbin.test:5000\"]\n", "2.3.7").route("docker.io");
    assert_eq!(lines(&route), UPSTREAM, "a name that begins like a scheme gets none");
    assert_eq!(route.defects[0].kind, DefectKind::Dropped);
}

#[test]
fn certificates_are_found_by_file_and_by_dockers_layout() {
    let folder = "containerd/certs.d/reg.test";
    let path = |name: &str| format!("{folder}/{name}");
    let (hosts, ca, cert, key, chain) =
        (path("hosts.toml"), path("ca.crt"), path("node.cert"), path("node.key"), path("chain.pem"));
    let both = format!("{CERTIFICATE}{KEY}");
    for version in ["1.6.20", "2.3.7"] {
        for (text, authorities, client) in [
            ("[host.\"https://m.test\"]\nca = \"ca.crt\"\n", 1, false),
            (
                "[host.\"https://m.test\"]\nca = [\"ca.crt\", \"/etc/containerd/certs.d/reg.test/ca.crt\"]\n",
                2,
                false,
            ),
            ("[host.\"https://m.test\"]\nclient = \"chain.pem\"\n", 0, true),
            ("[host.\"https://m.test\"]\nclient = [\"chain.pem\"]\n", 0, true),
            ("[host.\"https://m.test\"]\nclient = [[\"node.cert\", \"node.key\"]]\n", 0, true),
            ("", 1, true),
        ] {
            let view = view(
                &[
                    ("containerd/config.toml", config_of(version)),
                    (&hosts, text),
                    (&ca, CERTIFICATE),
                    (&cert, CERTIFICATE),
                    (&key, KEY),
                    (&chain, &both),
                ],
                version,
            );
            let route = view.route("reg.test");
            assert_eq!(route.defects, [], "{text}");
            let trust = &view.trusts()[&route.hosts[0].trust];
            assert_eq!(trust.authorities.len(), authorities, "{version}: {text}");
            assert_eq!(trust.client.is_some(), client, "{version}: {text}");
            assert!(!trust.replaces_system && trust.missing.is_empty());
        }
    }
}

#[test]
fn an_authority_that_cannot_be_read_fails_every_pull_and_one_that_was_not_copied_does_not() {
    let files = |text: &str| {
        view(
            &[
                ("containerd/config.toml", V3),
                ("containerd/certs.d/reg.test/hosts.toml", text),
                ("containerd/certs.d/reg.test/empty.pem", "no certificate"),
                ("ssl/certs/ca-certificates.crt", CERTIFICATE),
            ],
            "2.3.7",
        )
    };
    for (ca, expected) in [
        (
            "gone.crt",
            "Unreadable /etc/containerd/certs.d/reg.test/gone.crt: authority: no such file; every pull from the host fails",
        ),
        (
            "/etc/ssl/certs/gone.crt",
            "Unreadable /etc/ssl/certs/gone.crt: authority: no such file; every pull from the host fails",
        ),
        (
            "empty.pem",
            "Unreadable /etc/containerd/certs.d/reg.test/empty.pem: holds no certificate (`unable to load CA cert`); every pull from the host fails",
        ),
    ] {
        let route = files(&format!("[host.\"https://m.test\"]\nca = {ca:?}\n")).route("reg.test");
        assert_eq!(faults(&route.defects), [expected]);
        assert_eq!(route.hosts.len(), 2, "what the file means is still told");
    }
    for ca in ["/usr/local/share/ca.crt", "/etc/pki/mine/ca.crt"] {
        let view = files(&format!("[host.\"https://m.test\"]\nca = {ca:?}\n"));
        let route = view.route("reg.test");
        assert_eq!(route.defects, [], "{ca}");
        assert_eq!(view.trusts()[&route.hosts[0].trust].missing, [ca]);
        assert!(view.remarks.iter().any(|remark| remark.starts_with(ca)), "{:?}", view.remarks);
    }
}

#[test]
fn headers_are_kept_as_secrets() {
    let text =
        "[host.\"https://m.test\".header]\nAuthorization = \"Basic canary\"\nX-Trace = [\"a\", \"b\"]\n";
    for (version, config) in [("1.7.34", V2), ("2.3.7", V3)] {
        let all = config.replace("config_path", "headers = { X-All = [\"canary\"] }\nconfig_path");
        let view = view(
            &[("containerd/config.toml", &all), ("containerd/certs.d/docker.io/hosts.toml", text)],
            version,
        );
        let route = view.route("docker.io");
        let names = |trust: &str| {
            view.trusts()[trust].headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&route.hosts[0].trust), ["X-All", "Authorization", "X-Trace", "X-Trace"]);
        assert_eq!(names(&route.hosts[1].trust), ["X-All"], "all registries are sent the common ones");
        assert!(!format!("{view:?} {route:?}").contains("canary"), "no value is shown");
    }
}

#[test]
fn a_dead_mirror_before_the_upstream_is_a_route_of_two() {
    // S22: the runtime reports the mirror's error; both hosts have to be asked to know what is wrong.
    let route = with_hosts_toml(
        "[host.\"http://127.0.0.2:5999\"]\ncapabilities = [\"pull\", \"resolve\"]\n",
        "1.6.20",
    )
    .route("docker.io");
    assert_eq!(lines(&route), format!("mirror 0: http://127.0.0.2:5999/v2 ns=docker.io\n{UPSTREAM}"));
    assert_eq!(route.origin().map(|host| host.endpoint.as_str()), Some("registry-1.docker.io"));
}
