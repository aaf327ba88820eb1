//! A signature that covers no body is good for one body.

use super::*;

both_engines! {
    async fn a_proof_is_good_for_the_body_that_it_first_came_with(db: TestDatabase) {
        let store = store(&db).await;
        let (proof, other) = ([1; 32], [2; 32]);
        let first = |tenant: &'static str, source: &'static str, proof: [u8; 32], body: [u8; 32], days: i64| {
            let store = store.clone();
            async move {
                let at = now() + chrono::TimeDelta::days(days);
                store.is_first_body(tenant, source, &proof, &body, at).await.expect("answers")
            }
        };
        assert!(first("t1", "s1", proof, [7; 32], 0).await);
        assert!(first("t1", "s1", proof, [7; 32], 0).await, "the same again");
        assert!(!first("t1", "s1", proof, [8; 32], 0).await, "another body under a signature that was seen");
        assert!(!first("t1", "s1", proof, [8; 32], 1).await);
        // Another signature, source or tenant has nothing to do with it.
        assert!(first("t1", "s1", other, [8; 32], 0).await);
        assert!(first("t1", "s2", proof, [8; 32], 0).await);
        assert!(first("t2", "s1", proof, [8; 32], 0).await);
        // It is too old to be good by then, and forgotten.
        assert!(first("t1", "s1", proof, [8; 32], 3).await);
    }
}
