//! Remedies that name another image, or the same one at another place.

use pullmedic_model::finding::Remedy;
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::shell::word as quoted;
use pullmedic_model::sighting::Owner;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Actor, Cause, Grade, Reference, Subject};

use crate::near;
use crate::tags;
use crate::target::Target;
use crate::write::{blank, tried};

/// The image as it should be written.
pub(crate) fn corrected(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let known = evidence.corrected_reference.iter().filter(|image| Reference::parse(image).is_ok());
    let mut candidates: Vec<String> = known.cloned().collect();
    if let Err(error) = Reference::parse(&subject.image) {
        let others = error.candidates.into_iter().filter(|other| !candidates.contains(other));
        candidates.extend(others.collect::<Vec<_>>());
    }
    if candidates.is_empty() {
        return vec![target.set_image("IMAGE", "give the container a valid image name", Some(
            "write it as HOST/REPOSITORY:TAG, in lower case up to the tag; a digest is sha256: and 64 hexadecimal digits",
        ))];
    }
    let several = candidates.len() > 1;
    let note = several.then_some("one of several readings of what was written: take the one that was meant");
    let write = |image: &String| target.exact_image(image, &format!("write the image as {image}"), note);
    candidates.iter().map(|image| asked(write(image), image, evidence)).collect()
}

/// Another tag, repository or digest in the place of one that is absent.
pub(crate) fn other(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let mut remedies = match (subject.fault(), &subject.reference) {
        (Cause::RepositoryNotFound, Some(reference)) => repositories(subject, reference, evidence, target),
        (Cause::DigestNotFound, Some(reference)) => digest(subject, reference, evidence, target),
        (_, Some(reference)) => other_tags(subject, reference, evidence, target),
        (_, None) => Vec::new(),
    };
    if remedies.is_empty() {
        remedies.push(to_be_looked_up(subject, target));
    }
    remedies.extend(rolled_back(subject, target));
    remedies
}

/// Tags that are there, nearest first.
fn other_tags(
    subject: &Subject,
    reference: &Reference,
    evidence: &Evidence,
    target: &Target<'_>,
) -> Vec<Remedy> {
    let ran: Vec<String> = ran_tags(subject, reference);
    let there = evidence.there.iter().filter_map(|(name, _)| tag_of(name, reference));
    let mut known: Vec<String> = evidence.tags.iter().cloned().chain(there).collect();
    if !evidence.tags_complete {
        // What this owner runs with was in the registry once; only a whole list can say that it no longer is.
        known.extend(ran.iter().filter(|_| !known.is_empty()).cloned().collect::<Vec<_>>());
    }
    known.sort_unstable();
    known.dedup();
    let wanted = reference.tag.as_deref().unwrap_or("latest");
    let ran: Vec<&str> = ran.iter().map(String::as_str).collect();
    let near = tags::nearest(wanted, &known, &ran);
    let owner = subject.place.owner.as_ref().map_or_else(String::new, ToString::to_string);
    let elsewhere = format!(", which other pods of {owner} run with");
    let name = |tag: &&str| {
        let other = Reference { tag: Some((*tag).to_owned()), digest: None, ..reference.clone() };
        let image = written(subject, &other)?;
        let (before, note) = match ran.contains(tag) {
            true => (elsewhere.as_str(), None),
            false => {
                ("", Some("another image than the one that was named: see that it is the one that was meant"))
            }
        };
        let title = format!("name a tag that exists: {tag}{before}");
        Some(asked(target.exact_image(&image, &title, note), &image, evidence))
    };
    near.iter().filter_map(name).collect()
}

/// The tags of this repository with which the same container runs elsewhere in its owner.
fn ran_tags(subject: &Subject, reference: &Reference) -> Vec<String> {
    let ran = subject.ran.iter().filter_map(|image| Reference::parse(image).ok());
    ran.filter(|other| other.name() == reference.name()).filter_map(|other| other.tag).collect()
}

/// The tag that `there` names, which is a tag alone or a whole reference.
fn tag_of(there: &str, reference: &Reference) -> Option<String> {
    match Reference::parse(there) {
        Ok(whole) if whole.tag.is_some() => (whole.name() == reference.name()).then_some(whole.tag)?,
        Ok(_) | Err(_) => (!there.contains(['/', ':', '@'])).then(|| there.to_owned()),
    }
}

/// Repositories of the same host that are there, nearest first.
fn repositories(
    subject: &Subject,
    reference: &Reference,
    evidence: &Evidence,
    target: &Target<'_>,
) -> Vec<Remedy> {
    let known = evidence.repositories_there.iter().chain(&evidence.repositories);
    let near = near::repositories(&reference.repository, known);
    let name = |repository: &&str| {
        let other = Reference { repository: (*repository).to_owned(), ..reference.clone() };
        let image = written(subject, &other)?;
        let title = format!("name a repository that exists: {}", other.name());
        let note = "another image than the one that was named: see that it is the one that was meant";
        let remedy = target.exact_image(&image, &title, Some(note));
        let is_there = evidence.repositories_there.iter().any(|there| there == repository);
        Some(if is_there {
            tried(remedy, format!("asked for the manifest of {image}: there"))
        } else {
            remedy
        })
    };
    let mut remedies: Vec<Remedy> = near.iter().filter_map(name).collect();
    remedies.sort_by_key(|remedy| !remedy.tried);
    remedies
}

