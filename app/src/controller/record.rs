//! `--record FILE`: everything that the correlation is told, so that every fault of it is a file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use pullmedic_correlate::recording;
use pullmedic_model::incident::input::Input;

use super::logs;

/// A recording that is being written. What fails or grows past its cap ends it and is said; the controller goes on.
pub(crate) struct Recorder {
    path: PathBuf,
    out: Option<BufWriter<File>>,
    left: u64,
}

impl Recorder {
    /// Begins a recording for its owner only, at most so many bytes long. An older file of that name is replaced: a
    /// recording begins with the start of a controller.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn begin(path: &Path, most: u64) -> io::Result<Recorder> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let mut recorder = Recorder { path: path.to_owned(), out: Some(BufWriter::new(file)), left: most };
        recorder.line(&recording::header())?;
        Ok(recorder)
    }

    /// Writes an input.
    pub(crate) fn write(&mut self, input: &Input) {
        if self.out.is_none() {
            return;
        }
        let outcome = recording::write(input).map_err(io::Error::from).and_then(|line| self.line(&line));
        if let Err(error) = outcome {
            self.stop(&error.to_string());
        }
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64 + 1;
        if length > self.left {
            return Err(io::Error::other("it is as long as --record-max lets it be"));
        }
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write_all(line.as_bytes())?;
        out.write_all(b"\n")?;
        self.left -= length;
        Ok(())
    }

    /// Hands to the system what was written.
    pub(crate) fn flush(&mut self) {
        let failed = self.out.as_mut().and_then(|out| out.flush().err());
        if let Some(error) = failed {
            self.stop(&error.to_string());
        }
    }

    fn stop(&mut self, why: &str) {
        // What is there reads as a recording: each line is whole or the last.
        if let Some(mut out) = self.out.take() {
            let _ = out.flush();
        }
        let path = self.path.display();
        tracing::warn!(target: logs::TARGET, %path, why, "the recording ends here; the controller goes on");
    }
}

#[cfg(test)]
mod tests {
    use pullmedic_model::incident::input::Told;

    use super::*;
    use crate::controller::built;

    #[test]
    fn a_recording_reads_back_and_ends_at_its_cap_with_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let mut recorder = Recorder::begin(&path, 200).unwrap();
        for _ in 0..100 {
            recorder.write(&Input { at: built::now(), told: Told::Tick });
        }
        recorder.flush();
        let text = std::fs::read_to_string(&path).unwrap();
        let (inputs, bad) = recording::read(&text);
        assert!(bad.is_empty() && !inputs.is_empty() && text.len() <= 200, "{text}");
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
