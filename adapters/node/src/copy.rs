//! The copy of a node's `/etc`: nothing outside of it is read.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// The longest file of settings: containerd's default config is 12 KiB.
pub(crate) const SETTINGS: u64 = 1024 * 1024;

/// The longest file of certificates: the bundle of Mozilla's authorities is about 220 KiB.
pub(crate) const CERTIFICATES: u64 = 4 * 1024 * 1024;

/// The most entries of a folder that are looked at.
pub(crate) const ENTRIES: usize = 4096;

/// As many links as Linux follows.
const LINKS: usize = 40;

/// Why a file of the node cannot be had from the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The path, or a link on it, leads out of `/etc`.
    Outside,
    /// Its folder was copied and it is not in there.
    Absent,
    /// Its folder was not copied either.
    NotCopied,
    /// It is there, and we could not read it, or would not; why.
    Unread(String),
}

impl Missing {
    /// The few words that follow `PATH:`.
    pub(crate) fn words(&self) -> String {
        match self {
            Missing::Outside => "outside /etc, so it is not in the copy".into(),
            Missing::Absent => "not there".into(),
            Missing::NotCopied => "not in the copy".into(),
            Missing::Unread(why) => why.clone(),
        }
    }
}

/// A folder that holds what the node has under `/etc`.
#[derive(Debug, Clone)]
pub(crate) struct EtcCopy {
    root: PathBuf,
}

impl EtcCopy {
    pub(crate) fn open(directory: &Path) -> io::Result<EtcCopy> {
        let root = directory.canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(EtcCopy { root })
    }

