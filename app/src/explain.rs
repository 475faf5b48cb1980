//! `pullmedic explain [CODE]`: the page of a cause.

use std::io::Write;

use pullmedic_model::{Cause, Group};
use pullmedic_report::{write_page_text, write_why};

use crate::failure::{Exit, Failure};
use crate::output::Screen;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pullmedic explain                 every cause, a line each\n  pullmedic explain tag-not-found   the page of one\n  pullmedic explain --why dns       what proves it, and what tells it from others"
)]
pub(crate) struct Arguments {
    /// The code of a cause; without one, every cause is listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Show what proves the cause and what tells it from the others, from the table that decides
    #[arg(long, requires = "code")]
    why: bool,
}

pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let mut out = screen.out();
    match &arguments.code {
        None => list(&mut out)?,
        Some(code) => {
            let cause = code.parse::<Cause>().map_err(|unknown| {
                let near = Cause::ALL
                    .iter()
                    .map(|cause| (strsim::jaro_winkler(code, cause.code()), cause.code()))
                    .max_by(|a, b| a.0.total_cmp(&b.0));
                let next = match near {
                    Some((likeness, near)) if likeness > 0.8 => format!("pullmedic explain {near}"),
                    _ => "pullmedic explain   (lists every code)".to_owned(),
                };
                Failure::new(anyhow::Error::new(unknown).context("explain a cause")).next(next)
            })?;
            if arguments.why {
                write_why(&pullmedic_probe::why(cause), &screen.look(None), &mut out)?;
                out.flush()?;
                return Ok(Exit::Healthy);
            }
            write_page_text(cause, &screen.look(None), &mut out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Healthy)
}

fn list(out: &mut impl Write) -> std::io::Result<()> {
    let width = Cause::ALL.iter().map(|cause| cause.code().len()).max().unwrap_or_default();
    for group in Group::ALL {
        writeln!(out, "{}", group.title())?;
        for cause in Cause::ALL.iter().filter(|cause| cause.group() == group) {
            writeln!(out, "  {:width$}  {}", cause.code(), cause.title())?;
        }
        writeln!(out)?;
    }
    Ok(())
}
