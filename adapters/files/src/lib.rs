//! What people save of a cluster: JSON or YAML, single objects, Lists or several documents, mixed at will, and the
//! folders that `kubectl cluster-info dump` writes. Nothing is dialled, and a Secret is passed over unread (threat 28).
//!
//! - [`read`] takes a file, a folder or standard input.
//! - [`manifests`] takes rendered manifests as values, with the lines of their images.
//! - `json`, `yaml`: the two formats; `tree`: YAML with lines. `folder`: which files of a folder count.

mod folder;
mod json;
mod manifest;
mod tree;
mod yaml;

use std::io::Read;
use std::path::{Path, PathBuf};

use pullmedic_model::object::{Object, Objects, Unreadable};
use pullmedic_model::report::Skipped;

pub use manifest::{Lines, Manifest, Manifests, manifests};

/// The most that is read of one file, in bytes. Far past any cluster's dump of one kind, and short of what would
/// exhaust a laptop when somebody names a device by mistake.
pub const LARGEST_FILE: u64 = 2 << 30;

/// Where saved objects come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    StandardInput,
    /// A file, or a folder with files at any depth.
    Path(PathBuf),
}

/// A source that cannot be read at all. One unreadable object in it is no such error: it is skipped and told.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file or folder cannot be opened or read.
    #[error("read {what}")]
    Io {
        /// The path, or `standard input`.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than [`LARGEST_FILE`].
    #[error("read {what}: it is larger than {LARGEST_FILE} bytes")]
    TooLarge {
        /// The path, or `standard input`.
        what: String,
    },
    /// The folder holds no file that could be read as objects.
    #[error("find a .json, .yaml or .yml file in {}", .0.display())]
    EmptyFolder(PathBuf),
}

/// Reads every object of the source.
///
/// # Errors
/// When the source itself cannot be read. In a folder that only goes for the folder: a file of it that cannot be read
/// is skipped and told.
pub fn read(source: &Source) -> Result<Objects, ReadError> {
    let mut objects = Objects::default();
    let unread = each_text(source, &mut |text, name, _| read_text(text, name, &mut objects))?;
    objects.skipped.extend(unread);
    Ok(objects)
}

/// Hands every text of the source to `take`, with how messages call it and the file as the caller can open it (`None`
/// for standard input). Returns the files of a folder that cannot be read.
fn each_text(
    source: &Source,
    take: &mut dyn FnMut(&str, &str, Option<&str>),
) -> Result<Vec<Skipped>, ReadError> {
    let mut unread = Vec::new();
    match source {
        Source::StandardInput => {
            let text = text_of(std::io::stdin().lock(), 0, "standard input")?;
            take(&text, "standard input", None);
        }
        Source::Path(path) if path.is_dir() => {
            let files = folder::files(path)?;
            if files.is_empty() {
                return Err(ReadError::EmptyFolder(path.clone()));
            }
            for file in files {
                let name = file.strip_prefix(path).unwrap_or(&file).display().to_string();
                match open(&file) {
                    Ok(text) => take(&text, &name, Some(&file.display().to_string())),
                    Err(error) => unread.push(skipped(name, chain(&error))),
                }
            }
        }
        Source::Path(path) => {
            let name = path.display().to_string();
            take(&open(path)?, &name, Some(&name));
        }
    }
    Ok(unread)
}

fn open(path: &Path) -> Result<String, ReadError> {
    let what = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|source| ReadError::Io { what: what.clone(), source })?;
    let length = file.metadata().map_or(0, |metadata| metadata.len().min(LARGEST_FILE));
    text_of(file, length, &what)
}

/// `length` is what the reader is expected to hold, 0 where that is not known.
fn text_of(reader: impl Read, length: u64, what: &str) -> Result<String, ReadError> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    reader
        .take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| ReadError::Io { what: what.to_owned(), source })?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(ReadError::TooLarge { what: what.to_owned() });
    }
    Ok(decoded(bytes))
}

