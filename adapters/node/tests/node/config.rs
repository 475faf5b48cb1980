//! Where `config_path` and the mirrors live, by version of the config and release of containerd.

use pullmedic_model::probe::route::DefectKind;
use secrecy::ExposeSecret;

use crate::fixture::{CERTIFICATE, V2, V3, etc, faults, lines, try_view, view};

const MIRROR: &str = "[host.\"https://m.test\"]\n";
const HOSTS: &str = "containerd/certs.d/docker.io/hosts.toml";
const MAIN: &str = "containerd/config.toml";
const READ: &str = "mirror 0: https://m.test/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n";
const UPSTREAM: &str = "origin: https://registry-1.docker.io/v2\n";

#[test]
fn config_path_is_found_where_the_release_looks_for_it() {
    let v1 = "[plugins.cri.registry]\nconfig_path = \"/etc/containerd/certs.d\"\n";
    let old_in_3 = V2.replace("version = 2", "version = 3");
    let new_in_2 = V3.replace("version = 3", "version = 2");
    let dotted = "version = 3\nplugins.\"io.containerd.cri.v1.images\".registry.config_path = \"/etc/containerd/certs.d\"\n";
    let list = V3.replace("certs.d\"", "certs.d:/etc/docker/certs.d\"");
    let local = format!("{list}[plugins.\"io.containerd.cri.v1.images\"]\nmax_concurrent_downloads = 8\n");
    let asked = format!("{list}[plugins.\"io.containerd.cri.v1.images\"]\nuse_local_image_pull = true\n");
    let with_auth = format!(
        "{list}[plugins.\"io.containerd.cri.v1.images\".registry.configs.\"x.test\".auth]\nusername = \"a\"\n"
    );
    let annotated = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndisable_snapshot_annotations = false\n";
    let rows: &[(&str, &str, &str, &str, Option<DefectKind>)] = &[
        ("version 1", v1, "1.6.20 1.7.34 2.0.11 2.1.9 2.2.7 2.3.7", READ, None),
        ("version 2", V2, "1.6.20 1.7.34 2.0.11 2.1.9 2.2.7 2.3.7", READ, None),
        ("version 3", V3, "2.0.11 2.1.9 2.2.7 2.3.7", READ, None),
        ("dotted keys", dotted, "2.0.11 2.3.7", READ, None),
        (
            "the old section in version 3",
            &old_in_3,
            "2.0.11 2.1.9 2.2.7",
            UPSTREAM,
            Some(DefectKind::NeverRead),
        ),
        ("the old section in version 3, migrated", &old_in_3, "2.3.7", READ, None),
        ("the new section in version 2", &new_in_2, "2.0.11 2.3.7", READ, None),
        ("the new section on 1.x", &new_in_2, "1.6.20 1.7.34", UPSTREAM, Some(DefectKind::NeverRead)),
        ("a list", &list, "2.0.11", READ, None),
        (
            "a list and the transfer service",
            &list,
            "2.1.9 2.2.7 2.3.7",
            UPSTREAM,
            Some(DefectKind::NeverRead),
        ),
        ("a list and a setting that passes it by", &local, "2.1.9 2.2.7 2.3.7", READ, None),
        ("a list and a local pull that was asked for", &asked, "2.1.9 2.3.7", READ, None),
        ("a list and a login", &with_auth, "2.1.9 2.3.7", READ, None),
        ("nothing set", "version = 2\n", "1.6.20 1.7.34 2.0.11 2.1.9", UPSTREAM, Some(DefectKind::NeverRead)),
        (
            "nothing set: a list by default",
            "version = 3\n",
            "2.2.7 2.3.7",
            UPSTREAM,
            Some(DefectKind::NeverRead),
        ),
        ("the default list, pulled locally", annotated, "2.2.7 2.3.7", READ, None),
    ];
    for (what, config, versions, expected, defect) in rows {
        for version in versions.split(' ') {
            let route = view(&[(MAIN, config), (HOSTS, MIRROR)], version).route("docker.io");
            assert_eq!(lines(&route), *expected, "{what}, {version}");
            let kinds: Vec<_> = route.defects.iter().map(|defect| defect.kind).collect();
            assert_eq!(kinds.first().copied(), *defect, "{what}, {version}: {:?}", route.defects);
            for defect in &route.defects {
                assert_eq!(defect.file, "/etc/containerd/config.toml");
                assert!(defect.detail.contains("/etc/containerd/certs.d/docker.io"), "{}", defect.detail);
                let corrected = defect.corrected.as_deref().unwrap_or_else(|| panic!("{what}, {version}"));
                let route = view(&[(MAIN, corrected), (HOSTS, MIRROR)], version).route("docker.io");
                assert_eq!(lines(&route), READ, "{what}, {version}: corrected, it is read:\n{corrected}");
                assert_eq!(route.defects, [], "{what}, {version}:\n{corrected}");
            }
            let other = view(&[(MAIN, config), (HOSTS, MIRROR)], version).route("quay.io");
            assert_eq!(other.defects, [], "{what}, {version}: nothing is lost of a host without a folder");
        }
    }
}

