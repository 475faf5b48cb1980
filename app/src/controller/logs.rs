//! Structured logs on standard error: fields of our own only. Libraries that talk to the cluster or to registries log
//! bodies and headers at their lower levels, and kube-client whole bodies at WARN, so none of theirs is let through.

use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

/// The target of everything that the controller logs.
pub(crate) const TARGET: &str = "pullmedic";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON document a line
    Json,
}

/// What is logged at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// Only what needs somebody
    Error,
    /// And what may
    Warn,
    /// And turns in the life of incidents
    Info,
    /// And every proof
    Debug,
    /// And everything told of a container
    Trace,
}

impl Level {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }
}

impl Format {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
        }
    }
}

/// Begins logging; for this process, once.
pub(crate) fn begin(format: Format, level: Level) {
    let level = LevelFilter::from_str(level.word()).unwrap_or(LevelFilter::INFO);
    let ours = Targets::new().with_default(LevelFilter::OFF).with_target(TARGET, level);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let subscriber = tracing_subscriber::registry();
    // Tests may have begun before.
    let _ = match format {
        Format::Text => tracing::subscriber::set_global_default(
            subscriber.with(layer.with_target(false).with_filter(ours)),
        ),
        Format::Json => {
            let layer = layer.json().flatten_event(true).with_target(false).with_filter(ours);
            tracing::subscriber::set_global_default(subscriber.with(layer))
        }
    };
}
