//! Where the login comes from: secrets of the pod, plugins and records of the node.

use crate::cause::pages::source::{KUBELET_AUTH, KUBELET_EVENT, KUBELET_PLUGIN, OUR_CLUSTER};
use crate::cause::{Cause, Page, Shown};

pub(in crate::cause::pages) static CREDENTIAL_PROVIDER_FAILED: Page = Page {
    meaning: "The kubelet asks a plugin on the node for the login to this registry, and the plugin gave \
        none. The failure is written to the kubelet's log only, and the pull goes on without a login.",
    shows: &[
        Shown {
            by: "kubelet log",
            text: "\"Failed to provide credentials for image\" err=\"failed to get credential from external \
                registry credential provider: error execing credential provider plugin PLUGIN for image \
                registry.example.com/team/app: exit status 1: \" provider=\"PLUGIN\" \
                image=\"registry.example.com/team/app\"",
            source: KUBELET_PLUGIN,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: unexpected status from HEAD request to \
                https://registry.example.com/v2/team/app/manifests/1.2: 401 Unauthorized",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 401 Unauthorized",
            source: OUR_CLUSTER,
        },
    ],
    proof: "The node shows it: the plugin's error in the kubelet's log for this image, or its error count \
        rising with each attempt. The pull's own words are those of a pull without a login and cannot tell.",
    lookalikes: &[
        (Cause::NoCredentials, "no plugin serves this registry, and the pod has no login either."),
        (Cause::Forbidden, "the plugin gave a login, and its role lacks the right."),
        (Cause::PullSecretUnmatched, "the login comes from a secret of the pod and not from the node."),
    ],
    mend: &[
        "Platform: read the plugin's error on the node: `journalctl -u kubelet | grep 'Failed to provide \
            credentials'`",
        "Platform: read the error count from here: `kubectl get --raw /api/v1/nodes/NODE/proxy/metrics | \
            grep kubelet_credential_provider_plugin_errors`",
        "Platform: check the plugin's binary, its matchImages, the apiVersion it answers with, the node's \
            role, and that it answers within a minute. The kubelet reads its plugin configuration at start.",
        "Application: where plugins use the pod's ServiceAccount, check the annotations they require: \
            without them the plugin is passed over in silence.",
        "Application: until the node is mended, a pull secret works without the plugin: `kubectl -n \
            NAMESPACE patch deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
    ],
    prevent: "Alert on the kubelet's count of plugin errors, and pull a private image on each new node \
        before it takes workloads.",
};

pub(in crate::cause::pages) static PULL_SECRET_MISSING: Page = Page {
    meaning: "The pod names a pull secret that does not exist in its namespace. The kubelet goes on without \
        it, so the pull fails only if the registry wants a login.",
    shows: &[
        Shown {
            by: "kubelet",
            text: "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may \
                not succeed.",
            source: KUBELET_EVENT,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: pull access denied, repository does not exist or may require authorization: \
                authorization failed: no basic auth credentials",
            source: OUR_CLUSTER,
        },
    ],
    proof: "The pod's list names a secret that the API server does not have in that namespace, and the pull \
        was refused for want of a login. The kubelet's event is there from 1.28 on; a missing secret on a \
        pod whose pull succeeds is no cause.",
    lookalikes: &[
        (
            Cause::NoCredentials,
            "the pod names no secret, or the ones it names exist and are for other registries.",
        ),
        (Cause::PullSecretMalformed, "the secret exists, and cannot be read as a login."),
        (Cause::PullSecretUnmatched, "the secret exists and can be read, and its key does not match."),
    ],
    mend: &[
        "Application: look for the name that was meant: `kubectl -n NAMESPACE get secrets --field-selector \
            type=kubernetes.io/dockerconfigjson`",
        "Application: name the secret that exists: `kubectl -n NAMESPACE patch deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
        "Application: or create the missing one. The kubelet reads it at its next attempt, at most five \
            minutes later, and the pod can stay: `kubectl -n NAMESPACE create secret docker-registry SECRET \
            --from-file=.dockerconfigjson=FILE`",
        "Platform: if a replicator or an external secret store brings the secret, see why it has not, or \
            give it a moment.",
    ],
    prevent: "Deploy the secret with the workload, or let one mechanism put it into every namespace, and \
        check the names in rendered manifests.",
};

