//! F1: `kill -9` of the process at each step of creating, assigning and closing a ticket. The steps are the pieces that it sends to
//! its database: between two of them nothing happens that anybody else could see.

use vorrang_testkit::{DEADLINE, Proxy, Stall, postgres, run, wait_until};

use crate::desk::{Desk, migrated};
use crate::full;
use crate::work::{Job, Work};

/// Steps left out between two samples of the daily run.
const DAILY_STRIDE: usize = 3;
/// Rounds of the full run: about 200 kills.
const FULL_ROUNDS: usize = 3;

#[test]
fn killed_at_any_step_a_call_is_wholly_done_or_not_at_all_and_its_repeat_finishes_it() {
    run(async {
        let server = postgres().await;
        let database = migrated(server.url()).await;
        let witness = Desk::on(server.url()).await;
        let proxy = Proxy::before(server.url()).await;
        let mut kills = 0;
        let (rounds, stride) = if full() { (FULL_ROUNDS, 1) } else { (1, DAILY_STRIDE) };
        for (round, work) in (0..rounds).flat_map(|round| Work::ALL.map(|work| (round, work))) {
            for side in [Stall::Before, Stall::After] {
                // Daily samples of the two sides lie at different steps.
                let mut step = 1 + usize::from(side == Stall::After && stride > 1);
                loop {
                    let victim = Desk::in_a_process(&proxy.url(server.url())).await;
                    let job = Job::new(work, &witness, &database).await;
                    proxy.stall_at(step as u64, side);
                    let calling = tokio::spawn({
                        let job = job.clone();
                        async move {
                            let result = job.call(&victim).await;
                            (victim, result)
                        }
                    });
                    wait_until(DEADLINE, "the step or the answer", || async {
                        proxy.has_stalled() || calling.is_finished()
                    })
                    .await;
                    let stalled = proxy.has_stalled();
                    // Dropping the call drops the process. What stalled may have been a loop's piece: then the call may end meanwhile.
                    calling.abort();
                    let answered = match calling.await {
                        Ok((victim, result)) => {
                            victim.kill();
                            Some(result.expect("nothing was wrong with it"))
                        }
                        Err(ended) => {
                            assert!(ended.is_cancelled(), "no panic");
                            None
                        }
                    };
                    proxy.cut();
                    proxy.pass();
                    kills += 1;

                    let found = job.effect(&witness, &database).await;
                    if let Some(answered) = &answered {
                        assert_eq!(found.as_ref(), Some(answered), "what was answered is there");
                    }
                    let repeated = job.call(&witness).await.expect("the repeat finishes it");
                    let after = job.effect(&witness, &database).await.expect("it is there now");
                    assert_eq!(repeated.name, after.name);
                    if let Some(found) = found {
                        assert_eq!(
                            repeated, found,
                            "round {round} {work:?} {side:?} {step}: the first answer"
                        );
                    }
                    if !stalled {
                        break;
                    }
                    step += stride;
                }
            }
        }
        println!("{kills} processes were killed");
        assert!(kills >= 6 * 2, "every kind of call has several steps: {kills}");
    });
}
