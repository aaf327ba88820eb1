//! The client side, over a real connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures::{Stream, StreamExt};
use prost::Message;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, EventHead, FollowRequest, GetConsumerRequest, GetHeadRequest,
    GetHeadResponse, ListConsumersRequest, ListConsumersResponse, StartPoint, actor,
};
use vorrang_api::raw;
use vorrang_api::raw::ticketing::feed_service_server::{FeedService, FeedServiceServer};
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_database::event_log;
use vorrang_error::{Error, Kind};
use vorrang_feed::{Feed, Follower, Incoming, Tenancy};
use vorrang_testkit::{DEADLINE, Proxy, TestDatabase, both_engines};

use crate::support::{append, migrated, serve};

type Ticketing = Follower<pb::FollowResponse>;

/// Serves the feed as an owner does, or answers each connection by a script.
pub enum Owner {
    Real(Feed),
    Scripted(Mutex<Vec<Vec<pb::FollowResponse>>>),
}

struct Service {
    owner: Owner,
    requests: Arc<Mutex<Vec<FollowRequest>>>,
}

fn status(error: Error) -> Status {
    let code = match error.kind() {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::OutOfRange => Code::OutOfRange,
        Kind::Unavailable => Code::Unavailable,
        _ => Code::Internal,
    };
    let metadata: Vec<(String, String)> = error
        .metadata()
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect();
    let details = ErrorDetails::with_error_info(
        error.reason(),
        "vorrang.dev",
        metadata.into_iter().collect::<std::collections::HashMap<_, _>>(),
    );
    Status::with_error_details(code, error.message(), details)
}

#[tonic::async_trait]
impl FeedService for Service {
    type FollowStream = Pin<Box<dyn Stream<Item = Result<raw::FollowResponse, Status>> + Send>>;

    async fn follow(&self, request: Request<FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        let request = request.into_inner();
        self.requests.lock().expect("not poisoned").push(request.clone());
        match &self.owner {
            Owner::Real(feed) => {
                let stream = feed.follow_encoded(Tenancy::All, request).await.map_err(status)?;
                Ok(Response::new(Box::pin(stream.map(|item| item.map_err(status)))))
            }
            Owner::Scripted(connections) => {
                let mut connections = connections.lock().expect("not poisoned");
                let script = if connections.is_empty() {
                    Vec::new()
                } else {
                    connections.remove(0)
                };
                Ok(Response::new(Box::pin(futures::stream::iter(
                    script.into_iter().map(|response| Ok(encoded(response))),
                ))))
            }
        }
    }

    async fn get_head(&self, _: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn commit_cursor(&self, _: Request<CommitCursorRequest>) -> Result<Response<Consumer>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn get_consumer(&self, _: Request<GetConsumerRequest>) -> Result<Response<Consumer>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn list_consumers(
        &self,
        _: Request<ListConsumersRequest>,
    ) -> Result<Response<ListConsumersResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn delete_consumer(&self, _: Request<DeleteConsumerRequest>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }
}

/// As it goes over the wire.
fn encoded(response: pb::FollowResponse) -> raw::FollowResponse {
    raw::FollowResponse {
        events: response
            .events
            .iter()
            .map(|event| event.encode_to_vec().into())
            .collect(),
        tenant: response.tenant,
        cursor: response.cursor,
        caught_up: response.caught_up,
        as_of: response.as_of,
    }
}

pub struct Running {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<FollowRequest>>>,
    _stop: DropGuard,
}

pub async fn start(owner: Owner) -> Running {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let requests = Arc::new(Mutex::new(Vec::new()));
    let service = Service {
        owner,
        requests: requests.clone(),
    };
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(
        Server::builder()
            .add_service(FeedServiceServer::new(service))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped),
    );
    Running {
        address,
        requests,
        _stop: stop.drop_guard(),
    }
}

fn follower(address: SocketAddr, cursors: BTreeMap<String, String>) -> Ticketing {
    let channel: Channel = Endpoint::from_shared(format!("http://{address}"))
        .expect("a url")
        .connect_lazy();
    Follower::all(
        move |request| {
            let mut client = FeedServiceClient::new(channel.clone());
            async move { client.follow(request).await }
        },
        cursors,
    )
}

