//! Whether a text is OpenMetrics, by the rules of the format that a scraper fails on:
//! <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>.

use std::collections::{BTreeMap, BTreeSet};

type Labels = Vec<(String, String)>;

/// Samples by name and labels, in their order.
pub(crate) type Samples = BTreeMap<(String, Labels), f64>;

/// The samples, or what is wrong.
pub(crate) fn read(text: &str) -> Result<Samples, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it does not end with # EOF")?;
    let mut families: BTreeSet<String> = BTreeSet::new();
    let (mut family, mut kind, mut helped) = (String::new(), String::new(), false);
    let mut samples = Samples::new();
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (word, name, rest) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next());
            if name != family {
                if !families.insert(name.to_owned()) {
                    return Err(format!("{name} comes twice"));
                }
                (family, kind, helped) = (name.to_owned(), String::new(), false);
            }
            match (word, rest) {
                ("HELP", Some(help)) if !help.trim().is_empty() => helped = true,
                ("TYPE", Some(of)) => of.clone_into(&mut kind),
                ("UNIT", Some(unit)) if name.ends_with(&format!("_{unit}")) => {}
                _ => return Err(format!("no such line: {line}")),
            }
            continue;
        }
        let (name, labels, value) = sample(line)?;
        if kind.is_empty() || !helped {
            return Err(format!("{name} before its TYPE and HELP"));
        }
        let ends: &[&str] = match kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            other => return Err(format!("no such type: {other}")),
        };
        if !ends.iter().any(|end| name == format!("{family}{end}")) {
            return Err(format!("{name} is no sample of {family}, a {kind}"));
        }
        if kind == "counter" && (value.is_nan() || value < 0.0) {
            return Err(format!("{name} is {value}"));
        }
        if samples.insert((name.clone(), labels), value).is_some() {
            return Err(format!("{line} comes twice"));
        }
    }
    histograms(&samples)?;
    Ok(samples)
}

/// Buckets grow, and the last is the count.
fn histograms(samples: &Samples) -> Result<(), String> {
    let mut buckets: BTreeMap<(String, Labels), Vec<(f64, f64)>> = BTreeMap::new();
    for ((name, labels), value) in samples {
        let Some(family) = name.strip_suffix("_bucket") else { continue };
        let (bound, rest): (Vec<_>, Vec<_>) = labels.iter().cloned().partition(|(name, _)| name == "le");
        let [(_, bound)] = bound.as_slice() else { return Err(format!("{name} has no le")) };
        let bound = bound.parse().map_err(|_| format!("{name} ends at {bound}"))?;
        buckets.entry((family.to_owned(), rest)).or_default().push((bound, *value));
    }
    for ((family, labels), mut buckets) in buckets {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let grows = buckets.windows(2).all(|two| two[0].1 <= two[1].1);
        let count = samples.get(&(format!("{family}_count"), labels)).copied();
        let last = buckets.last().copied();
        if !grows
            || last.map(|(bound, _)| bound) != Some(f64::INFINITY)
            || last.map(|(_, value)| value) != count
        {
            return Err(format!("the buckets of {family}: {buckets:?}, count {count:?}"));
        }
    }
    Ok(())
}

fn sample(line: &str) -> Result<(String, Labels, f64), String> {
    let (name, rest) = line.split_at(line.find(['{', ' ']).ok_or(format!("no value: {line}"))?);
    if !identifier(name) {
        return Err(format!("no name: {line}"));
    }
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => pairs(rest).ok_or(format!("labels: {line}"))?,
        None => (Vec::new(), rest),
    };
    let names: BTreeSet<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() != labels.len() {
        return Err(format!("a label comes twice: {line}"));
    }
    let value = value.strip_prefix(' ').ok_or(format!("no value: {line}"))?;
    let value = value.parse().map_err(|_| format!("no number: {line}"))?;
    Ok((name.to_owned(), labels, value))
}

/// The labels up to the closing bracket, and what follows it.
fn pairs(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        if !identifier(name) {
            return None;
        }
        let mut value = String::new();
        let mut letters = after.char_indices();
        rest = loop {
            match letters.next()? {
                (at, '"') => break &after[at + 1..],
                (_, '\\') => value.push(match letters.next()?.1 {
                    'n' => '\n',
                    plain @ ('\\' | '"') => plain,
                    _ => return None,
                }),
                (_, plain) => value.push(plain),
            }
        };
        rest = rest.strip_prefix(',').unwrap_or(rest);
        labels.push((name.to_owned(), value));
    }
}

fn identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

#[test]
fn what_is_not_openmetrics_is_told_apart() {
    let good = "# HELP a_b Words.\n# TYPE a_b counter\na_b_total{x=\"y\\\"z\",w=\"v\"} 1\n# EOF\n";
    assert_eq!(read(good).unwrap().len(), 1);
    for (wrong, why) in [
        ("# HELP a Words.\n# TYPE a gauge\na 1\n", "no end"),
        ("# HELP a Words.\n# TYPE a counter\na 1\n# EOF\n", "a counter without _total"),
        ("a 1\n# EOF\n", "no type"),
        ("# TYPE a gauge\na 1\n# EOF\n", "no help"),
        ("# HELP a Words.\n# TYPE a gauge\na 1\na 2\n# EOF\n", "twice"),
        ("# HELP a Words.\n# TYPE a gauge\na{x=\"1\n# EOF\n", "open label"),
        ("# HELP a Words.\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n# EOF\n", "label twice"),
        ("# HELP a Words.\n# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n", "unit is no suffix"),
        (
            "# HELP a Words.\n# TYPE a gauge\na 1\n# HELP b Words.\n# TYPE b gauge\n# TYPE a gauge\n# EOF\n",
            "family twice",
        ),
        (
            "# HELP a Words.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\n# EOF\n",
            "shrinks",
        ),
        ("# HELP a Words.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_count 1\n# EOF\n", "no +Inf"),
    ] {
        assert!(read(wrong).is_err(), "{why}");
    }
}