/// The digest that the tag points to now.
fn digest(subject: &Subject, reference: &Reference, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    // Where no tag was written, a tag of the repository that is there stands in.
    let there =
        || evidence.there.iter().find_map(|(tag, digest)| Some((tag_of(tag, reference)?, digest.clone()?)));
    let (tag, now) = match (&evidence.digest_now, &reference.tag) {
        (Some(now), tag) => (tag.clone(), now.clone()),
        (None, None) => match there() {
            Some((tag, digest)) => (Some(tag), digest),
            None => return Vec::new(),
        },
        (None, Some(_)) => return Vec::new(),
    };
    let other = Reference { tag: tag.clone(), digest: Some(now), ..reference.clone() };
    let Some(image) = written(subject, &other).filter(|_| other.digest != reference.digest) else {
        return Vec::new();
    };
    let tag = tag.map_or_else(String::new, |tag| format!(" of tag {tag}"));
    let title = format!("name a digest that exists: the present one{tag}; the content changes with it");
    let note = "it is not the content that was pinned: read what changed first";
    vec![tried(
        target.exact_image(&image, &title, Some(note)),
        "asked for the tag: it points to that digest now".to_owned(),
    )]
}

/// Where nothing near is known: what to fill in, and what lists it.
fn to_be_looked_up(subject: &Subject, target: &Target<'_>) -> Remedy {
    let repository = subject.repository();
    let list = format!("skopeo list-tags {}", quoted(&format!("docker://{repository}")));
    let (image, title, list) = match subject.fault() {
        Cause::RepositoryNotFound => ("IMAGE".to_owned(), "name a repository that exists", list),
        Cause::DigestNotFound => (
            format!("{repository}@DIGEST"),
            "name a digest that exists; the content changes with it",
            format!("skopeo inspect {}", quoted(&format!("docker://{repository}:TAG"))),
        ),
        _ => (format!("{repository}:TAG"), "name a tag that exists", list),
    };
    target.set_image(&image, title, Some(&format!("list what there is: {list}")))
}

/// Back to the revision that still serves, if that is another one of the same owner: else going back leads nowhere.
fn rolled_back(subject: &Subject, target: &Target<'_>) -> Option<Remedy> {
    let place = &subject.place;
    let is_self = |by: &Owner| {
        let made_by = subject.made_by.as_ref();
        made_by.is_none_or(|made_by| (&made_by.kind, &made_by.name) == (&by.kind, &by.name))
    };
    let before = subject.serving.iter().find(|serving| {
        let same = Some(&serving.owner) == place.owner.as_ref() && serving.namespace == place.namespace;
        same && serving.ready > 0 && serving.by.as_ref().is_some_and(|by| !is_self(by))
    });
    let by = before.and_then(|serving| serving.by.as_ref())?;
    target.roll_back(&format!("go back to what ran before ({by} still serves)"))
}

/// Nodes for which the image exists, or what to know where no label tells such nodes.
pub(crate) fn platform(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let wanted = evidence.wanted.as_ref();
    // What names no platform (an attestation says `unknown`) runs nowhere.
    let named = |has: &&Platform| {
        ![&has.os, &has.architecture].iter().any(|it| matches!(it.as_str(), "" | "unknown"))
    };
    let others: Vec<&Platform> =
        evidence.platforms.iter().filter(named).filter(|has| Some(*has) != wanted).collect();
    // The node's own architecture in another variant: no label of a node tells variants apart.
    let is_own = |has: &Platform| {
        wanted.is_some_and(|wanted| (&wanted.os, &wanted.architecture) == (&has.os, &has.architecture))
    };
    let nameless = !evidence.platforms.iter().any(|has| named(&has));
    let mut remedies: Vec<Remedy> = Vec::new();
    for has in others.iter().filter(|has| !is_own(has)) {
        let other_os = wanted.is_some_and(|wanted| wanted.os != has.os);
        let (label, value) = match other_os {
            true => ("kubernetes.io/os", &has.os),
            false => ("kubernetes.io/arch", &has.architecture),
        };
        let title = format!("let it run only on nodes of {has}, for which the image exists");
        let note = "the cluster must have such nodes with room";
        let remedy = target.select_node(label, value, &title, Some(note));
        if remedies.len() < 2
            && remedies.iter().all(|known| known.patch != remedy.patch || remedy.patch.is_none())
        {
            remedies.push(remedy);
        }
    }
    remedies.extend(built_for(wanted, others.iter().copied().find(|has| is_own(has)), nameless));
    if remedies.is_empty() {
        let yaml = "nodeSelector:\n  kubernetes.io/arch: ARCHITECTURE\n".to_owned();
        remedies.push(target.edit("let it run only on nodes for which the image exists", yaml, None));
    }
    let image = format!("{}:TAG", subject.repository());
    remedies.push(target.set_image(&image, "name a tag that is built for the node's platform", None));
    remedies
}

