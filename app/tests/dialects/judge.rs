//! What was wanted against what came.

use std::collections::BTreeSet;

use serde_json::Value;

use super::expected::{Cell, Wanted};

/// How a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ended {
    /// As written: proven or likely.
    Right,
    /// As written: undecided for the reason that was planned, between the causes that were planned.
    Planned,
    /// Not as written: the product is at fault, and the table says how.
    Known,
    /// The same, and it is sure of a cause that was not injected.
    KnownWrong,
    /// Sure of a cause that was not injected.
    Wrong,
    /// Undecided where something was to be proven or likely.
    Unplanned,
    /// Undecided as planned, between other causes.
    OtherSurvivors,
    /// The right cause, less sure than written.
    LessSure,
    /// A right cause, surer than written.
    Surer,
}

impl Ended {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Ended::Right => "right",
            Ended::Planned => "undecided as planned",
            Ended::Known => "known fault of the product",
            Ended::KnownWrong => "WRONG, a known fault of the product",
            Ended::Wrong => "WRONG",
            Ended::Unplanned => "unplanned undecided",
            Ended::OtherSurvivors => "undecided between other causes",
            Ended::LessSure => "less sure than written",
            Ended::Surer => "surer than written",
        }
    }

    /// Whether the test passes with it.
    pub(crate) fn passes(self) -> bool {
        matches!(self, Ended::Right | Ended::Planned | Ended::Known | Ended::KnownWrong)
    }
}

/// What the report says, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) cause: String,
    pub(crate) certainty: String,
    /// The causes that are left, the first among them; without those that are no cause.
    pub(crate) left: BTreeSet<String>,
}

/// Never a survivor of its own: a hypothesis, and what is always left.
const NO_CAUSES: [&str; 2] = ["not-found-or-denied", "unknown"];

impl Said {
    pub(crate) fn of(finding: &Value) -> Said {
        let text = |value: &Value| value.as_str().expect("the report holds to its schema").to_owned();
        let (cause, certainty) = (text(&finding["cause"]), text(&finding["certainty"]));
        let rivals = finding["rivals"].as_array().into_iter().flatten();
        let open = rivals.filter(|rival| rival["standing"] == "open").map(|rival| text(&rival["code"]));
        let left = open.chain([cause.clone()]).filter(|cause| !NO_CAUSES.contains(&cause.as_str())).collect();
        Said { cause, certainty, left }
    }

    pub(crate) fn words(&self) -> String {
        if self.certainty == "undecided" {
            let left: Vec<&str> = self.left.iter().map(String::as_str).collect();
            format!("undecided between {} ({} first)", left.join(", "), self.cause)
        } else {
            format!("{} {}", self.certainty, self.cause)
        }
    }
}

/// Judges one cell; `known` of the table is not looked at.
pub(crate) fn judge(wanted: &Wanted, cell: &Cell, injected: &str, said: &Said) -> Ended {
    let sure = said.certainty != "undecided";
    let mut right: BTreeSet<&str> = BTreeSet::from([injected]);
    // What explains another is told only where it was seen (the list of `verdict.md`).
    if injected == "credentials-expired" {
        right.insert("bad-credentials");
    }
    if sure && !right.contains(said.cause.as_str()) {
        return Ended::Wrong;
    }
    let certainty = match said.certainty.as_str() {
        "proven" => 2,
        "likely" => 1,
        _ => 0,
    };
    match wanted {
        Wanted::Proven(cause) | Wanted::Likely(cause) => {
            let level = if matches!(wanted, Wanted::Proven(_)) { 2 } else { 1 };
            match (certainty, said.cause == *cause) {
                (0, _) => Ended::Unplanned,
                (have, true) if have == level => Ended::Right,
                (have, _) if have < level => Ended::LessSure,
                _ => Ended::Surer,
            }
        }
        Wanted::Undecided(causes) => {
            if sure {
                return Ended::Surer;
            }
            let must = causes.iter().all(|cause| said.left.contains(cause));
            let may = said.left.iter().all(|cause| causes.contains(cause) || cell.maybe.contains(cause));
            if must && may { Ended::Planned } else { Ended::OtherSurvivors }
        }
    }
}

#[test]
fn another_cause_is_wrong_and_one_that_explains_it_is_not() {
    let said = |certainty: &str, cause: &str, rivals: &[&str]| {
        let rivals: Vec<_> =
            rivals.iter().map(|code| serde_json::json!({"code": code, "standing": "open"})).collect();
        Said::of(&serde_json::json!({"cause": cause, "certainty": certainty, "rivals": rivals}))
    };
    let proven = || Wanted::Proven("forbidden".into());
    let open = || Wanted::Undecided(vec!["forbidden".into(), "repository-not-found".into()]);
    let cell = Cell { maybe: vec!["proxy".into()], ..Cell::default() };
    for (wanted, injected, said, ended) in [
        (proven(), "forbidden", said("proven", "forbidden", &["unknown"]), Ended::Right),
        (proven(), "forbidden", said("likely", "forbidden", &[]), Ended::LessSure),
        (proven(), "forbidden", said("undecided", "forbidden", &["proxy"]), Ended::Unplanned),
        (proven(), "forbidden", said("likely", "proxy", &[]), Ended::Wrong),
        (open(), "forbidden", said("proven", "proxy", &[]), Ended::Wrong),
        (open(), "forbidden", said("proven", "forbidden", &[]), Ended::Surer),
        (
            open(),
            "forbidden",
            said("undecided", "not-found-or-denied", &["forbidden", "repository-not-found", "proxy"]),
            Ended::Planned,
        ),
        (open(), "forbidden", said("undecided", "forbidden", &["proxy"]), Ended::OtherSurvivors),
        (
            open(),
            "forbidden",
            said("undecided", "forbidden", &["repository-not-found", "dns"]),
            Ended::OtherSurvivors,
        ),
        (
            Wanted::Likely("bad-credentials".into()),
            "credentials-expired",
            said("likely", "bad-credentials", &[]),
            Ended::Right,
        ),
    ] {
        assert_eq!(judge(&wanted, &cell, injected, &said), ended, "{said:?}");
    }
}
