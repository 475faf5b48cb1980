//! `pullmedic classify`: messages to ranked hypotheses.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use pullmedic_classify::{Context, classify};
use pullmedic_model::{Captured, Hypothesis};
use pullmedic_report::{hypothesis_json, write_hypothesis_text};
use serde_json::value::RawValue;

use crate::failure::{Exit, Failure};
use crate::output::Screen;

/// Arguments of `classify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pullmedic classify -m 'Failed to pull image \"nginx:1.92\": …'\n  \
    kubectl get events -o jsonpath='{range .items[*]}{.message}{\"\\n\"}{end}' | pullmedic classify -\n  \
    pullmedic classify --format jsonl messages.jsonl | jq -r .cause | sort | uniq -c\n\n\
    Text alone is a hypothesis: `pullmedic diagnose` looks at the pods too.")]
pub(crate) struct Arguments {
    /// A file of messages, or - for standard input
    #[arg(value_name = "FILE", conflicts_with = "message", required_unless_present = "message")]
    file: Option<PathBuf>,
    /// One message
    #[arg(short, long, value_name = "MESSAGE")]
    message: Option<String>,
    /// What a line of the file is: a message, or a JSON object with the key `message`
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// How to write [default: text; for --format jsonl: jsonl, one object a line]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    output: Option<Output>,
}

/// What a line of the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A message
    Lines,
    /// A JSON object with the key `message`; other keys are passed over
    Jsonl,
}

/// How hypotheses are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// One JSON value: an object for -m, an array for a file
    Json,
    /// One JSON object a line
    Jsonl,
}

/// The longest line that is read whole, in bytes. A longer one is classified by its beginning, and said so.
const LONGEST_LINE: usize = 64 << 20;

pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let mut out = screen.out();
    if let Some(message) = &arguments.message {
        let hypothesis = of_text(message.as_bytes());
        match arguments.output.unwrap_or(Output::Text) {
            Output::Text => write_hypothesis_text(None, &hypothesis, &screen.look(None), &mut out)?,
            Output::Json | Output::Jsonl => writeln!(out, "{}", hypothesis_json(&hypothesis))?,
        }
        out.flush()?;
        return Ok(Exit::Healthy);
    }
    let path = arguments.file.clone().unwrap_or_else(|| "-".into());
    let ends_so = path.extension().is_some_and(|ending| ending == "jsonl" || ending == "ndjson");
    let format = arguments.format.unwrap_or(if ends_so { Format::Jsonl } else { Format::Lines });
    let output = arguments.output.unwrap_or(match format {
        Format::Lines => Output::Text,
        Format::Jsonl => Output::Jsonl,
    });
    let mut writer = Writer { output, out: &mut out, screen, number: 0 };
    let mut exit = Exit::Healthy;
    writer.begin()?;
    let mut input = open(&path)?;
    let mut line = Vec::new();
    while next_line(&mut input, &mut line)
        .with_context(|| format!("read {}", path.display()))
        .map_err(Failure::new)?
    {
        let read = match format {
            Format::Lines => Ok(of_text(&line)),
            Format::Jsonl => message_of(&line).map(|message| of_text(message.as_bytes())),
        };
        if read.is_err() {
            exit = Exit::Incomplete;
        }
        writer.write(read)?;
    }
    writer.end()?;
    out.flush()?;
    Ok(exit)
}

fn of_text(message: &[u8]) -> Hypothesis {
    classify(Captured::from_bytes(message).as_str().as_bytes(), Context::default())
}

fn open(path: &PathBuf) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        if std::io::stdin().is_terminal() {
            // Talk, so that a person who forgot a pipe does not wait for nothing.
            let _ = writeln!(
                std::io::stderr(),
                "reading messages from the terminal, one a line; end with Ctrl-D"
            );
        }
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("read {}", path.display())).map_err(Failure::new)?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
}

/// Reads one line without its end; `false` at the end of the input.
fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let read = input.take(LONGEST_LINE as u64).read_until(b'\n', line)?;
    if read == LONGEST_LINE && !line.ends_with(b"\n") {
        skip_line(input)?;
    }
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    Ok(read > 0)
}

fn skip_line(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let piece = input.fill_buf()?;
        if piece.is_empty() {
            return Ok(());
        }
        let (used, done) = match piece.iter().position(|&byte| byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (piece.len(), false),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn message_of(line: &[u8]) -> Result<String, String> {
    #[derive(serde::Deserialize)]
    struct Line {
        message: String,
    }
    let text = String::from_utf8_lossy(line);
    match serde_json::from_str::<Line>(&text) {
        Ok(line) => Ok(line.message),
        Err(_) if serde_json::from_str::<&RawValue>(&text).is_err() => Err("the line is not JSON".into()),
        Err(_) => Err("the line is no JSON object with a text under the key \"message\"".into()),
    }
}

struct Writer<'a, W> {
    output: Output,
    out: &'a mut W,
    screen: &'a Screen,
    number: usize,
}

impl<W: Write> Writer<'_, W> {
    fn begin(&mut self) -> std::io::Result<()> {
        if self.output == Output::Json { self.out.write_all(b"[") } else { Ok(()) }
    }

    /// Writes the hypothesis of the next line. A line that holds no message still gives one object, so that lines in and
    /// lines out keep in step.
    fn write(&mut self, read: Result<Hypothesis, String>) -> std::io::Result<()> {
        self.number += 1;
        match (self.output, read) {
            (Output::Text, Ok(hypothesis)) => {
                write_hypothesis_text(Some(self.number), &hypothesis, &self.screen.look(None), self.out)
            }
            (Output::Text, Err(error)) => writeln!(self.out, "line {}: {error}", self.number),
            (Output::Json | Output::Jsonl, read) => {
                let text = match read {
                    Ok(hypothesis) => hypothesis_json(&hypothesis),
                    Err(error) => unreadable(&error),
                };
                match self.output {
                    Output::Json if self.number > 1 => write!(self.out, ",\n{text}"),
                    Output::Json => write!(self.out, "\n{text}"),
                    Output::Text | Output::Jsonl => writeln!(self.out, "{text}"),
                }
            }
        }
    }

    fn end(&mut self) -> std::io::Result<()> {
        if self.output == Output::Json { self.out.write_all(b"\n]\n") } else { Ok(()) }
    }
}

/// The object of a line that holds no message: `unknown`, with the key `error`.
fn unreadable(error: &str) -> String {
    let text = hypothesis_json(&of_text(b""));
    let body = text.strip_suffix('}').unwrap_or(&text);
    format!("{body},\"error\":{}}}", serde_json::Value::from(error))
}
