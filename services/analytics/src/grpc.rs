//! The gRPC face of the service: one line an RPC.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use vorrang_api::analytics::v1::kpi_service_server::KpiService;
use vorrang_api::analytics::v1::{ListKpisRequest, ListKpisResponse, QueryKpisRequest, QueryKpisResponse};
use vorrang_service::{status, tenant};

use crate::Analytics;
use crate::rpc;

/// Serves the contract from what [`Analytics`] holds.
#[derive(Clone)]
pub struct Kpis(pub Arc<Analytics>);

#[tonic::async_trait]
impl KpiService for Kpis {
    async fn list_kpis(&self, _: Request<ListKpisRequest>) -> Result<Response<ListKpisResponse>, Status> {
        Ok(Response::new(rpc::list_kpis::handle()))
    }

    async fn query_kpis(&self, request: Request<QueryKpisRequest>) -> Result<Response<QueryKpisResponse>, Status> {
        let tenant = tenant(&request).map_err(status)?;
        rpc::query_kpis::handle(&self.0, tenant, request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }
}
