use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest, StartPoint};
use vorrang_api::knowledge::v1::event::Payload;
use vorrang_api::knowledge::v1::{Event, SearchArticlesRequest, SolveSessionRequest};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Desk, draft, publish, session};

both_engines! {
    async fn the_feed_tells_what_happened_in_order(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        publish(&desk.client("other").await, draft("en", "Canary", "x")).await;
        publish(&client, draft("en", "Returns", "14 days")).await;
        let session = session(&client).await;
        let request = SearchArticlesRequest { query: "returns".into(), session: session.name.clone(), ..Default::default() };
        client.articles().search_articles(request).await.expect("searches");
        let name = session.name.clone();
        client.sessions().solve_session(SolveSessionRequest { name, ..Default::default() }).await.expect("solves");

        let request = FollowRequest { start: StartPoint::Beginning.into(), ..FollowRequest::default() };
        let mut stream = client.knowledge_feed().follow(request).await.expect("follows").into_inner();
        let mut events: Vec<Event> = Vec::new();
        let mut cursor = String::new();
        while events.len() < 5 {
            let batch = stream.message().await.expect("streams").expect("does not end");
            assert_eq!(batch.tenant, "acme");
            events.extend(batch.events);
            cursor = batch.cursor;
        }
        let heads: Vec<_> = events.iter().filter_map(|event| event.head.as_ref()).collect();
        let types: Vec<_> = heads.iter().map(|head| head.r#type.as_str()).collect();
        assert_eq!(
            types,
            ["article_created", "article_published", "session_started", "session_searched", "session_solved"]
        );
        assert_eq!(heads.iter().map(|head| head.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        let Some(Payload::SessionSearched(searched)) = &events[3].payload else { panic!("{:?}", events[3]) };
        assert_eq!(searched.query, "returns");
        assert_eq!(searched.session.as_ref().map(|session| session.search_count), Some(1));
        let head = client.knowledge_feed().get_head(GetHeadRequest {}).await.expect("reads").into_inner();
        assert_eq!((head.seq, head.cursor), (5, cursor));
    }
}
