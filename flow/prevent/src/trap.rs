//! Traps in how an image is asked for: nothing fails today, and something will.

use pullmedic_model::Reference;
use pullmedic_model::check::Note;

/// The notes on an image that is asked for with a pull policy (empty: nobody set one), each with a sentence.
pub fn traps(reference: &Reference, policy: &str) -> Vec<(Note, String)> {
    let mut found = Vec::new();
    let moves = reference.digest.is_none() && reference.tag.as_deref().is_none_or(|tag| tag == "latest");
    if moves {
        let what = match reference.tag {
            Some(_) => "latest is whatever was pushed last",
            None => "without a tag it is latest, whatever was pushed last",
        };
        found.push((Note::MovingTag, what.to_owned()));
    }
    let policies = match (policy, moves) {
        ("Never", _) => {
            Some("imagePullPolicy is Never: it must be on the node already, and the registry was not asked")
        }
        ("IfNotPresent", true) => {
            Some("imagePullPolicy is IfNotPresent: nodes that pulled on other days run other images")
        }
        ("Always", false) if reference.digest.is_some() => {
            Some("imagePullPolicy is Always: each start needs the registry, though a digest cannot change")
        }
        _ => None,
    };
    found.extend(policies.map(|what| (Note::PullPolicy, what.to_owned())));
    if reference.digest.is_none() && !moves {
        found.push((Note::NoDigest, "a tag may be moved; a digest cannot".to_owned()));
    }
    found
}

/// The image by its digest: as it is written, without its tag.
pub fn pinned(image: &str, digest: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let name = match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    format!("{name}@{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_is_told_by_tag_and_policy() {
        let digest = format!("nginx@sha256:{}", "a".repeat(64));
        for (image, policy, codes) in [
            ("nginx", "", "moving-tag"),
            ("nginx:latest", "Always", "moving-tag"),
            ("nginx:latest", "IfNotPresent", "moving-tag pull-policy"),
            ("nginx:1.29", "", "no-digest"),
            ("nginx:1.29", "Never", "pull-policy no-digest"),
            (digest.as_str(), "", ""),
            (digest.as_str(), "Always", "pull-policy"),
        ] {
            let reference = Reference::parse(image).unwrap();
            let found = traps(&reference, policy);
            let found: Vec<&str> = found.iter().map(|(note, _)| note.code()).collect();
            assert_eq!(found.join(" "), codes, "{image} {policy}");
        }
    }

    #[test]
    fn a_pin_keeps_the_name_as_it_is_written() {
        for (image, expected) in [
            ("nginx", "nginx@sha256:1"),
            ("nginx:latest", "nginx@sha256:1"),
            ("reg.test:5000/a/b", "reg.test:5000/a/b@sha256:1"),
            ("reg.test:5000/a/b:1", "reg.test:5000/a/b@sha256:1"),
            ("a/b:1@sha256:0", "a/b@sha256:1"),
        ] {
            assert_eq!(pinned(image, "sha256:1"), expected);
        }
    }
}
