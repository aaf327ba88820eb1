//! `ListKpis`: the definitions in words.

use vorrang_api::analytics::v1::ListKpisResponse;

use crate::convert;
use crate::kpis;

/// Every key figure that is served, by id.
pub fn handle() -> ListKpisResponse {
    ListKpisResponse {
        kpis: kpis::ALL.iter().map(|kpi| convert::kpi(kpi)).collect(),
    }
}
