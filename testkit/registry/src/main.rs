//! `testkit-registry serve --config FILE`: the fault registry as a process.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use serde_json::json;
use testkit_registry::{Configuration, OnRequest, Registry, Request, Running};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: testkit-registry serve --config FILE [--ready FILE] [--log FILE] [--ca FILE] [--until-stdin-closes]
       testkit-registry example

serve    listens, prints one line of JSON {\"endpoints\": {NAME: {\"address\", \"url\", \"images\"}}, \"names\", \"ca\"},
         and ends on SIGTERM or SIGINT, or when its stdin closes if so told; on SIGHUP it reads its FILE again and
         takes over rules, users, public repositories, images, transports and name records (else says why not), then
         writes the --ready file anew
         --ready FILE   writes that line to FILE, too, once everything listens
         --log FILE     appends each answered request as a line of JSON
         --ca FILE      writes the run's authority in PEM
example  prints a configuration with comments
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("serve") => Serve::read(&arguments[1..]).and_then(|serve| serve.run()),
        Some("example") => print(include_str!("example.yaml")),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, USAGE)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let usage = error.kind() == io::ErrorKind::InvalidInput;
            // Where stderr is gone there is nobody left to tell.
            let _ = writeln!(io::stderr().lock(), "{}{error}", if usage { "" } else { "error: failed to " });
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[derive(Default)]
struct Serve {
    config: PathBuf,
    ready: Option<PathBuf>,
    log: Option<PathBuf>,
    ca: Option<PathBuf>,
    until_stdin_closes: bool,
}

impl Serve {
    fn read(arguments: &[String]) -> io::Result<Self> {
        let wrong = |words: String| io::Error::new(io::ErrorKind::InvalidInput, format!("{words}\n{USAGE}"));
        let mut read = Self::default();
        let mut config = None;
        let mut left = arguments.iter();
        while let Some(argument) = left.next() {
            if argument == "--until-stdin-closes" {
                read.until_stdin_closes = true;
                continue;
            }
            let place = match argument.as_str() {
                "--config" => &mut config,
                "--ready" => &mut read.ready,
                "--log" => &mut read.log,
                "--ca" => &mut read.ca,
                other => return Err(wrong(format!("unknown argument {other:?}"))),
            };
            let value = left.next().ok_or_else(|| wrong(format!("{argument} wants a file")))?;
            *place = Some(PathBuf::from(value));
        }
        read.config = config.ok_or_else(|| wrong("--config is missing".to_owned()))?;
        Ok(read)
    }

    fn run(&self) -> io::Result<()> {
        let configuration = self.configuration()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let outcome = runtime.block_on(self.serve(configuration));
        // A read of stdin that is still under way cannot be interrupted and must not hold the end up.
        runtime.shutdown_background();
        outcome
    }

    fn configuration(&self) -> io::Result<Configuration> {
        let text = std::fs::read_to_string(&self.config).map_err(|error| of(&self.config, error))?;
        Configuration::from_yaml(&text).map_err(|error| of(&self.config, error))
    }

    /// Tells where everything is, once and after each change.
    fn ready(&self, running: &Running) -> io::Result<String> {
        let line = format!("{}\n", describe(running));
        if let Some(path) = &self.ready {
            // Written beside and renamed, so that who waits for the file never reads half of it.
            let beside = path.with_extension("part");
            std::fs::write(&beside, &line).map_err(|error| of(&beside, error))?;
            std::fs::rename(&beside, path).map_err(|error| of(path, error))?;
        }
        Ok(line)
    }

    fn replace(&self, running: &Running) -> io::Result<()> {
        running.replace(&self.configuration()?).map_err(|error| of(&self.config, error))?;
        self.ready(running).map(drop)
    }

    async fn serve(&self, configuration: Configuration) -> io::Result<()> {
        let (mut terminated, mut interrupted, mut changed) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        );
        let log = match &self.log {
            Some(path) => {
                let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
                Some(Mutex::new(file.map_err(|error| of(path, error))?))
            }
            None => None,
        };
        let tell = log.map(|log| {
            let tell = move |request: &Request| {
                if let (Ok(mut log), Ok(mut line)) = (log.lock(), serde_json::to_vec(request)) {
                    line.push(b'\n');
                    // A full disk is no reason to stop serving.
                    let _ = log.write_all(&line);
                }
            };
            Box::new(tell) as OnRequest
        });
        let running = Registry::start_and_tell(configuration, tell).await?;
        if let Some(path) = &self.ca {
            std::fs::write(path, running.ca_pem()).map_err(|error| of(path, error))?;
        }
        let line = self.ready(&running)?;
        print(&line)?;
        let closed = async {
            if !self.until_stdin_closes {
                std::future::pending::<()>().await;
            }
            let mut bytes = [0; 1024];
            let mut stdin = tokio::io::stdin();
            while stdin.read(&mut bytes).await.is_ok_and(|length| length > 0) {}
        };
        tokio::pin!(closed);
        loop {
            tokio::select! {
                _ = terminated.recv() => break,
                _ = interrupted.recv() => break,
                () = &mut closed => break,
                _ = changed.recv() => {
                    if let Err(error) = self.replace(&running) {
                        let _ = writeln!(io::stderr().lock(), "error: failed to {error}; nothing was changed");
                    }
                }
            }
        }
        running.stop().await;
        Ok(())
    }
}

fn describe(running: &Running) -> serde_json::Value {
    let endpoints: serde_json::Map<String, serde_json::Value> = running
        .addresses()
        .into_iter()
        .map(|(name, address)| {
            let about =
                json!({"address": address, "url": running.url(&name), "images": running.images(&name)});
            (name, about)
        })
        .collect();
    json!({"endpoints": endpoints, "names": running.dns_if_any(), "ca": running.ca_pem()})
}

fn of(path: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("use {}: {error}", path.display()))
}