async fn next(follower: &mut Ticketing) -> Result<Incoming<pb::Event>, Error> {
    tokio::time::timeout(DEADLINE, follower.next()).await.expect("in time")
}

/// The next batch with events: positions and cursor.
async fn events(follower: &mut Ticketing) -> (Vec<i64>, String) {
    loop {
        if let Incoming::Batch { events, cursor, .. } = next(follower).await.expect("goes on")
            && !events.is_empty()
        {
            return (positions(&events), cursor);
        }
    }
}

fn positions(events: &[pb::Event]) -> Vec<i64> {
    events
        .iter()
        .map(|event| event.head.as_ref().expect("a head").seq)
        .collect()
}

both_engines! {
    async fn events_arrive_typed_with_their_head(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let owner = start(Owner::Real(served.feed.clone())).await;
        append(&db, "acme", &["tickets/7"]).await;
        let mut follower = follower(owner.address, BTreeMap::new());
        let Incoming::Batch { tenant, events, caught_up, .. } = next(&mut follower).await.expect("comes") else {
            panic!("a batch comes first");
        };
        assert_eq!((tenant.as_str(), caught_up), ("acme", true));
        let head = events[0].head.as_ref().expect("a head");
        assert_eq!((head.seq, head.tenant.as_str(), head.r#type.as_str()), (1, "acme", "ticket_created"));
        assert_eq!(head.subject, "tickets/7");
        let who = head.actor.as_ref().expect("an actor");
        assert_eq!((who.kind(), who.id.as_str()), (actor::Kind::Agent, "agents/1"));
        let Some(pb::event::Payload::TicketCreated(created)) = &events[0].payload else {
            panic!("the payload is typed");
        };
        assert_eq!(created.ticket.as_ref().expect("a ticket").name, "tickets/7");
        assert!(matches!(next(&mut follower).await.expect("then"), Incoming::CaughtUp { .. }));
    }

    async fn a_broken_connection_is_made_again_and_nothing_comes_twice(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let owner = start(Owner::Real(served.feed.clone())).await;
        let proxy = Proxy::start(owner.address).await;
        let mut follower = follower(proxy.address(), BTreeMap::new());
        let mut seen = Vec::new();
        for round in 0..5 {
            append(&db, "acme", &["x", "y"]).await;
            while seen.len() < (round + 1) * 2 {
                seen.extend(events(&mut follower).await.0);
            }
            proxy.cut();
        }
        assert_eq!(seen, (1..=10).collect::<Vec<i64>>());
        let requests = owner.requests.lock().expect("not poisoned").clone();
        assert!(requests.len() >= 2, "it was cut");
        assert_eq!(requests.last().expect("several").tenant_cursors[0].tenant, "acme", "it went on from its cursor");
    }

    async fn a_stopped_owner_is_waited_for(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let owner = start(Owner::Real(served.feed.clone())).await;
        let proxy = Proxy::start(owner.address).await;
        append(&db, "acme", &["a"]).await;
        let mut follower = follower(proxy.address(), BTreeMap::new());
        assert_eq!(events(&mut follower).await.0, [1]);
        proxy.refuse();
        append(&db, "acme", &["b"]).await;
        // Asked again and again for a moment, as a loop with other things to do does: no call loses anything.
        for _ in 0..20 {
            let asked = tokio::time::timeout(std::time::Duration::from_millis(5), follower.next()).await;
            assert!(!matches!(asked, Ok(Ok(Incoming::Batch { ref events, .. })) if !events.is_empty()));
        }
        proxy.pass();
        assert_eq!(events(&mut follower).await.0, [2]);
    }

    async fn one_tenant_can_be_moved_while_the_others_go_on(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a", "b"]).await;
        let running = start(Owner::Real(served.feed.clone())).await;
        let mut follower = follower(running.address, BTreeMap::new());
        assert_eq!(events(&mut follower).await.0, [1, 2]);
        append(&db, "globex", &["x"]).await;
        assert_eq!(events(&mut follower).await.0, [1]);
        follower.move_to("acme", &served.feed.cursor("acme", 1).await.expect("reads"));
        assert_eq!(events(&mut follower).await.0, [2], "acme once more, globex not");
        append(&db, "globex", &["y"]).await;
        assert_eq!(events(&mut follower).await.0, [2]);
        follower.move_to("acme", "");
        assert_eq!(events(&mut follower).await.0, [1, 2], "from the beginning");
    }

    async fn what_only_a_rebuild_cures_is_told(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let owner = start(Owner::Real(served.feed.clone())).await;
        append(&db, "acme", &["a"]).await;
        let mut follower = follower(owner.address, BTreeMap::new());
        let (_, cursor) = events(&mut follower).await;
        event_log::renew_epoch(&db).await.expect("writes");
        append(&db, "acme", &["b"]).await;
        let error = loop {
            if let Err(error) = next(&mut follower).await {
                break error;
            }
        };
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "EPOCH_CHANGED"));
        let again = next(&mut follower).await.expect_err("its cursor is still of the old epoch");
        assert_eq!(again.reason(), "EPOCH_CHANGED");
        follower.restart(BTreeMap::new());
        assert_eq!(events(&mut follower).await.0, [1, 2]);
        follower.restart(BTreeMap::from([("acme".to_owned(), cursor[1..].to_owned())]));
        assert_eq!(next(&mut follower).await.expect_err("not a cursor").reason(), "CURSOR_INVALID");
    }
}

