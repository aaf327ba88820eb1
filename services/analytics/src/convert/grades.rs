//! Grades.

use vorrang_api::analytics::v1::{Grade as ApiGrade, GradedFactor, GradedSection};

use super::signed;
use crate::kpis::{Factor, Grade, Graded, Report, Section};

/// The desk, and its channels.
pub fn report(report: Report) -> (GradedSection, Vec<GradedSection>) {
    (section(report.desk), report.channels.into_iter().map(section).collect())
}

fn section(section: Section) -> GradedSection {
    GradedSection {
        channel: section.channel.unwrap_or_default(),
        grade: grade(section.overall.map(|(_, grade)| grade)),
        value: section.overall.map(|(value, _)| value),
        factors: section.factors.iter().map(factor).collect(),
    }
}

fn factor(factor: &Factor) -> GradedFactor {
    let graded = factor.graded.as_ref();
    GradedFactor {
        factor: factor.name.to_owned(),
        grade: grade(Some(factor.grade())),
        points: factor.points,
        value: graded.map_or(factor.points, |graded| graded.value),
        count: signed(factor.values),
        weight: factor.weight,
        band: graded.map_or_else(String::new, |graded| graded.band().to_owned()),
        next_grade: grade(graded.and_then(Graded::next_grade)),
        next_value: graded.and_then(Graded::next),
        next_needs: graded.map_or_else(Vec::new, |graded| {
            graded.next_needs().into_iter().map(str::to_owned).collect()
        }),
    }
}

fn grade(grade: Option<Grade>) -> i32 {
    match grade {
        None => ApiGrade::Unspecified,
        Some(Grade::Unacceptable) => ApiGrade::Unacceptable,
        Some(Grade::BelowAverage) => ApiGrade::BelowAverage,
        Some(Grade::Average) => ApiGrade::Average,
        Some(Grade::AboveAverage) => ApiGrade::AboveAverage,
        Some(Grade::Stellar) => ApiGrade::Stellar,
    }
    .into()
}
