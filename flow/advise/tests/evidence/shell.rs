//! Commands, run in a real shell with a `kubectl` that records what it is told.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use pullmedic_advise::remedies;
use pullmedic_model::verdict::{Evidence, Normalise, Rekey, SecretDefect};
use pullmedic_model::{Cause, Endpoint, Reference, Subject};
use tempfile::TempDir;

use crate::built::{login, of_owner, repaired_with, subject, tags};

/// Each argument on a line of its own; what is sent is decoded into `sent`.
const KUBECTL: &str = r#"#!/bin/sh
for word; do printf '[%s]\n' "$word"; done >>"$FAKE/arguments"
case " $* " in
*"-trial"*) sed 's/^kind: Secret/kind: Secret, on trial/' ;;
*" --local "*) sed 's/^type: .*/type: kubernetes.io\/dockerconfigjson/' ;;
*" create "*) cat >"$FAKE/trial"; ! test -e "$FAKE/refuses" ;;
*" get secret "*) test -e "$FAKE/secret" || exit 1; cat "$FAKE/secret" ;;
*" replace "*) cat >"$FAKE/sent"; echo "secret/regcred replaced" ;;
*" patch secret "*) sed 's/.*:"//; s/".*//' | base64 -d >"$FAKE/sent"; echo "secret/regcred patched" ;;
esac
"#;

fn fake() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubectl");
    fs::write(&path, KUBECTL).unwrap();
    Command::new("chmod").arg("+x").arg(&path).status().unwrap();
    folder
}

fn run(shell: &str, command: &str, folder: &Path) -> Output {
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut line = Command::new(shell);
    line.args(["-eu", "-c", command]).current_dir(folder);
    line.env_clear().env("PATH", path).env("FAKE", folder).output().unwrap()
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_default()
}

fn first_command(subject: &Subject, evidence: &Evidence) -> String {
    remedies(subject, evidence).remove(0).command.unwrap()
}

fn normalise(defect: SecretDefect) -> Evidence {
    let normalise = Some(Normalise { secret: "regcred".into(), defect, works: true });
    Evidence { normalise, ..Evidence::default() }
}

