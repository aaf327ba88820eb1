//! SurveyService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::survey_service_server::SurveyService for Ticketing {
    async fn create_survey(&self, request: Request<pb::CreateSurveyRequest>) -> Answer<pb::Survey> {
        answer(rpc::create_survey::handle(&self.0, request).await)
    }

    async fn get_survey(&self, request: Request<pb::GetSurveyRequest>) -> Answer<pb::Survey> {
        answer(rpc::get_survey::handle(&self.0, request).await)
    }

    async fn list_surveys(&self, request: Request<pb::ListSurveysRequest>) -> Answer<pb::ListSurveysResponse> {
        answer(rpc::list_surveys::handle(&self.0, request).await)
    }

    async fn update_survey(&self, request: Request<pb::UpdateSurveyRequest>) -> Answer<pb::Survey> {
        answer(rpc::update_survey::handle(&self.0, request).await)
    }

    async fn send_survey(&self, request: Request<pb::SendSurveyRequest>) -> Answer<pb::SurveySending> {
        answer(rpc::send_survey::handle(&self.0, request).await)
    }

    async fn get_survey_sending(&self, request: Request<pb::GetSurveySendingRequest>) -> Answer<pb::SurveySending> {
        answer(rpc::get_survey_sending::handle(&self.0, request).await)
    }

    async fn list_survey_sendings(
        &self,
        request: Request<pb::ListSurveySendingsRequest>,
    ) -> Answer<pb::ListSurveySendingsResponse> {
        answer(rpc::list_survey_sendings::handle(&self.0, request).await)
    }

    async fn list_survey_answers(
        &self,
        request: Request<pb::ListSurveyAnswersRequest>,
    ) -> Answer<pb::ListSurveyAnswersResponse> {
        answer(rpc::list_survey_answers::handle(&self.0, request).await)
    }
}