/// UTF-8, or UTF-16 with its mark as PowerShell's `>` writes it. Bytes that are neither become U+FFFD.
fn decoded(bytes: Vec<u8>) -> String {
    let units = |bytes: &[u8], order: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => units(&bytes, u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(&bytes, u16::from_be_bytes),
        // The text is not copied when it is valid, which a file of many megabytes notices.
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// Reads the objects of one text; `name` is how messages call it.
fn read_text(text: &str, name: &str, objects: &mut Objects) {
    let told = objects.skipped.len();
    let mut sink = |object: Result<Object, Unreadable>| match object {
        Ok(object) => objects.add(object),
        Err(error) => objects.skipped.push(skipped(format!("{name}: {}", error.what), error.reason)),
    };
    let documents =
        if json::looks_so(text) { json::read(text, &mut sink) } else { yaml::read(text, &mut sink) };
    if documents == 0 && told == objects.skipped.len() {
        objects.skipped.push(skipped(name.to_owned(), "it holds no Kubernetes object".into()));
    }
}

fn skipped(what: String, reason: String) -> Skipped {
    Skipped { what, reason, needs: None, next: None }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str) -> Objects {
        let mut objects = Objects::default();
        read_text(text, "saved", &mut objects);
        objects
    }

    fn told(objects: &Objects) -> Vec<String> {
        objects.skipped.iter().map(|skipped| format!("{}: {}", skipped.what, skipped.reason)).collect()
    }

    #[test]
    fn reads_several_yaml_documents_and_tells_of_the_broken_one() {
        let found = objects(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\nkind: Pod\nmetadata: [\n---\n# nothing\n---\n\
             kind: Secret\ndata: {x: canary}\n--- \nkind: Event\nreason: Failed\n",
        );
        assert_eq!((found.pods.len(), found.events.len(), found.others), (1, 1, 1));
        let told = told(&found);
        assert!(told.len() == 1 && told[0].contains("document 2"), "{told:?}");
    }

    #[test]
    fn a_yaml_list_may_name_its_kind_after_its_items() {
        let found = objects(
            "apiVersion: v1\nitems:\n- kind: Pod\n  metadata: {name: a}\n- metadata: {name: b}\n\
             - kind: Pod\n  spec: {containers: 7}\n  metadata: {name: c}\nkind: PodList\n",
        );
        let mut names: Vec<_> = found.pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(told(&found), ["saved: Pod c: spec.containers has the wrong type"]);
    }

    #[test]
    fn reads_concatenated_json_and_steps_over_the_logs_of_a_dump() {
        let found = objects(
            "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}\n{\"kind\":\"PodList\",\"items\":[{\"metadata\":{}}]}\n\
             ==== START logs for container x of pod y/z ====\nlog {line} [\n==== END logs for container x of pod y/z ====\n\
             {\"kind\":\"Event\"}\n",
        );
        assert_eq!((found.pods.len(), found.events.len()), (2, 1), "{:?}", found.skipped);
        assert_eq!(told(&found), Vec::<String>::new());
    }

    #[test]
    fn says_of_anything_else_that_it_is_no_object() {
        for text in
            ["", "hello", "- 1\n- 2", "42", "a: b", "\u{0}\u{1}\u{2}", "{", "[]", "{\"a\":1}", ": :\n\t- x"]
        {
            let found = objects(text);
            assert_eq!(found.skipped.len(), 1, "{text:?}: {:?}", found.skipped);
        }
        for text in ["{\"kind\":\"PodList\",\"items\":[]}", "kind: PodList\nitems: []\n"] {
            assert_eq!(told(&objects(text)), Vec::<String>::new());
        }
    }

    #[test]
    fn a_file_that_only_mentions_items_holds_no_object() {
        assert_eq!(told(&objects("# items\n")), ["saved: it holds no Kubernetes object"]);
        assert_eq!(told(&objects("---\n# items\n---\n")), ["saved: it holds no Kubernetes object"]);
    }

    #[test]
    fn a_log_without_its_last_newline_hides_nothing_that_follows() {
        let found = objects(
            "{\"kind\":\"PodList\",\"items\":[]}\n==== START logs for container x of pod y/z ====\r\n\
             ==== END logs for container x of pod other ====\nprogress 100%\
             ==== END logs for container x of pod y/z ====\r\n{\"kind\":\"Event\"}\n",
        );
        assert_eq!((found.events.len(), told(&found)), (1, Vec::new()));
    }

    #[test]
    fn a_log_without_its_end_is_told() {
        let found = objects(
            "{\"kind\":\"Event\"}\n==== START logs for container x of pod y/z ====\nlog\n\
             ==== END logs for container w of pod y/z ====\n{\"kind\":\"Event\"}\n",
        );
        assert_eq!(found.events.len(), 1);
        assert_eq!(told(&found), ["saved: from line 2 on: the log of a container has no end"]);
    }

    #[test]
    fn arrays_within_arrays_are_told_and_not_descended_into() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(told(&objects(&deep)), ["saved: document: a list within a list"]);
        let found = objects("[{\"kind\":\"Pod\"},[{\"kind\":\"Pod\"}]]");
        assert_eq!((found.pods.len(), told(&found).len()), (1, 1));
    }

    #[test]
    fn a_yaml_directive_is_no_document() {
        let found = objects("# saved\n%YAML 1.2\n---\nkind: Pod\nmetadata: {name: a}\n");
        assert_eq!((found.pods.len(), told(&found)), (1, Vec::new()));
    }

    #[test]
    fn a_deeply_nested_schema_is_read_and_a_deeper_one_refused() {
        let nested =
            |depth: usize| format!("kind: Widget\nspec: {}1{}\n", "{a: ".repeat(depth), "}".repeat(depth));
        let found = objects(&nested(200));
        assert_eq!((found.others, told(&found)), (1, Vec::new()));
        assert_eq!(told(&objects(&nested(5_000))).len(), 1);
    }

    #[test]
    fn an_alias_bomb_is_refused_and_not_expanded() {
        let mut bomb = String::from("kind: Pod\nmetadata:\n  a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let below = level - 1;
            let aliases = vec![format!("*a{below}"); 10].join(",");
            bomb.push_str(&format!("  a{level}: &a{level} [{aliases}]\n"));
        }
        let found = objects(&bomb);
        assert!(found.pods.is_empty());
        assert_eq!(found.skipped.len(), 1);
    }

    #[test]
    fn reads_what_powershell_saves() {
        let text = "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"ä\"}}";
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(decoded(bytes), text);
        assert_eq!(decoded(b"\xef\xbb\xbfkind: Pod".to_vec()), "kind: Pod");
        assert_eq!(decoded(b"a\xffb".to_vec()), "a\u{fffd}b");
    }
}
