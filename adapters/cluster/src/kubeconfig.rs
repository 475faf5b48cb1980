//! Finds the kubeconfig files, reads them and merges them as kubectl does.
//!
//! Not left to kube-client, which fails on a file of `KUBECONFIG` that is absent (kubectl passes it over), panics on
//! UTF-16 of odd length, and whose parse errors quote the file, tokens included.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use kube::config::Kubeconfig;
use serde_saphyr::Error as YamlError;

use crate::connect_error::ConnectError;

/// The largest kubeconfig that is read: thousands of clusters with their certificates.
const CAP: u64 = 16 * 1024 * 1024;

/// Where to look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Places {
    /// One file that the caller named; it must exist.
    Named(PathBuf),
    /// The files of `KUBECONFIG`, or the one in the home directory; any may be absent.
    Usual(Vec<PathBuf>),
}

impl Places {
    /// Where kubectl would look, given the flag, the environment's `KUBECONFIG` and the home directory.
    pub(crate) fn new(named: Option<&Path>, variable: Option<OsString>, home: Option<PathBuf>) -> Places {
        if let Some(path) = named {
            return Places::Named(path.to_owned());
        }
        let listed: Vec<PathBuf> = variable
            .iter()
            .flat_map(std::env::split_paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if !listed.is_empty() {
            return Places::Usual(listed);
        }
        Places::Usual(home.map(|home| home.join(".kube").join("config")).into_iter().collect())
    }

    /// The merged kubeconfig; `None` when no file is there, or none has anything in it.
    pub(crate) fn read(&self) -> Result<Option<Kubeconfig>, ConnectError> {
        let paths = match self {
            Places::Named(path) => {
                return match read_file(path)? {
                    Some(config) => Ok(Some(config)),
                    None => Err(ConnectError::Missing { path: path.clone() }),
                };
            }
            Places::Usual(paths) => paths,
        };
        let mut merged = Kubeconfig::default();
        for path in paths {
            if let Some(config) = read_file(path)? {
                merged =
                    merged.merge(config).map_err(|_| ConnectError::NotAKubeconfig { path: path.clone() })?;
            }
        }
        let empty = merged.contexts.is_empty() && merged.clusters.is_empty();
        Ok((!empty).then_some(merged))
    }

    /// The files looked for.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        match self {
            Places::Named(path) => vec![path.clone()],
            Places::Usual(paths) => paths.clone(),
        }
    }
}

/// One file; `None` when it is not there.
fn read_file(path: &Path) -> Result<Option<Kubeconfig>, ConnectError> {
    let unreadable = |source| ConnectError::Unreadable { path: path.to_owned(), source };
    let bytes = match size_checked(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let text = text_of(&bytes)
        .ok_or_else(|| unreadable(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))?;
    let mut config = Kubeconfig::from_yaml(&text).map_err(|error| malformed(path, &error))?;
    make_absolute(&mut config, path.parent().unwrap_or(Path::new("")));
    Ok(Some(config))
}

fn size_checked(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Not by the file's length: a pipe (`--kubeconfig <(…)`) has none.
    std::fs::File::open(path)?.take(CAP + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > CAP {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}

/// UTF-8, or UTF-16 with its mark, as PowerShell's `>` writes it.
fn text_of(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        rest.is_empty()
            .then(|| String::from_utf16(&pairs.iter().map(|&pair| unit(pair)).collect::<Vec<_>>()).ok())?
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        rest => std::str::from_utf8(rest).ok().map(str::to_owned),
    }
}

/// Paths in a kubeconfig are relative to it, a plugin's only when it holds a separator, as in client-go.
fn make_absolute(config: &mut Kubeconfig, directory: &Path) {
    let join = |path: &mut Option<String>| {
        if let Some(relative) =
            path.as_deref().filter(|path| !path.is_empty() && Path::new(path).is_relative())
        {
            *path = Some(directory.join(relative).to_string_lossy().into_owned());
        }
    };
    for cluster in config.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        join(&mut cluster.certificate_authority);
    }
    for user in config.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        join(&mut user.client_certificate);
        join(&mut user.client_key);
        join(&mut user.token_file);
        if let Some(exec) = &mut user.exec
            && exec.command.as_ref().is_some_and(|command| command.contains(std::path::MAIN_SEPARATOR))
        {
            join(&mut exec.command);
        }
    }
}

