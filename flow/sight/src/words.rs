//! Which reasons and event texts are about an image. Sources are the kubelet's constants and format strings:
//! <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/images/types.go>,
//! <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/images/image_manager.go> and
//! <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/events/event.go>.

/// What a container's waiting reason says about its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// It waits for an image.
    ForImage,
    /// It was given an image that does not start; only its words tell.
    PerhapsBadImage,
    /// It has not got as far as a reason: its events tell.
    NotYet,
    /// It waits for something else.
    ForOther,
}

/// Reads a waiting reason.
pub(crate) fn waits(reason: &str) -> Waits {
    match reason {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "ErrImageNeverPull"
        | "InvalidImageName"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => Waits::ForImage,
        "CrashLoopBackOff"
        | "RunContainerError"
        | "CreateContainerError"
        | "StartError"
        | "ContainerCannotRun" => Waits::PerhapsBadImage,
        "" | "ContainerCreating" | "PodInitializing" => Waits::NotYet,
        other if is_keyring_or_intent(other) => Waits::ForImage,
        _ => Waits::ForOther,
    }
}

/// Since 1.33 the reason is the error itself when the pod's pull secrets cannot be decoded, or when the kubelet cannot
/// record that it is about to pull. The decoder's errors are those of Go's `encoding/base64` and `encoding/json`, and
/// one of its own:
/// <https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/credentialprovider/config.go>.
pub(crate) fn is_keyring_or_intent(reason: &str) -> bool {
    const PARTS: [&str; 8] = [
        "failed to record image pull intent",
        "illegal base64 data",
        "base64(username:password)",
        "unable to parse auth field",
        "unexpected end of JSON input",
        "json: cannot unmarshal",
        "invalid character",
        "failed to decode",
    ];
    reason.contains(' ') && PARTS.iter().any(|part| reason.contains(part))
}

/// Whether words of a container that will not start blame its image: another platform's program, no program at all, or
/// an image that the runtime lost between pull and start (<https://github.com/cri-o/cri-o/issues/10241>).
pub(crate) fn blames_image_at_start(words: &str) -> bool {
    ["exec format error", "no command specified", "image not known"].iter().any(|part| words.contains(part))
}

/// Whether the runtime has an image and finds no program in it to start: an image without one, or an artifact that the
/// runtime took for an image, which containerd 2 does without any error
/// (<https://github.com/containerd/containerd/blob/v2.3.4/internal/cri/opts/spec_opts.go>).
pub(crate) fn is_without_program(words: &str) -> bool {
    words.contains("no command specified")
}

/// Whether a pull failed of a manifest that is no image's, as containerd 1 says once: from then on the artifact counts as
/// present, and only the program is missing.
pub(crate) fn is_of_mismatched_manifest(words: &str) -> bool {
    words.contains("mismatched image rootfs and manifest layers")
}

/// Whether a text is what a runtime's init leaves in the log when the kernel refuses the program, and nothing else.
pub(crate) fn is_exec_failure(words: &str) -> bool {
    let last = words.trim().lines().last().unwrap_or_default();
    last.strip_prefix("exec ").is_some_and(|rest| {
        rest.split_once(": ").is_some_and(|(path, error)| !path.contains(' ') && error == "exec format error")
    })
}

/// Whether a waiting message says only that the kubelet backs off, and not why (kubelets before 1.32).
pub(crate) fn is_bare_back_off(message: &str) -> bool {
    match message.strip_prefix("Back-off pulling image ") {
        Some(rest) => quoted(rest).is_some_and(|(_, after)| after.trim().is_empty()),
        None => message.trim().is_empty(),
    }
}

/// Whether a text is the kubelet's own `pull QPS exceeded` and nothing else; a registry may use the same words.
pub(crate) fn is_own_rate(words: &str) -> bool {
    let words = unaggregated(words.trim());
    let after_image = ["Back-off pulling image ", "Failed to pull image "]
        .into_iter()
        .find_map(|prefix| words.strip_prefix(prefix).and_then(quoted))
        .map_or(words, |(_, rest)| rest);
    matches!(after_image, "pull QPS exceeded" | ": pull QPS exceeded" | ": ErrImagePull: pull QPS exceeded")
}

/// Whether the API server itself, and no webhook before it, finds the image of a template invalid.
pub(crate) fn is_invalid_template(words: &str) -> bool {
    words.contains("is invalid: ") && words.contains("].image: ") && !words.contains("admission webhook")
}

/// What an event says about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tells {
    /// A pull begins; the image.
    Pulling(String),
    /// The image is there; the image.
    Pulled(String),
    /// The attempt failed, and the text says why; the image, empty where the kubelet leaves it out.
    Failed(String),
    /// The kubelet backs off; the image.
    BackOff(String),
    /// The pod names pull secrets that are not there.
    SecretsMissing,
    /// The sandbox could not be made because of its image.
    Sandbox,
    /// Something else.
    Other,
}

