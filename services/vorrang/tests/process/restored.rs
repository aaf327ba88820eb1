//! After a restore the logs begin a new life, and whoever followed the old one is told.

use vorrang_client::api::feed::v1::{FollowRequest, GetHeadRequest};
use vorrang_testkit::{data_folder, run};

use crate::vorrang::{Up, printed};

#[test]
fn followers_of_a_restored_log_are_told_to_start_again() {
    run(async {
        let data = data_folder();
        let before = Up::start(data.path());
        let client = before.client(data.path()).await;
        let head = client
            .ticketing_feed()
            .get_head(GetHeadRequest {})
            .await
            .expect("answers");
        let cursor = head.into_inner().cursor;
        let goes_on = FollowRequest {
            cursor,
            ..FollowRequest::default()
        };
        client
            .ticketing_feed()
            .follow(goes_on.clone())
            .await
            .expect("the same life");
        drop(client);
        assert_eq!(Some(0), before.stop());

        let said = printed(data.path(), &["migrate", "--restored"]);
        assert!(
            said.contains("ticketing: followers of its feed will start again"),
            "{said}"
        );

        let after = Up::start(data.path());
        let client = after.client(data.path()).await;
        let refused = match client.ticketing_feed().follow(goes_on).await {
            Err(status) => status,
            Ok(stream) => stream.into_inner().message().await.expect_err("another life"),
        };
        assert_eq!(
            vorrang_service::reason(&refused).as_deref(),
            Some("EPOCH_CHANGED"),
            "{refused}"
        );
    });
}