#[test]
fn a_correction_keeps_the_rest_of_the_file_and_shows_no_credential() {
    // S31: the default list.
    let config = "version = 3\n# ours\n[plugins.\"io.containerd.cri.v1.images\".pinned_images]\nsandbox = \"p.test/pause:1\" # kept\n";
    let route = view(&[(MAIN, config), (HOSTS, MIRROR)], "2.3.7").route("docker.io");
    assert_eq!(
        route.defects[0].corrected.as_deref(),
        Some(
            "version = 3\n# ours\n[plugins.\"io.containerd.cri.v1.images\".pinned_images]\nsandbox = \"p.test/pause:1\" # kept\n\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n"
        )
    );
    assert_eq!(
        faults(&route.defects),
        [
            "NeverRead /etc/containerd/config.toml: config_path is not set, and its default, \"/etc/containerd/certs.d:/etc/docker/certs.d\", is taken for one folder when images are pulled by the transfer service, so /etc/containerd/certs.d/docker.io is never read; it is with config_path = \"/etc/containerd/certs.d\" in [plugins.\"io.containerd.cri.v1.images\".registry]"
        ]
    );
    for secret in [
        "[plugins.\"io.containerd.cri.v1.images\".registry.headers]\nAuthorization = [\"canary\"]\n",
        "[proxy_plugins.x]\naddress = \"https://u:canary@x.test\"\n",
        "[x.auth]\na = \"canary\"\n",
    ] {
        let config = format!("version = 3\n{secret}");
        let route = view(&[(MAIN, &config), (HOSTS, MIRROR)], "2.3.7").route("docker.io");
        assert_eq!(route.defects[0].kind, DefectKind::NeverRead);
        assert_eq!(route.defects[0].corrected, None, "{secret}");
        assert!(!format!("{route:?}").contains("canary"));
    }
}

#[test]
fn a_config_that_was_not_copied_is_not_taken_for_one_that_is_empty() {
    for version in ["1.7.34", "2.3.7"] {
        let view = view(&[(HOSTS, MIRROR)], version);
        let route = view.route("docker.io");
        assert_eq!(route.defects, [], "{version}");
        assert!(!route.of_node, "{version}: the config may stand elsewhere, as k3s has it");
        assert!(view.route("quay.io").of_node, "{version}");
        assert!(
            view.remarks
                .iter()
                .any(|remark| remark.starts_with("/etc/containerd/config.toml: not in the copy"))
        );
    }
}

#[test]
fn the_folder_of_docker_counts_where_the_list_is_split() {
    let list = V2.replace("certs.d\"", "certs.d:/etc/docker/certs.d\"");
    let files = [
        (MAIN, list.as_str()),
        ("docker/certs.d/reg.test:5000/ca.crt", CERTIFICATE),
        ("containerd/certs.d/docker.io/hosts.toml", MIRROR),
    ];
    for (version, trust) in [("1.7.34", " trust=/etc/docker/certs.d/reg.test:5000"), ("2.3.7", "")] {
        let route = view(&files, version).route("reg.test:5000");
        assert_eq!(lines(&route), format!("origin: https://reg.test:5000/v2{trust}\n"), "{version}");
        assert_eq!(route.defects.len(), usize::from(trust.is_empty()), "{version}");
    }
}

#[test]
fn nothing_is_held_against_a_release_that_was_guessed() {
    for config in ["version = 2\n", "version = 3\n", V2, V3] {
        let folder = etc(&[(MAIN, config), (HOSTS, "server = \"https://m.test\"\nca = \"/usr/x\"\n")]);
        let view = pullmedic_node::read(folder.path(), None).unwrap();
        assert!(view.runtime_guessed);
        assert!(view.remarks.iter().any(|remark| remark.contains("guessed")), "{:?}", view.remarks);
        assert_eq!(view.route("docker.io").defects, [], "{config}");
    }
}

