//! What is read beside the registries' settings, and what is refused.

use std::os::unix::fs::symlink;

use pullmedic_model::probe::route::Runtime;
use pullmedic_node::{ViewError, read};

use crate::fixture::{CERTIFICATE, V2, V3, containerd, etc, lines, try_view, view};

#[test]
fn names_resolver_and_authorities_are_found_in_the_copy() {
    let folder = etc(&[
        ("resolv.conf", "nameserver 127.0.0.1\n"),
        ("hosts", "127.0.0.1 localhost\n"),
        ("pki/tls/certs/ca-bundle.crt", CERTIFICATE),
        ("ssl/certs/ca-certificates.crt", "empty"),
        ("containerd/config.toml", V3),
    ]);
    let view = read(folder.path(), containerd("2.3.7")).unwrap();
    let root = folder.path().canonicalize().unwrap();
    assert_eq!(view.resolv_conf, Some(root.join("resolv.conf")));
    assert_eq!(view.hosts_file, Some(root.join("hosts")));
    assert_eq!(
        view.authorities,
        Some(root.join("pki/tls/certs/ca-bundle.crt")),
        "a bundle without one is passed by"
    );
    assert_eq!(view.runtime.to_string(), "containerd 2.3.7");
    assert!(!view.runtime_guessed);
}

#[test]
fn what_is_not_in_the_copy_is_a_remark() {
    let folder = etc(&[("containerd/config.toml", &V3.replace("/etc/containerd", "/opt/containerd"))]);
    symlink("../run/systemd/resolve/stub-resolv.conf", folder.path().join("resolv.conf")).unwrap();
    let view = read(folder.path(), containerd("2.3.7")).unwrap();
    assert_eq!((&view.resolv_conf, &view.hosts_file, &view.authorities), (&None, &None, &None));
    for words in [
        "/etc/resolv.conf: outside /etc, so it is not in the copy",
        "/etc/hosts: not there",
        "no bundle of the system's authorities",
        "/opt/containerd/certs.d: named by config_path, outside /etc",
        "pause:3.10.2",
    ] {
        assert!(view.remarks.iter().any(|remark| remark.contains(words)), "{words}: {:?}", view.remarks);
    }
    let route = view.route("docker.io");
    assert_eq!(lines(&route), "origin: https://registry-1.docker.io/v2\n");
    assert!(!route.of_node, "what decides was not seen");
    assert_eq!(route.defects, []);
}

#[test]
fn a_folder_that_stands_in_the_place_of_etc_is_its_own_copy() {
    let folder = etc(&[("containerd/certs.d/docker.io/hosts.toml", "[host.\"https://m.test\"]\n")]);
    let root = folder.path().canonicalize().unwrap();
    let config = V2.replace("/etc", root.to_str().unwrap());
    std::fs::write(folder.path().join("containerd/config.toml"), config).unwrap();
    let view = read(folder.path(), containerd("1.6.20")).unwrap();
    assert_eq!(view.route("docker.io").hosts[0].endpoint.as_str(), "m.test");
}

#[test]
fn other_runtimes_are_refused_by_name() {
    let crio = [("crio/crio.conf", ""), ("containers/registries.conf", ""), ("hosts", "")];
    let error = read(etc(&crio).path(), None).unwrap_err();
    assert_eq!(error.to_string(), "read the configuration of cri-o: not yet, only containerd's");
    for (name, version) in [("cri-o", "1.34.1"), ("docker", "27.0.0")] {
        let runtime = Runtime::parse(&format!("{name}@{version}"));
        let error = read(etc(&crio).path(), runtime).unwrap_err();
        assert!(matches!(&error, ViewError::NotYet { runtime } if runtime == name), "{error}");
    }
    let error = read(etc(&[("passwd", "")]).path(), None).unwrap_err();
    assert!(matches!(error, ViewError::NotEtc { .. }), "{error}");
    let error = read(&etc(&[]).path().join("gone"), None).unwrap_err();
    assert!(matches!(error, ViewError::Folder { .. }), "{error}");
    let file = etc(&[("hosts", "")]);
    let error = read(&file.path().join("hosts"), None).unwrap_err();
    assert!(matches!(error, ViewError::Folder { .. }), "{error}");
}

#[test]
fn a_release_is_guessed_from_the_version_of_the_config() {
    for (config, expected) in
        [("version = 2\n", "1.7.34"), ("", "1.7.34"), ("version = 3\n", "2.0.11"), ("version = 4\n", "2.3.0")]
    {
        let folder = etc(&[("containerd/config.toml", config)]);
        assert_eq!(read(folder.path(), None).unwrap().runtime.to_string(), format!("containerd {expected}"));
    }
    let view = view(&[("containerd/config.toml", V3)], "1.7.34");
    assert!(view.remarks.iter().any(|remark| remark.contains("version 3 is newer")), "{:?}", view.remarks);
    assert!(try_view(&[("hosts", "")], "2.3.7").is_ok(), "a copy of the names alone is of use");
}
