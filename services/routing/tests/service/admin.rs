//! Agents and the policy, on both engines.

use tonic::Code;
use vorrang_api::routing::v1::event::Payload;
use vorrang_api::routing::v1::{
    Agent, CreateAgentRequest, GetAgentRequest, GetRoutingPolicyRequest, ListAgentsRequest, Presence, RoutingClass,
    RoutingPolicy, UpdateAgentRequest, UpdateRoutingPolicyRequest,
};
use vorrang_api::ticketing::v1::{Channel, Priority};
use vorrang_service::reason;
use vorrang_testkit::{TestDatabase, both_engines};

use crate::stack::{Stack, TENANT};

fn create(request_id: &str, id: &str, display_name: &str) -> CreateAgentRequest {
    CreateAgentRequest {
        request_id: request_id.to_owned(),
        agent_id: id.to_owned(),
        agent: Some(Agent {
            display_name: display_name.to_owned(),
            ..Agent::default()
        }),
    }
}

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

both_engines! {
    /// Made once, however often it is asked for; read, listed, changed, and refused when changed meanwhile.
    async fn agents_are_made_listed_and_changed(db: TestDatabase) {
        let stack = Stack::on_database(&db).await;
        let mut agents = stack.agents(TENANT);
        let made = agents.create_agent(create("r1", "anna", "Anna")).await.expect("made").into_inner();
        assert_eq!((made.name.as_str(), made.presence(), made.etag.as_str()), ("agents/anna", Presence::Offline, "\"1\""));
        let repeated = agents.create_agent(create("r1", "anna", "Anna")).await.expect("repeated").into_inner();
        assert_eq!(repeated, made);
        let reused = agents.create_agent(create("r1", "anna", "Other")).await.expect_err("another body");
        assert_eq!(reason(&reused).as_deref(), Some("REQUEST_ID_REUSED"));
        let taken = agents.create_agent(create("", "anna", "Anna")).await.expect_err("taken");
        assert_eq!((taken.code(), reason(&taken).as_deref()), (Code::AlreadyExists, Some("AGENT_EXISTS")));
        for id in ["ben", "cleo"] {
            agents.create_agent(create("", id, id)).await.expect("made");
        }
        let page = |token: &str| ListAgentsRequest { page_size: 2, page_token: token.to_owned() };
        let first = agents.list_agents(page("")).await.expect("listed").into_inner();
        let second = agents.list_agents(page(&first.next_page_token)).await.expect("listed").into_inner();
        let names: Vec<&str> = first.agents.iter().chain(&second.agents).map(|agent| agent.name.as_str()).collect();
        assert_eq!((names, second.next_page_token.as_str()), (vec!["agents/anna", "agents/ben", "agents/cleo"], ""));

        let change = |etag: &str| UpdateAgentRequest {
            request_id: String::new(),
            agent: Some(Agent { name: "agents/anna".to_owned(), team: "first".to_owned(), etag: etag.to_owned(), ..Agent::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["team".to_owned()] }),
        };
        let changed = agents.update_agent(change("\"1\"")).await.expect("changed").into_inner();
        assert_eq!((changed.team.as_str(), changed.display_name.as_str(), changed.etag.as_str()), ("first", "Anna", "\"2\""));
        let stale = agents.update_agent(change("\"1\"")).await.expect_err("stale");
        assert_eq!((stale.code(), reason(&stale).as_deref()), (Code::Aborted, Some("ETAG_MISMATCH")));
        stack.log_when(|payload| matches!(payload, Payload::AgentUpdated(updated)
            if updated.agent.as_ref().is_some_and(|agent| agent.team == "first"))).await;
        let foreign = GetAgentRequest { name: "agents/anna".to_owned() };
        let foreign = stack.agents("other").get_agent(foreign).await.expect_err("another tenant's");
        assert_eq!(foreign.code(), Code::NotFound);
    }

    /// A new version of the policy holds for contacts that come from then on.
    async fn the_policy_decides_the_order_and_has_versions(db: TestDatabase) {
        let stack = Stack::on_database(&db).await;
        let mut agents = stack.agents(TENANT);
        let built_in = agents.get_routing_policy(GetRoutingPolicyRequest {}).await.expect("read").into_inner();
        assert_eq!((built_in.version, built_in.classes.len(), built_in.max_returns), (0, 6, 10));
        let class = |id: &str, channels: &[Channel]| RoutingClass {
            id: id.to_owned(),
            channels: channels.iter().map(|channel| (*channel).into()).collect(),
            target: seconds(60),
            ..RoutingClass::default()
        };
        let policy = RoutingPolicy {
            classes: vec![class("sms-first", &[Channel::Sms]), class("rest", &[])],
            etag: built_in.etag,
            ..RoutingPolicy::default()
        };
        let request = UpdateRoutingPolicyRequest { request_id: "r2".to_owned(), routing_policy: Some(policy) };
        let updated = agents.update_routing_policy(request.clone()).await.expect("updated").into_inner();
        assert_eq!((updated.version, updated.lease.as_ref().map(|lease| lease.seconds)), (1, Some(30)));
        let repeated = agents.update_routing_policy(request.clone()).await.expect("repeated").into_inner();
        assert_eq!(repeated, updated);
        let again = UpdateRoutingPolicyRequest { request_id: String::new(), ..request };
        let stale = agents.update_routing_policy(again).await.expect_err("stale");
        assert_eq!(reason(&stale).as_deref(), Some("ETAG_MISMATCH"));
        let chat = stack.ticketing.open(TENANT, Channel::Chat, "vip", Priority::Urgent, 1);
        let sms = stack.ticketing.open(TENANT, Channel::Sms, "standard", Priority::Low, 2);
        assert_eq!(stack.waiting(2).await, [sms, chat]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_violation_of_a_policy_is_named() {
    let stack = Stack::start().await;
    let class = |id: &str, target| RoutingClass {
        id: id.to_owned(),
        target,
        ..RoutingClass::default()
    };
    let policy = RoutingPolicy {
        classes: vec![
            class("a", None),
            class("a", seconds(10)),
            class("B", seconds(30 * 24 * 3_600 + 1)),
            RoutingClass {
                channels: vec![99],
                tiers: vec![String::new()],
                priorities: vec![0],
                ..class("c", seconds(1))
            },
        ],
        lease: seconds(301),
        max_returns: 101,
        ..RoutingPolicy::default()
    };
    let request = UpdateRoutingPolicyRequest {
        request_id: "has space".to_owned(),
        routing_policy: Some(policy),
    };
    let refused = stack
        .agents(TENANT)
        .update_routing_policy(request)
        .await
        .expect_err("refused");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = tonic_types::StatusExt::get_details_bad_request(&refused).expect("violations");
    let mut fields: Vec<&str> = details.field_violations.iter().map(|one| one.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "request_id",
            "routing_policy.classes[0].target",
            "routing_policy.classes[1].id",
            "routing_policy.classes[2].id",
            "routing_policy.classes[2].target",
            "routing_policy.classes[3]",
            "routing_policy.classes[3].channels[0]",
            "routing_policy.classes[3].priorities[0]",
            "routing_policy.classes[3].tiers[0]",
            "routing_policy.lease",
            "routing_policy.max_returns",
        ]
    );
}
