//! Recordings: read, replayed, and what a broken one says.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::error::Error as _;
use std::fs;

use insta::assert_snapshot;
use proptest::prelude::*;
use pullmedic_correlate::{Settings, Weight, recording};
use pullmedic_model::{Cause, Certainty};
use support::{gone, judge, judged, past, pulled, refuse, tick, wait, waits, word};

#[test]
fn every_input_is_read_as_it_was_written() {
    let web = waits("shop", "web-1", "r.acme.test/shop/web:2", Cause::TagNotFound);
    let inputs = [
        wait(0, &web),
        judge(1, judged(&web, Cause::TagNotFound, Certainty::Proven)),
        refuse(2, &web, "needs get on a secret", Some(60)),
        pulled(3, "node-2", "r.acme.test/shop/web:2"),
        past(4, &web),
        gone(5, &web),
        tick(6),
    ];
    let lines = inputs.iter().map(|input| recording::write(input).unwrap());
    let text = std::iter::once(recording::header()).chain(lines).collect::<Vec<_>>().join("\n");
    let (read, bad) = recording::read(&text);
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(read, inputs);
}

#[test]
fn a_bad_line_is_named_and_the_others_are_read() {
    let good = recording::write(&tick(0)).unwrap();
    let other = r#"{"apiVersion":"pullmedic.dev/v9","kind":"Recording"}"#;
    let text = format!("{}\n{good}\n\n{{\"at\":\n{other}\nnull\n{good}", recording::header());
    let (read, bad) = recording::read(&text);
    assert_eq!(read.len(), 2);
    let said: Vec<String> = bad.iter().map(|bad| format!("{bad}: {}", bad.source().unwrap())).collect();
    assert_snapshot!("bad_lines", said.join("\n"));
}

/// Each recording beside the story that it comes to.
#[test]
fn golden_recordings_replay_to_their_stories() {
    let folder = format!("{}/tests/recordings", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let (inputs, bad) = recording::read(&fs::read_to_string(&file).unwrap());
        assert!(bad.is_empty(), "{file:?}: {bad:?}");
        let replay = recording::replay(Settings::default(), &inputs);
        let lives = replay.changes.iter().filter(|(_, change)| change.weight == Weight::Life);
        let lives: Vec<String> = lives.map(|(number, change)| format!("{number} {}", word(change))).collect();
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert_snapshot!(name, format!("{}\n\n{}", lives.join("\n"), support::stories(&replay.incidents)));
    }
}

proptest! {
    #[test]
    fn no_text_makes_reading_fail_otherwise(text in "(?s).{0,400}") {
        let (inputs, bad) = recording::read(&text);
        prop_assert!(inputs.len() + bad.len() <= text.lines().count());
    }
}
