//! What is compared with what (D17), and the hours of the week (D19).

use super::*;
use vorrang_analytics::buckets::Grain;

/// Tickets opened on these days after 2 March 2026, each with a message.
fn opened(days: &[u64]) -> Desk {
    let mut lines = Vec::new();
    for (number, day) in days.iter().enumerate() {
        lines.push(format!(
            "+{day} 10:00 ticket_opened ticket=T{number} customer=c channel=email"
        ));
        lines.push(format!("+{day} 10:00 message ticket=T{number} actor=customer"));
    }
    lines.push("+400 00:00 agent id=a".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    desk(&lines)
}

/// Count, numerator, denominator of the period from `from` to `to` days after 2 March.
fn change(desk: &Desk, variant: &str, (from, to): (i64, i64), grain: Option<Grain>) -> (Change, Vec<Change>) {
    let kpi = kpis::find("volume_change").expect("known");
    let query = Query {
        kpi,
        variant: kpi.variant(variant).expect("a variant"),
        clock: Clock::Elapsed,
        from: first_day() + from * DAY,
        to: first_day() + to * DAY,
        zone: Tz::UTC,
        grain,
        by: &[],
        filters: &[],
    };
    let answer = query::run(&View::new(&desk.facts, desk.facts.last().expect("a history")), &query);
    let told = |figures: &Figures| (figures.count, figures.numerator, figures.denominator);
    (
        told(&answer.total),
        answer.rows.iter().map(|row| told(&row.figures)).collect(),
    )
}

type Change = (u64, Option<f64>, Option<f64>);

fn is(now: u64, before: f64) -> Change {
    (now, Some(now as f64 - before), Some(before))
}

#[test]
fn a_day_that_the_month_lacks_becomes_its_last() {
    // 31 March is 29 days after 2 March; 28 February is the month before. 2027-03-02 is 365 days after.
    let desk = opened(&[29, 29, 365]);
    assert_eq!(change(&desk, "month", (29, 30), None).0, is(2, 0.0));
    assert_eq!(change(&desk, "year", (365, 366), None).0, is(1, 0.0));
    let april = opened(&[28, 28, 29, 59]);
    // 30 April against 30 March.
    assert_eq!(change(&april, "month", (59, 60), None).0, is(1, 2.0));
}

#[test]
fn a_bucket_that_the_period_cuts_is_compared_with_the_whole_one_before() {
    // From 15 April: a part of April against March, not against April itself.
    let desk = opened(&[10, 11, 45]);
    let grain = Some(Grain::Month);
    assert_eq!(change(&desk, "", (44, 60), grain).1, [is(1, 2.0)]);
    assert_eq!(change(&desk, "week", (44, 60), grain).1, [is(1, 2.0)]);
}

#[test]
fn a_whole_week_is_compared_with_the_one_before_and_other_periods_with_as_many_days() {
    let desk = opened(&[0, 1, 7, 8, 9, 10]);
    assert_eq!(change(&desk, "", (7, 14), None).0, is(4, 2.0));
    // Three days that are no week: the three days before them; a week earlier the three from then on.
    assert_eq!(change(&desk, "previous", (9, 12), None).0, is(2, 2.0));
    assert_eq!(change(&desk, "week", (8, 11), None).0, is(3, 1.0));
    let rows = change(&desk, "", (7, 10), Some(Grain::Day)).1;
    assert_eq!(rows, [is(1, 0.0), is(1, 1.0), is(1, 1.0)]);
    // Fewer than before: a row though nothing was opened.
    assert_eq!(change(&desk, "", (11, 12), Some(Grain::Day)).1, [is(0, 1.0)]);
}

#[test]
fn the_hours_of_the_week_count_by_how_often_the_day_comes() {
    let desk = opened(&[0, 0, 7, 8]).for_days(14);
    let answer = desk.ask("busiest_hours", &[], None);
    assert_eq!((answer.total.value, answer.total.count), (Some(1.5), 4));
    let monday = &answer.rows[0];
    assert_eq!(monday.own[0], ("day_of_week", Some("1".to_owned())));
    assert_eq!(monday.figures.named("peak"), Some(query::Named::Number(2.0)));
    assert_eq!(answer.rows[1].figures.value, Some(0.5));
}