/// Reads an event's reason and message.
pub(crate) fn tells(reason: &str, message: &str) -> Tells {
    let message = unaggregated(message);
    let image_after = |prefix: &str| message.strip_prefix(prefix).and_then(quoted).map(|(image, _)| image);
    match reason {
        "Pulling" => image_after("Pulling image ").map_or(Tells::Other, Tells::Pulling),
        "Pulled" => image_after("Successfully pulled image ")
            .or_else(|| image_after("Container image "))
            .map_or(Tells::Other, Tells::Pulled),
        "Failed" => image_after("Failed to pull image ").map_or(Tells::Other, Tells::Failed),
        "BackOff" => image_after("Back-off pulling image ").map_or(Tells::Other, Tells::BackOff),
        "ErrImageNeverPull" => image_after("Container image ").map_or(Tells::Other, Tells::Failed),
        "InspectFailed" => image_after("Failed to inspect image ")
            .or_else(|| image_after("Failed to apply default image tag "))
            .map_or(Tells::Other, Tells::Failed),
        "FailedToRetrieveImagePullSecret" => Tells::SecretsMissing,
        "FailedCreatePodSandBox" if is_sandbox_image(message) => Tells::Sandbox,
        _ => Tells::Other,
    }
}

/// Whether a sandbox failed because of its image, and not because of its network or cgroups.
fn is_sandbox_image(message: &str) -> bool {
    [
        "failed to get sandbox image",
        "failed to pull image",
        "failed to pull and unpack image",
        "pulling image",
    ]
    .iter()
    .any(|part| message.contains(part))
}

/// The secrets that a `FailedToRetrieveImagePullSecret` event names.
pub(crate) fn missing_secrets(message: &str) -> Vec<String> {
    let message = unaggregated(message);
    let Some((_, rest)) = message.split_once('(') else { return Vec::new() };
    let Some((names, _)) = rest.split_once(')') else { return Vec::new() };
    names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// client-go's aggregator puts this before a message after ten similar ones:
/// <https://github.com/kubernetes/client-go/blob/v0.35.0/tools/record/events_cache.go>.
fn unaggregated(message: &str) -> &str {
    message.strip_prefix("(combined from similar events): ").unwrap_or(message)
}

/// Go's `%q`: the text between quotes with its escapes taken back, and what follows.
pub(crate) fn quoted(text: &str) -> Option<(String, &str)> {
    let rest = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &rest[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                // `\x` and `\u` forms stand for what no valid image holds; the letter is enough to tell them apart.
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_an_image_reason_by_name_or_by_a_decoders_words() {
        for reason in [
            "ErrImagePull",
            "ImagePullBackOff",
            "illegal base64 data at input byte 4",
            "unable to parse auth field, must be formatted as base64(username:password)",
            "failed to record image pull intent: open /var/lib/kubelet/x: no space left on device",
        ] {
            assert_eq!(waits(reason), Waits::ForImage, "{reason}");
        }
        assert_eq!(waits("CreateContainerConfigError"), Waits::ForOther);
        assert_eq!(waits("ContainerCreating"), Waits::NotYet);
    }

    #[test]
    fn a_crash_loop_is_no_image_back_off() {
        assert_eq!(tells("BackOff", "Back-off restarting failed container app in pod web-1"), Tells::Other);
        assert_eq!(tells("Failed", "Error: ImagePullBackOff"), Tells::Other);
        assert_eq!(tells("BackOff", "Back-off pulling image \"a:1\""), Tells::BackOff("a:1".into()));
        assert_eq!(
            tells("Failed", "(combined from similar events): Failed to pull image \"a:1\": x"),
            Tells::Failed("a:1".into())
        );
    }

    #[test]
    fn a_back_off_with_its_cause_is_not_bare() {
        assert!(is_bare_back_off("Back-off pulling image \"a:1\""));
        assert!(is_bare_back_off(""));
        assert!(!is_bare_back_off("Back-off pulling image \"a:1\": ErrImagePull: a:1: not found"));
    }

    #[test]
    fn reads_the_names_of_missing_secrets() {
        let message = "Unable to retrieve some image pull secrets (a, b); attempting to pull the image may not succeed.";
        assert_eq!(missing_secrets(message), ["a", "b"]);
        assert!(missing_secrets("no names").is_empty());
    }

    #[test]
    fn a_sandbox_that_fails_for_its_network_is_none_of_ours() {
        let network = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox";
        assert_eq!(tells("FailedCreatePodSandBox", network), Tells::Other);
    }

    #[test]
    fn a_registry_may_borrow_the_kubelets_words() {
        assert!(is_own_rate("pull QPS exceeded"));
        assert!(is_own_rate("Back-off pulling image \"a:1\": ErrImagePull: pull QPS exceeded"));
        assert!(is_own_rate("Failed to pull image \"a:1\": pull QPS exceeded"));
        assert!(!is_own_rate("unexpected status: 429 Too Many Requests: pull QPS exceeded"));
        assert!(!is_own_rate("pull QPS exceeded for your account"));
    }

    #[test]
    fn a_programs_last_words_are_not_the_runtimes() {
        assert!(is_exec_failure("exec /app/run: exec format error"));
        assert!(!is_exec_failure("plugin failed: exec format error"));
        assert!(!is_exec_failure("exec plugin for x: exec format error"));
    }
}