/// Where and how a file is malformed, without a word of it.
fn malformed(path: &Path, error: &kube::config::KubeconfigError) -> ConnectError {
    let kube::config::KubeconfigError::Parse(error) = error else {
        return ConnectError::NotAKubeconfig { path: path.to_owned() };
    };
    let place = error.location().map(|place| (place.line(), place.column()));
    ConnectError::Malformed {
        path: path.to_owned(),
        line: place.map(|place| place.0),
        problem: problem(error.without_snippet()),
    }
}

fn problem(error: &YamlError) -> String {
    match error {
        YamlError::SerdeMissingField { field, .. } => format!("field {field:?} is missing"),
        YamlError::SerdeInvalidType { expected, .. } => format!("expected {expected}"),
        YamlError::DuplicateMappingKey { .. } => "the same key twice".into(),
        YamlError::Eof { .. } => "it ends too early".into(),
        YamlError::Budget { .. }
        | YamlError::AliasExpansionLimitExceeded { .. }
        | YamlError::AliasReplayLimitExceeded { .. } => "too many aliases, or nested too deep".into(),
        YamlError::UnknownAnchor { .. } => "an alias without its anchor".into(),
        _ => "not the YAML of a kubeconfig".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn the_flag_comes_before_the_variable_and_that_before_the_home_directory() {
        let home = || Some(PathBuf::from("/home/ann"));
        let joined = std::env::join_paths(["/a", "", "/b"]).unwrap();
        assert_eq!(
            Places::new(Some(Path::new("/flag")), Some(joined.clone()), home()),
            Places::Named("/flag".into())
        );
        assert_eq!(Places::new(None, Some(joined), home()), Places::Usual(vec!["/a".into(), "/b".into()]));
        for unset in [None, Some(OsString::new())] {
            assert_eq!(
                Places::new(None, unset, home()),
                Places::Usual(vec!["/home/ann/.kube/config".into()])
            );
        }
        assert_eq!(Places::new(None, None, None), Places::Usual(vec![]));
    }

    #[test]
    fn files_are_merged_the_first_to_say_a_thing_wins_and_one_that_is_absent_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let one = "current-context: one\ncontexts:\n- {name: one, context: {cluster: c}}\nusers:\n- {name: u, user: {tokenFile: t}}\n";
        let two = "current-context: two\nusers:\n- {name: u, user: {tokenFile: other}}\nclusters:\n- {name: c, cluster: {server: 'https://a'}}\n";
        let places = Places::Usual(vec![
            folder.path().join("absent"),
            file(&folder, "one", one.as_bytes()),
            file(&folder, "two", two.as_bytes()),
        ]);
        let merged = places.read().unwrap().unwrap();
        assert_eq!(merged.current_context.as_deref(), Some("one"));
        assert_eq!((merged.contexts.len(), merged.clusters.len(), merged.auth_infos.len()), (1, 1, 1));
        let token = merged.auth_infos[0].auth_info.as_ref().unwrap().token_file.clone();
        assert_eq!(token, folder.path().join("t").to_str().map(str::to_owned));
    }

    #[test]
    fn no_file_and_files_with_nothing_in_them_are_no_configuration() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Places::Usual(vec![folder.path().join("absent")]).read().unwrap().is_none());
        let empty = file(&folder, "empty", b"apiVersion: v1\nkind: Config\nclusters: null\n");
        assert!(Places::Usual(vec![empty]).read().unwrap().is_none());
    }

    #[test]
    fn one_malformed_file_among_several_is_the_one_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let places =
            Places::Usual(vec![file(&folder, "good", b"kind: Config"), file(&folder, "bad", b"a: [")]);
        let said = places.read().unwrap_err().to_string();
        assert!(said.contains("/bad: line 1: "), "{said}");
    }

    #[test]
    fn a_file_in_utf_16_is_read_and_one_of_odd_length_is_not() {
        let utf16: Vec<u8> = "\u{feff}a".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text_of(&utf16).as_deref(), Some("a"));
        assert_eq!(text_of(&utf16[..3]), None);
        assert_eq!(text_of(b"\xef\xbb\xbfa").as_deref(), Some("a"));
    }
}
