//! F3: the reply of any step, the commit's above all, is lost on the way from the database. The process lives on; its caller repeats.

use vorrang_testkit::{DEADLINE, Proxy, Stall, postgres, run, wait_until};

use crate::desk::{Desk, migrated};
use crate::work::{Job, Work, may_be_repeated};

#[test]
fn a_lost_reply_of_any_step_leaves_one_effect_and_the_repeat_gets_the_stored_answer() {
    run(async {
        let server = postgres().await;
        let database = migrated(server.url()).await;
        let witness = Desk::on(server.url()).await;
        let proxy = Proxy::before(server.url()).await;
        let desk = Desk::on(&proxy.url(server.url())).await;
        for work in Work::ALL {
            let mut unheard = 0;
            // The commit's first, found by its text; then each step, whichever it is.
            for step in 0.. {
                let job = Job::new(work, &witness, &database).await;
                match step {
                    0 => proxy.stall_on("COMMIT", Stall::After),
                    step => proxy.stall_at(step, Stall::After),
                }
                let mut call = std::pin::pin!(job.call(&desk));
                let stalled = wait_until(DEADLINE, "the step", || async { proxy.has_stalled() });
                let early = tokio::select! {
                    result = &mut call => Some(result),
                    () = stalled => None,
                };
                let reached = proxy.has_stalled();
                proxy.cut();
                proxy.pass();
                let first = match early {
                    Some(result) => result,
                    None => call.await,
                };
                if let Err(status) = &first {
                    assert!(may_be_repeated(status), "{work:?} {step}: {status:?}");
                }
                let found = job.effect(&witness, &database).await;
                unheard += usize::from(first.is_err() && found.is_some());
                let again = repeat(&job, &desk).await;
                if let Ok(first) = first {
                    assert_eq!(again, first, "{work:?} {step}");
                }
                if let Some(found) = found {
                    assert_eq!(again, found, "{work:?} {step}");
                }
                assert_eq!(repeat(&job, &desk).await, again, "{work:?} {step}: the same for ever");
                assert!(job.effect(&witness, &database).await.is_some());
                if !reached && step > 0 {
                    break;
                }
            }
            assert!(unheard > 0, "{work:?}: no commit lost its reply");
        }
    });
}

/// Connections that were cut are noticed one by one, so more than one repeat may fail.
async fn repeat(job: &Job, desk: &Desk) -> vorrang_api::ticketing::v1::Ticket {
    vorrang_testkit::wait_for(DEADLINE, "a repeat to get through", || async {
        match job.call(desk).await {
            Ok(ticket) => Some(ticket),
            Err(status) => {
                assert!(may_be_repeated(&status), "{status:?}");
                None
            }
        }
    })
    .await
}
