//! Rendered manifests as values with the lines of their texts: what a check reads before a deploy.

use std::collections::{BTreeMap, BTreeSet};

use pullmedic_model::report::Skipped;
use serde_json::Value;

use crate::{ReadError, Source, each_text, json, skipped, tree};

/// One object of a rendered manifest. A Secret is never one: it is passed over unread.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file it stands in, as given; `None` for standard input.
    pub file: Option<String>,
    /// The object. A List is taken apart before.
    pub value: Value,
    /// Where its texts stand.
    pub lines: Lines,
}

/// Lines of the texts of one object, by JSON pointer (RFC 6901).
#[derive(Debug, Clone, Default)]
pub struct Lines(pub(crate) BTreeMap<String, usize>);

impl Lines {
    /// The line in its file, from 1, of the text at `pointer`; `None` when it is not known: JSON has no lines, and only
    /// the fields that [`manifests`] was asked for are kept.
    pub fn of(&self, pointer: &str) -> Option<usize> {
        self.0.get(pointer).copied()
    }
}

/// Everything that a source of manifests holds.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The objects, in the order of files and documents.
    pub objects: Vec<Manifest>,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
}

/// Reads every object of the source. Lines are kept of texts whose field is one of `fields`.
///
/// # Errors
/// When the source itself cannot be read, as for [`crate::read`].
pub fn manifests(source: &Source, fields: &BTreeSet<String>) -> Result<Manifests, ReadError> {
    let mut found = Manifests::default();
    let unread = each_text(source, &mut |text, name, file| {
        read_text(text, name, file, fields, &mut found);
    })?;
    found.skipped.extend(unread);
    Ok(found)
}

fn read_text(text: &str, name: &str, file: Option<&str>, fields: &BTreeSet<String>, found: &mut Manifests) {
    let before = (found.objects.len(), found.skipped.len());
    let mut documents = 0;
    let mut add = |document: Result<(Value, Lines), (String, String)>| {
        documents += 1;
        match document {
            Ok((value, lines)) => take_apart(value, lines, name, file, found),
            Err((what, reason)) => found.skipped.push(skipped(format!("{name}: {what}"), reason)),
        }
    };
    if json::looks_so(text) {
        json::values(text, &mut |value| add(value.map(|value| (value, Lines::default()))));
    } else {
        tree::read(text, fields, &mut add);
    }
    if documents == 0 && before == (found.objects.len(), found.skipped.len()) {
        found.skipped.push(skipped(name.to_owned(), "it holds no Kubernetes object".into()));
    }
}

