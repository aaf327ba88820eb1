//! The worked examples of the catalogue.

use super::*;

#[test]
fn retention_350_at_the_start_300_at_the_end_76_won() {
    let mut lines = Vec::new();
    // Everybody there at the start, then 126 of them leave and 76 others come: 350 − 126 + 76 = 300.
    for number in 0..350 {
        lines.push(format!("00:00 customer id=k{number}"));
    }
    for number in 0..126 {
        lines.push(format!("+1 12:00 customer_left customer=k{number}"));
    }
    for number in 350..426 {
        lines.push(format!("+1 12:00 customer id=k{number}"));
    }
    lines.push("+3 00:00 customer id=later".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let desk = desk(&lines);
    let kpi = kpis::find("retention_rate").expect("known");
    let query = Query {
        kpi,
        variant: &kpi.variants[0],
        clock: Clock::Elapsed,
        from: first_day() + DAY,
        to: first_day() + 2 * DAY,
        zone: Tz::UTC,
        grain: None,
        by: &[],
        filters: &[],
    };
    let view = View::new(&desk.facts, first_day() + 3 * DAY);
    let total = query::run(&view, &query).total;
    assert!(near(total.value, 64.0), "{total:?}");
    assert_eq!(parts(&total), (224.0, 350.0, 0));
}

#[test]
fn csat_answers_5_5_4_3_1() {
    let answers =
        [5, 5, 4, 3, 1].map(|score| format!("10:00 survey_answered customer=c{score} survey=csat score={score}"));
    let mut lines: Vec<&str> = answers.iter().map(String::as_str).collect();
    lines[1] = "10:01 survey_answered customer=c5 survey=csat score=5";
    let total = desk(&lines).total("csat");
    assert!(near(total.value, 60.0) && near(total.mean, 3.6), "{total:?}");
    assert!(
        near(total.low, 23.072428128) && near(total.high, 88.237922577),
        "{total:?}"
    );
    assert_eq!(total.named("satisfied"), Some(query::Named::Number(3.0)));
    assert_eq!(total.named("unsatisfied"), Some(query::Named::Number(1.0)));
}

#[test]
fn nps_answers_10_9_8_7_6_0() {
    let answers =
        [10, 9, 8, 7, 6, 0].map(|score| format!("10:00 survey_answered customer=c{score} survey=nps score={score}"));
    let lines: Vec<&str> = answers.iter().map(String::as_str).collect();
    let total = desk(&lines).total("nps");
    assert_eq!((total.value, total.denominator), (Some(0.0), Some(6.0)));
    assert_eq!(total.named("promoters"), Some(query::Named::Number(2.0)));
    assert_eq!(total.named("detractors"), Some(query::Named::Number(2.0)));
}

#[test]
fn friday_afternoon_to_monday_morning_is_45_business_minutes() {
    let desk = desk(&[
        "00:00 schedule id=office time_zone=Europe/Berlin weekly={\"mon\":[\"09:00-17:00\"],\"tue\":[\"09:00-17:00\"],\"wed\":[\"09:00-17:00\"],\"thu\":[\"09:00-17:00\"],\"fri\":[\"09:00-17:00\"]}",
        "00:00 sla_policy id=p schedule=office targets=[{\"metric\":\"first_response\",\"seconds\":3600,\"clock\":\"business\"}]",
        // 16:30 in Berlin.
        "+4 15:30 ticket_opened ticket=T customer=c channel=email",
        "+4 15:30 message ticket=T actor=customer",
        "+7 08:15 message ticket=T actor=agent:a",
    ]);
    assert_eq!(
        desk.business().for_days(7).total("first_response_time").value,
        Some(2_700.0)
    );
}

#[test]
fn short_abandons_are_in_neither_side() {
    let desk = desk(&[
        "10:00:00 ticket_opened ticket=T customer=c channel=chat",
        "10:00:00 queue_entered ticket=T queue=q",
        "10:00:04 queue_left ticket=T queue=q",
    ]);
    assert_eq!(desk.share("abandonment_rate"), (0.0, 0.0, 0));
}

#[test]
fn thanks_is_one_touch_but_no_first_contact_resolution() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
        "09:10 message ticket=T actor=agent:a",
        "09:11 status ticket=T status=solved",
        "10:00 message ticket=T actor=customer",
        "10:00 status ticket=T status=open",
        "10:05 status ticket=T status=solved",
    ]);
    assert_eq!(desk.share("one_touch_rate"), (1.0, 1.0, 0));
    assert_eq!(desk.share("fcr_gross"), (0.0, 1.0, 0));
    assert_eq!(desk.share("reopen_rate"), (1.0, 1.0, 0));
}

#[test]
fn saturday_to_sunday_over_the_change_to_winter_time_is_25_hours() {
    let desk = desk(&[
        // 24 October 2026, 22:00 in Berlin, and the same time of the next day.
        "+236 20:00 ticket_opened ticket=T customer=c channel=email",
        "+236 20:00 message ticket=T actor=customer",
        "+237 21:00 message ticket=T actor=agent:a",
    ]);
    assert_eq!(
        desk.for_days(240).total("first_response_time").value,
        Some(25.0 * 3_600.0)
    );
}

#[test]
fn a_promise_of_an_hour_at_its_edge() {
    let lines = |reply: &'static str| {
        let mut lines = vec![
            "00:00 sla_policy id=p targets=[{\"metric\":\"first_response\",\"seconds\":3600,\"clock\":\"elapsed\"}]",
            "09:00 ticket_opened ticket=T customer=c channel=email",
            "09:00 message ticket=T actor=customer",
        ];
        lines.extend([reply].into_iter().filter(|reply| !reply.is_empty()));
        desk(&lines)
    };
    let met = lines("10:00:00 message ticket=T actor=agent:a").share("sla_attainment");
    assert_eq!(met, (1.0, 1.0, 0));
    let missed = lines("10:00:01 message ticket=T actor=agent:a").share("sla_attainment");
    assert_eq!(missed, (0.0, 1.0, 0));
    let at = |time| parts(&lines("").total_at("sla_attainment", time));
    assert_eq!(at("10:00:01"), (0.0, 1.0, 0), "missed now");
    assert_eq!(at("09:59:59"), (0.0, 0.0, 1), "running");
}
