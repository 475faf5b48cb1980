//! Patch files for Kustomize.

use pullmedic_advise::{patch_files, remedies};
use pullmedic_model::finding::{Finding, FindingState, Vantage};
use pullmedic_model::{Actor, Cause, Certainty};
use serde_json::Value;

use crate::built::{repaired_with, subject, tags, with_account};

fn finding(remedies: Vec<pullmedic_model::finding::Remedy>) -> Finding {
    Finding {
        id: "f-abcdefgh".into(),
        cause: Cause::NoCredentials,
        inner: None,
        also: Vec::new(),
        certainty: Certainty::Proven,
        summary: String::new(),
        rivals: Vec::new(),
        missing: None,
        state: FindingState::Active,
        since: None,
        observed_at: None,
        next_attempt: None,
        scope: None,
        stage: None,
        endpoint: None,
        vantage: Vantage::Workstation,
        image: None,
        images: Vec::new(),
        clears: None,
        actor: Actor::Application,
        serving: Vec::new(),
        managed_by: Vec::new(),
        injected_by: Vec::new(),
        sightings: Vec::new(),
        observations: Vec::new(),
        proof: Vec::new(),
        ladder: None,
        not_looked_at: Vec::new(),
        requests: 0,
        remedies,
        docs: String::new(),
    }
}

#[test]
fn the_best_change_is_applied_and_the_others_stand_beside_it() {
    let subject = with_account(subject(Cause::NoCredentials, &[]), &[]);
    let files = patch_files(&finding(remedies(&subject, &repaired_with("regcred"))));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["1-deployment-cart.yaml", "2-serviceaccount-default.yaml", "kustomization.yaml"]);
    assert_eq!(
        files[0].1,
        "# no-credentials: name regcred in the pod template\n\
         - {\"op\":\"add\",\"path\":\"/spec/template/spec/imagePullSecrets\",\"value\":[{\"name\":\"regcred\"}]}\n"
    );
    assert_eq!(
        files[2].1,
        "# no-credentials (f-abcdefgh). Name this folder under `components:` of the kustomization that makes the objects.\n\
         apiVersion: kustomize.config.k8s.io/v1alpha1\n\
         kind: Component\n\
         patches:\n\
         - path: 1-deployment-cart.yaml\n  target:\n    group: \"apps\"\n    version: \"v1\"\n    kind: \"Deployment\"\n    \
         name: \"cart\"\n    namespace: \"shop\"\n\
         # Instead: name regcred in ServiceAccount/default\n\
         # - path: 2-serviceaccount-default.yaml\n#   target:\n#     version: \"v1\"\n#     kind: \"ServiceAccount\"\n\
         #     name: \"default\"\n#     namespace: \"shop\"\n"
    );
}

#[test]
fn without_a_change_there_is_no_file() {
    let none = remedies(&subject(Cause::Dns, &[]), &tags(""));
    assert!(patch_files(&finding(none)).is_empty());
}

#[test]
fn no_name_leaves_the_folder_or_its_line() {
    for name in [
        "../../etc/cron.d/x",
        ".hidden",
        "",
        "a/b\\c",
        "cart\nkind: Evil",
        "\u{2028}x",
        "日本",
        &"a".repeat(400),
    ] {
        let mut all = remedies(&subject(Cause::NoCredentials, &[]), &repaired_with("regcred"));
        all.truncate(1);
        all[0].title = name.to_owned();
        if let Some(patch) = &mut all[0].patch {
            patch.name = name.to_owned();
            patch.kind = name.to_owned();
            patch.namespace = name.to_owned();
        }
        let mut finding = finding(all);
        finding.id = name.to_owned();
        let files = patch_files(&finding);
        assert_eq!(files, patch_files(&finding));
        for (file, text) in &files {
            let stem = file.strip_suffix(".yaml").unwrap();
            assert!(stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{file}");
            assert!(!file.starts_with('-') && file.len() < 255, "{file}");
            assert!(text.lines().all(|line| !line.starts_with("kind: Evil")), "{text}");
        }
        let operations: Value = {
            let text = files[0].1.lines().nth(1).unwrap().strip_prefix("- ").unwrap();
            serde_json::from_str(text).unwrap()
        };
        assert_eq!(operations["op"], "add");
    }
}