    /// What an absolute path of the node is below the copy. A path that already leads into the copy is taken as it is:
    /// the node's own `/etc` may stand elsewhere.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix("/etc").or_else(|_| path.strip_prefix(&self.root)).ok().map(Path::to_owned)
    }

    /// Where a file of the node is in the copy, every link followed as the node would and none out of the copy.
    pub(crate) fn locate(&self, path: &str) -> Result<PathBuf, Missing> {
        let mut ahead: VecDeque<OsString> = VecDeque::new();
        push_front(&mut ahead, &self.below(Path::new(path)).ok_or(Missing::Outside)?);
        let mut at = self.root.clone();
        let mut depth = 0_usize;
        let mut links = 0_usize;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                depth = depth.checked_sub(1).ok_or(Missing::Outside)?;
                at.pop();
                continue;
            }
            at.push(&name);
            depth += 1;
            let found = fs::symlink_metadata(&at).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound if ahead.is_empty() => Missing::Absent,
                io::ErrorKind::NotFound => Missing::NotCopied,
                _ => Missing::Unread(error.to_string()),
            })?;
            if !found.is_symlink() {
                continue;
            }
            links += 1;
            if links > LINKS {
                return Err(Missing::Unread("too many links".into()));
            }
            let target = fs::read_link(&at).map_err(|error| Missing::Unread(error.to_string()))?;
            at.pop();
            depth -= 1;
            if target.is_absolute() {
                push_front(&mut ahead, &self.below(&target).ok_or(Missing::Outside)?);
                at.clone_from(&self.root);
                depth = 0;
            } else {
                push_front(&mut ahead, &target);
            }
        }
        Ok(at)
    }

    /// The bytes of a file of the node, of at most `cap` bytes.
    pub(crate) fn read(&self, path: &str, cap: u64) -> Result<Vec<u8>, Missing> {
        let unread = |error: io::Error| Missing::Unread(error.to_string());
        let at = self.locate(path)?;
        // Asked before it is opened: opening a pipe would wait for a writer.
        if !fs::metadata(&at).map_err(unread)?.is_file() {
            return Err(Missing::Unread("not a file".into()));
        }
        let mut bytes = Vec::new();
        File::open(&at).map_err(unread)?.take(cap + 1).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() as u64 > cap {
            return Err(Missing::Unread(format!("longer than {} KiB, not read", cap / 1024)));
        }
        Ok(bytes)
    }

    /// The names in a folder of the node, sorted as Go's `ReadDir` sorts them, and whether there were more than
    /// [`ENTRIES`].
    pub(crate) fn list(&self, path: &str) -> Result<(Vec<String>, bool), Missing> {
        let unread = |error: io::Error| Missing::Unread(error.to_string());
        let mut names = Vec::new();
        for entry in fs::read_dir(self.locate(path)?).map_err(unread)? {
            if names.len() == ENTRIES {
                return Ok((sorted(names), true));
            }
            // A name that is no text is none that a reference or a setting could ask for.
            if let Ok(name) = entry.map_err(unread)?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok((sorted(names), false))
    }

    /// Whether the path of the node is a folder in the copy.
    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.locate(path).is_ok_and(|at| at.is_dir())
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn push_front(ahead: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => ahead.push_front(name.to_owned()),
            Component::ParentDir => ahead.push_front("..".into()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
}

/// `base` joined with `path` as Go's `filepath.Join` would, unless `path` is absolute.
pub(crate) fn joined(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn copy() -> (tempfile::TempDir, EtcCopy) {
        let folder = tempfile::tempdir().unwrap();
        let etc = folder.path().join("etc");
        fs::create_dir_all(etc.join("containerd/certs.d")).unwrap();
        fs::write(etc.join("hosts"), "127.0.0.1 localhost\n").unwrap();
        fs::write(folder.path().join("secret"), "canary").unwrap();
        let copy = EtcCopy::open(&etc).unwrap();
        (folder, copy)
    }

    #[test]
    fn a_path_of_the_node_is_read_below_the_copy() {
        let (_folder, copy) = copy();
        for path in ["/etc/hosts", "/etc//./hosts", "/etc/containerd/../hosts"] {
            assert_eq!(copy.read(path, 100).unwrap(), b"127.0.0.1 localhost\n", "{path}");
        }
        for (path, missing) in [
            ("/etc/resolv.conf", Missing::Absent),
            ("/etc/pki/tls/ca.crt", Missing::NotCopied),
            ("/etc/../secret", Missing::Outside),
            ("/var/lib/secret", Missing::Outside),
            ("hosts", Missing::Outside),
        ] {
            assert_eq!(copy.read(path, 100), Err(missing), "{path}");
        }
        assert!(matches!(copy.read("/etc/hosts", 3), Err(Missing::Unread(_))));
        assert!(matches!(copy.read("/etc/containerd", 100), Err(Missing::Unread(_))));
        assert!(matches!(copy.read("/etc/ho\0sts", 100), Err(Missing::Unread(_))));
    }

    #[test]
    fn no_link_leads_out_of_the_copy() {
        let (folder, copy) = copy();
        let etc = folder.path().join("etc");
        for (name, target) in [
            ("relative", "../secret"),
            ("deep", "containerd/../../secret"),
            ("absolute", folder.path().join("secret").to_str().unwrap()),
            ("folder", ".."),
        ] {
            symlink(target, etc.join(name)).unwrap();
        }
        for path in ["/etc/relative", "/etc/deep", "/etc/absolute", "/etc/folder/secret"] {
            assert_eq!(copy.read(path, 100), Err(Missing::Outside), "{path}");
        }
        symlink("/etc/hosts", etc.join("names")).unwrap();
        assert!(copy.read("/etc/names", 100).is_ok(), "a link within /etc leads into the copy");
        symlink("loop", etc.join("loop")).unwrap();
        assert_eq!(copy.read("/etc/loop", 100), Err(Missing::Unread("too many links".into())));
    }

    #[test]
    fn joins_as_go_does() {
        for (base, path, expected) in [
            ("/etc/containerd", "ca.crt", "/etc/containerd/ca.crt"),
            ("/etc/containerd", "../ca.crt", "/etc/ca.crt"),
            ("/etc/containerd", "/etc/ca.crt", "/etc/ca.crt"),
            ("/", "../../x", "/x"),
        ] {
            assert_eq!(joined(base, path), expected);
        }
    }
}
