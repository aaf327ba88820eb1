use tonic::Request;
use vorrang_api::ingestion::v1::{ListPresetsRequest, ListPresetsResponse, Preset};
use vorrang_error::Error;

use crate::app::App;

pub async fn handle(app: &App, _request: Request<ListPresetsRequest>) -> Result<ListPresetsResponse, Error> {
    let presets = app.presets.iter().map(|preset| Preset {
        id: preset.id().to_owned(),
        description: preset.description().to_owned(),
        documentation_url: preset.documentation_url().to_owned(),
    });
    Ok(ListPresetsResponse {
        presets: presets.collect(),
    })
}
