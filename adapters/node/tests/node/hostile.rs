//! Copies that were made to hurt.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use pullmedic_model::probe::route::DefectKind;
use pullmedic_node::read;

use crate::fixture::{V2, V3, config_of, containerd, etc, lines, try_view, view, with_hosts_toml};

const UPSTREAM: &str = "origin: https://registry-1.docker.io/v2\n";

#[test]
fn nothing_outside_the_copy_is_read() {
    let outside =
        etc(&[("hosts.toml", "[host.\"https://canary.test\"]\n"), ("ca.crt", "canary"), ("config.toml", V3)]);
    let at = |name: &str| outside.path().join(name);
    let folder =
        etc(&[("containerd/config.toml", V3), ("containerd/certs.d/b.test/hosts.toml", "ca = \"ca.crt\"\n")]);
    let hosts = folder.path().join("containerd/certs.d");
    symlink(outside.path(), hosts.join("docker.io")).unwrap();
    symlink(at("ca.crt"), hosts.join("b.test/ca.crt")).unwrap();
    fs::create_dir(hosts.join("c.test")).unwrap();
    symlink(at("hosts.toml"), hosts.join("c.test/hosts.toml")).unwrap();
    symlink(at("ca.crt"), folder.path().join("hosts")).unwrap();
    let view = read(folder.path(), containerd("2.3.7")).unwrap();
    assert_eq!(view.hosts_file, None);
    for host in ["docker.io", "c.test"] {
        let route = view.route(host);
        assert!(!route.of_node, "{host}: what decides stands outside");
        assert_eq!(route.hosts.len(), 1);
    }
    let route = view.route("b.test");
    assert_eq!(route.defects, [], "a link that leads out is not held against the node");
    assert_eq!(view.trusts()[&route.hosts[0].trust].missing, ["/etc/containerd/certs.d/b.test/ca.crt"]);
    assert!(!format!("{view:?} {:?}", view.trusts()).contains("canary"));

    let folder = etc(&[("hosts", "")]);
    fs::create_dir(folder.path().join("containerd")).unwrap();
    symlink(at("config.toml"), folder.path().join("containerd/config.toml")).unwrap();
    let error = read(folder.path(), containerd("2.3.7")).unwrap_err().to_string();
    assert!(error.contains("outside /etc"), "{error}");
}

#[test]
fn a_pipe_is_not_waited_for() {
    let folder = etc(&[("containerd/config.toml", V3), ("containerd/certs.d/docker.io/x", "")]);
    let pipe = folder.path().join("containerd/certs.d/docker.io/hosts.toml");
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        panic!("mkfifo is part of coreutils");
    }
    let view = read(folder.path(), containerd("2.3.7")).unwrap();
    assert!(!view.route("docker.io").of_node);
    assert!(
        view.remarks.iter().any(|remark| remark.ends_with("hosts.toml: not a file")),
        "{:?}",
        view.remarks
    );
}

#[test]
fn bytes_that_are_no_toml_are_told_and_passed_by() {
    for (what, bytes, detail) in [
        ("NUL", &b"server = \"\0\"\n"[..], "line 1, column "),
        ("not UTF-8", b"# fine\nserver = \"\xff\xfe\"\n", "line 2, column 11: not UTF-8"),
        ("binary", b"\x7fELF\x02\x01\x01", "line 1, column "),
        (
            "terminal signs",
            b"[host.\"https://m.test\"]\ncapabilities = [\"\\u001b]8;;x\"]\n",
            "line 2, column 16: ",
        ),
    ] {
        let folder = etc(&[("containerd/config.toml", V3), ("containerd/certs.d/docker.io/x", "")]);
        fs::write(folder.path().join("containerd/certs.d/docker.io/hosts.toml"), bytes).unwrap();
        let route = read(folder.path(), containerd("2.3.7")).unwrap().route("docker.io");
        assert_eq!(lines(&route), UPSTREAM, "{what}");
        assert_eq!(route.defects[0].kind, DefectKind::Unparsable, "{what}");
        assert!(route.defects[0].detail.starts_with(detail), "{what}: {}", route.defects[0].detail);
        assert!(!route.defects[0].detail.contains('\u{1b}'), "{what}");
    }
}

