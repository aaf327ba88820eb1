//! `schedule_versions`: The hours of schedules, as they were written. Rows are never changed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub schedule_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub written_at: i64,
    /// Local date; none: always.
    pub valid_from: Option<String>,
    pub time_zone: String,
    /// JSON: hours by day, as in snapshots.
    pub weekly: String,
    /// JSON: a list of dates with hours, names and uids.
    pub exceptions: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
