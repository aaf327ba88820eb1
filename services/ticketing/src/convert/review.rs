//! Rubrics and reviews, both ways.

use std::collections::HashSet;

use chrono::DateTime;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use super::input;
use super::output::time;
use crate::names;
use crate::review::{self, CONNECTION, CONNECTION_OF, ITEMS_MAX, Item, Review, ReviewField, Rubric, RubricField};

const DESCRIPTION_MAX: usize = 2_000;
const WEIGHT_MAX: f64 = 1_000.0;
const OF_MAX: i32 = 1_000;

/// A rubric.
pub fn rubric(rubric: &Rubric) -> pb::Rubric {
    pb::Rubric {
        name: names::rubric(&rubric.id, None),
        display_name: rubric.display_name.clone(),
        items: rubric
            .items
            .iter()
            .map(|item| pb::RubricItem {
                id: item.id.clone(),
                display_name: item.display_name.clone(),
                description: item.description.clone(),
                weight: Some(item.weight),
                of: item.of,
            })
            .collect(),
        active: rubric.active,
        version: rubric.version,
        etag: vorrang_service::etag(i64::from(rubric.version)),
        created_at: time(rubric.created_at),
        updated_at: time(rubric.updated_at),
    }
}

/// A review.
pub fn review(review: &Review) -> pb::Review {
    pb::Review {
        name: names::review(review.id),
        ticket: names::ticket(review.ticket),
        agent: review.agent.clone(),
        reviewer: review.reviewer.clone(),
        rubric: names::rubric(&review.rubric, None),
        rubric_version: review.version,
        items: review
            .items
            .iter()
            .map(|points| pb::ReviewItem {
                id: points.id.clone(),
                points: points.points,
                of: points.of,
                weight: points.weight,
            })
            .collect(),
        comment: review.comment.clone(),
        score: review::score(&review.items),
        reviewed_at: time(review.reviewed_at),
        etag: vorrang_service::etag(review.revision),
        created_at: time(review.created_at),
        updated_at: time(review.updated_at),
    }
}

/// The fields of a rubric that a mask names; at least one.
pub fn read_rubric_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<RubricField> {
    input::mask_of(mask, RubricField::parse, violations)
}

/// The fields of a review that a mask names; at least one.
pub fn read_review_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<ReviewField> {
    input::mask_of(mask, ReviewField::parse, violations)
}

/// Points by item.
pub fn read_points(given: &[pb::ReviewItem], violations: &mut Violations) -> Vec<(String, i32)> {
    if given.is_empty() || given.len() > ITEMS_MAX {
        violations.add("review.items", format!("must be 1 to {ITEMS_MAX} items"));
    }
    let points = |item: &pb::ReviewItem| (item.id.clone(), item.points);
    given.iter().take(ITEMS_MAX).map(points).collect()
}

/// What a client defines, with times still to be set. `with_items`: they are part of what is asked for.
pub fn read_rubric(id: &str, given: &pb::Rubric, with_items: bool, violations: &mut Violations) -> Rubric {
    Rubric {
        id: id.to_owned(),
        version: 1,
        display_name: input::text(
            "rubric.display_name",
            &given.display_name,
            input::DISPLAY_NAME_MAX,
            violations,
        ),
        items: if with_items {
            read_items(&given.items, violations)
        } else {
            Vec::new()
        },
        active: given.active,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn read_items(given: &[pb::RubricItem], violations: &mut Violations) -> Vec<Item> {
    if given.is_empty() || given.len() > ITEMS_MAX {
        violations.add("rubric.items", format!("must be 1 to {ITEMS_MAX} items"));
    }
    let mut seen = HashSet::new();
    let mut read = Vec::new();
    for (index, item) in given.iter().take(ITEMS_MAX).enumerate() {
        let path = |field: &str| format!("rubric.items[{index}].{field}");
        if !is_item(&item.id) {
            violations.add(path("id"), "must be 1 to 63 of a-z, 0-9, - and _");
        } else if !seen.insert(item.id.as_str()) {
            violations.add(path("id"), "is there twice");
        }
        let weight = item.weight.unwrap_or(1.0);
        if !(0.0..=WEIGHT_MAX).contains(&weight) {
            violations.add(path("weight"), "must be 0 to 1,000");
        }
        if !(1..=OF_MAX).contains(&item.of) {
            violations.add(path("of"), "must be 1 to 1,000");
        } else if item.id == CONNECTION && item.of != CONNECTION_OF {
            violations.add(path("of"), "must be 5 for the item pec");
        }
        read.push(Item {
            id: item.id.clone(),
            display_name: input::text(
                &path("display_name"),
                &item.display_name,
                input::DISPLAY_NAME_MAX,
                violations,
            ),
            description: input::text(&path("description"), &item.description, DESCRIPTION_MAX, violations),
            weight,
            of: item.of,
        });
    }
    if !read.is_empty() && read.iter().all(|item| item.weight == 0.0) {
        violations.add("rubric.items", "must have an item that counts");
    }
    read
}

fn is_item(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&id.len()) && id.bytes().all(fits)
}
