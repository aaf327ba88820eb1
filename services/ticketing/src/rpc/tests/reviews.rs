//! Reviews by rubric.

use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    pub async fn rubric(&self) -> pb::Rubric {
        let item = |id: &str, weight, of| pb::RubricItem {
            id: id.into(),
            weight,
            of,
            ..pb::RubricItem::default()
        };
        let request = pb::CreateRubricRequest {
            rubric_id: "tone".into(),
            rubric: Some(pb::Rubric {
                display_name: "Tone".into(),
                items: vec![item("accuracy", Some(3.0), 4), item("pec", None, 5)],
                active: true,
                ..pb::Rubric::default()
            }),
            ..pb::CreateRubricRequest::default()
        };
        create_rubric::handle(&self.app, acme(request)).await.expect("a rubric")
    }

    async fn change_rubric(&self, rubric: pb::Rubric, path: &str) -> Result<pb::Rubric, Error> {
        let request = pb::UpdateRubricRequest {
            rubric: Some(rubric),
            update_mask: Some(prost_types::FieldMask {
                paths: vec![path.into()],
            }),
            ..pb::UpdateRubricRequest::default()
        };
        update_rubric::handle(&self.app, acme(request)).await
    }

    async fn review(&self, review: pb::Review) -> Result<pb::Review, Error> {
        let request = pb::CreateReviewRequest {
            review: Some(review),
            ..pb::CreateReviewRequest::default()
        };
        create_review::handle(&self.app, acme(request)).await
    }

    async fn reviews(&self, request: pb::ListReviewsRequest) -> Vec<pb::Review> {
        list_reviews::handle(&self.app, acme(request))
            .await
            .expect("a list")
            .reviews
    }
}

pub fn by_reviewer(ticket: &pb::Ticket, reviewer: &str, accuracy: i32) -> pb::Review {
    let points = |id: &str, points| pb::ReviewItem {
        id: id.into(),
        points,
        ..pb::ReviewItem::default()
    };
    pb::Review {
        ticket: ticket.name.clone(),
        reviewer: reviewer.into(),
        rubric: "rubrics/tone".into(),
        items: vec![points("accuracy", accuracy), points("pec", 5)],
        comment: "Freundlich".into(),
        ..pb::Review::default()
    }
}

