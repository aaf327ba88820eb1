//! `customers`: People who ask for help.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tier: String,
    pub language: String,
    pub country: String,
    pub tier_source: String,
    pub tier_valid_until: Option<i64>,
    pub organization_id: Option<Uuid>,
    pub organization_by: String,
    pub owner: String,
    pub periods: String,
    pub merged_into: Option<Uuid>,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub erased_at: Option<i64>,
    pub sealed: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
