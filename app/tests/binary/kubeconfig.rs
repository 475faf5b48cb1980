//! What a person reads when the cluster cannot be asked.

use std::net::TcpListener;

use super::{Run, pullmedic, saved};

fn diagnose(kubeconfig: &str, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = saved(folder.path(), "config", kubeconfig);
    pullmedic()
        .args(["diagnose", "--kubeconfig"])
        .arg(path)
        .args(more)
        .output()
        .expect("the binary runs")
        .into()
}

pub(crate) fn config(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- name: here\n  context: {{cluster: c, user: u, namespace: shop}}\n\
         clusters:\n- name: c\n  cluster: {{server: '{server}'}}\nusers:\n- name: u\n  user: {{token: CANARY7f}}\n"
    )
}

#[test]
fn a_missing_kubeconfig_is_named_with_a_next_step() {
    let told: Run =
        pullmedic().args(["diagnose", "--kubeconfig", "/nonexistent/config"]).output().unwrap().into();
    assert_eq!(told.code, Some(2));
    assert!(
        told.err.starts_with("error: failed to ") && told.err.contains("/nonexistent/config"),
        "{}",
        told.err
    );
    let told: Run = pullmedic().arg("diagnose").output().unwrap().into();
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains(".kube/config"), "{}", told.err);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = diagnose(&config(&format!("http://{closed}")), &[]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains(&closed.to_string()), "{}", told.err);
    assert!(!told.err.contains("CANARY7f"));
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let told = diagnose(&config(&server), &["--request-timeout", "300ms"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("next:"), "{}", told.err);
}

#[test]
fn a_context_that_does_not_exist_and_a_file_that_is_none() {
    let told = diagnose(&config("http://127.0.0.1:1"), &["--context", "her"]);
    assert!(told.code == Some(2) && told.err.contains("her"), "{}", told.err);
    for broken in ["", "[", "a: b", "\u{0}"] {
        let told = diagnose(broken, &[]);
        assert!(told.code == Some(2) && told.err.starts_with("error: "), "{broken:?}: {}", told.err);
        assert!(!told.err.contains("panicked"), "{}", told.err);
    }
}
