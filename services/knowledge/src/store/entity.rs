//! The rows. Private to the store.

pub(super) mod article {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "articles")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub locale: String,
        pub title: String,
        pub body: String,
        /// A JSON array of strings.
        pub tags: String,
        pub category: String,
        /// `DRAFT` or `PUBLISHED`.
        pub state: String,
        pub version: i32,
        pub revision: i64,
        pub created_at: i64,
        pub updated_at: i64,
        pub published_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// `STARTED`, `SOLVED` or `ESCALATED`.
        pub state: String,
        pub customer: String,
        pub place: String,
        pub locale: String,
        /// At most one of the next three is not empty.
        pub ticket: String,
        pub receipt: String,
        pub quarantine_item: String,
        pub search_count: i32,
        pub view_count: i32,
        pub started_at: i64,
        pub ended_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
