//! Following who was erased: every one of them is handed on, whatever stops in between.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use vorrang_api::feed::v1::FollowRequest;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_database::event_log::NewEvent;
use vorrang_database::{Database, erased, event_log};
use vorrang_error::Error;
use vorrang_feed::{Erasures, follow_erasures};
use vorrang_testkit::{DEADLINE, TestDatabase, both_engines};

use crate::follower::{self, Running};
use crate::support::{append, append_events, event, migrated, noon, serve};

fn erasure(of: &str) -> NewEvent {
    NewEvent {
        kind: "customer_erased".to_owned(),
        ..event(of)
    }
}

/// A service that keeps the cursor with the effect, as the real ones do, and fails as often as it is told to.
struct Keeper {
    erased: mpsc::UnboundedReceiver<String>,
    task: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
}

impl Keeper {
    fn start(database: &Database, owner: &Running, failures: usize) -> Self {
        let channel = Endpoint::from_shared(format!("http://{}", owner.address))
            .expect("a url")
            .connect_lazy();
        let open = move |request: FollowRequest| {
            let mut client = FeedServiceClient::new(channel.clone());
            async move { client.follow(request).await }
        };
        let (send, erased) = mpsc::unbounded_channel();
        let (failures, own) = (std::sync::Arc::new(AtomicUsize::new(failures)), database.clone());
        let send = std::sync::Arc::new(Mutex::new(send));
        let erase = move |erasures: Erasures| -> BoxFuture<'static, Result<(), Error>> {
            let (failures, own, send) = (failures.clone(), own.clone(), send.clone());
            async move {
                let fails = |left: usize| left.checked_sub(1);
                if !erasures.customers.is_empty()
                    && failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok()
                {
                    return Err(Error::unavailable("DATABASE_UNAVAILABLE", "not now"));
                }
                let tx = own.begin().await?;
                for customer in &erasures.customers {
                    erased::mark(&tx, &erasures.tenant, customer, noon()).await?;
                }
                erased::put_cursor(&tx, &erasures.tenant, &erasures.cursor).await?;
                tx.commit().await?;
                for customer in erasures.customers {
                    let told = format!("{}: {customer}", erasures.tenant);
                    send.lock().expect("not poisoned").send(told).expect("is read");
                }
                Ok(())
            }
            .boxed()
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(follow_erasures(database.clone(), open, erase, stop.clone()));
        Self { erased, task, stop }
    }

    async fn next(&mut self) -> String {
        let next = tokio::time::timeout(DEADLINE, self.erased.recv()).await;
        next.expect("in time").expect("goes on")
    }

    /// Stops; whatever came and was not read is an error.
    async fn stop(mut self) {
        self.stop.cancel();
        tokio::time::timeout(DEADLINE, self.task)
            .await
            .expect("stops")
            .expect("does not panic");
        assert_eq!(self.erased.recv().await, None, "and no more");
    }
}

both_engines! {
    async fn every_erasure_is_handed_on_also_one_that_came_while_nobody_followed(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let owner = follower::start(follower::Owner::Real(served.feed.clone())).await;
        append(&db, "acme", &["customers/lives"]).await;
        append_events(&db, "acme", vec![erasure("customers/1"), erasure("customers/2")]).await;
        let mut keeper = Keeper::start(&db, &owner, 0);
        assert_eq!([keeper.next().await, keeper.next().await], ["acme: customers/1", "acme: customers/2"]);
        append_events(&db, "other", vec![erasure("customers/3")]).await;
        assert_eq!(keeper.next().await, "other: customers/3");
        keeper.stop().await;

        append_events(&db, "acme", vec![erasure("customers/4")]).await;
        let mut keeper = Keeper::start(&db, &owner, 0);
        assert_eq!(keeper.next().await, "acme: customers/4", "nothing before it comes again");
        keeper.stop().await;
    }

    async fn what_could_not_be_erased_comes_again(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let owner = follower::start(follower::Owner::Real(served.feed.clone())).await;
        append_events(&db, "acme", vec![erasure("customers/1")]).await;
        let mut keeper = Keeper::start(&db, &owner, 1);
        assert_eq!(keeper.next().await, "acme: customers/1");
        keeper.stop().await;
    }

    /// After a restore positions are given out anew: a cursor of before would leave out whom the new life erases.
    async fn another_life_of_the_log_is_followed_from_its_beginning(db: TestDatabase) {
        let db = migrated(db.url()).await;
        append_events(&db, "acme", vec![erasure("customers/1")]).await;
        {
            let served = serve(&db);
            let owner = follower::start(follower::Owner::Real(served.feed.clone())).await;
            let mut keeper = Keeper::start(&db, &owner, 0);
            assert_eq!(keeper.next().await, "acme: customers/1");
            keeper.stop().await;
        }
        event_log::renew_epoch(&db).await.expect("a new life");
        let served = serve(&db);
        let owner = follower::start(follower::Owner::Real(served.feed.clone())).await;
        append_events(&db, "acme", vec![erasure("customers/2")]).await;
        let mut keeper = Keeper::start(&db, &owner, 0);
        assert_eq!([keeper.next().await, keeper.next().await], ["acme: customers/1", "acme: customers/2"]);
        keeper.stop().await;
    }
}
