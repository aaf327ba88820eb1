//! Promises on the business clock.

use pb::SlaMetric::{FirstResponse, Resolution};
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::super::schedules::{office, weekdays};
use super::*;

fn business(metric: pb::SlaMetric, seconds: i64) -> pb::sla_policy::Goal {
    pb::sla_policy::Goal {
        clock: pb::SlaClock::Business.into(),
        ..goal(metric, seconds)
    }
}

fn by(schedule: &pb::Schedule) -> pb::SlaPolicy {
    pb::SlaPolicy {
        display_name: "Office".into(),
        goals: vec![business(FirstResponse, HOUR / 2), business(Resolution, 10 * HOUR)],
        schedule: schedule.name.clone(),
        ..pb::SlaPolicy::default()
    }
}

/// Wednesday, 15 November 2023, in Berlin; the clock starts on the evening before.
fn wednesday(hour: i64, minute: i64) -> i64 {
    1_700_002_800 - START + hour * HOUR + minute * 60
}

both_engines! {
    async fn a_ticket_keeps_the_hours_that_were_known_at_its_opening(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let schedule = desk.schedule(office()).await;
        desk.policy(by(&schedule)).await;
        let before = desk.asked().await;
        assert_eq!(before.schedule, schedule.name);
        assert_eq!(second(&before.sla_targets[0].due_at), Some(wednesday(9, 30)));
        assert_eq!(second(&before.sla_targets[1].due_at), Some(wednesday(24 + 11, 0)), "ten hours are more than a day");
        desk.wait(1);
        let later = pb::Schedule {
            name: schedule.name.clone(),
            weekly: Some(weekdays(&["10:00-18:00"])),
            ..pb::Schedule::default()
        };
        desk.update_schedule(later, &["weekly"], "2023-11-15").await.expect("changes");
        let after = desk.asked().await;
        assert_eq!(second(&after.sla_targets[0].due_at), Some(wednesday(10, 30)), "whoever comes now knows it");
        assert_eq!(second(&desk.get(&before.name).await.sla_targets[0].due_at), Some(wednesday(9, 30)));
        // A mail that was written before, and arrives now, does not.
        let results = desk.record(vec![written("late@example.org", "9", "<late>", 0)]).await;
        let late = desk.get(&results[0].ticket).await;
        assert_eq!(second(&late.sla_targets[0].due_at), Some(wednesday(9, 30)));

        let skip = desk.events("acme").await.len();
        desk.set(wednesday(9, 30), 1);
        let desk = Fixture::restarted(&db, desk.clock).await;
        desk.wake().await;
        let due = wednesday(9, 30);
        let missed = format!("missed first_response at {due} live");
        assert_eq!(desk.told(skip).await, [missed.clone(), missed]);
        // By hand it gets the hours of now, and is in time again.
        let request = pb::RecalculateSlaRequest { name: before.name.clone(), reason: "new hours".into(), ..Default::default() };
        let again = recalculate_sla::handle(&desk.app, acme(request)).await.expect("recalculates");
        assert_eq!(statuses(&again)[0], (FirstResponse, Status::Running));
        assert_eq!(second(&again.sla_targets[0].due_at), Some(wednesday(10, 30)));
        let told = desk.told(skip + 2).await;
        assert_eq!(told, ["recalculated: new hours", "running first_response after missed"]);
    }

    async fn a_policy_names_a_schedule_that_can_be_used(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (used, archived) = (desk.schedule(office()).await, desk.schedule(office()).await);
        let archive = async |schedule: &pb::Schedule| {
            let request = pb::ArchiveScheduleRequest { name: schedule.name.clone(), ..Default::default() };
            archive_schedule::handle(&desk.app, acme(request)).await
        };
        archive(&archived).await.expect("nobody uses it");
        let create = async |schedule: &str| {
            let policy = pb::SlaPolicy { schedule: schedule.into(), ..by(&used) };
            let request = pb::CreateSlaPolicyRequest { sla_policy: Some(policy), ..Default::default() };
            create_sla_policy::handle(&desk.app, acme(request)).await
        };
        let refused = create(&archived.name).await.expect_err("archived");
        assert_eq!((refused.kind(), refused.reason()), (Kind::Precondition, "SCHEDULE_ARCHIVED"));
        let nobodys = create(&format!("schedules/{}", uuid::Uuid::nil())).await.expect_err("no such schedule");
        assert_eq!(nobodys.kind(), Kind::NotFound);
        assert_eq!(create("schedules/1").await.expect_err("no name").violations()[0].field, "sla_policy.schedule");
        let policy = create(&used.name).await.expect("a policy");
        let refused = archive(&used).await.expect_err("in use");
        assert_eq!(refused.reason(), "SCHEDULE_IN_USE");
        assert!(refused.metadata().iter().any(|(_, value)| *value == policy.name), "{refused:?}");
        let mine = pb::CreateSlaPolicyRequest { sla_policy: Some(by(&used)), ..Default::default() };
        let theirs = super::super::by(Tenant::One("other".into()), mine);
        assert_eq!(create_sla_policy::handle(&desk.app, theirs).await.expect_err("not theirs").kind(), Kind::NotFound);
        // What is removed uses nothing.
        let delete = pb::DeleteSlaPolicyRequest { name: policy.name, ..Default::default() };
        delete_sla_policy::handle(&desk.app, acme(delete)).await.expect("removes");
        archive(&used).await.expect("nobody uses it any more");
    }

    /// Changing hours, policies and tickets at once, from two processes: nobody waits for ever.
    async fn schedules_policies_and_tickets_change_at_once(db: TestDatabase) {
        let one = Fixture::new(&db).await;
        let two = Fixture::restarted(&db, one.clock.clone()).await;
        let schedule = one.schedule(office()).await;
        let policy = one.policy(by(&schedule)).await;
        // Each with hours of its own, and none with those that are there: whoever comes when, each writes a version.
        let work = (1..=12).map(|index| {
            let desk = if index % 2 == 0 { &one } else { &two };
            let (schedule, policy) = (&schedule, &policy);
            async move {
                let hours = format!("09:{index:02}-17:00");
                let changed = pb::Schedule {
                    name: schedule.name.clone(),
                    weekly: Some(weekdays(&[&hours])),
                    ..pb::Schedule::default()
                };
                desk.update_schedule(changed, &["weekly"], "").await.expect("changes");
                let request = pb::UpdateSlaPolicyRequest {
                    sla_policy: Some(pb::SlaPolicy { name: policy.name.clone(), display_name: hours, etag: String::new(), ..by(schedule) }),
                    update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".into(), "schedule".into()] }),
                    ..Default::default()
                };
                update_sla_policy::handle(&desk.app, acme(request)).await.expect("changes");
                assert_eq!(desk.asked().await.sla_targets.len(), 2);
            }
        });
        futures::future::join_all(work).await;
        let last = one.asked().await;
        let versions = one.versions(&schedule.name).await;
        assert_eq!(versions.len(), 13);
        assert!(second(&last.sla_targets[0].due_at).is_some_and(|due| due > wednesday(9, 29)), "by the hours of now");
    }
}
