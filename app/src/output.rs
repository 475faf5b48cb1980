//! The terminal: how wide, in colour or not, in which letters, at which time.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pullmedic_report::Look;

use crate::held::Out;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The flags about how output looks, the same for every subcommand.
#[derive(Debug, Clone, clap::Args)]
pub struct ScreenArguments {
    /// When to colour
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        help_heading = "Output options"
    )]
    color: Colour,
    /// Write ASCII only [default: where the locale is not UTF-8]
    #[arg(long, global = true, help_heading = "Output options")]
    ascii: bool,
}

/// What is known of the terminal.
pub struct Screen {
    colour: bool,
    ascii: bool,
    width: usize,
}

/// As wide as text is still read well; a wider terminal does not help a sentence.
const WIDEST: usize = 120;

impl ScreenArguments {
    /// The terminal as it is, and as the flags say.
    #[must_use]
    pub fn screen(&self) -> Screen {
        let terminal = std::io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let colour = match self.color {
            Colour::Always => true,
            Colour::Never => false,
            // https://no-color.org
            Colour::Auto => {
                terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let columns = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let from_environment = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = if terminal { columns() } else { from_environment() };
        Screen { colour, ascii: self.ascii || !locale_is_utf8(), width: width.unwrap_or(80).min(WIDEST) }
    }
}

/// The first of these that is set decides, as in the C library. Where none is set, as in most containers, output is
/// UTF-8: terminals are.
fn locale_is_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    let Some(locale) = set.into_iter().find(|value| !value.is_empty()) else { return true };
    let locale = locale.to_ascii_lowercase();
    // `C` and `POSIX` say nothing about the terminal where a program's environment was merely emptied; they do ask for
    // plain output.
    locale.contains("utf-8") || locale.contains("utf8")
}

impl Screen {
    /// How a page looks there at this time.
    #[must_use]
    pub fn look(&self, now: Option<Timestamp>) -> Look {
        Look {
            width: self.width,
            colour: self.colour,
            ascii: self.ascii,
            now,
            time_zone: TimeZone::system(),
            why: false,
        }
    }

    /// Standard output, written in large pieces.
    pub fn out(&self) -> impl Write {
        std::io::BufWriter::with_capacity(64 * 1024, Out::new())
    }
}
