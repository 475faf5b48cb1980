//! Faults injected into the real cluster, and what the product says about each: `cargo xtask scenarios [ID…]`.
//!
//! All faults stand side by side, a namespace for each scenario and node; those that would disturb others come last.
//! The product is run as a user would run it, once for each namespace.

mod controller;
mod endpoint;
mod expect;
mod faults;
mod file;
mod fix;
mod inject;
mod judge;
mod objects;
mod product;
mod record;
mod report;
mod rights;
mod table;
mod waiting;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;

use self::controller::Controller;
use self::inject::clear;
use self::objects::Case;
use self::product::{Product, Runs};
use self::table::Row;
use crate::cluster::Cluster;
use crate::cluster::layout::checkout;
use crate::command::{command, run};
use crate::steps::Steps;

/// Which scenarios, with which product.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Scenarios to run, as `S01`, or `S11` for all of its faults; without any, all
    ids: Vec<String>,
    /// The product to try; built from this checkout by default
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Leave the faults standing
    #[arg(long)]
    keep: bool,
    /// Take the faults that an earlier run with --keep left standing, instead of injecting them anew
    #[arg(long)]
    standing: bool,
    /// Save what the cluster shows while all faults stand, without Secrets, into this folder
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Save the product's reports into this folder, `NAMESPACE.words.json` and `NAMESPACE.replay.json`
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
    /// Inject and wait, but do not run the product
    #[arg(long)]
    no_diagnose: bool,
    /// Mend nothing: leave out what the reports advise
    #[arg(long)]
    no_fix: bool,
    /// Run no controller beside
    #[arg(long)]
    no_controller: bool,
    /// Do what the reports advise even where nothing was replayed
    #[arg(long, conflicts_with = "no_fix")]
    fix: bool,
    /// Only remove what an earlier run left standing
    #[arg(long)]
    clear: bool,
}

/// Runs them.
pub(crate) fn scenarios(arguments: &Arguments) -> Result<()> {
    let scenarios = file::read(&checkout().join("scenarios"), &arguments.ids)?;
    let cluster = crate::cluster::up()?;
    let steps = Steps::start();
    if !arguments.standing {
        steps.step("clear what an earlier run left", || clear(&cluster))?;
    }
    if arguments.clear {
        return Ok(());
    }
    let binary = match (&arguments.binary, arguments.no_diagnose) {
        (_, true) => None,
        (Some(binary), false) => {
            Some(fs::canonicalize(binary).with_context(|| format!("no {}", binary.display()))?)
        }
        (None, false) => Some(steps.step("build pullmedic", build_product)?),
    };

    let cases = Case::all(&scenarios);
    if !arguments.standing {
        inject::prepare_all(&cluster, &steps, &scenarios, &cases)?;
    }
    let Some(binary) = binary else {
        let shown = inject_every_round(&cluster, &steps, &cases)?;
        save(arguments, &cluster, &steps)?;
        if !arguments.keep {
            steps.step("clear", || clear(&cluster))?;
        }
        return report::not_shown(&shown);
    };
    let product = Product::prepare(&cluster, &binary)?;
    let run = Everything { arguments, cluster: &cluster, steps: &steps, product: &product, cases: &cases };
    let (rows, tried) = if arguments.standing || arguments.record.is_some() {
        run.together()?
    } else {
        run.round_by_round()?
    };
    if !arguments.keep && !arguments.standing {
        steps.step("clear", || clear(&cluster))?;
    }
    report::report(arguments, &rows, &tried)
}

/// A case and the seconds until its sign came, if it did.
type Shown<'a> = (&'a Case<'a>, Option<f64>);

fn inject_every_round<'a>(cluster: &Cluster, steps: &Steps, cases: &'a [Case<'a>]) -> Result<Vec<Shown<'a>>> {
    let mut shown = Vec::new();
    for round in rounds(cases) {
        shown.extend(inject::inject(cluster, steps, &round)?);
    }
    Ok(shown)
}

/// The cases of each round in turn.
fn rounds<'a>(cases: &'a [Case<'a>]) -> Vec<Vec<&'a Case<'a>>> {
    let mut numbers: Vec<u8> = cases.iter().map(|case| case.scenario.round).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |number: u8| cases.iter().filter(move |case| case.scenario.round == number).collect();
    numbers.into_iter().map(of).collect()
}

fn save(arguments: &Arguments, cluster: &Cluster, steps: &Steps) -> Result<()> {
    match &arguments.record {
        Some(folder) => steps.step("record", || record::record(cluster, folder)),
        None => Ok(()),
    }
}

/// What a run has at hand.
struct Everything<'a> {
    arguments: &'a Arguments,
    cluster: &'a Cluster,
    steps: &'a Steps,
    product: &'a Product,
    cases: &'a [Case<'a>],
}

