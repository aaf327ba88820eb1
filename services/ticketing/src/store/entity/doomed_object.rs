//! `doomed_objects`: Objects to be deleted, not before a time: what nobody refers to, and uploads that never ended.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "doomed_objects")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub object: Uuid,
    pub tenant: String,
    pub not_before: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
