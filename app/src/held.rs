//! The product inside another program: for the playground, whose registries and API server are in its own process.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use crate::command::Command;
use crate::failure::{Exit, Failure};

/// What a command finds in place of what it would find as a process of its own, where the environment says it.
#[derive(Debug, Clone)]
pub struct Inside {
    /// The folder for what is kept between runs, in place of the user's.
    pub state: PathBuf,
    /// The boot id of this machine, in place of the system's.
    pub boot_id: String,
    /// Certificates in PEM that are trusted in place of the system's, as a file that `SSL_CERT_FILE` names.
    pub authorities: Vec<u8>,
}

struct Place {
    inside: Inside,
    out: Rc<RefCell<Vec<u8>>>,
}

thread_local! {
    /// Of this thread while it runs a command inside another program: nothing else in the process is touched.
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

/// Runs a command line on this thread, inside another program, and gives what it wrote to standard output beside how it
/// ended. The environment's proxies are not used. A controller ends by SIGTERM or SIGINT to the process, which must listen
/// for these itself.
pub fn run_inside(command: Command, inside: Inside) -> (Result<Exit, Failure>, Vec<u8>) {
    let out = Rc::new(RefCell::new(Vec::new()));
    let left = Left(PLACE.replace(Some(Place { inside, out: Rc::clone(&out) })));
    let ended = crate::run(command);
    drop(left);
    (ended, out.take())
}

/// Puts back what was there before, also when a command panics.
struct Left(Option<Place>);

impl Drop for Left {
    fn drop(&mut self) {
        PLACE.set(self.0.take());
    }
}

/// What another program says in place of the environment; `None` in a process of our own.
pub(crate) fn inside<T>(of: impl FnOnce(&Inside) -> T) -> Option<T> {
    PLACE.with_borrow(|place| place.as_ref().map(|place| of(&place.inside)))
}

/// Standard output, or what stands for it inside another program.
pub(crate) enum Out {
    /// The process's own.
    Standard(io::StdoutLock<'static>),
    /// Kept for the other program.
    Kept(Rc<RefCell<Vec<u8>>>),
}

impl Out {
    pub(crate) fn new() -> Out {
        let kept = PLACE.with_borrow(|place| place.as_ref().map(|place| Rc::clone(&place.out)));
        kept.map_or_else(|| Out::Standard(io::stdout().lock()), Out::Kept)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Standard(out) => out.write(bytes),
            Out::Kept(out) => out.borrow_mut().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Standard(out) => out.flush(),
            Out::Kept(_) => Ok(()),
        }
    }
}
