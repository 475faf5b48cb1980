//! Pull secrets, as the kubelet reads them.

use pullmedic_model::Cause::{NoCredentials, PullSecretMalformed, PullSecretMissing};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    Rule::says("kubelet/secrets-not-retrieved", &["unable to retrieve some image pull secrets"])
        .certain(PullSecretMissing)
        .or(&[NoCredentials, pullmedic_model::Cause::Unreachable, pullmedic_model::Cause::ConnectTimeout])
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/kubelet_pods.go"),
    Rule::says("kubelet/secret-not-retrieved", &["unable to retrieve pull secret"])
        .certain(PullSecretMissing)
        .or(&[NoCredentials])
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.20.0:pkg/kubelet/kubelet_pods.go"),
    Rule::says("kubelet/reason-secret", &["failedtoretrieveimagepullsecret"])
        .certain(PullSecretMissing)
        .or(&[NoCredentials])
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/kubelet_pods.go"),
    Rule::says("keyring/base64", &["illegal base64 data"])
        .verdict()
        .certain(PullSecretMalformed)
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/config.go"),
    Rule::any(
        "keyring/auth-field",
        &["unable to parse auth field", "must be formatted as base64 username:password"],
    )
    .verdict()
    .certain(PullSecretMalformed)
    .at(Stage::Secret)
    .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/config.go"),
    Rule::says(
        "keyring/json",
        &[
            "dockerconfigjson|dockercfg|dockerconfig",
            "invalid character|unexpected end of json|cannot unmarshal|unable to decode|invalid",
        ],
    )
    .strong(PullSecretMalformed)
    .at(Stage::Secret)
    .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/secrets/secrets.go"),
    Rule::any("keyring/key", &["unable to get host for registry", "docker secrets index"])
        .strong(PullSecretMalformed)
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/keyring.go"),
];