impl<'a> Everything<'a> {
    /// Looks at all faults while they stand, and mends none.
    fn together(&self) -> Result<(Vec<Row<'a>>, Vec<rights::Tried>)> {
        let shown = if self.arguments.standing {
            let all: Vec<&Case<'_>> = self.cases.iter().collect();
            let signs =
                self.steps.step("signs", || waiting::wait_for_signs(self.cluster, &all, Instant::now()))?;
            self.cases.iter().zip(signs).collect()
        } else {
            inject_every_round(self.cluster, self.steps, self.cases)?
        };
        save(self.arguments, self.cluster, self.steps)?;
        let rows = self.look(&shown)?;
        Ok((rows, self.partial_rights()?))
    }

    /// Injects, looks and mends, a round after the other.
    fn round_by_round(&self) -> Result<(Vec<Row<'a>>, Vec<rights::Tried>)> {
        let (mut rows, mut tried) = (Vec::new(), Vec::new());
        let controller = self.steps.step("controller", || match self.arguments.no_controller {
            true => Ok(None),
            false => Controller::start(self.cluster, self.product, self.cases),
        })?;
        for (number, round) in rounds(self.cases).into_iter().enumerate() {
            let shown = inject::inject(self.cluster, self.steps, &round)?;
            let mut looked = self.look(&shown)?;
            if number == 0 {
                tried = self.partial_rights()?;
            }
            if let Some(controller) = &controller {
                let cases: Vec<_> = shown.iter().map(|(case, sign)| (*case, sign.is_some())).collect();
                let told =
                    self.steps.step("what the controller says", || controller.said(self.cluster, &cases))?;
                for (row, told) in looked.iter_mut().zip(told) {
                    row.controller = told;
                }
            }
            self.mend(&mut looked)?;
            if let Some(controller) = &controller {
                self.steps.step("mended incidents end", || self.ended(controller, &mut looked))?;
            }
            rows.extend(looked);
        }
        if let Some(controller) = controller {
            let differs = self.steps.step("end of the controller", || controller.stop())?;
            tried.push(rights::Tried { name: "controller under its own rights", differs });
        }
        let place = |row: &Row<'_>| self.cases.iter().position(|case| case.namespace == row.case.namespace);
        rows.sort_by_key(place);
        Ok((rows, tried))
    }

    fn look(&self, shown: &[Shown<'a>]) -> Result<Vec<Row<'a>>> {
        let cases: Vec<_> = shown.iter().map(|(case, sign)| (*case, sign.is_some())).collect();
        let runs = self.steps.step("diagnose", || self.product.look_at(&cases))?;
        let row = |((case, shown), runs): (&Shown<'a>, Runs)| Row {
            case: (*case).clone(),
            shown: *shown,
            runs,
            controller: None,
            fixed: None,
        };
        Ok(shown.iter().zip(runs).map(row).collect())
    }

    /// Whose pods run again is to have no incident that lasts.
    fn ended(&self, controller: &Controller, rows: &mut [Row<'a>]) -> Result<()> {
        let runs = |row: &Row<'_>| row.fixed.as_ref().is_some_and(|fixed| fixed.runs);
        let cases: Vec<&Case<'_>> =
            rows.iter().filter(|row| runs(row) && row.controller.is_some()).map(|row| &row.case).collect();
        let open = controller.still_open(self.cluster, &cases)?;
        for row in rows {
            let standing = open.iter().find(|(namespace, _)| *namespace == row.case.namespace);
            if let (Some(told), Some((_, standing))) = (&mut row.controller, standing) {
                told.differs.push(format!("the pods run, and {standing}"));
            }
        }
        Ok(())
    }

    fn partial_rights(&self) -> Result<Vec<rights::Tried>> {
        if !self.arguments.ids.is_empty() {
            return Ok(Vec::new());
        }
        self.steps.step("partial rights", || rights::check(self.cluster, self.product, self.cases))
    }

    /// What the words alone advise has gaps to fill in, so only a replay is taken at its word unless asked otherwise.
    fn mend(&self, rows: &mut [Row<'a>]) -> Result<()> {
        if self.arguments.no_fix || !(self.product.replays || self.arguments.fix) {
            return Ok(());
        }
        let mut wanted: Vec<&mut Row<'_>> =
            rows.iter_mut().filter(|row| row.shown.is_some() && row.case.scenario.fix.is_some()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let cases: Vec<fix::Wanted<'_>> = wanted.iter().filter_map(|row| fix::Wanted::of(row)).collect();
        let fixed = self.steps.step("fixes", || fix::apply_all(self.cluster, self.product, &cases))?;
        drop(cases);
        for (row, fixed) in wanted.iter_mut().zip(fixed) {
            row.fixed = Some(fixed);
        }
        Ok(())
    }
}

/// Builds pullmedic from this checkout and answers where it is.
pub(crate) fn build_product() -> Result<PathBuf> {
    let mut build = command("cargo", &["build", "--quiet", "--package", "pullmedic-app"]);
    run(build.current_dir(checkout()))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from);
    Ok(target.join("debug/pullmedic"))
}
