//! `--patch-dir`: files that apply.

use std::fs;
use std::process::Command;

use testkit_registry::{Login, Token, User};

use super::stage::{Stage, canary, registry};
use super::words::Said;
use super::world::NAMESPACE;

/// A pod without a login, and a secret of a neighbour that works.
fn stage() -> (Stage, String) {
    let password = canary();
    let mut stage = Stage::of(vec![
        registry("registry").login(Login::Bearer(Token::default())).user(User::new("shop", &password, "*")),
    ]);
    let mut world = stage.one_pod("registry", ":1.0", Said::Denied, &[]);
    world.secret(NAMESPACE, "neighbour", &stage.host("registry"), "shop", &password).user_of("neighbour");
    stage.serve(&world);
    (stage, password)
}

#[test]
fn patches_are_written_as_advised_and_kustomize_applies_them() {
    let (stage, password) = stage();
    let folder = stage.path("made/new");
    let told = stage.prove(&["-o", "json", "--patch-dir", &folder]);
    let finding = told.finding();
    let id = finding["id"].as_str().unwrap();
    let patched: Vec<_> =
        finding["remedies"].as_array().unwrap().iter().filter(|remedy| remedy["patch"].is_object()).collect();
    assert!(!patched.is_empty(), "{}", told.out);
    let files = stage.files("made/new");
    assert_eq!(files.len(), patched.len() + 1, "{files:?}");
    let place = stage.folder.path().join("made/new").join(id);
    let kustomization = fs::read_to_string(place.join("kustomization.yaml")).unwrap();
    for (path, bytes) in &files {
        let name = path.rsplit('/').next().unwrap();
        assert!(name == "kustomization.yaml" || kustomization.contains(name), "{name}: {kustomization}");
        assert!(!String::from_utf8_lossy(bytes).contains(&password));
    }
    // The objects as their owner keeps them; the component is laid over them.
    let base = stage.folder.path().join("made/base");
    fs::create_dir_all(&base).unwrap();
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec:\n  selector: {matchLabels: {app: cart}}\n  template:\n    metadata: {labels: {app: cart}}\n    spec:\n      containers:\n      - {name: app, image: x}\n";
    fs::write(base.join("cart.yaml"), deployment).unwrap();
    fs::write(
        base.join("kustomization.yaml"),
        format!("resources: [cart.yaml]\ncomponents: [../new/{id}]\n"),
    )
    .unwrap();
    let Ok(built) = Command::new("kubectl").args(["kustomize", &base.to_string_lossy()]).output() else {
        return;
    };
    let text = String::from_utf8_lossy(&built.stdout).into_owned();
    assert!(built.status.success(), "{}{kustomization}", String::from_utf8_lossy(&built.stderr));
    assert!(text.contains("imagePullSecrets:\n      - name: neighbour"), "{text}\n{kustomization}");
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let (stage, _) = stage();
    let folder = stage.folder.path().join("mine");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thing"), "mine").unwrap();
    stage.prove(&["--patch-dir", &stage.path("mine")]).refused(&["not empty", "next: "]);
    assert!(stage.requests("registry").is_empty(), "it is told before anything is asked");
    assert_eq!(stage.files("mine").len(), 1);
    // A file in its place, and a place that cannot be.
    stage.prove(&["--patch-dir", &stage.path("mine/thing")]).refused(&["mine/thing"]);
    stage.prove(&["--patch-dir", "/proc/nonexistent/p"]).refused(&["/proc/nonexistent"]);
    // An empty one is taken.
    fs::create_dir(stage.folder.path().join("empty")).unwrap();
    assert_eq!(stage.prove(&["--patch-dir", &stage.path("empty")]).code, Some(1));
    assert!(!stage.files("empty").is_empty());
}
