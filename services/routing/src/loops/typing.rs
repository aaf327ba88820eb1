//! Tells agents that their customers type. Ephemeral: what cannot be told now is not told.

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use vorrang_typing::Side;

use crate::app::App;
use crate::desks::Notice;
use crate::names;

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut heard = app.typing.listen();
    loop {
        let note = tokio::select! {
            () = shutdown.cancelled() => return,
            note = heard.recv() => note,
        };
        match note {
            // Who has the ticket is known where the note was made; only that agent hears it, in whichever process.
            Ok(note) if note.side == Side::Customer => {
                if let (Ok(agent), Ok(ticket)) = (names::agent(&note.agent), names::ticket(&note.ticket)) {
                    let typing = note.typing;
                    app.desks.tell(&note.tenant, &agent, Notice::Typing { ticket, typing });
                }
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
