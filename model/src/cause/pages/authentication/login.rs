//! The login and the rights it carries.

use crate::cause::pages::source::{CD2_AUTHORIZER, CD16_AUTHORIZER, CI_CLIENT, CI_ERRORS, OUR_CLUSTER};
use crate::cause::{Cause, Page, Shown};

pub(in crate::cause::pages) static NO_CREDENTIALS: Page = Page {
    meaning: "The registry wants a login for this image, and none reached it. Either nobody gave the pod \
        one, or the one it was given does not match the registry's name.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 401 Unauthorized",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: pull access denied, repository does not exist or may require authorization: \
                authorization failed: no basic auth credentials",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to authorize: failed to fetch anonymous token: unexpected status from GET \
                request to \
                https://auth.example.com/token?scope=repository%3Ateam%2Fapp%3Apull&service=registry.example\
                .com: 401 Unauthorized",
            source: CD2_AUTHORIZER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: reading manifest 1.2 in \
                registry.example.com/team/app: authentication required",
            source: CI_CLIENT,
        },
    ],
    proof: "The same request without a login gets the same refusal, the pod names no secret that matches \
        the host, and with a login keyed to this host the request gets 200 in the same minute. For \
        registries that nodes are known to log in to by themselves, the node must have been looked at too.",
    lookalikes: &[
        (
            Cause::BadCredentials,
            "a login was sent and refused. containerd 1.6 prints the same words for both.",
        ),
        (
            Cause::PullSecretUnmatched,
            "the pod has a login for the registry, under a key that the kubelet does not match.",
        ),
        (Cause::PullSecretMissing, "the pod names a secret, and no such secret exists."),
        (
            Cause::CredentialProviderFailed,
            "the node should have got a login from its plugin and went on without one.",
        ),
        (Cause::RepositoryNotFound, "some registries answer 401 for a repository that does not exist."),
    ],
    mend: &[
        "Application: if the namespace has a secret that works, name it in the template: `kubectl -n \
            NAMESPACE patch deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
        "Application: otherwise make one from a docker config file that holds the login, in the namespace \
            of the pod: `kubectl -n NAMESPACE create secret docker-registry SECRET \
            --from-file=.dockerconfigjson=FILE`",
        "Application: a secret added to the ServiceAccount serves new pods only, and only those that name \
            no pull secret of their own. This sets the whole list, so name the secrets it already has: \
            `kubectl -n NAMESPACE patch serviceaccount SERVICEACCOUNT -p \
            '{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}'`",
    ],
    prevent: "Give each namespace a pull secret on its ServiceAccounts before the first workload arrives, \
        or let the nodes log in through a credential provider.",
};

pub(in crate::cause::pages) static BAD_CREDENTIALS: Page = Page {
    meaning: "A login was sent to the registry, and the registry refused it. If a pod has any login that \
        matches the registry, the kubelet never tries without one, so a stale secret also stops the pull of \
        a public image.",
    shows: &[
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
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to authorize: failed to fetch oauth token: unexpected status from GET request \
                to \
                https://auth.example.com/token?scope=repository%3Ateam%2Fapp%3Apull&service=registry.example\
                .com: 401 Unauthorized",
            source: CD2_AUTHORIZER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: unable to retrieve auth \
                token: invalid username/password: authentication required",
            source: CI_ERRORS,
        },
    ],
    proof: "The same request with the pod's own login gets the same refusal, and in the same minute the \
        same endpoint accepts another login or none, or its answer names the reason. Without such a control \
        the registry itself or a proxy may be refusing everybody. The order of secrets proves nothing: the \
        kubelet tries every one that matches.",
    lookalikes: &[
        (Cause::NoCredentials, "no login was sent. containerd 1.6 prints the same words for both."),
        (
            Cause::CredentialsExpired,
            "the login was right once: the answer says expired, or the token carries an end date that has \
                passed.",
        ),
        (Cause::Forbidden, "the login is accepted and lacks the right to this repository."),
        (Cause::RegistryUnavailable, "every login is refused, the good ones too."),
        (Cause::Proxy, "the refusal comes from a proxy: 407, or its status text without a registry answer."),
    ],
    mend: &[
        "Application: put a login that works into the secret: `kubectl -n NAMESPACE create secret \
            docker-registry SECRET --from-file=.dockerconfigjson=FILE --dry-run=client -o yaml | kubectl \
            replace -f -`",
        "Application: or name another secret of the namespace beside it: `kubectl -n NAMESPACE patch \
            deployment DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
        "Application: or, where the image is public, take the stale secret off. If the list becomes empty, \
            a new pod gets the ServiceAccount's list instead: `kubectl -n NAMESPACE patch deployment \
            DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\",\"$patch\":\"dele\
            te\"}]}}}}'`",
        "Application: editing a secret does not shorten the kubelet's wait, at most five minutes. Deleting \
            a pod that its controller replaces does: `kubectl -n NAMESPACE delete pod POD`",
    ],
    prevent: "Test a login against the registry before it goes into a secret, and remove secrets that \
        nothing needs.",
};

