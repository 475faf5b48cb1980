//! Inputs as a file: a header, then one JSON document a line.

use pullmedic_model::Incident;
use pullmedic_model::incident::input::Input;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Change, Correlator, Settings};

/// The version that a header names.
const API_VERSION: &str = "pullmedic.dev/v1alpha1";
/// The kind that a header names.
const KIND: &str = "Recording";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    api_version: String,
    kind: String,
}

/// A line that cannot be read. The others still can.
#[derive(Debug, Error)]
#[error("read line {line} of the recording")]
pub struct BadLine {
    /// The line, from 1.
    pub line: usize,
    /// Why.
    #[source]
    pub source: BadText,
}

/// Why a line cannot be read.
#[derive(Debug, Error)]
pub enum BadText {
    /// It is no JSON, or not of that shape.
    #[error("not an input")]
    Shape(#[source] serde_json::Error),
    /// It is the header of something else, or of a version that is not known.
    #[error("{api_version} {kind} is not {API_VERSION} {KIND}")]
    Other {
        /// The version named, cut at 64 characters.
        api_version: String,
        /// The kind named, cut at 64 characters.
        kind: String,
    },
}

/// The first line of a recording, without the line's end.
pub fn header() -> String {
    format!(r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}"}}"#)
}

/// An input as a line, without the line's end.
///
/// # Errors
/// When it holds what JSON cannot.
pub fn write(input: &Input) -> Result<String, serde_json::Error> {
    serde_json::to_string(input)
}

/// Reads one line: `None` for the header and for an empty line. `line` is its number, from 1.
///
/// # Errors
/// When it is neither, nor an input.
pub fn read_line(line: usize, text: &str) -> Result<Option<Input>, BadLine> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str::<Input>(text) {
        Ok(input) => Ok(Some(input)),
        Err(error) => match serde_json::from_str::<Header>(text) {
            Ok(header) if header.api_version == API_VERSION && header.kind == KIND => Ok(None),
            Ok(header) => {
                let cut = |text: &str| text.chars().take(64).collect();
                let (api_version, kind) = (cut(&header.api_version), cut(&header.kind));
                Err(BadLine { line, source: BadText::Other { api_version, kind } })
            }
            Err(_) => Err(BadLine { line, source: BadText::Shape(error) }),
        },
    }
}

/// All lines of a recording: the inputs, and the lines that cannot be read.
pub fn read(text: &str) -> (Vec<Input>, Vec<BadLine>) {
    let (mut inputs, mut bad) = (Vec::new(), Vec::new());
    for (place, line) in text.lines().enumerate() {
        match read_line(place + 1, line) {
            Ok(input) => inputs.extend(input),
            Err(error) => bad.push(error),
        }
    }
    (inputs, bad)
}

/// What a recording comes to.
#[derive(Debug)]
pub struct Replay {
    /// The changes, each with the number of the input that made it, from 0.
    pub changes: Vec<(usize, Change)>,
    /// The incidents as they were last, in the order of their ids.
    pub incidents: Vec<Incident>,
}

/// Runs the same correlation over recorded inputs; time is theirs.
pub fn replay(settings: Settings, inputs: &[Input]) -> Replay {
    let mut correlator = Correlator::new(settings);
    let mut changes = Vec::new();
    for (number, input) in inputs.iter().enumerate() {
        changes.extend(correlator.take(input).into_iter().map(|change| (number, change)));
    }
    Replay { changes, incidents: correlator.incidents().cloned().collect() }
}
