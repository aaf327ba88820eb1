//! Made, changed, put in order, archived.

use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    async fn a_definition_is_kept_in_every_version(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk
            .try_automation(automation(on(&[Event::TicketCreated]), " priority >= HIGH ", vec![tag("urgent")]))
            .await
            .expect("makes");
        assert_eq!((made.version, made.position, made.enabled_at, made.condition.as_str()), (1, 1, None, "priority >= HIGH"));
        let request = pb::UpdateAutomationRequest {
            automation: Some(pb::Automation {
                name: made.name.clone(),
                etag: made.etag.clone(),
                condition: "priority = URGENT".into(),
                ..pb::Automation::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["condition".into()] }),
            ..pb::UpdateAutomationRequest::default()
        };
        let changed = update_automation::handle(&desk.app, acme(request.clone())).await.expect("changes");
        assert_eq!((changed.version, &changed.actions), (2, &made.actions));
        let stale = update_automation::handle(&desk.app, acme(request)).await.expect_err("stale");
        assert_eq!(stale.reason(), "ETAG_MISMATCH");
        let enabled = desk.enable(&changed).await;
        assert!(enabled.enabled_at.is_some());
        assert_eq!(desk.enable(&changed).await, enabled, "once is enough");
        let request = pb::DisableAutomationRequest { name: made.name.clone(), ..pb::DisableAutomationRequest::default() };
        let resting = disable_automation::handle(&desk.app, acme(request)).await.expect("rests");
        assert_eq!((resting.enabled_at, resting.version), (None, 4));
        let request = pb::ArchiveAutomationRequest { name: made.name.clone(), ..pb::ArchiveAutomationRequest::default() };
        let archived = archive_automation::handle(&desk.app, acme(request)).await.expect("archives");
        assert_eq!((archived.archived_at.is_some(), archived.position), (true, 0));
        let request = pb::EnableAutomationRequest { name: made.name.clone(), ..pb::EnableAutomationRequest::default() };
        let error = enable_automation::handle(&desk.app, acme(request)).await.expect_err("for good");
        assert_eq!(error.reason(), "AUTOMATION_ARCHIVED");
        let request = pb::GetAutomationRequest { name: made.name.clone(), version: 1 };
        let first = get_automation::handle(&desk.app, acme(request)).await.expect("kept");
        assert_eq!((first.version, first.condition.as_str()), (1, "priority >= HIGH"));
        let list = async |show_archived| {
            let request = pb::ListAutomationsRequest { show_archived, ..pb::ListAutomationsRequest::default() };
            list_automations::handle(&desk.app, acme(request)).await.expect("lists").automations.len()
        };
        assert_eq!((list(false).await, list(true).await), (0, 1));
        let kinds = desk.kinds(0).await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "automation_changed").count(), 5);
    }

    async fn the_order_is_given_whole(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut names = Vec::new();
        for index in 0..3 {
            let one = automation(on(&[Event::TicketCreated]), "", vec![tag(&format!("t{index}"))]);
            names.push(desk.try_automation(one).await.expect("makes").name);
        }
        let reorder = async |names: Vec<String>| {
            let request = pb::ReorderAutomationsRequest { names, ..pb::ReorderAutomationsRequest::default() };
            reorder_automations::handle(&desk.app, acme(request)).await
        };
        names.rotate_left(1);
        let all = reorder(names.clone()).await.expect("reorders").automations;
        assert_eq!(all.iter().map(|one| one.name.clone()).collect::<Vec<_>>(), names);
        assert_eq!(all.iter().map(|one| one.position).collect::<Vec<_>>(), [1, 2, 3]);
        let error = reorder(names[..2].to_vec()).await.expect_err("not all");
        assert_eq!(error.reason(), "AUTOMATIONS_CHANGED");
        let page = pb::ListAutomationsRequest { page_size: 2, ..pb::ListAutomationsRequest::default() };
        let first = list_automations::handle(&desk.app, acme(page.clone())).await.expect("lists");
        let next = pb::ListAutomationsRequest { page_token: first.next_page_token, ..page };
        let second = list_automations::handle(&desk.app, acme(next)).await.expect("lists");
        assert_eq!((first.automations.len(), second.automations.len(), second.next_page_token.as_str()), (2, 1, ""));
    }

    async fn what_cannot_work_is_refused_with_its_place(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let macros = format!("macros/{}", uuid::Uuid::from_u128(5));
        let wrong = automation(
            on(&[Event::Unspecified, Event::TicketCreated, Event::TicketCreated]),
            "priority >= HIGH colour = red",
            vec![Action::ApplyMacro(macros), reply("{{nobody}}")],
        );
        let error = desk.try_automation(wrong).await.expect_err("wrong");
        let found: Vec<(&str, &str)> = error
            .violations()
            .iter()
            .map(|one| (one.field.as_str(), one.description.as_str()))
            .collect();
        let has = |field: &str, part: &str| found.iter().any(|(one, why)| *one == field && why.contains(part));
        assert!(has("automation.on_events.events[0]", "must be given"), "{found:?}");
        assert!(has("automation.on_events.events[2]", "twice"), "{found:?}");
        assert!(has("automation.condition", "18"), "{found:?}");
        assert!(has("automation.actions[0].apply_macro", "no such macro"), "{found:?}");
        assert!(has("automation.actions[1].reply.texts[0].text", "nobody"), "{found:?}");
        let nested = automation(on(&[Event::TicketCreated]), &"(".repeat(1_000), vec![tag("a")]);
        assert_eq!(desk.try_automation(nested).await.expect_err("too deep").violations()[0].field, "automation.condition");
        let time = |time| automation(Some(Trigger::OnTime(time)), "", vec![tag("a")]);
        for (one, field) in [
            (pb::automation::OnTime::default(), "automation.on_time.anchor"),
            (
                pb::automation::OnTime { anchor: pb::automation::Anchor::Opened.into(), ..Default::default() },
                "automation.on_time.seconds",
            ),
            (
                pb::automation::OnTime {
                    anchor: pb::automation::Anchor::Opened.into(),
                    seconds: 5,
                    before: true,
                    ..Default::default()
                },
                "automation.on_time.before",
            ),
            (
                pb::automation::OnTime { anchor: pb::automation::Anchor::SlaDue.into(), ..Default::default() },
                "automation.on_time.metric",
            ),
        ] {
            let error = desk.try_automation(time(one)).await.expect_err(field);
            assert!(error.violations().iter().any(|one| one.field == field), "{field}: {error:?}");
        }
        assert!(desk.try_automation(automation(None, "", vec![tag("a")])).await.is_err());
        assert!(desk.try_automation(automation(on(&[]), "", vec![tag("a")])).await.is_err());
    }
}
