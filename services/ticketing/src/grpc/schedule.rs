//! ScheduleService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::schedule_service_server::ScheduleService for Ticketing {
    async fn create_schedule(&self, request: Request<pb::CreateScheduleRequest>) -> Answer<pb::Schedule> {
        answer(rpc::create_schedule::handle(&self.0, request).await)
    }

    async fn get_schedule(&self, request: Request<pb::GetScheduleRequest>) -> Answer<pb::Schedule> {
        answer(rpc::get_schedule::handle(&self.0, request).await)
    }

    async fn list_schedules(&self, request: Request<pb::ListSchedulesRequest>) -> Answer<pb::ListSchedulesResponse> {
        answer(rpc::list_schedules::handle(&self.0, request).await)
    }

    async fn update_schedule(&self, request: Request<pb::UpdateScheduleRequest>) -> Answer<pb::Schedule> {
        answer(rpc::update_schedule::handle(&self.0, request).await)
    }

    async fn list_schedule_versions(
        &self,
        request: Request<pb::ListScheduleVersionsRequest>,
    ) -> Answer<pb::ListScheduleVersionsResponse> {
        answer(rpc::list_schedule_versions::handle(&self.0, request).await)
    }

    async fn archive_schedule(&self, request: Request<pb::ArchiveScheduleRequest>) -> Answer<pb::Schedule> {
        answer(rpc::archive_schedule::handle(&self.0, request).await)
    }

    async fn restore_schedule(&self, request: Request<pb::RestoreScheduleRequest>) -> Answer<pb::Schedule> {
        answer(rpc::restore_schedule::handle(&self.0, request).await)
    }

    async fn import_holidays(&self, request: Request<pb::ImportHolidaysRequest>) -> Answer<pb::ImportHolidaysResponse> {
        answer(rpc::import_holidays::handle(&self.0, request).await)
    }

    async fn compute_business_time(
        &self,
        request: Request<pb::ComputeBusinessTimeRequest>,
    ) -> Answer<pb::ComputeBusinessTimeResponse> {
        answer(rpc::compute_business_time::handle(&self.0, request).await)
    }
}