#[test]
fn a_secret_is_mended_without_a_value_in_sight() {
    let rekey = Some(Rekey {
        secret: "regcred".into(),
        from: "https://acme.test/v1".into(),
        to: "https://acme.test/v1/".into(),
        works: true,
    });
    let rekey = Evidence { rekey, ..Evidence::default() };
    let plain = normalise(SecretDefect::PlainAuth("acme.test".into()));
    // base64 of robot:canary-7
    let good = "cm9ib3Q6Y2FuYXJ5LTc=";
    let other = r#""x.test":{"auth":"Y2FuYXJ5LTg6Y2FuYXJ5LTk="}"#;
    for (evidence, held, sent) in [
        (
            &rekey,
            format!(r#"{{"auths":{{"https://acme.test/v1":{{"auth":"{good}"}}}}}}"#),
            format!(r#"{{"auths":{{"https://acme.test/v1/":{{"auth":"{good}"}}}}}}"#),
        ),
        (
            &rekey,
            format!(
                "{{\n  \"auths\": {{{other},\n\"https://acme.test/v1\": {{\"auth\": \"{good}\", \"password\": \"canary-%s\\\\n$(id)`id`'\"}} }} }}"
            ),
            format!(
                "{{\n  \"auths\": {{{other},\n\"https://acme.test/v1/\": {{\"auth\": \"{good}\", \"password\": \"canary-%s\\\\n$(id)`id`'\"}} }} }}"
            ),
        ),
        (
            &plain,
            r#"{"auths":{"acme.test":{"auth":"robot:canary-7"}}}"#.to_owned(),
            format!(r#"{{"auths":{{"acme.test":{{"auth":"{good}"}}}}}}"#),
        ),
        (
            &plain,
            format!(
                r#"{{"auths": {{{other}, "acme.test" : {{ "email":"a@b", "auth" : "robot:canary-7" }}, "z":{{}}}}}}"#
            ),
            format!(
                r#"{{"auths": {{{other}, "acme.test" : {{ "email":"a@b", "auth" : "{good}" }}, "z":{{}}}}}}"#
            ),
        ),
        (
            &normalise(SecretDefect::EncodedTwice),
            "eyJhdXRocyI6eyJjYW5hcnkiOnt9fX0=\n".to_owned(),
            r#"{"auths":{"canary":{}}}"#.to_owned(),
        ),
    ] {
        for shell in ["sh", "bash"] {
            let folder = fake();
            fs::write(folder.path().join("secret"), &held).unwrap();
            let command = first_command(&subject(Cause::PullSecretMalformed, &["regcred"]), evidence);
            // A reader whose shell traces must not see it, either.
            let output = run(shell, &format!("set -x; {command}"), folder.path());
            assert!(output.status.success(), "{command}: {output:?}");
            assert_eq!(text(folder.path(), "sent"), sent, "{shell}: {command}");
            let shown = format!("{output:?}{}", text(folder.path(), "arguments"));
            assert!(!shown.contains("canary") && !shown.contains(good), "{shown}");
            assert!(!command.contains('\n'), "{command}");
        }
    }
}

#[test]
fn what_is_not_as_it_was_told_is_left_alone() {
    let plain = normalise(SecretDefect::PlainAuth("acme.test".into()));
    let command = first_command(&subject(Cause::PullSecretMalformed, &["regcred"]), &plain);
    for held in [
        None,
        Some(r#"{"auths":{"other.test":{"auth":"robot:canary-7"}}}"#),
        Some(r#"{"auths":{"acme.test":{"password":"canary-7"}}}"#),
        Some(r#"{"auths":{"acme.test":{"auth":"cm9ib3Q="}}}"#),
        Some(r#"{"auths":{"acme.test":{"auth":"a:b\"c"}}}"#),
    ] {
        let folder = fake();
        if let Some(held) = held {
            fs::write(folder.path().join("secret"), held).unwrap();
        }
        // Where the reader goes on with `||`, a shell forgets `set -e`.
        let output = run("sh", &format!("{command} || exit 7"), folder.path());
        assert_eq!(output.status.code(), Some(7), "{held:?}: {output:?}");
        assert!(!folder.path().join("sent").exists(), "{held:?}");
        assert!(!format!("{output:?}").contains("canary"));
    }
}

#[test]
fn a_type_is_changed_only_if_the_server_would_take_it() {
    let evidence = normalise(SecretDefect::OtherType("Opaque".into()));
    let command = first_command(&subject(Cause::PullSecretMalformed, &["regcred"]), &evidence);
    let new = "data: {x: canary}\ntype: kubernetes.io/dockerconfigjson\n";
    for refuses in [false, true] {
        let folder = fake();
        fs::write(folder.path().join("secret"), "kind: Secret\ndata: {x: canary}\ntype: Opaque\n").unwrap();
        if refuses {
            fs::write(folder.path().join("refuses"), "").unwrap();
        }
        let output = run("sh", &format!("set -x; {command} || exit 7"), folder.path());
        assert_eq!(output.status.success(), !refuses, "{command}: {output:?}");
        assert_eq!(text(folder.path(), "trial"), format!("kind: Secret, on trial\n{new}"));
        let sent = if refuses { String::new() } else { format!("kind: Secret\n{new}") };
        assert_eq!(text(folder.path(), "sent"), sent);
        assert!(!format!("{output:?}{}", text(folder.path(), "arguments")).contains("canary"));
    }
}

const HOSTILE: [&str; 10] = [
    "a;touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "a'b;touch pwned;'",
    "a\"b;touch pwned;\"",
    "--server=https://evil.test",
    "-n",
    "a\ntouch pwned",
    "a|touch pwned",
    "../../a",
];

#[test]
fn a_hostile_name_runs_nothing_and_is_no_option() {
    let mut commands = BTreeSet::new();
    for name in HOSTILE {
        let mut subjects = vec![subject(Cause::NoCredentials, &[name])];
        for change in [
            |subject: &mut Subject, name: &str| subject.place.namespace = name.to_owned(),
            |subject: &mut Subject, name: &str| subject.place.container = name.to_owned(),
            |subject: &mut Subject, name: &str| subject.waiting = vec![name.to_owned()],
            |subject: &mut Subject, name: &str| subject.image = name.to_owned(),
            |subject: &mut Subject, name: &str| subject.place.pod = Some(name.to_owned()),
            |subject: &mut Subject, name: &str| {
                subject.place.owner = subject
                    .place
                    .owner
                    .take()
                    .map(|it| pullmedic_model::sighting::Owner { name: name.to_owned(), ..it });
            },
            |subject: &mut Subject, name: &str| {
                subject.place.owner = None;
                subject.place.pod = Some(name.to_owned());
            },
        ] {
            let mut subject = subject(Cause::NoCredentials, &[]);
            change(&mut subject, name);
            subject.reference = Reference::parse(&subject.image).ok();
            if let Some(spec) = &mut subject.spec {
                spec.containers[1].image = subject.image.clone();
                spec.containers[1].name = subject.place.container.clone();
            }
            subjects
                .push(of_owner(subject.clone(), Some(crate::built::owner("StatefulSet", "apps/v1", "cart"))));
            subjects.push(subject);
        }
        let mut evidence = repaired_with(name);
        evidence.refused = vec![login(name)];
        evidence.anonymous_passes = true;
        evidence.tags = tags("1.29").tags;
        evidence.tags.push(format!("1.28{name}"));
        evidence.repositories = vec![format!("shop/cart{name}"), format!("shop/{name}")];
        evidence.corrected_reference = Some(name.to_owned());
        evidence.digest_now = Some(name.to_owned());
        evidence.mirror_with_same_digest = Endpoint::parse("mirror.acme.test").ok();
        evidence.authority = Some(name.to_owned());
        evidence.plain_http_passes = true;
        evidence.corrected_file = Some((format!("/etc/{name}"), name.to_owned()));
        let key = |name: &str| Rekey {
            secret: "regcred".into(),
            from: name.into(),
            to: "a.test".into(),
            works: true,
        };
        evidence.rekey = Some(key(name));
        evidence.normalise = Some(Normalise {
            secret: "regcred".into(),
            defect: SecretDefect::PlainAuth(name.into()),
            works: true,
        });
        let mut other = evidence.clone();
        other.rekey = Some(Rekey { secret: name.into(), ..key("b.test") });
        other.normalise =
            Some(Normalise { secret: name.into(), defect: SecretDefect::EncodedTwice, works: true });
        for mut subject in subjects {
            for &cause in Cause::ALL {
                subject.cause = cause;
                for evidence in [&evidence, &other] {
                    for remedy in remedies(&subject, evidence) {
                        commands.extend([remedy.command, remedy.undo].into_iter().flatten());
                    }
                }
            }
        }
    }
    let folder = recorders();
    // Redirections would be real; what stands behind them is made of hosts, which have a grammar of their own.
    for command in commands.iter().filter(|command| !command.contains('>')) {
        let mut line = Command::new("/bin/sh");
        line.args(["-u", "-c", command]).current_dir(folder.path()).env_clear();
        line.env("PATH", folder.path()).env("FAKE", folder.path()).output().unwrap();
    }
    let arguments = text(folder.path(), "arguments");
    assert!(
        commands.len() > 50 && arguments.lines().any(|line| line.ends_with("kubectl")),
        "something was run"
    );
    assert!(commands.iter().any(|command| command.contains("pwned")), "something hostile was run");
    for told in ["/touch", "[--server=https://evil.test]", "[touch]", "[pwned]", "[../../a]"] {
        assert!(
            !arguments.contains(&format!("\n{told}")) && !arguments.contains(&format!("{told}\n")),
            "{told}"
        );
    }
}

/// A folder of programs that only say with what they were called. Nothing else is in the path.
fn recorders() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = "#!/bin/sh\necho \"$0\" >>\"$FAKE/arguments\"\nfor word; do printf '[%s]\\n' \"$word\"; done >>\"$FAKE/arguments\"\n";
    for program in
        ["kubectl", "crictl", "getent", "install", "rm", "mv", "touch", "base64", "tr", "id", "mkdir"]
    {
        let path = folder.path().join(program);
        fs::write(&path, text).unwrap();
        Command::new("chmod").arg("+x").arg(&path).status().unwrap();
    }
    folder
}
