use futures::StreamExt as _;
use tonic::Code;
use tonic_types::StatusExt as _;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};

use crate::support::{Fake, event};

fn is_internal_with_id(status: &tonic::Status) {
    assert_eq!(status.code(), Code::Internal);
    let info = status.get_details_error_info().expect("there is one");
    assert!(info.metadata.contains_key("error_id"), "{info:?}");
    assert!(!status.message().contains("secret"), "{status}");
}

#[tokio::test]
async fn a_handler_that_panics_answers_internal_with_an_id() {
    let server = Fake::new()
        .head(|_| async { panic!("a secret of a customer") })
        .start()
        .await;
    let mut client = server.client().await;
    for _ in 0..2 {
        is_internal_with_id(&client.get_head(GetHeadRequest {}).await.expect_err("it panicked"));
    }
    assert!(
        client.follow(FollowRequest::default()).await.is_ok(),
        "everything else goes on"
    );
}

#[tokio::test]
async fn a_stream_that_panics_ends_with_internal() {
    let server = Fake::new()
        .follow(|| {
            futures::stream::iter([1, 2]).map(|n| match n {
                1 => Ok(event("one")),
                _ => panic!("a secret of a customer"),
            })
        })
        .start()
        .await;
    let mut stream = server
        .client()
        .await
        .follow(FollowRequest::default())
        .await
        .expect("it begins")
        .into_inner();
    let status = loop {
        if let Err(status) = stream.message().await {
            break status;
        }
    };
    is_internal_with_id(&status);
}
