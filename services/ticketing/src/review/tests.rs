use proptest::prelude::*;

use super::*;

fn item(id: &str, weight: f64, of: i32) -> Item {
    Item {
        id: id.into(),
        display_name: String::new(),
        description: String::new(),
        weight,
        of,
    }
}

fn rubric() -> Rubric {
    Rubric {
        id: "tone".into(),
        version: 1,
        display_name: "Tone".into(),
        items: vec![
            item("accuracy", 2.0, 5),
            item("grammar", 1.0, 10),
            item("pec", 1.0, 5),
            item("note", 0.0, 3),
        ],
        active: true,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn given(points: &[(&str, i32)]) -> Vec<(String, i32)> {
    points.iter().map(|(id, points)| ((*id).to_owned(), *points)).collect()
}

#[test]
fn the_score_is_the_weighted_mean_in_percent() {
    let judged = rubric().judge(&given(&[("accuracy", 4), ("grammar", 10), ("pec", 5), ("note", 0)]));
    // (2 · 4/5 + 1 · 10/10 + 1 · 5/5) ÷ 4
    let score_of = score(&judged.expect("fits"));
    assert!((score_of - 90.0).abs() < 1e-9, "{score_of}");
    let judged = rubric()
        .judge(&given(&[("grammar", 5)]))
        .expect("an item that does not apply is left out");
    assert!((score(&judged) - 50.0).abs() < 1e-9);
}

#[test]
fn points_fit_the_rubric() {
    let fields = |points: &[(&str, i32)]| {
        let error = rubric().judge(&given(points)).expect_err("does not fit");
        error
            .violations()
            .iter()
            .map(|one| one.field.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        fields(&[
            ("accuracy", 6),
            ("charm", 1),
            ("grammar", -1),
            ("accuracy", 1),
            ("pec", 0)
        ]),
        [
            "review.items[0].points",
            "review.items[1].id",
            "review.items[2].points",
            "review.items[3].id",
            "review.items[4].points"
        ]
    );
    assert_eq!(fields(&[("note", 3)]), ["review.items"], "nothing in it counts");
}

#[test]
fn a_change_makes_the_next_version() {
    let one = rubric();
    let other = Rubric {
        items: vec![item("accuracy", 1.0, 5)],
        active: false,
        ..one.clone()
    };
    let now = DateTime::from_timestamp(5, 0).expect("valid");
    let next = one.next(&other, &[RubricField::Items], now).expect("changes");
    assert_eq!(
        (next.version, next.items.len(), next.active, next.updated_at),
        (2, 1, true, now)
    );
    assert!(
        one.next(&other, &[RubricField::DisplayName], now).is_none(),
        "nothing changes"
    );
}

proptest! {
    /// Between 0 and 100 whatever the weights are, and 100 only for all points.
    #[test]
    fn a_score_is_a_percentage(items in prop::collection::vec((0.0..1000.0_f64, 1..1000_i32, 0.0..=1.0_f64), 1..20)) {
        let points: Vec<Points> = items
            .iter()
            .enumerate()
            .map(|(index, (weight, of, part))| Points {
                id: index.to_string(),
                points: (f64::from(*of) * part).floor() as i32,
                of: *of,
                weight: weight + if index == 0 { 0.001 } else { 0.0 },
            })
            .collect();
        let score = score(&points);
        prop_assert!((0.0..=100.0 + 1e-9).contains(&score));
        let full: Vec<Points> = points.iter().map(|one| Points { points: one.of, ..one.clone() }).collect();
        prop_assert!((super::score(&full) - 100.0).abs() < 1e-9);
    }
}