#[test]
fn mirror_tables_are_followed_where_there_is_no_config_path() {
    let mirrors = |section: &str, table: &str| {
        format!("version = 2\n[plugins.{section:?}.registry.mirrors]\n{table}\n")
    };
    let cri = "io.containerd.grpc.v1.cri";
    for (table, host, expected) in [
        (
            "\"docker.io\" = { endpoint = [\"https://m.test\", \"n.test:5000\", \"localhost:5000\"] }",
            "docker.io",
            "mirror 0: https://m.test/v2 ns=docker.io\nmirror 1: https://n.test:5000/v2 ns=docker.io\nmirror 2: http://localhost:5000/v2 ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "\"docker.io\" = { endpoint = [\"https://m.test/proxy\", \"https://n.test/\"] }",
            "docker.io",
            "mirror 0: https://m.test/proxy ns=docker.io\nmirror 1: https://n.test ns=docker.io\norigin: https://registry-1.docker.io/v2\n",
        ),
        (
            "\"*\" = { endpoint = [\"https://m.test\"] }",
            "quay.io",
            "mirror 0: https://m.test/v2 ns=quay.io\norigin: https://quay.io/v2\n",
        ),
        (
            "\"reg.test:5000\" = { endpoint = [\"http://reg.test:5000\"] }",
            "reg.test:5000",
            "origin: http://reg.test:5000/v2\n",
        ),
        (
            "\"x.test\" = { endpoint = [\"https://m.test\"] }",
            "localhost:5000",
            "origin: http://localhost:5000/v2\n",
        ),
    ] {
        for version in ["1.6.20", "1.7.34", "2.0.11", "2.1.9", "2.3.7"] {
            let route = view(&[(MAIN, &mirrors(cri, table))], version).route(host);
            assert_eq!(lines(&route), expected, "{version}: {table}");
            assert_eq!(route.defects, []);
        }
    }
}

#[test]
fn loopback_is_plain_only_where_the_mirrors_code_asks() {
    for (config, version, expected) in [
        ("version = 2\n", "1.7.34", "origin: http://localhost:5000/v2\n"),
        (V2, "1.6.20", "origin: http://localhost:5000/v2 unchecked\n"),
        (V2, "1.7.34", "origin: https-then-http://localhost:5000/v2 unchecked\n"),
        ("version = 3\n", "2.0.11", "origin: http://localhost:5000/v2\n"),
        ("version = 3\n", "2.1.9", "origin: https-then-http://localhost:5000/v2 unchecked\n"),
        ("version = 3\n", "2.3.7", "origin: https-then-http://localhost:5000/v2 unchecked\n"),
    ] {
        let route = view(&[(MAIN, config)], version).route("localhost:5000");
        assert_eq!(lines(&route), expected, "{version}: {config}");
    }
}

#[test]
fn settings_that_are_refused_together_are_a_conflict() {
    let mirrors = format!(
        "{V2}[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\nendpoint = [\"https://m.test\"]\n"
    );
    let tls = format!(
        "{V2}[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"m.test\".tls]\ninsecure_skip_verify = true\n"
    );
    for (config, version, expected) in [
        (&mirrors, "1.6.20", Some(DefectKind::Conflict)),
        (&mirrors, "2.3.7", Some(DefectKind::Conflict)),
        (&tls, "1.7.34", Some(DefectKind::Conflict)),
        (&tls, "2.3.7", None),
    ] {
        let route = view(&[(MAIN, config), (HOSTS, MIRROR)], version).route("docker.io");
        assert_eq!(route.defects.first().map(|defect| defect.kind), expected, "{version}: {config}");
        assert_eq!(lines(&route), READ);
    }
}