/// The objects of one document: itself, or the items of a list, which may leave their kind to it.
fn take_apart(value: Value, lines: Lines, name: &str, file: Option<&str>, found: &mut Manifests) {
    let mut add = |value: Value, lines: Lines, place: Option<usize>| {
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        if kind.is_empty() {
            let what =
                place.map_or_else(|| "document".to_owned(), |index| format!("item {} of a list", index + 1));
            let reason = "no kind: not a Kubernetes object".to_owned();
            found.skipped.push(skipped(format!("{name}: {what}"), reason));
        } else if kind != "Secret" {
            found.objects.push(Manifest { file: file.map(str::to_owned), value, lines });
        }
    };
    let Value::Object(mut fields) = value else {
        add(Value::Null, Lines::default(), None);
        return;
    };
    let is_list = fields.get("items").is_some_and(|items| items.is_array() || items.is_null())
        && !fields.contains_key("spec");
    if !is_list {
        add(Value::Object(fields), lines, None);
        return;
    }
    let word = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, version) = (word("kind"), word("apiVersion"));
    let of_items = kind.strip_suffix("List").unwrap_or_default().to_owned();
    let Some(Value::Array(items)) = fields.remove("items") else { return };
    let mut by_item: Vec<Lines> = items.iter().map(|_| Lines::default()).collect();
    for (pointer, line) in lines.0 {
        let rest = pointer.strip_prefix("/items/").and_then(|rest| rest.split_once('/'));
        if let Some((index, rest)) = rest
            && let Some(lines) = index.parse::<usize>().ok().and_then(|index| by_item.get_mut(index))
        {
            lines.0.insert(format!("/{rest}"), line);
        }
    }
    for (index, (mut item, lines)) in items.into_iter().zip(by_item).enumerate() {
        if let Value::Object(own) = &mut item
            && !of_items.is_empty()
        {
            own.entry("kind").or_insert_with(|| of_items.clone().into());
            own.entry("apiVersion").or_insert_with(|| version.clone().into());
        }
        add(item, lines, Some(index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Manifests {
        let mut found = Manifests::default();
        let fields = BTreeSet::from(["image".to_owned()]);
        read_text(text, "all.yaml", Some("all.yaml"), &fields, &mut found);
        found
    }

    fn told(found: &Manifests) -> Vec<String> {
        found.skipped.iter().map(|skipped| format!("{}: {}", skipped.what, skipped.reason)).collect()
    }

    #[test]
    fn a_line_is_that_of_the_text_in_its_file_whatever_document_it_is_in() {
        let found = read(
            "# first\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: x/a:1\n  - image: >-\n      x/b:1\n---\n\
             # second\n\nkind: Deployment\nspec: {template: {spec: {containers: [{image: 'x/c:1'}]}}}\n",
        );
        assert_eq!(told(&found), Vec::<String>::new());
        let [first, second] = found.objects.as_slice() else { panic!("{found:?}") };
        assert_eq!(first.lines.of("/spec/containers/0/image"), Some(6));
        assert_eq!(first.lines.of("/spec/containers/0/name"), None);
        assert_eq!(first.value.pointer("/spec/containers/1/image").unwrap(), "x/b:1");
        assert_eq!(second.lines.of("/spec/template/spec/containers/0/image"), Some(13));
    }

    #[test]
    fn items_of_a_list_keep_their_lines_and_take_its_kind() {
        let found = read(
            "apiVersion: v1\nkind: PodList\nitems:\n- spec:\n    containers:\n    - image: x/a:1\n- kind: Secret\n  \
             data: {x: canary}\n",
        );
        let [pod] = found.objects.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (pod.value["kind"].as_str(), pod.lines.of("/spec/containers/0/image")),
            (Some("Pod"), Some(6))
        );
        assert!(!format!("{found:?}").contains("canary"));
    }

    #[test]
    fn json_has_values_and_no_lines() {
        let text = r#"{"kind":"Pod","spec":{"containers":[{"image":"x/a:1"}]}} [{"kind":"List","items":[{"kind":"Job"}]}]"#;
        let found = read(text);
        let kinds: Vec<&str> = found.objects.iter().filter_map(|one| one.value["kind"].as_str()).collect();
        assert_eq!((kinds, told(&found)), (vec!["Pod", "Job"], Vec::new()));
        assert_eq!(found.objects[0].lines.of("/spec/containers/0/image"), None);
    }

    #[test]
    fn what_is_no_object_is_told_and_the_rest_is_read() {
        let found = read("kind: Pod\n---\nkind: [\n---\njust words\n---\n# nothing\n---\nkind: Job\n");
        assert_eq!(found.objects.len(), 2);
        let told = told(&found);
        assert!(told.len() == 2 && told[0].starts_with("all.yaml: document 2: not valid YAML"), "{told:?}");
        assert_eq!(told[1], "all.yaml: document: no kind: not a Kubernetes object");
        for text in ["", "# only\n", "{", "7", "\u{0}\u{1}"] {
            assert_eq!(read(text).skipped.len(), 1, "{text:?}");
        }
    }

    #[test]
    fn an_alias_is_read_and_a_bomb_refused() {
        let found = read("x: &image x/a:1\nkind: Pod\nspec: {containers: [{image: *image}]}\n");
        assert_eq!(found.objects[0].value.pointer("/spec/containers/0/image").unwrap(), "x/a:1");
        assert_eq!(found.objects[0].lines.of("/spec/containers/0/image"), Some(3));
        let mut bomb = String::from("kind: Pod\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(",");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert_eq!((read(&bomb).objects.len(), read(&bomb).skipped.len()), (0, 1));
    }
}
