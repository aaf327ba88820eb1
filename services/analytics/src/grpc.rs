//! The gRPC face of the service: one line an RPC.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use vorrang_api::analytics::v1 as pb;
use vorrang_api::analytics::v1::insight_service_server::InsightService;
use vorrang_api::analytics::v1::kpi_service_server::KpiService;
use vorrang_error::Error;
use vorrang_service::{status, tenant};

use crate::Analytics;
use crate::rpc;

/// Serves the contract from what [`Analytics`] holds.
#[derive(Clone)]
pub struct Grpc(pub Arc<Analytics>);

type Answer<T> = Result<Response<T>, Status>;

fn reply<T>(result: Result<T, Error>) -> Answer<T> {
    result.map(Response::new).map_err(status)
}

#[tonic::async_trait]
impl KpiService for Grpc {
    type WatchKpisStream = rpc::watch_kpis::Responses;

    async fn list_kpis(&self, _: Request<pb::ListKpisRequest>) -> Answer<pb::ListKpisResponse> {
        Ok(Response::new(rpc::list_kpis::handle()))
    }

    async fn query_kpis(&self, request: Request<pb::QueryKpisRequest>) -> Answer<pb::QueryKpisResponse> {
        let tenant = tenant(&request).map_err(status)?;
        reply(rpc::query_kpis::handle(&self.0, tenant, request.into_inner()).await)
    }

    async fn explain_kpi(&self, request: Request<pb::ExplainKpiRequest>) -> Answer<pb::ExplainKpiResponse> {
        let tenant = tenant(&request).map_err(status)?;
        reply(rpc::explain_kpi::handle(&self.0, tenant, request.into_inner()).await)
    }

    async fn watch_kpis(&self, request: Request<pb::WatchKpisRequest>) -> Answer<Self::WatchKpisStream> {
        let tenant = tenant(&request).map_err(status)?;
        reply(rpc::watch_kpis::handle(&self.0, tenant, request.into_inner()).await)
    }

    async fn grade_service_level(
        &self,
        request: Request<pb::GradeServiceLevelRequest>,
    ) -> Answer<pb::GradeServiceLevelResponse> {
        let tenant = tenant(&request).map_err(status)?;
        reply(rpc::grade_service_level::handle(&self.0, tenant, request.into_inner()).await)
    }
}

#[tonic::async_trait]
impl InsightService for Grpc {
    async fn get_customer_profile(
        &self,
        request: Request<pb::GetCustomerProfileRequest>,
    ) -> Answer<pb::CustomerProfile> {
        let tenant = tenant(&request).map_err(status)?;
        reply(rpc::get_customer_profile::handle(&self.0, tenant, request.into_inner()).await)
    }

    async fn get_journey(&self, request: Request<pb::GetJourneyRequest>) -> Answer<pb::Journey> {
        let tenant = tenant(&request).map_err(status)?;
        reply(rpc::get_journey::handle(&self.0, tenant, request.into_inner()).await)
    }

    async fn list_journey_paths(
        &self,
        request: Request<pb::ListJourneyPathsRequest>,
    ) -> Answer<pb::ListJourneyPathsResponse> {
        let tenant = tenant(&request).map_err(status)?;
        reply(rpc::list_journey_paths::handle(&self.0, tenant, request.into_inner()).await)
    }
}
