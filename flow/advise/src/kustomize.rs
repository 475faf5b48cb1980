//! The changes of a finding as files that Kustomize reads.

use pullmedic_model::finding::{Finding, Patch, Remedy};
use serde_json::Value;

/// The files of a folder of its own for `finding`: one JSON 6902 patch for each remedy that changes an object, and a
/// `kustomization.yaml`, a Kustomize component that applies the best one; the others stand in it as comments, because
/// they are alternatives. File name and text; empty where no remedy changes an object. Names hold
/// letters, digits and dashes only, and are the same for the same finding.
///
/// To use it, name the folder under `components:` of the kustomization that makes the objects
/// (<https://kubectl.docs.kubernetes.io/guides/config_management/components/>). The patches hold `test` operations, so
/// the build fails where the objects are not what they were.
pub fn patch_files(finding: &Finding) -> Vec<(String, String)> {
    let changes: Vec<(&Remedy, &Patch)> =
        finding.remedies.iter().filter_map(|remedy| Some((remedy, remedy.patch.as_ref()?))).collect();
    if changes.is_empty() {
        return Vec::new();
    }
    let mut files = Vec::new();
    let mut chosen = String::new();
    let mut others = String::new();
    for (index, (remedy, patch)) in changes.into_iter().enumerate() {
        let name = format!("{}-{}-{}.yaml", index + 1, file_word(&patch.kind), file_word(&patch.name));
        let entry = entry(&name, patch);
        // One change mends the fault, and they are in order: the first is the best.
        if chosen.is_empty() {
            chosen.push_str(&entry);
        } else {
            others.push_str(&format!("# Instead: {}\n", one_line(&remedy.title)));
            others.extend(entry.lines().map(|line| format!("# {line}\n")));
        }
        files.push((name, patch_text(finding, remedy, patch)));
    }
    let text = format!(
        "# {} ({}). Name this folder under `components:` of the kustomization that makes the objects.\n\
         apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n{chosen}{others}",
        finding.cause.code(),
        file_word(&finding.id)
    );
    files.push(("kustomization.yaml".to_owned(), text));
    files
}

/// JSON is YAML, one operation a line.
fn patch_text(finding: &Finding, remedy: &Remedy, patch: &Patch) -> String {
    let mut text = format!("# {}: {}\n", finding.cause.code(), one_line(&remedy.title));
    match patch.operations.as_array() {
        Some(operations) => {
            for operation in operations {
                text.push_str(&format!("- {operation}\n"));
            }
        }
        None => text.push_str("[]\n"),
    }
    text
}

fn entry(file: &str, patch: &Patch) -> String {
    let (group, version) = patch.api_version.split_once('/').unwrap_or(("", &patch.api_version));
    let mut text = format!("- path: {file}\n  target:\n");
    // Kustomize takes names and namespaces as anchored regular expressions.
    let exactly = |name: &str| name.replace('.', "\\.");
    let fields = [
        ("group", group.to_owned()),
        ("version", version.to_owned()),
        ("kind", patch.kind.clone()),
        ("name", exactly(&patch.name)),
        ("namespace", exactly(&patch.namespace)),
    ];
    for (field, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("    {field}: {}\n", Value::from(value)));
    }
    text
}

/// A word of a file's name: no separator, no dot, not long.
fn file_word(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let word: String = name.chars().take(100).map(plain).collect();
    let word = word.trim_matches('-');
    if word.is_empty() { "unnamed".to_owned() } else { word.to_owned() }
}

/// A comment's text: a line feed in it would end the comment.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}') { ' ' } else { c })
        .collect()
}
