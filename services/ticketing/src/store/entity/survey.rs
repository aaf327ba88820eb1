//! `surveys`: What customers are asked, and when. `texts` and `rule` are JSON; spans are microseconds.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "surveys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    pub display_name: String,
    pub texts: String,
    pub ask_comment: bool,
    pub rule: String,
    pub position: i32,
    pub valid_for: i64,
    pub late_for: i64,
    pub repeats: String,
    pub active: bool,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