#[test]
fn huge_and_deep_files_end_soon() {
    let deep_list = format!("x = {}1{}\n", "[".repeat(200_000), "]".repeat(200_000));
    let deep_table = format!("x = {}{}\n", "{a=".repeat(100_000), "1".to_owned() + &"}".repeat(100_000));
    let deep_key = format!("{}z = 1\n", "a.".repeat(200_000));
    let deep_header = format!("[{}z]\n", "a.".repeat(200_000));
    let mut many = String::new();
    for number in 0..5_000 {
        writeln!(many, "[host.\"https://m{number}.test\"]").unwrap();
    }
    let started = Instant::now();
    for (what, text) in
        [("list", &deep_list), ("table", &deep_table), ("key", &deep_key), ("header", &deep_header)]
    {
        let view = with_hosts_toml(text, "2.3.7");
        let route = view.route("docker.io");
        assert!(!route.of_node && route.defects.is_empty(), "{what}: our limit is no fault of the file");
        assert!(
            view.remarks.iter().any(|remark| remark.contains("hosts.toml: nested deeper than we read")),
            "{what}"
        );
        let error = try_view(&[("containerd/config.toml", text)], "2.3.7").unwrap_err().to_string();
        assert!(error.contains("nested deeper than we read"), "{what}: {error}");
    }
    assert_eq!(with_hosts_toml(&many, "2.3.7").route("docker.io").hosts.len(), 5_001);

    let huge = "# x\n".repeat(2_600_000);
    let view = view(
        &[
            ("containerd/config.toml", V2),
            ("containerd/certs.d/docker.io/hosts.toml", &huge),
            ("hosts", &huge),
        ],
        "1.7.34",
    );
    assert!(!view.route("docker.io").of_node, "a file that we did not read decides");
    assert!(view.remarks.iter().any(|remark| remark.contains("longer than 1024 KiB")), "{:?}", view.remarks);
    let error = try_view(&[("containerd/config.toml", &huge)], "1.7.34").unwrap_err().to_string();
    assert!(error.contains("longer than 1024 KiB"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn thousands_of_folders_are_capped_and_said_to_be() {
    let folder = etc(&[("containerd/config.toml", V3)]);
    let hosts = folder.path().join("containerd/certs.d");
    for number in 0..4_200 {
        fs::create_dir_all(hosts.join(format!("h{number}.test"))).unwrap();
    }
    let view = read(folder.path(), containerd("2.3.7")).unwrap();
    let known = (0..4_200).filter(|number| view.route(&format!("h{number}.test")).of_node).count();
    assert_eq!(known, 4_096, "of the others it is not claimed that they have no folder");
    assert!(view.remarks.iter().any(|remark| remark.contains("only 4096")), "{:?}", view.remarks);
}

#[test]
fn a_host_cannot_climb_out_of_certs_d() {
    let files = [
        ("containerd/config.toml", V3),
        ("hosts.toml", "[host.\"https://canary.test\"]\n"),
        ("containerd/certs.d/x/y", ""),
    ];
    let view = view(&files, "2.3.7");
    for host in ["../..", "..", ".", "", "/", "x/../../..", "a\0b", "a b", "_default"] {
        let route = view.route(host);
        assert!(!lines(&route).contains("canary"), "{host:?}");
    }
}

fn toml() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("[host.\"https://m.test\"]".to_owned()),
        Just("[host.\"http://n.test:80\".header]".to_owned()),
        Just("capabilities = [\"pull\", \"resolve\"]".to_owned()),
        Just("capabilities = [\"pull\"".to_owned()),
        Just("skip_verify = true".to_owned()),
        Just("server = \"https://x.test".to_owned()),
        Just("client = [[\"a\", \"b\"], \"c\"]".to_owned()),
        Just("ca = \"../../../x\"".to_owned()),
        Just("dial_timeout = \"1h2\"".to_owned()),
        Just("host = 1".to_owned()),
        Just("version = 3".to_owned()),
        Just("imports = [\"*\", \"/etc/*.toml\"]".to_owned()),
        Just("[plugins.\"io.containerd.cri.v1.images\".registry]".to_owned()),
        Just("config_path = \":a:/etc/containerd/certs.d\"".to_owned()),
        Just("[plugins.cri.registry.mirrors.\"docker.io\"]".to_owned()),
        Just("endpoint = [\"://\", \"x y\", \"https://[::1]:5\"]".to_owned()),
        "\\PC{0,12}",
    ];
    proptest::collection::vec(word, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_files_are_answered(
        config in toml(),
        hosts in toml(),
        host in "[a-z:./\\[\\]]{0,20}",
        version in prop_oneof![Just("1.6.20"), Just("1.7.34"), Just("2.0.11"), Just("2.3.7")],
    ) {
        for config in [config.as_str(), config_of(version)] {
            let files = [("containerd/config.toml", config), ("containerd/certs.d/docker.io/hosts.toml", hosts.as_str())];
            if let Ok(view) = try_view(&files, version) {
                let route = view.route("docker.io");
                let trusts = view.trusts();
                for host in &route.hosts {
                    prop_assert!(host.trust.is_empty() || trusts.contains_key(&host.trust), "{}", host.trust);
                }
                let _ = view.route(&host);
            }
        }
    }
}
