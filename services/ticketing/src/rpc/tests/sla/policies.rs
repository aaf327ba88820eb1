//! Policies as configuration.

use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

fn change(policy: pb::SlaPolicy, paths: &[&str]) -> pb::UpdateSlaPolicyRequest {
    pb::UpdateSlaPolicyRequest {
        sla_policy: Some(policy),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        }),
        ..pb::UpdateSlaPolicyRequest::default()
    }
}

impl Fixture {
    async fn policies(&self, page_size: i32) -> Vec<String> {
        let mut names = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListSlaPoliciesRequest { page_size, page_token };
            let page = list_sla_policies::handle(&self.app, acme(request))
                .await
                .expect("a page");
            names.extend(page.sla_policies.into_iter().map(|policy| policy.display_name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return names;
            }
        }
    }

    async fn named(&self, display_name: &str, position: i32) -> pb::SlaPolicy {
        self.policy(pb::SlaPolicy {
            display_name: display_name.into(),
            position,
            ..usual()
        })
        .await
    }
}

both_engines! {
    async fn a_policy_is_made_read_changed_and_removed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let given = pb::SlaPolicy {
            position: 3,
            condition: " tags:refund ".into(),
            r#match: Some(pb::sla_policy::Match {
                tiers: vec!["VIP".into(), "gold".into(), "vip".into()],
                channels: vec![pb::Channel::Chat.into(), pb::Channel::Chat.into()],
                priorities: vec![pb::Priority::Urgent.into()],
            }),
            ..usual()
        };
        let made = desk.policy(given).await;
        let rules = made.r#match.clone().expect("a match");
        assert_eq!((rules.tiers, rules.channels.len()), (vec!["gold".to_owned(), "vip".to_owned()], 1));
        assert_eq!(made.condition, "tags:refund");
        let states = |goal: &pb::sla_policy::Goal| goal.pauses.clone().expect("pauses").states;
        assert_eq!(states(&made.goals[0]), Vec::<i32>::new(), "a response never stands still");
        assert_eq!(states(&made.goals[2]), [i32::from(pb::ticket::State::Pending)]);
        let percent = pb::sla_policy::goal::AtRisk::AtRiskPercent(80);
        assert_eq!(made.goals[0].at_risk, Some(percent));
        let get = async || {
            let request = pb::GetSlaPolicyRequest { name: made.name.clone() };
            get_sla_policy::handle(&desk.app, acme(request)).await
        };
        assert_eq!(get().await.expect("it is there"), made);

        desk.wait(5);
        let other = pb::SlaPolicy {
            name: made.name.clone(),
            etag: made.etag.clone(),
            display_name: "Other".into(),
            goals: vec![],
            ..pb::SlaPolicy::default()
        };
        let changed = update_sla_policy::handle(&desk.app, acme(change(other.clone(), &["display_name", "position"]))).await;
        let changed = changed.expect("changes");
        assert_eq!((changed.display_name.as_str(), changed.position), ("Other", 0));
        assert_eq!(changed.goals, made.goals, "what is not in the mask stays");
        assert_ne!(changed.etag, made.etag);
        let late = update_sla_policy::handle(&desk.app, acme(change(other, &["display_name"]))).await;
        assert_eq!(late.expect_err("somebody was faster").reason(), "ETAG_MISMATCH");

        let delete = pb::DeleteSlaPolicyRequest {
            request_id: "d".into(),
            name: made.name.clone(),
            etag: changed.etag.clone(),
        };
        delete_sla_policy::handle(&desk.app, acme(delete.clone())).await.expect("removes");
        delete_sla_policy::handle(&desk.app, acme(delete)).await.expect("a repeat gets the same answer");
        assert_eq!(get().await.expect_err("gone").kind(), Kind::NotFound);
        let again = pb::DeleteSlaPolicyRequest { name: made.name.clone(), ..Default::default() };
        let gone = delete_sla_policy::handle(&desk.app, acme(again)).await.expect_err("gone");
        assert_eq!(gone.kind(), Kind::NotFound);
        assert_eq!(desk.told(0).await, ["policy created Usual", "policy updated Other", "policy deleted Other"]);
        let Some(Payload::SlaPolicyChanged(last)) = &desk.events("acme").await[2].payload else { panic!("no policy") };
        assert_eq!(last.policy.as_ref(), Some(&changed), "a removed one as it was");
    }

    async fn everything_wrong_with_a_policy_is_said_at_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let wrong = |goal: pb::sla_policy::Goal| pb::sla_policy::Goal { seconds: 0, ..goal };
        let policy = pb::SlaPolicy {
            display_name: "x".repeat(101),
            position: -1,
            condition: "priority = SOON".into(),
            r#match: Some(pb::sla_policy::Match {
                tiers: vec![String::new()],
                channels: vec![99],
                priorities: vec![0],
            }),
            goals: vec![
                wrong(goal(pb::SlaMetric::FirstResponse, 0)),
                pb::sla_policy::Goal {
                    clock: pb::SlaClock::Business.into(),
                    at_risk: Some(pb::sla_policy::goal::AtRisk::AtRiskPercent(100)),
                    pauses: Some(pb::sla_policy::Pauses { states: vec![pb::ticket::State::Solved.into()] }),
                    ..goal(pb::SlaMetric::FirstResponse, 60)
                },
                pb::sla_policy::Goal { metric: 0, clock: 7, ..goal(pb::SlaMetric::Resolution, 60) },
            ],
            ..pb::SlaPolicy::default()
        };
        let request = pb::CreateSlaPolicyRequest { sla_policy: Some(policy), ..Default::default() };
        let error = create_sla_policy::handle(&desk.app, acme(request)).await.expect_err("much is wrong");
        let mut fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "sla_policy.condition",
                "sla_policy.display_name",
                "sla_policy.goals[0].seconds",
                "sla_policy.goals[1].at_risk",
                "sla_policy.goals[1].metric",
                "sla_policy.goals[1].pauses",
                "sla_policy.goals[2].clock",
                "sla_policy.goals[2].metric",
                "sla_policy.match.channels[0]",
                "sla_policy.match.priorities[0]",
                "sla_policy.match.tiers[0]",
                "sla_policy.position",
                "sla_policy.schedule",
            ]
        );
        let none = pb::CreateSlaPolicyRequest { sla_policy: Some(pb::SlaPolicy::default()), ..Default::default() };
        let error = create_sla_policy::handle(&desk.app, acme(none)).await.expect_err("promises nothing");
        assert_eq!(error.violations()[0].field, "sla_policy.goals");
        let made = desk.policy(usual()).await;
        let paths = ["display_name", "created_at"];
        let error = update_sla_policy::handle(&desk.app, acme(change(made.clone(), &paths))).await.expect_err("no such field");
        assert_eq!(error.violations()[0].field, "update_mask");
        let business = pb::SlaPolicy {
            goals: vec![pb::sla_policy::Goal { clock: pb::SlaClock::Business.into(), ..goal(pb::SlaMetric::Resolution, 60) }],
            ..made
        };
        let error = update_sla_policy::handle(&desk.app, acme(change(business, &["goals"]))).await.expect_err("no schedule");
        assert_eq!(error.violations()[0].field, "sla_policy.schedule");
        assert_eq!(desk.told(0).await, ["policy created Usual"], "what was refused changed nothing");
    }

    async fn policies_are_listed_as_they_are_tried_and_put_in_order(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut made = Vec::new();
        for (name, position) in [("a", 0), ("b", 5), ("c", 2), ("d", 5), ("e", 0)] {
            made.push(desk.named(name, position).await.name);
            desk.wait(1);
        }
        for page_size in [0, 1, 2] {
            assert_eq!(desk.policies(page_size).await, ["c", "b", "d", "a", "e"]);
        }
        let order = async |names: Vec<String>| {
            let request = pb::ReorderSlaPoliciesRequest { names, ..Default::default() };
            reorder_sla_policies::handle(&desk.app, acme(request)).await
        };
        let few = order(made[..4].to_vec()).await.expect_err("not all");
        assert_eq!((few.kind(), few.reason()), (Kind::Conflict, "POLICIES_CHANGED"));
        let twice = order([made.clone(), made[..1].to_vec()].concat()).await.expect_err("twice");
        assert_eq!(twice.violations()[0].field, "names[5]");
        let skip = desk.events("acme").await.len();
        let new = [4, 2, 0, 3, 1].map(|place: usize| made[place].clone());
        let ordered = order(new.to_vec()).await.expect("reorders").sla_policies;
        let positions: Vec<i32> = ordered.iter().map(|policy| policy.position).collect();
        assert_eq!(positions, [1, 2, 3, 4, 5]);
        assert_eq!(desk.policies(0).await, ["e", "c", "a", "d", "b"]);
        let told = desk.told(skip).await;
        assert_eq!(told, ["policy updated e", "policy updated a", "policy updated d"], "c and b stayed where they were");
    }

    async fn a_tenants_policies_are_its_own_and_not_too_many(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.policy(usual()).await;
        let other = || Tenant::One("other".into());
        let get = pb::GetSlaPolicyRequest { name: made.name.clone() };
        assert_eq!(get_sla_policy::handle(&desk.app, by(other(), get)).await.expect_err("not theirs").kind(), Kind::NotFound);
        let list = list_sla_policies::handle(&desk.app, by(other(), pb::ListSlaPoliciesRequest::default())).await;
        assert!(list.expect("a page").sla_policies.is_empty());
        let update = change(made.clone(), &["display_name"]);
        let error = update_sla_policy::handle(&desk.app, by(other(), update)).await.expect_err("not theirs");
        assert_eq!(error.kind(), Kind::NotFound);
        for _ in 1..crate::sla::POLICIES_MAX {
            desk.policy(usual()).await;
        }
        let request = pb::CreateSlaPolicyRequest { sla_policy: Some(usual()), ..Default::default() };
        let error = create_sla_policy::handle(&desk.app, acme(request)).await.expect_err("enough");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "TOO_MANY_POLICIES"));
    }
}