/// The image built for the node, where no other node will do, or where its variant is what does not fit; `None` where what
/// the image has was not read.
fn built_for(wanted: Option<&Platform>, own: Option<&Platform>, nameless: bool) -> Option<Remedy> {
    let wanted = wanted.filter(|_| nameless || own.is_some())?;
    let note = own.map_or_else(
        || "it holds no image that names a platform, so no node can run it".to_owned(),
        |own| format!("it exists for {own}, which is the node's own architecture in a variant that it does not take; no label tells variants apart"),
    );
    let title = format!("have the image built for {wanted}");
    Some(Remedy { note: Some(note), ..blank(Grade::Manual, &title, Actor::Application) })
}

/// The same bytes from a mirror, named in the template by their digest.
pub(crate) fn at_the_mirror(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Option<Remedy> {
    let mirror = evidence.mirror_with_same_digest.as_ref()?;
    let reference = subject.reference.as_ref()?;
    let digest = reference.digest.as_ref().or(evidence.digest_now.as_ref());
    let there = Reference { host: mirror.to_string(), digest: digest.cloned(), ..reference.clone() };
    let image = Some(there.to_string()).filter(|image| Reference::parse(image).as_ref() == Ok(&there))?;
    let title = format!("pull it from {mirror}, which has the same digest");
    let note = digest.is_none().then_some("the tag may come to mean something else there than at its origin");
    let how = format!("asked {mirror} for it: the same digest");
    Some(tried(target.exact_image(&image, &title, note), how))
}

/// The reference with a host that answers, where the replay found one near the one that does not.
pub(crate) fn near_host(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Option<Remedy> {
    let image = evidence.corrected_reference.as_ref().filter(|image| Reference::parse(image).is_ok())?;
    let note = "another host is another owner of the image: see that it is the one that was meant";
    let remedy = target.exact_image(image, &format!("write the image as {image}"), Some(note));
    (image != &subject.image).then(|| asked(remedy, image, evidence))
}

/// What the tag means now, in the place of what runs.
pub(crate) fn pinned(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Option<Remedy> {
    let (reference, now) = subject.reference.as_ref().zip(evidence.digest_now.as_ref())?;
    let image = written(subject, &Reference { digest: Some(now.clone()), ..reference.clone() })?;
    let title = "pin what the tag means now; the content changes with it";
    let note = "to stay with what runs, pin its digest instead: the pods' status.containerStatuses has it";
    let how = "asked for the tag: it points to that digest now".to_owned();
    Some(tried(target.exact_image(&image, title, Some(note)), how))
}

/// Marks the remedy as tried where the replay asked for that very image and got it.
fn asked(remedy: Remedy, image: &str, evidence: &Evidence) -> Remedy {
    let Ok(whole) = Reference::parse(image) else { return remedy };
    let is_it = |there: &str| match Reference::parse(there) {
        Ok(other) if there.contains('/') => other == whole,
        Ok(_) | Err(_) => Some(there) == whole.tag.as_deref(),
    };
    match evidence.there.iter().find(|(there, _)| is_it(there)) {
        Some((_, Some(digest))) => {
            tried(remedy, format!("asked for the manifest of {image}: there, with digest {digest}"))
        }
        Some((_, None)) => tried(remedy, format!("asked for the manifest of {image}: there")),
        None => remedy,
    }
}

/// A reference as the pod writes its own: without the host where that has none. `None` where it would not read back as
/// the same image, as a name from outside may not.
fn written(subject: &Subject, reference: &Reference) -> Option<String> {
    let whole = reference.to_string();
    let has_host = subject.image.starts_with(&format!("{}/", reference.host));
    let short = whole.strip_prefix("docker.io/").filter(|_| !has_host);
    let official = short.and_then(|short| short.strip_prefix("library/"));
    let reads_back = |image: &&str| Reference::parse(image).as_ref() == Ok(reference);
    [official, short, Some(whole.as_str())].into_iter().flatten().find(reads_back).map(str::to_owned)
}

pub(crate) fn never(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let note = format!(
        "on {}; images that nobody pulled through the kubelet are free for every pod",
        subject.node()
    );
    vec![
        target.set_policy("IfNotPresent", "let the kubelet pull what is absent"),
        Remedy {
            command: Some(format!("crictl pull {}", subject.image_word())),
            note: Some(note),
            ..blank(Grade::Review, &format!("bring the image to {}", subject.node()), Actor::Platform)
        },
    ]
}

pub(crate) fn waited_for(evidence: &Evidence) -> Remedy {
    let until = match (&evidence.limit_source, evidence.resets_at) {
        (_, None) => String::new(),
        (None, Some(at)) => format!(", at {at}"),
        (Some(source), Some(at)) => format!(", for {source} at {at}"),
    };
    Remedy {
        note: Some("a restart of the pods only asks more often".into()),
        ..blank(
            Grade::Manual,
            &format!("wait: the limit resets by itself{until}, and the kubelet goes on trying"),
            Actor::Application,
        )
    }
}
