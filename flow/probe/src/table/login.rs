//! Pull secrets, and the same request with another login. The latter count only after the unchanged request was
//! reproduced (rule 3).

use pullmedic_model::Cause::{
    BadCredentials, ClockSkew, CredentialProviderFailed, CredentialsExpired, DigestNotFound, Forbidden,
    NoCredentials, PolicyBlocked, Proxy, PullSecretMalformed, PullSecretMissing, PullSecretUnmatched,
    QuotaExceeded, RateLimited, RegistryUnavailable, RepositoryNotFound, TagNotFound, UpstreamOfCacheFailed,
};

use super::{Kind, Row};

pub(super) const ROWS: &[Row] = &[
    // Objects.
    Row::context(Kind::NamesNoSecret, "the pod names no pull secret").predicts(&[NoCredentials]).excludes(&[
        PullSecretMissing,
        PullSecretMalformed,
        PullSecretUnmatched,
    ]),
    Row::context(Kind::SecretsFine, "every pull secret of the pod exists, decodes and matches").excludes(&[
        PullSecretMissing,
        PullSecretMalformed,
        PullSecretUnmatched,
    ]),
    Row::context(Kind::SecretAbsent, "a pull secret that the pod names does not exist")
        .predicts(&[PullSecretMissing]),
    Row::context(Kind::SecretMalformed, "a pull secret of the pod cannot be read as a login")
        .predicts(&[PullSecretMalformed]),
    Row::context(Kind::SecretNear, "a key names the image's host in a form that the kubelet does not match")
        .predicts(&[PullSecretUnmatched]),
    Row::context(Kind::NothingSent, "no login of the pod matches the image, so the kubelet sends none")
        .predicts(&[NoCredentials])
        .excludes(&[BadCredentials, CredentialsExpired, ClockSkew]),
    // Where another was tried and refused as well, what may be seen at all is open again.
    Row::context(Kind::NoLoginTried, "nothing was sent, by the pod or by us").excludes(&[Forbidden]),
    Row::context(Kind::LoginSent, "the kubelet sends a login of the pod")
        .predicts(&[BadCredentials, CredentialsExpired])
        .excludes(&[
            CredentialProviderFailed,
            NoCredentials,
            PullSecretMissing,
            PullSecretMalformed,
            PullSecretUnmatched,
        ]),
    Row::context(
        Kind::NodeCredentialsUnlikely,
        "the host is not one that node credentials are known to serve",
    )
    .excludes(&[CredentialProviderFailed]),
    Row::context(Kind::NodeCredentialsPossible, "node credentials may serve the host")
        .predicts(&[CredentialProviderFailed]),
    // A login that is past its time and accepted all the same is no fault: another row excludes it then.
    Row::decides(Kind::LoginPastItsTime, "the login that is refused carries a time that is past")
        .predicts(&[CredentialsExpired])
        .excludes(&[
            Forbidden,
            RepositoryNotFound,
            PolicyBlocked,
            QuotaExceeded,
            RateLimited,
            UpstreamOfCacheFailed,
        ]),
    // Repairs. None excludes a policy: who administers a registry may be exempt from it.
    Row::decides(
        Kind::OtherLoginPassesWhereNoneWasSent,
        "the same request with another login of the namespace passes, where none was sent",
    )
    .predicts(&[NoCredentials, PullSecretMissing, PullSecretMalformed, PullSecretUnmatched])
    .excludes(&[
        Forbidden,
        RepositoryNotFound,
        TagNotFound,
        DigestNotFound,
        RegistryUnavailable,
        Proxy,
        QuotaExceeded,
        RateLimited,
        UpstreamOfCacheFailed,
    ]),
    Row::decides(Kind::OtherLoginPasses, "the same request with another login of the namespace passes")
        .predicts(&[BadCredentials, CredentialsExpired, Forbidden])
        .excludes(&[
            RepositoryNotFound,
            TagNotFound,
            DigestNotFound,
            RegistryUnavailable,
            Proxy,
            QuotaExceeded,
            UpstreamOfCacheFailed,
        ]),
    // The image's own absence is a fault beside then (rule 14).
    Row::decides(
        Kind::OtherLoginSeesSibling,
        "another tag is refused in the same way where nothing is sent, and another login of the namespace gets it",
    )
    .predicts(&[NoCredentials, PullSecretMissing, PullSecretMalformed, PullSecretUnmatched])
    .excludes(&[
        Forbidden,
        RepositoryNotFound,
        RegistryUnavailable,
        Proxy,
        QuotaExceeded,
        RateLimited,
        UpstreamOfCacheFailed,
    ]),
    Row::context(
        Kind::BehindItAbsent,
        "another login of the namespace is let in, sees another tag, and is answered that this one is not there",
    )
    .excludes(&[RepositoryNotFound]),
    Row::decides(
        Kind::NearLoginPasses,
        "the same request with the login under the key that fails to match passes",
    )
    .predicts(&[PullSecretUnmatched]),
    Row::decides(Kind::AnonymousPasses, "the same request without a login passes")
        .predicts(&[BadCredentials, CredentialsExpired])
        // What nobody needs a right for, none can lack.
        .excludes(&[
            Forbidden,
            NoCredentials,
            RepositoryNotFound,
            TagNotFound,
            DigestNotFound,
            RegistryUnavailable,
            Proxy,
            PolicyBlocked,
            QuotaExceeded,
            UpstreamOfCacheFailed,
            CredentialProviderFailed,
        ]),
    // Which of what was sent is at fault.
    Row::context(
        Kind::PodLoginRefusedAtPing,
        "the registry refuses the pod's login also where no repository is asked for",
    )
    .predicts(&[BadCredentials, CredentialsExpired])
    .excludes(&[Forbidden, RepositoryNotFound]),
    Row::context(
        Kind::PodLoginPullsOther,
        "the registry takes the pod's login for another image of it, which a workload runs with the same secret",
    )
    .predicts(&[Forbidden])
    .excludes(&[BadCredentials, CredentialsExpired, ClockSkew]),
    Row::context(Kind::PodLoginAccepted, "the registry or its token service accepts the pod's login as such")
        .predicts(&[Forbidden])
        .excludes(&[BadCredentials, CredentialsExpired, ClockSkew]),
    Row::context(Kind::SomethingAccepted, "in the same minute the same endpoint accepted something else")
        .excludes(&[RegistryUnavailable, Proxy]),
    Row::context(Kind::ChallengeMissing, "the refusal does not say which login is wanted")
        .predicts(&[RegistryUnavailable]),
    // The registry's own words: rule 6 takes them for a control.
    Row::decides(Kind::SaysExpired, "the refusal's body says that the login has expired")
        .predicts(&[CredentialsExpired])
        .excludes(&[
            Forbidden,
            NoCredentials,
            RepositoryNotFound,
            RegistryUnavailable,
            Proxy,
            PolicyBlocked,
            QuotaExceeded,
            RateLimited,
            UpstreamOfCacheFailed,
            CredentialProviderFailed,
            ClockSkew,
        ]),
    Row::decides(Kind::SaysBadLogin, "the refusal's body says that the user or password is wrong")
        .predicts(&[BadCredentials])
        .excludes(&[
            Forbidden,
            NoCredentials,
            RepositoryNotFound,
            RegistryUnavailable,
            Proxy,
            PolicyBlocked,
            QuotaExceeded,
            RateLimited,
            UpstreamOfCacheFailed,
            CredentialProviderFailed,
            ClockSkew,
        ]),
    Row::context(
        Kind::SaysDenied,
        "the refusal's body has the code that the specification gives to a wanting right",
    )
    .excludes(&[RateLimited, QuotaExceeded, PolicyBlocked]),
    // Who lacks the right gets these words for what is absent as well (rule 9).
    Row::decides(Kind::SaysNoRight, "the refusal's body says which right is wanting")
        .predicts(&[Forbidden])
        .excludes(&[
            BadCredentials,
            CredentialsExpired,
            RegistryUnavailable,
            Proxy,
            PolicyBlocked,
            QuotaExceeded,
            RateLimited,
            UpstreamOfCacheFailed,
            ClockSkew,
        ]),
    Row::context(Kind::MentionsPolicy, "the refusal's body mentions a policy").predicts(&[PolicyBlocked]),
    Row::context(
        Kind::SaysSomebodyBlocked,
        "the refusal's body speaks of a block, names no policy of images or clients, and another login passes",
    )
    .excludes(&[PolicyBlocked, RateLimited, QuotaExceeded]),
    Row::decides(Kind::SaysBlocked, "the refusal's body names a policy").predicts(&[PolicyBlocked]).excludes(
        &[
            Forbidden,
            NoCredentials,
            BadCredentials,
            CredentialsExpired,
            RepositoryNotFound,
            RegistryUnavailable,
            Proxy,
            QuotaExceeded,
            RateLimited,
            UpstreamOfCacheFailed,
            CredentialProviderFailed,
            ClockSkew,
        ],
    ),
    Row::decides(Kind::SaysQuota, "the refusal's body names a quota that is used up")
        .predicts(&[QuotaExceeded])
        .excludes(&[
            Forbidden,
            NoCredentials,
            BadCredentials,
            CredentialsExpired,
            RepositoryNotFound,
            RegistryUnavailable,
            Proxy,
            PolicyBlocked,
            RateLimited,
            UpstreamOfCacheFailed,
            CredentialProviderFailed,
            ClockSkew,
        ]),
];