#[test]
fn configs_give_trust_until_2_0_and_logins_always() {
    let config = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\nendpoint = [\"https://m.test\"]\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"m.test\".tls]\nca_file = \"/etc/containerd/ca.crt\"\ninsecure_skip_verify = true\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"m.test\".auth]\nauth = \"dTpjYW5hcnk=\"\n[plugins.\"io.containerd.grpc.v1.cri\".registry.auths.\"https://n.test\"]\nusername = \"v\"\npassword = \"canary\"\n";
    for (version, first, defects) in
        [("1.7.34", "unchecked trust=/etc/containerd/config.toml#configs.m.test.tls", 0), ("2.3.7", "", 1)]
    {
        let view = view(&[(MAIN, config), ("containerd/ca.crt", CERTIFICATE)], version);
        let route = view.route("docker.io");
        let line = format!("mirror 0: https://m.test/v2 ns=docker.io {first}");
        assert_eq!(lines(&route), format!("{}\n{UPSTREAM}", line.trim_end()), "{version}");
        assert_eq!(route.defects.len(), defects, "{version}: {:?}", route.defects);
        let logins: Vec<_> = view
            .logins
            .iter()
            .map(|l| format!("{} {}:{}", l.host, l.user.expose_secret(), l.password.expose_secret()))
            .collect();
        assert_eq!(logins, ["m.test u:canary", "n.test v:canary"]);
        assert!(!format!("{view:?} {:?} {route:?}", view.logins).contains("canary"));
    }
    let gone = view(&[(MAIN, config)], "1.7.34").route("docker.io");
    assert_eq!(gone.defects[0].kind, DefectKind::Unreadable);
}

#[test]
fn imports_are_merged_as_the_release_merges_them() {
    let main = "version = 2\nimports = [\"conf.d/*.toml\", \"/etc/containerd/more.toml\"]\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"p.test/pause:1\"\n";
    let sandbox =
        "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"p.test/pause:2\"\n";
    for (version, image, route) in [
        // 1.x puts the section of the last file in the place of those before.
        ("1.7.34", Some("p.test/pause:2"), UPSTREAM),
        ("2.3.7", Some("p.test/pause:2"), READ),
    ] {
        let view = view(
            &[
                (MAIN, main),
                ("containerd/conf.d/10-registry.toml", V2),
                ("containerd/conf.d/10-registry.txt", "not = = toml"),
                ("containerd/more.toml", sandbox),
                (HOSTS, MIRROR),
            ],
            version,
        );
        assert_eq!(view.sandbox_image.as_deref(), image, "{version}");
        assert_eq!(lines(&view.route("docker.io")), route, "{version}");
    }
    let circular = "version = 2\nimports = [\"config.toml\", \"/usr/x.toml\", \"*/*.toml\"]\n";
    let view = view(&[(MAIN, circular)], "1.7.34");
    let said = |words: &str| view.remarks.iter().any(|remark| remark.contains(words));
    assert!(said("/usr/x.toml: imported by the config, outside the copy"), "{:?}", view.remarks);
    assert!(said("is not followed"), "{:?}", view.remarks);
    let main = format!("imports = [\"/usr/x.toml\"]\n{}", V2.replace("certs.d\"", "certs.d:/x\""));
    let route = crate::fixture::view(&[(MAIN, &main), (HOSTS, MIRROR)], "2.3.7").route("docker.io");
    assert!(
        !route.of_node && route.defects.is_empty(),
        "what was not read may set the path rightly: {route:?}"
    );
}

#[test]
fn the_sandbox_image_is_read_of_each_form_and_never_made_up() {
    let v1 = "[plugins.cri]\nsandbox_image = \"p.test/pause:1\"\n";
    let v2 = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"p.test/pause:1\"\n";
    let v3 = "version = 3\n[plugins.\"io.containerd.cri.v1.images\".pinned_images]\nsandbox = \"p.test/pause:1\"\n";
    for (config, version, image) in [
        (v1, "1.6.20", Some("p.test/pause:1")),
        (v2, "1.7.34", Some("p.test/pause:1")),
        (v2, "2.3.7", Some("p.test/pause:1")),
        (v3, "2.3.7", Some("p.test/pause:1")),
        (v3, "1.7.34", None),
        ("version = 2\n", "1.6.20", None),
    ] {
        let view = view(&[(MAIN, config)], version);
        assert_eq!(view.sandbox_image.as_deref(), image, "{version}: {config}");
    }
    let view = view(&[(MAIN, "version = 2\n")], "1.6.20");
    assert!(
        view.remarks.iter().any(|remark| remark.contains("registry.k8s.io/pause:3.6")),
        "{:?}",
        view.remarks
    );
}

#[test]
fn a_config_that_cannot_be_used_is_told_by_line_and_column() {
    for (text, expected) in [
        ("version = 2\nroot = \"canary\n", "read /etc/containerd/config.toml: line 2, column "),
        (
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = 5\n",
            "read /etc/containerd/config.toml: line 3, column 15: config_path: expected a string",
        ),
        ("plugins = 1\n", "read /etc/containerd/config.toml: line 1, column 11: plugins: expected a table"),
    ] {
        let error = try_view(&[(MAIN, text)], "1.7.34").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}