fn response(seqs: &[i64]) -> pb::FollowResponse {
    pb::FollowResponse {
        events: seqs
            .iter()
            .map(|seq| pb::Event {
                cause: None,
                head: Some(EventHead {
                    seq: *seq,
                    ..EventHead::default()
                }),
                payload: None,
            })
            .collect(),
        tenant: "acme".to_owned(),
        cursor: format!("after {}", seqs.last().copied().unwrap_or_default()),
        ..pb::FollowResponse::default()
    }
}

/// An owner that sends again what it has sent already, and that ends its stream.
#[test]
fn what_was_given_is_left_out() {
    vorrang_testkit::run(async {
        let script = vec![vec![response(&[1, 2]), response(&[2, 3])], vec![response(&[2, 3, 4])]];
        let owner = start(Owner::Scripted(Mutex::new(script))).await;
        let mut follower = follower(owner.address, BTreeMap::new());
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(events(&mut follower).await);
        }
        let expected = [(vec![1, 2], "after 2"), (vec![3], "after 3"), (vec![4], "after 4")];
        assert_eq!(seen, expected.map(|(seqs, cursor)| (seqs, cursor.to_owned())));
        let requests = owner.requests.lock().expect("not poisoned").clone();
        assert_eq!(requests[0].start(), StartPoint::Beginning);
        assert_eq!(requests[1].tenant_cursors[0].cursor, "after 3");
    });
}

#[test]
fn a_gap_is_asked_for_again_and_then_refused() {
    vorrang_testkit::run(async {
        let healed = vec![vec![response(&[1, 2]), response(&[4])], vec![response(&[3, 4])]];
        let owner = start(Owner::Scripted(Mutex::new(healed))).await;
        let mut patient = follower(owner.address, BTreeMap::new());
        assert_eq!(events(&mut patient).await.0, [1, 2]);
        assert_eq!(
            events(&mut patient).await.0,
            [3, 4],
            "the second connection has what the first left out"
        );

        let torn = vec![vec![response(&[1, 2]), response(&[4])], vec![response(&[4])]];
        let owner = start(Owner::Scripted(Mutex::new(torn))).await;
        let mut refused = follower(owner.address, BTreeMap::new());
        assert_eq!(events(&mut refused).await.0, [1, 2]);
        let error = next(&mut refused).await.expect_err("twice the same gap");
        assert_eq!((error.kind(), error.reason()), (Kind::Internal, "FEED_GAP"));
    });
}

#[test]
fn with_chosen_types_positions_may_jump() {
    vorrang_testkit::run(async {
        let script = vec![vec![response(&[1]), response(&[5]), response(&[9])]];
        let owner = start(Owner::Scripted(Mutex::new(script))).await;
        let mut follower = follower(owner.address, BTreeMap::new()).types(["ticket_created"]);
        let mut seen = Vec::new();
        while seen.len() < 3 {
            seen.extend(events(&mut follower).await.0);
        }
        assert_eq!(seen, [1, 5, 9]);
        assert_eq!(
            owner.requests.lock().expect("not poisoned")[0].types,
            ["ticket_created"]
        );
    });
}
