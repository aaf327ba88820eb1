use sea_orm::ConnectionTrait as _;
use vorrang_testkit::both_engines;

use super::*;
use crate::rpc::tests::surveys::span;

both_engines! {
    /// Opening a link records nothing; one click on the button does, and the answer can be changed until the link closes.
    async fn a_click_records_and_a_later_one_replaces(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("csat", pb::SurveyKind::Csat, |survey| survey.valid_for = span(3_600)).await;
        let (ticket, path) = door.invited("de").await;
        let before = door.desk.events("acme").await.len();
        for method in ["GET", "HEAD", "GET"] {
            let got = door.ask(request(method, &format!("{path}?score=4"), "en", Body::empty())).await;
            assert_eq!(got.status, StatusCode::OK);
            assert_eq!(got.text.is_empty(), method == "HEAD");
        }
        assert_eq!(door.desk.events("acme").await.len(), before, "programs that read mail open links, too");
        let shown = door.get(&format!("{path}?score=4"), "en").await.text;
        assert!(shown.contains("value=\"4\" required checked"));
        assert_eq!(shown.matches(" checked").count(), 1);

        let got = door.post(&format!("{path}?score=4"), "score=4&comment=Danke%21").await;
        assert_eq!(got.status, StatusCode::SEE_OTHER);
        let token = path.rsplit('/').next().expect("a token");
        assert_eq!(got.headers["location"], format!("{token}/thanks"), "relative, so that a proxy may add a path");
        let thanks = door.get(&format!("{path}/thanks"), "en").await;
        assert_eq!(thanks.status, StatusCode::OK);
        assert!(thanks.text.contains("Your answer has been recorded.") && thanks.text.contains(&format!("href=\"../{token}\"")));
        let answer = door.answers().await.remove(0);
        assert_eq!((answer.score, answer.comment.as_str(), answer.agent.as_str()), (4, "Danke!", "agents/anna"));
        assert_eq!((answer.ticket.as_str(), answer.solve), (ticket.name.as_str(), 1));
        let events = door.desk.events("acme").await;
        let who = events.last().and_then(|event| event.head.clone()).and_then(|head| head.actor).expect("somebody");
        assert_eq!(who.id, ticket.customer);

        door.post(&path, "score=4&comment=Danke%21").await;
        assert_eq!(door.desk.events("acme").await.len(), events.len(), "sent twice is said once");
        door.wait(TimeDelta::seconds(60));
        door.desk.state(&ticket, pb::ticket::State::Open).await.expect("reopens");
        let again = door.get(&path, "en").await.text;
        assert!(again.contains("You have answered this question already") && again.contains("value=\"4\" required checked"));
        assert!(!again.contains("Danke!"), "a link that is passed on tells nobody's words");
        assert_eq!(door.post(&path, "score=1&comment=").await.status, StatusCode::SEE_OTHER);
        let changed = door.answers().await;
        assert_eq!(changed.len(), 1);
        assert_eq!((changed[0].score, changed[0].comment.as_str(), changed[0].solve), (1, "Danke!", 1));
        assert_ne!(changed[0].answered_at, answer.answered_at, "at its own time");

        door.wait(TimeDelta::seconds(3_600));
        for got in [door.get(&path, "en").await, door.post(&path, "score=5").await, door.get(&format!("{path}/thanks"), "en").await] {
            assert_eq!(got.status, StatusCode::GONE);
            assert!(got.text.contains("This survey is closed"));
        }
        assert_eq!(door.answers().await[0].score, 1);
    }

    async fn what_leads_nowhere_says_so(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let (_, path) = door.invited("de").await;
        let edited = format!("{}A", &path[..path.len() - 1]);
        let edited = if edited == path { format!("{}B", &path[..path.len() - 1]) } else { edited };
        let closes_at = door.desk.clock.shared().now() + TimeDelta::days(1);
        let nobodys = format!("/s/{}", links().token("acme", uuid::Uuid::from_u128(1), closes_at));
        let mut others = sending_of(&door).await;
        others.tenant = "other".into();
        let others = format!("/s/{}", links().token(&others.tenant, others.sending, others.closes_at));
        for path in [edited.as_str(), "/s/x", "/s/%ff", &nobodys, &others] {
            for got in [door.get(path, "de-AT, en;q=0.5").await, door.post(path, "score=5").await] {
                assert_eq!(got.status, StatusCode::NOT_FOUND, "{path}");
            }
            assert!(door.get(path, "de").await.text.contains("Dieser Link funktioniert nicht"));
        }
        let got = door.ask(request("DELETE", &path, "en", Body::empty())).await;
        assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(door.answers().await.is_empty());
    }

    async fn a_form_that_cannot_be_taken_comes_back_with_what_was_in_it(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("effort", pb::SurveyKind::CesEffort, |_| {}).await;
        let (_, path) = door.invited("de").await;
        for form in ["", "comment=Hallo", "score=", "score=6", "score=0", "score=99999999999", "score=%3Cb%3E"] {
            let got = door.post(&path, form).await;
            assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
            assert!(got.text.contains("role=\"alert\"") && got.text.contains("Please choose one of the answers."));
            assert!(got.text.contains("<title>Error: "), "a screen reader says it first");
        }
        assert!(door.post(&path, "comment=%3C%2Ftextarea%3E%22Hallo").await.text.contains("&lt;/textarea&gt;&quot;Hallo"));
        let long = format!("score=2&comment={}", "x".repeat(2_001));
        let got = door.post(&path, &long).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains("value=\"2\" required checked") && got.text.contains("2,000 characters"));
        let endless = format!("score=2&comment={}", "x".repeat(40_000));
        assert_eq!(door.post(&path, &endless).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let mut json = request("POST", &path, "en", Body::from("{\"score\":2}"));
        json.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
        assert_eq!(door.ask(json).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(door.answers().await.is_empty());
    }

    async fn where_the_first_answer_stands_it_stands(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("csat", pb::SurveyKind::Csat, |survey| {
            survey.repeats = pb::survey::Repeats::FirstStands.into();
            survey.ask_comment = false;
        }).await;
        let (_, path) = door.invited("de").await;
        assert!(!door.get(&path, "en").await.text.contains("<textarea"));
        assert_eq!(door.get(&format!("{path}/thanks"), "en").await.status, StatusCode::SEE_OTHER, "nothing to thank for yet");
        assert_eq!(door.post(&path, "score=5&comment=unasked").await.status, StatusCode::SEE_OTHER);
        assert!(!door.get(&format!("{path}/thanks"), "en").await.text.contains("Change my answer"));
        let shown = door.get(&path, "en").await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.text.contains("Already answered"));
        let again = door.post(&path, "score=1").await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        let answers = door.answers().await;
        assert_eq!((answers.len(), answers[0].score, answers[0].has_comment), (1, 5, false));
    }

    /// A survey about no ticket is answered and corrected by its link; late answers are marked where they are taken.
    async fn a_customer_answers_about_nothing_in_particular(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("nps", pb::SurveyKind::Nps, |survey| {
            survey.rule = None;
            survey.valid_for = span(3_600);
            survey.late_for = span(3_600);
        }).await;
        let mara = door.desk.customer("mara@example.org").await;
        let sending = door.desk.send("surveys/nps", "", &mara.name).await.expect("sends");
        let path = path(&sending);
        let shown = door.get(&path, "en").await.text;
        assert!(shown.contains("How likely are you to recommend us") && !shown.contains("About your request"));
        assert_eq!(door.post(&path, "score=9").await.status, StatusCode::SEE_OTHER);
        door.wait(TimeDelta::seconds(3_601));
        assert_eq!(door.post(&path, "score=0").await.status, StatusCode::SEE_OTHER);
        let answers = door.answers().await;
        assert_eq!((answers.len(), answers[0].score, answers[0].late), (1, 0, true));
        assert_eq!((answers[0].sending.as_str(), answers[0].customer.as_str()), (sending.name.as_str(), mara.name.as_str()));
        door.wait(TimeDelta::seconds(3_600));
        assert_eq!(door.get(&path, "en").await.status, StatusCode::GONE);
    }

    /// Whose data is gone is asked nothing, and nothing of it comes back.
    async fn a_link_to_what_is_erased_is_closed(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let (_, path) = door.invited("de").await;
        assert_eq!(door.post(&path, "score=2&comment=Hello").await.status, StatusCode::SEE_OTHER);
        let tx = door.desk.db.begin().await.expect("begins");
        tx.conn().execute_unprepared("DELETE FROM personal_keys").await.expect("runs");
        tx.commit().await.expect("commits");
        let door = Door::of(Fixture::restarted(&db, door.desk.clock).await, |_| {});
        for got in [door.get(&path, "de").await, door.post(&path, "score=5").await, door.get(&format!("{path}/thanks"), "de").await] {
            assert_eq!(got.status, StatusCode::GONE);
            assert!(got.text.contains("wurden gelöscht") || got.text.contains("has been erased"));
        }
        assert_eq!((door.answers().await[0].score, door.answers().await[0].comment.as_str()), (2, ""));
    }

    async fn a_tenant_has_only_so_many_calls(db: TestDatabase) {
        let door = Door::with(&db, |limits| {
            limits.tenant_requests_per_second = 1;
            limits.tenant_burst = 2;
        }).await;
        door.desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let (_, path) = door.invited("de").await;
        let mut statuses = Vec::new();
        for _ in 0..4 {
            let got = door.get(&path, "de").await;
            statuses.push(got.status);
            if got.status == StatusCode::TOO_MANY_REQUESTS {
                assert!(got.headers.contains_key("retry-after") && got.text.contains("gleich noch einmal"));
            }
        }
        assert_eq!(statuses[0], StatusCode::OK);
        assert_eq!(statuses[3], StatusCode::TOO_MANY_REQUESTS, "{statuses:?}");
    }
}

async fn sending_of(door: &Door) -> crate::survey::Token {
    let sent = door.desk.sent().await.pop().expect("sent");
    links()
        .read(path(&sent).rsplit('/').next().expect("a token"))
        .expect("ours")
}