both_engines! {
    /// Two reviewers judge the same work, each once; what one finds is changed under its etag, and all is told.
    async fn work_is_reviewed_by_several(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.rubric().await;
        let ticket = desk.solved().await;
        let first = desk.review(by_reviewer(&ticket, "agents/boss", 2)).await.expect("a review");
        assert_eq!((first.agent.as_str(), first.rubric_version), ("agents/anna", 1), "who had it at the solve");
        assert!((first.score - 62.5).abs() < 1e-9, "(3 · 2/4 + 1 · 5/5) ÷ 4");
        assert_eq!((first.items[0].of, first.items[1].weight), (4, 1.0));
        let second = desk.review(by_reviewer(&ticket, "agents/coach", 4)).await.expect("to calibrate");
        assert!((second.score - 100.0).abs() < 1e-9);
        let again = desk.review(by_reviewer(&ticket, "agents/boss", 3)).await.expect_err("once each");
        assert_eq!((again.kind(), again.reason()), (Kind::AlreadyExists, "ALREADY_REVIEWED"));
        let own = desk.review(by_reviewer(&ticket, "agents/anna", 4)).await.expect_err("one's own work");
        assert_eq!(own.violations()[0].field, "review.reviewer");

        desk.wait(10);
        let update = |etag: &str| pb::UpdateReviewRequest {
            review: Some(pb::Review { name: first.name.clone(), etag: etag.into(), ..by_reviewer(&ticket, "", 0) }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["items".into()] }),
            ..pb::UpdateReviewRequest::default()
        };
        let changed = update_review::handle(&desk.app, acme(update(&first.etag))).await.expect("changes");
        assert!((changed.score - 25.0).abs() < 1e-9);
        assert_eq!((changed.reviewed_at, changed.reviewer.as_str()), (first.reviewed_at, "agents/boss"));
        let late = update_review::handle(&desk.app, acme(update(&first.etag))).await.expect_err("too late");
        assert_eq!(late.reason(), "ETAG_MISMATCH");
        let get = pb::GetReviewRequest { name: first.name.clone() };
        assert_eq!(get_review::handle(&desk.app, acme(get)).await.expect("is there"), changed);

        assert_eq!(desk.kinds(5).await, ["review_recorded"; 3]);
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::ReviewRecorded(told)) = &events[7].payload else { panic!("{events:?}") };
        assert_eq!((told.review.as_ref(), told.replaced), (Some(&changed), true));
        let head = events[7].head.as_ref().expect("filled in");
        assert_eq!(head.occurred_at.as_ref().map(|at| at.seconds), Some(START), "at the time of the review");

        let about = pb::ListReviewsRequest { ticket: ticket.name.clone(), ..pb::ListReviewsRequest::default() };
        assert_eq!(desk.reviews(about).await, [second, changed.clone()]);
        let by_boss = pb::ListReviewsRequest { reviewer: "agents/boss".into(), ..pb::ListReviewsRequest::default() };
        assert_eq!(desk.reviews(by_boss).await, [changed]);
        let of_ben = pb::ListReviewsRequest { agent: "agents/ben".into(), ..pb::ListReviewsRequest::default() };
        assert!(desk.reviews(of_ben).await.is_empty());
    }

    /// A rubric changes by versions; reviews keep theirs, and a review can be made by an older one on purpose.
    async fn rubrics_have_versions(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let one = desk.rubric().await;
        let ticket = desk.solved().await;
        let review = desk.review(by_reviewer(&ticket, "agents/boss", 4)).await.expect("a review");
        let mut two = one.clone();
        two.items[0].of = 10;
        let two = desk.change_rubric(two, "items").await.expect("version 2");
        assert_eq!((two.version, two.items[0].of), (2, 10));
        assert_eq!(desk.change_rubric(one.clone(), "items").await.expect_err("stale").reason(), "ETAG_MISMATCH");
        let get = async |name: &str| get_rubric::handle(&desk.app, acme(pb::GetRubricRequest { name: name.into() })).await;
        assert_eq!(get("rubrics/tone").await.expect("the newest"), two);
        assert_eq!(get("rubrics/tone@1").await.expect("the first"), one);
        assert_eq!(get("rubrics/tone@3").await.expect_err("not yet").kind(), Kind::NotFound);
        let list = list_rubrics::handle(&desk.app, acme(pb::ListRubricsRequest::default())).await.expect("a list");
        assert_eq!(list.rubrics, std::slice::from_ref(&two));

        let request = pb::UpdateReviewRequest {
            review: Some(pb::Review { name: review.name.clone(), ..by_reviewer(&ticket, "", 5) }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["items".into()] }),
            ..pb::UpdateReviewRequest::default()
        };
        let off = update_review::handle(&desk.app, acme(request)).await.expect_err("its version is out of 4");
        assert_eq!(off.violations()[0].field, "review.items[0].points");
        let by_old = pb::Review { rubric: "rubrics/tone@1".into(), ..by_reviewer(&ticket, "agents/coach", 4) };
        assert_eq!(desk.review(by_old).await.expect("on purpose").rubric_version, 1);
        let by_new = desk.review(by_reviewer(&ticket, "agents/lead", 10)).await.expect("by the newest");
        assert_eq!((by_new.rubric_version, by_new.rubric.as_str()), (2, "rubrics/tone"));

        let off = pb::Rubric { active: false, etag: String::new(), ..two };
        desk.change_rubric(off, "active").await.expect("switches off");
        let refused = desk.review(by_reviewer(&ticket, "agents/late", 10)).await.expect_err("switched off");
        assert_eq!((refused.kind(), refused.reason()), (Kind::Precondition, "RUBRIC_INACTIVE"));
    }

    async fn what_makes_no_sense_is_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let item = |id: &str, of, weight| pb::RubricItem { id: id.into(), of, weight: Some(weight), ..Default::default() };
        let request = pb::CreateRubricRequest {
            rubric_id: "x".into(),
            rubric: Some(pb::Rubric {
                items: vec![item("Bad Id", 5, 0.0), item("a", 0, f64::INFINITY), item("a", 5, -1.0), item("pec", 10, 0.0)],
                ..pb::Rubric::default()
            }),
            ..pb::CreateRubricRequest::default()
        };
        let error = create_rubric::handle(&desk.app, acme(request)).await.expect_err("nothing is right");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "rubric.items[0].id", "rubric.items[1].weight", "rubric.items[1].of", "rubric.items[2].id",
                "rubric.items[2].weight", "rubric.items[3].of",
            ]
        );
        desk.rubric().await;
        let ticket = desk.ticket().await;
        let nobody = desk.review(by_reviewer(&ticket, "agents/boss", 1)).await.expect_err("nobody had it");
        assert_eq!(nobody.reason(), "NOBODY_TO_REVIEW");
        let named = |change: fn(&mut pb::Review)| {
            let mut review = pb::Review { agent: "agents/ben".into(), ..by_reviewer(&ticket, "agents/boss", 1) };
            change(&mut review);
            review
        };
        let early = named(|review| review.reviewed_at = Some(prost_types::Timestamp { seconds: START - 1, nanos: 0 }));
        assert_eq!(desk.review(early).await.expect_err("before the ticket").violations()[0].field, "review.reviewed_at");
        let missing = named(|review| review.rubric = "rubrics/none".into());
        assert_eq!(desk.review(missing).await.expect_err("no rubric").kind(), Kind::NotFound);
        let foreign = pb::CreateReviewRequest { review: Some(named(|_| {})), ..pb::CreateReviewRequest::default() };
        let foreign = by(Tenant::One("other".into()), foreign);
        assert_eq!(create_review::handle(&desk.app, foreign).await.expect_err("not theirs").kind(), Kind::NotFound);
        let empty = create_review::handle(&desk.app, acme(pb::CreateReviewRequest::default())).await.expect_err("empty");
        assert_eq!(empty.violations().len(), 4, "{:?}", empty.violations());
        desk.review(named(|_| {})).await.expect("names whose work it is");
    }
}
