//! The product inside another program: for the playground, whose registries and API server are in its own process.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use pullmedic_model::Report;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::{Objects, Secret};

use clap::FromArgMatches as _;

use crate::assemble::{self, Ground};
use crate::command::Command;
use crate::diagnose::{self, Arguments};
use crate::failure::{Exit, Failure};
use crate::prove::{Prover, SecretSource};

/// Where such a run takes place.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    /// The folder for what is kept between runs; nothing of the user's is read or written.
    pub state: &'a Path,
    /// The boot id of this machine, as nodes in memory that are this machine tell it in `status.nodeInfo.bootID`: what
    /// stands on loopback may then be asked in their place.
    pub boot_id: &'a str,
}

/// Diagnoses objects and secrets in memory: registries are asked as in a live run, with `options` as `pullmedic
/// diagnose` takes them (`--resolv-conf FILE`, `--node-config DIR`, …), but never through a proxy.
///
/// # Errors
/// When an option is wrong.
pub async fn report_on(
    objects: &Objects,
    secrets: &[Secret],
    options: &[&str],
    ours: Ours<'_>,
) -> Result<Report, Failure> {
    let definition = <Arguments as clap::Args>::augment_args(clap::Command::new("diagnose"));
    let words = std::iter::once("diagnose").chain(options.iter().copied());
    let arguments = definition
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| Failure::new(anyhow::anyhow!("{}", error.to_string().trim_end())))?;
    let ground = Ground {
        cluster: None,
        vantage: Vantage::Workstation,
        now: Some(Timestamp::now()),
        stalled_after: arguments.stalled_after(),
    };
    let mut seen = arguments.seen(objects, &ground);
    let mut prover =
        Prover::of_memory(&arguments.proof, SecretSource::Memory(secrets), ground.vantage, ours)?;
    diagnose::proved(&mut prover, &mut seen, objects, &ground, &arguments).await?;
    Ok(assemble::report(objects, &seen, &ground))
}

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
