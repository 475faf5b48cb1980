//! `cargo xtask accuracy FILE`: how well the words alone are read, measured on labelled messages.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::command::{command, read};
use crate::scenarios::build_product;

/// Which messages, with which product.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Labelled messages, a JSON object a line: `message`, `cause`, `also`, `actual_codes`
    file: PathBuf,
    /// The product to try; built from this checkout by default
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Print each message that was read as something else
    #[arg(long)]
    misses: bool,
}

/// A labelled message.
#[derive(Deserialize)]
struct Label {
    message: String,
    cause: String,
    /// Causes that the words leave equally open; any of them counts as right.
    #[serde(default)]
    also: Option<Vec<String>>,
    /// What it turned out to be, where that is known.
    #[serde(default)]
    actual_codes: Option<Vec<String>>,
}

/// What the product made of it.
#[derive(Deserialize)]
struct Reading {
    cause: String,
    confidence: String,
    rivals: Vec<String>,
}

/// Counts over all messages.
#[derive(Default, Debug, PartialEq, Eq)]
struct Figures {
    messages: usize,
    right: usize,
    certain: usize,
    certain_wrong: usize,
    known: usize,
    known_listed: usize,
    rivals: usize,
}

impl Figures {
    fn add(&mut self, label: &Label, reading: &Reading) -> bool {
        let right =
            reading.cause == label.cause || label.also.iter().flatten().any(|code| *code == reading.cause);
        let certain = reading.confidence == "certain";
        self.messages += 1;
        self.right += usize::from(right);
        self.certain += usize::from(certain);
        self.certain_wrong += usize::from(certain && !right);
        self.rivals += reading.rivals.len();
        if let Some(actual) = label.actual_codes.as_ref().filter(|codes| !codes.is_empty()) {
            self.known += 1;
            let listed = actual.iter().any(|code| *code == reading.cause || reading.rivals.contains(code));
            self.known_listed += usize::from(listed);
        }
        right
    }

    fn print(&self) {
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        println!("messages                        {}", self.messages);
        println!("cause right                     {:.1} %", share(self.right, self.messages));
        println!("certain                         {:.1} %", share(self.certain, self.messages));
        println!("certain but wrong               {}", self.certain_wrong);
        println!(
            "actual cause listed             {:.1} % of {}",
            share(self.known_listed, self.known),
            self.known
        );
        println!("rivals, mean                    {:.2}", self.rivals as f64 / self.messages.max(1) as f64);
    }
}

/// Measures and prints.
pub(crate) fn accuracy(arguments: &Arguments) -> Result<()> {
    let binary = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => build_product()?,
    };
    let file =
        fs::canonicalize(&arguments.file).with_context(|| format!("no {}", arguments.file.display()))?;
    let text = fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
    let labels: Vec<Label> = lines(&text).context("a label")?;
    let mut classify = command(&binary, &["classify", "--format", "jsonl", "--output", "jsonl"]);
    let said = read(classify.arg(&file))?;
    let readings: Vec<Reading> = lines(&said).context("what classify printed")?;
    if labels.len() != readings.len() {
        bail!("{} messages in, {} readings out", labels.len(), readings.len());
    }

    let mut figures = Figures::default();
    let mut confusions: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (label, reading) in labels.iter().zip(&readings) {
        if figures.add(label, reading) {
            continue;
        }
        *confusions.entry((&label.cause, &reading.cause)).or_default() += 1;
        if arguments.misses {
            println!(
                "{} read as {} ({}): {}\n",
                label.cause, reading.cause, reading.confidence, label.message
            );
        }
    }
    figures.print();
    for ((cause, said), count) in confusions {
        println!("  {cause} read as {said}: {count}");
    }
    Ok(())
}

fn lines<'a, T: Deserialize<'a>>(text: &'a str) -> Result<Vec<T>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| serde_json::from_str(line).with_context(|| format!("line {}", number + 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(cause: &str, confidence: &str, rivals: &[&str]) -> Reading {
        Reading {
            cause: cause.to_owned(),
            confidence: confidence.to_owned(),
            rivals: rivals.iter().map(|code| (*code).to_owned()).collect(),
        }
    }

    #[test]
    fn counts_as_the_reading_conventions_say() {
        let labels: Vec<Label> = lines(
            r#"{"message": "a", "cause": "dns", "also": ["proxy"]}
            {"message": "b", "cause": "dns", "actual_codes": ["registry-unavailable"]}
            {"message": "c", "cause": "dns", "also": null, "actual_codes": []}"#,
        )
        .unwrap();
        let mut figures = Figures::default();
        assert!(figures.add(&labels[0], &reading("proxy", "certain", &[])));
        assert!(figures.add(&labels[1], &reading("dns", "strong", &["registry-unavailable"])));
        assert!(!figures.add(&labels[2], &reading("proxy", "certain", &["dns"])));
        let expected = Figures {
            messages: 3,
            right: 2,
            certain: 2,
            certain_wrong: 1,
            known: 1,
            known_listed: 1,
            rivals: 2,
        };
        assert_eq!(figures, expected);
    }
}
