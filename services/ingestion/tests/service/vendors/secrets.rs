//! A secret with which nothing could ever be signed is refused when it is given, and not found out by a vendor's silence.

use tonic::Code;
use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::{CreateSourceRequest, Source, UpdateSourceRequest};

use super::sign;
use crate::stack::{Stack, TENANT};

#[tokio::test]
async fn a_secret_must_be_one_that_the_vendor_can_sign_with() {
    let stack = Stack::start().await;
    let create = |preset: &str, secret: &str| CreateSourceRequest {
        request_id: String::new(),
        source: Some(Source {
            preset: preset.to_owned(),
            secret: secret.to_owned(),
            ..Source::default()
        }),
    };
    let mut client = stack.sources(TENANT);
    for (preset, secret, says) in [
        ("sendgrid", "", "public key"),
        ("sendgrid", "not-a-key", "public key"),
        ("standard-webhooks", "whpk_bm90IDMyIGJ5dGVz", "32 bytes"),
        ("standard-webhooks", "whsec_%%%%%%%%", "base64"),
    ] {
        let refused = client
            .create_source(create(preset, secret))
            .await
            .expect_err("unusable");
        let details = refused.get_error_details();
        let violation = &details.bad_request().expect("violations").field_violations[0];
        assert_eq!(
            (refused.code(), violation.field.as_str()),
            (Code::InvalidArgument, "source.secret")
        );
        assert!(
            violation.description.contains(says),
            "{preset}: {}",
            violation.description
        );
    }
    for (preset, secret) in [
        ("standard-webhooks", ""),
        ("chatwoot", ""),
        ("sendgrid", sign::keys("sendgrid")[0].secret.as_str()),
    ] {
        let made = client
            .create_source(create(preset, secret))
            .await
            .expect("usable")
            .into_inner();
        assert!(!made.secret.is_empty());
        if preset == "sendgrid" {
            let request = UpdateSourceRequest {
                source: Some(Source {
                    secret: "geheim-4711".to_owned(),
                    ..made
                }),
                update_mask: Some(prost_types::FieldMask {
                    paths: vec!["secret".to_owned()],
                }),
                ..UpdateSourceRequest::default()
            };
            let refused = client.update_source(request).await.expect_err("unusable");
            assert_eq!(refused.code(), Code::InvalidArgument);
        }
    }
}
