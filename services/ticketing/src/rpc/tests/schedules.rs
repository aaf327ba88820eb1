//! Schedules: versions, archive, business time.

use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

/// Mondays to Fridays in Berlin.
pub fn weekdays(hours: &[&str]) -> pb::WeeklyHours {
    let hours: Vec<String> = hours.iter().map(|&hours| hours.to_owned()).collect();
    pb::WeeklyHours {
        monday: hours.clone(),
        tuesday: hours.clone(),
        wednesday: hours.clone(),
        thursday: hours.clone(),
        friday: hours,
        ..pb::WeeklyHours::default()
    }
}

pub fn office() -> pb::Schedule {
    pb::Schedule {
        display_name: "Office".into(),
        time_zone: "Europe/Berlin".into(),
        weekly: Some(weekdays(&["09:00-17:00"])),
        ..pb::Schedule::default()
    }
}

pub fn exception(date: &str, hours: &[&str]) -> pb::ScheduleException {
    pb::ScheduleException {
        date: date.into(),
        hours: hours.iter().map(|&hours| hours.to_owned()).collect(),
        ..pb::ScheduleException::default()
    }
}

fn timestamp(text: &str) -> Option<prost_types::Timestamp> {
    Some(vorrang_api::timestamp(text.parse().expect("an instant")))
}

impl Fixture {
    pub async fn schedule(&self, schedule: pb::Schedule) -> pb::Schedule {
        let request = pb::CreateScheduleRequest {
            schedule: Some(schedule),
            ..pb::CreateScheduleRequest::default()
        };
        create_schedule::handle(&self.app, acme(request))
            .await
            .expect("a schedule")
    }

    pub async fn update_schedule(
        &self,
        schedule: pb::Schedule,
        paths: &[&str],
        valid_from: &str,
    ) -> Result<pb::Schedule, Error> {
        let request = pb::UpdateScheduleRequest {
            schedule: Some(schedule),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(|&path| path.to_owned()).collect(),
            }),
            valid_from: valid_from.into(),
            ..pb::UpdateScheduleRequest::default()
        };
        update_schedule::handle(&self.app, acme(request)).await
    }

    pub async fn versions(&self, name: &str) -> Vec<pb::ScheduleVersion> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListScheduleVersionsRequest {
                name: name.into(),
                page_size: 2,
                page_token,
            };
            let page = list_schedule_versions::handle(&self.app, acme(request))
                .await
                .expect("a page");
            all.extend(page.versions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }
}