pub(in crate::cause::pages) static CREDENTIALS_EXPIRED: Page = Page {
    meaning: "The login that was sent was valid once, and its time is over. Short-lived tokens stored in a \
        secret always end this way: a token of Amazon ECR lives twelve hours.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: unexpected status from HEAD request to \
                https://registry.example.com/v2/team/app/manifests/1.2: 403 Forbidden",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 403 Forbidden",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to authorize: failed to fetch oauth token: unexpected status from POST \
                request to https://auth.example.com/token: 403 Forbidden",
            source: CD2_AUTHORIZER,
        },
    ],
    proof: "The refusal is reproduced with the pod's own login, and its body says that the token has \
        expired, or the password is a signed token whose end date has passed. The status alone does not \
        tell, since 403 also means a missing right, and only containerd 2.3.3 and later add the body of a \
        403 to it.",
    lookalikes: &[
        (Cause::BadCredentials, "the login was never right, or was changed at the registry."),
        (Cause::Forbidden, "the login is still good, and lacks the right to this repository."),
        (Cause::ClockSkew, "the token is good, and a clock that is wrong makes it look old."),
    ],
    mend: &[
        "Application: fetch a new token and put it into the secret, for ECR: `kubectl -n NAMESPACE create \
            secret docker-registry SECRET --docker-server=HOST --docker-username=AWS \
            --docker-password=\"$(aws ecr get-login-password --region REGION)\" --dry-run=client -o yaml | \
            kubectl replace -f -`",
        "Application: the kubelet reads the new secret at its next attempt, at most five minutes later. \
            Deleting a pod that its controller replaces brings that forward: `kubectl -n NAMESPACE delete \
            pod POD`",
        "Platform: let the kubelet's credential provider, or a job that renews the secret well before its \
            end, supply such tokens.",
    ],
    prevent: "Do not keep short-lived tokens in hand-made secrets, and watch the end dates of the \
        long-lived ones.",
};

pub(in crate::cause::pages) static FORBIDDEN: Page = Page {
    meaning: "The registry knows who asks, and this user may not pull from this repository. The login \
        itself is good: what is missing is a grant at the registry.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: unexpected status from HEAD request to \
                https://registry.example.com/v2/team/app/manifests/1.2: 403 Forbidden",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 403 Forbidden",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to authorize: failed to fetch oauth \
                token: unexpected status from POST request to https://auth.example.com/token: 403 Forbidden",
            source: CD16_AUTHORIZER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: Requesting bearer token: \
                invalid status code from registry 403 (Forbidden)",
            source: CI_ERRORS,
        },
    ],
    proof: "The refusal is reproduced with the pod's own login, and either its body names the missing \
        right, or in the same minute the same endpoint accepts another login for the same image. That shows \
        that the image exists and that the registry answers others.",
    lookalikes: &[
        (
            Cause::CredentialsExpired,
            "also a 403 at some registries; the body says that the token is too old.",
        ),
        (Cause::NotFoundOrDenied, "the registry gives the same answer for a repository that does not exist."),
        (
            Cause::PolicyBlocked,
            "the refusal is about the image or the client's address, and a right would not lift it.",
        ),
        (Cause::Proxy, "the 403 comes from a proxy and not from the registry."),
    ],
    mend: &[
        "Registry: grant the user that the secret names the right to pull from this repository. In a cloud, \
            this is the role or the repository's policy.",
        "Application: or name a secret of a user who has the right: `kubectl -n NAMESPACE patch deployment \
            DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"SECRET\"}]}}}}'`",
        "Application: to see which user a secret holds without its password: `kubectl -n NAMESPACE get \
            secret SECRET -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d | jq -r '.auths | \
            map_values(.username // (.auth | @base64d | split(\":\")[0]))'`",
    ],
    prevent: "Grant pull rights to groups or projects and not to single repositories, and test a new \
        repository with the login of the cluster.",
};
