//! What is kept between runs: a key that makes identities of logins opaque, and which logins were refused.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::held;

/// Bytes of the install key: as many as the hash gives.
const KEY: usize = 32;

/// Where state is kept, and the install key.
pub(crate) struct State {
    /// The key under which identities of logins are made.
    pub(crate) key: Vec<u8>,
    /// The file of refusals; `None` when nothing can be kept.
    pub(crate) refusals: Option<PathBuf>,
}

impl State {
    /// Opens the state of this user. Where none can be kept, a key for this run only.
    pub(crate) fn open() -> State {
        State::of(state_folder())
    }

    /// Opens the state in a folder that the caller names, in place of the user's.
    pub(crate) fn open_in(folder: &Path) -> State {
        State::of(Some(folder.to_owned()))
    }

    fn of(folder: Option<PathBuf>) -> State {
        match folder.ok_or_else(|| io::Error::other("no home")).and_then(|folder| {
            let key = kept_key(&folder)?;
            Ok((folder, key))
        }) {
            Ok((folder, key)) => State { key, refusals: Some(folder.join("refusals")) },
            Err(_) => State { key: random().unwrap_or_default(), refusals: None },
        }
    }
}

/// `$XDG_STATE_HOME/pullmedic`, else `~/.local/state/pullmedic`:
/// <https://specifications.freedesktop.org/basedir-spec/latest/>.
pub(crate) fn state_folder() -> Option<PathBuf> {
    if let Some(folder) = held::inside(|inside| inside.state.clone()) {
        return Some(folder);
    }
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    // The home of an account without one is not made: `/nonexistent` is to stay so.
    let home = || absolute("HOME").filter(|home| home.is_dir());
    let root = absolute("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local/state")))?;
    Some(root.join("pullmedic"))
}

fn kept_key(folder: &Path) -> io::Result<Vec<u8>> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join("install-key");
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    // Written aside and linked, so that two first runs at once agree on one key.
    let fresh = random()?;
    let aside = folder.join(format!("install-key.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(&fresh)?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, &path);
    fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => read(&path)?.ok_or_else(|| io::Error::other("the install key is damaged")),
    }
}

/// The key in the file; `None` when there is no file. One of another length is damaged, and replaced by hand only: it
/// is what refusals are kept under.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut key = Vec::new();
    file.take(KEY as u64 + 1).read_to_end(&mut key)?;
    if key.len() == KEY { Ok(Some(key)) } else { Err(io::Error::other("the install key is damaged")) }
}

fn random() -> io::Result<Vec<u8>> {
    let mut key = vec![0; KEY];
    fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state");
        let first = kept_key(&place).unwrap();
        assert_eq!(kept_key(&place).unwrap(), first);
        assert_eq!(first.len(), KEY);
        let mode = fs::metadata(place.join("install-key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_key_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("install-key"), "short").unwrap();
        assert!(kept_key(folder.path()).is_err());
        assert_eq!(fs::read(folder.path().join("install-key")).unwrap(), b"short");
    }
}