both_engines! {
    async fn a_schedule_is_read_as_it_was_made(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let christmas = pb::ScheduleException { name: "Heiligabend".into(), uid: "xmas".into(), ..exception("2023-12-24", &["09:00-12:00"]) };
        let made = desk.schedule(pb::Schedule { exceptions: vec![christmas.clone(), exception("2023-12-25", &[])], ..office() }).await;
        assert_eq!((made.version, made.version_count, made.valid_from.as_str()), (1, 1, ""));
        assert_eq!(made.exceptions, [christmas, exception("2023-12-25", &[])]);
        assert_eq!(made.weekly, Some(weekdays(&["09:00-17:00"])));
        let get = pb::GetScheduleRequest { name: made.name.clone() };
        assert_eq!(get_schedule::handle(&desk.app, acme(get.clone())).await.expect("found"), made);
        let theirs = get_schedule::handle(&desk.app, by(Tenant::One("other".into()), get)).await;
        assert_eq!(theirs.expect_err("not theirs").kind(), Kind::NotFound);
        let event = desk.events("acme").await.remove(0);
        assert_eq!(event.head.expect("filled in").r#type, "schedule_updated");
        let Some(pb::event::Payload::ScheduleUpdated(updated)) = event.payload else { panic!("another payload") };
        assert_eq!(updated.schedule.as_ref(), Some(&made));
        assert_eq!(updated.new_versions, desk.versions(&made.name).await);
    }

    async fn changing_hours_writes_a_version_that_the_old_ones_survive(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.schedule(office()).await;
        let head = desk.events("acme").await.len();
        // The clock of the tests stands at 2023-11-14.
        let shorter = pb::Schedule { weekly: Some(weekdays(&["09:00-12:00"])), ..made.clone() };
        let announced = desk.update_schedule(shorter.clone(), &["weekly"], "2023-12-01").await.expect("changes");
        assert_eq!((announced.version, announced.version_count), (1, 2), "not yet");
        assert_eq!(announced.weekly, made.weekly);
        let late = desk.update_schedule(shorter.clone(), &["display_name"], "").await.expect_err("an old etag");
        assert_eq!(late.reason(), "ETAG_MISMATCH");
        desk.wait(20 * 86_400);
        let get = pb::GetScheduleRequest { name: made.name.clone() };
        let december = get_schedule::handle(&desk.app, acme(get)).await.expect("found");
        assert_eq!((december.version, december.valid_from.as_str()), (2, "2023-12-01"));
        assert_eq!(december.weekly, shorter.weekly);
        let list = pb::ListSchedulesRequest::default();
        let listed = list_schedules::handle(&desk.app, acme(list)).await.expect("a page");
        assert_eq!(listed.schedules, std::slice::from_ref(&december));
        let again = pb::Schedule { etag: String::new(), ..shorter };
        let same = desk.update_schedule(again, &["weekly", "time_zone"], "").await.expect("changes nothing");
        assert_eq!(same, december);
        let numbers: Vec<i32> = desk.versions(&made.name).await.iter().map(|version| version.number).collect();
        assert_eq!(numbers, [2, 1]);
        assert_eq!(desk.kinds(head).await, ["schedule_updated"]);
    }

    async fn everything_that_is_wrong_is_told_at_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let wrong = pb::Schedule {
            display_name: " ".into(),
            time_zone: "Europe/Atlantis".into(),
            weekly: Some(pb::WeeklyHours { tuesday: vec!["9-17".into()], sunday: vec!["09:00-12:00".into(), "11:00-13:00".into()], ..Default::default() }),
            exceptions: vec![
                exception("2026-02-30", &[]),
                exception("2026-03-01", &["09:00-10:00", "25:00-26:00"]),
                exception("2026-03-01", &["09:00-10:00", "25:00-26:00"]),
            ],
            ..pb::Schedule::default()
        };
        let request = pb::CreateScheduleRequest { schedule: Some(wrong.clone()), ..Default::default() };
        let error = create_schedule::handle(&desk.app, acme(request)).await.expect_err("wrong");
        let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        let expected = [
            "schedule.display_name", "schedule.exceptions[2].date", "schedule.time_zone", "schedule.weekly.sunday[1]",
            "schedule.weekly.tuesday[0]", "schedule.exceptions[0]", "schedule.exceptions[1].hours[1]",
        ];
        assert_eq!(fields, expected);
        let error = desk.update_schedule(wrong, &["opening"], "2026-13-01").await.expect_err("wrong");
        let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["schedule.name", "update_mask", "valid_from"], "what no mask names is nobody's concern");
        assert!(desk.events("acme").await.is_empty());
    }

    async fn an_archived_schedule_is_kept_but_not_changed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.schedule(office()).await;
        let archive = pb::ArchiveScheduleRequest { name: made.name.clone(), request_id: "once".into(), ..Default::default() };
        let archived = archive_schedule::handle(&desk.app, acme(archive.clone())).await.expect("archived");
        assert!(archived.archived_at.is_some());
        assert_eq!(archive_schedule::handle(&desk.app, acme(archive)).await.expect("the first answer"), archived);
        let refused = desk.update_schedule(pb::Schedule { etag: String::new(), ..made.clone() }, &["weekly"], "").await;
        assert_eq!(refused.expect_err("archived").reason(), "SCHEDULE_ARCHIVED");
        let list = |show_archived| pb::ListSchedulesRequest { show_archived, ..Default::default() };
        assert!(list_schedules::handle(&desk.app, acme(list(false))).await.expect("a page").schedules.is_empty());
        assert_eq!(list_schedules::handle(&desk.app, acme(list(true))).await.expect("a page").schedules, [archived]);
        let restore = pb::RestoreScheduleRequest { name: made.name.clone(), ..Default::default() };
        let restored = restore_schedule::handle(&desk.app, acme(restore)).await.expect("restored");
        assert_eq!(restored.archived_at, None);
        assert_eq!(desk.kinds(0).await, ["schedule_updated"; 3]);
    }

    async fn schedules_are_paged_newest_first(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut names = Vec::new();
        for _ in 0..5 {
            names.insert(0, desk.schedule(office()).await.name);
        }
        let mut listed = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListSchedulesRequest { page_size: 2, page_token, show_archived: false };
            let page = list_schedules::handle(&desk.app, acme(request)).await.expect("a page");
            listed.extend(page.schedules.into_iter().map(|schedule| schedule.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, names);
    }

    async fn business_time_is_computed_as_a_ticket_knows_the_hours(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.schedule(office()).await;
        desk.wait(3_600);
        let shorter = pb::Schedule { weekly: Some(weekdays(&["09:00-12:00"])), ..made.clone() };
        desk.update_schedule(shorter, &["weekly"], "2026-03-02").await.expect("announced");
        let ask = |known_at: Option<prost_types::Timestamp>| pb::ComputeBusinessTimeRequest {
            name: made.name.clone(),
            from: timestamp("2026-02-27T16:30:00+01:00"),
            to: timestamp("2026-03-02T13:15:00+01:00"),
            seconds: Some(4 * 3_600),
            known_at,
        };
        let said = compute_business_time::handle(&desk.app, acme(ask(None))).await.expect("an answer");
        assert_eq!(said.business_time.map(|time| time.seconds), Some(3 * 3_600 + 1_800));
        assert_eq!(said.due_at, timestamp("2026-03-03T09:30:00+01:00"));
        assert_eq!((said.open, said.opens_at), (true, timestamp("2026-02-27T16:30:00+01:00")));
        // Opened before the change was written: measured by the old hours.
        let before = Some(prost_types::Timestamp { seconds: START, nanos: 0 });
        let said = compute_business_time::handle(&desk.app, acme(ask(before))).await.expect("an answer");
        assert_eq!(said.business_time.map(|time| time.seconds), Some(4 * 3_600 + 2_700));
        let never = Some(prost_types::Timestamp { seconds: START - 1, nanos: 0 });
        let error = compute_business_time::handle(&desk.app, acme(ask(never))).await.expect_err("nothing was written");
        assert_eq!(error.reason(), "SCHEDULE_NOT_WRITTEN");
        let wrong = pb::ComputeBusinessTimeRequest { seconds: Some(-1), from: None, ..ask(None) };
        let error = compute_business_time::handle(&desk.app, acme(wrong)).await.expect_err("wrong");
        let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["from", "seconds"]);
    }

    async fn two_changes_at_once_follow_each_other(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.schedule(office()).await;
        let changes = (1..=8).map(|hour| {
            let weekly = Some(weekdays(&[&format!("0{hour}:00-17:00")]));
            desk.update_schedule(pb::Schedule { weekly, etag: String::new(), ..made.clone() }, &["weekly"], "2030-01-01")
        });
        for changed in futures::future::join_all(changes).await {
            changed.expect("each in its turn");
        }
        let numbers: Vec<i32> = desk.versions(&made.name).await.iter().map(|version| version.number).collect();
        assert_eq!(numbers, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    }
}