pub(in crate::cause::pages) static PULL_SECRET_MALFORMED: Page = Page {
    meaning: "A pull secret of the pod exists and cannot be read as a login: it is of another type, or its \
        `auth` is not base64 of user:password. One secret with an undecodable `auth` stops every pull of \
        the pod, also with other secrets that are good.",
    shows: &[
        Shown {
            by: "kubelet",
            text: "unable to parse auth field, must be formatted as base64(username:password)",
            source: KUBELET_AUTH,
        },
        Shown { by: "kubelet", text: "illegal base64 data at input byte 5", source: OUR_CLUSTER },
    ],
    proof: "The kubelet's decode error is proof, since it speaks of itself: from 1.33 on it stands as the \
        container's waiting reason and nothing was asked of the registry, before that as ErrImagePull. A \
        secret of another type is ignored in silence; there, reading the object is the proof.",
    lookalikes: &[
        (Cause::PullSecretMissing, "there is no object of that name."),
        (Cause::PullSecretUnmatched, "the secret decodes, and its key does not match the registry."),
        (Cause::BadCredentials, "the secret decodes, and the registry refuses the login."),
    ],
    mend: &[
        "Application: check the type, which must be kubernetes.io/dockerconfigjson with the key \
            .dockerconfigjson: `kubectl -n NAMESPACE get secret SECRET -o jsonpath='{.type}'`",
        "Application: a type cannot be changed. Delete the secret and create it again from a docker config \
            file that holds the login itself; credsStore, credHelpers, identitytoken and registrytoken are \
            ignored: `kubectl -n NAMESPACE create secret docker-registry SECRET \
            --from-file=.dockerconfigjson=FILE`",
        "Application: if only the content is wrong, replace it: `kubectl -n NAMESPACE create secret \
            docker-registry SECRET --from-file=.dockerconfigjson=FILE --dry-run=client -o yaml | kubectl \
            replace -f -`",
    ],
    prevent: "Create pull secrets with `kubectl create secret docker-registry` or a tool that knows the \
        format, and never by encoding the parts by hand.",
};

pub(in crate::cause::pages) static PULL_SECRET_UNMATCHED: Page = Page {
    meaning: "A pull secret holds a login for this registry, under a key that the kubelet does not match \
        with the image. The kubelet sends nothing then, and says nothing about it.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: pull access denied, repository does not exist or may require authorization: \
                authorization failed: no basic auth credentials",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 401 Unauthorized",
            source: OUR_CLUSTER,
        },
    ],
    proof: "The key read from the secret names the image's host and fails by the kubelet's rules, and the \
        same login sent to the host gets 200. Ports must be equal as written, each label of a wildcard \
        stands for one label, and a path must be a prefix. Where the key names another port, the login is \
        not sent to this one, so the verdict stays likely.",
    lookalikes: &[
        (Cause::NoCredentials, "the keys are all for other hosts: there is no login for this one."),
        (Cause::BadCredentials, "the key matches, the login was sent, and it was refused."),
        (Cause::PullSecretMalformed, "the secret cannot be decoded at all."),
    ],
    mend: &[
        "Application: read the keys, without the logins: `kubectl -n NAMESPACE get secret SECRET -o \
            jsonpath='{.data.\\.dockerconfigjson}' | base64 -d | jq '.auths | keys'`",
        "Application: write the key as the image writes the host, port included: \
            `registry.example.com:5000` for `registry.example.com:5000/team/app`. A path without its slash \
            does not match, as in `https://registry.example.com/v1`.",
        "Application: for Docker Hub use `https://index.docker.io/v1/` with its last slash, or `docker.io`. \
            `registry-1.docker.io`, `hub.docker.com` and `https://index.docker.io/v1` do not match.",
        "Application: replace the secret's content: `kubectl -n NAMESPACE create secret docker-registry \
            SECRET --from-file=.dockerconfigjson=FILE --dry-run=client -o yaml | kubectl replace -f -`",
        "Application: if the key names another port, ask the registry's owner whether the login is for both.",
    ],
    prevent: "Take the key from the image's own name, without scheme and path, and test a new secret with a \
        pod that pulls.",
};

pub(in crate::cause::pages) static CACHED_NOT_AUTHORIZED: Page = Page {
    meaning: "The image is on the node, and the kubelet does not let this pod use it, because another pod's \
        secret fetched it. The kubelet then asks the registry again, or with policy Never refuses as if the \
        image were absent.",
    shows: &[Shown {
        by: "kubelet",
        text: "Container image \"registry.example.com/team/app:1.2\" is not present with pull policy of \
                Never",
        source: OUR_CLUSTER,
    }],
    proof: "The node shows it: the image is in its store, and the kubelet's record of that pull names a \
        secret or ServiceAccount that the pod does not have. The kubelet words both cases alike on purpose, \
        so its text alone leaves never-pull-absent open. The check is on by default from 1.35.",
    lookalikes: &[
        (Cause::NeverPullAbsent, "the image is not on the node at all. Same words."),
        (Cause::NoCredentials, "the image has to be fetched anyway, and no login reached the registry."),
        (
            Cause::BadCredentials,
            "the kubelet asked the registry again with the pod's login, and it was refused.",
        ),
    ],
    mend: &[
        "Application: give the pod the secret that the image was pulled with, or another that may pull it: \
            `kubectl -n NAMESPACE patch deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
        "Platform: where images are preloaded for all pods, load them outside the kubelet, for example with \
            `crictl pull`: by default such images are not checked.",
        "Platform: the rule is the kubelet's imagePullCredentialsVerificationPolicy. Weakening it lets any \
            pod of the node use any private image there.",
    ],
    prevent: "Pre-pull private images with the login of the workloads that need them, and do not count on a \
        cached image when the registry is down.",
};
