//! Judgements: cases with scripted answers, and the verdicts that they must and must not give.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

mod near_misses;
mod near_misses_absent;
mod near_misses_content;
mod near_misses_mirror;
mod near_misses_twice;
mod near_misses_words;
mod properties;
mod rules;
mod scenarios;
mod support;
mod why;
