//! Keeps pages below what clients accept.

use prost::Message;

/// Bytes of a page: with its tokens it stays below the 4 MiB that clients in other languages accept.
pub const PAGE_BYTES: usize = 3 << 20;

/// How many of `rows` fit into a page, at least one.
pub fn fitting<M: Message>(rows: &[M]) -> u64 {
    let mut total = 0;
    let mut count = 0;
    for row in rows {
        // Tag and length of each row.
        total += row.encoded_len() + 8;
        if count > 0 && total > PAGE_BYTES {
            break;
        }
        count += 1;
    }
    count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_where_it_would_grow_too_large() {
        let row = "x".repeat(PAGE_BYTES / 2 - 100);
        assert_eq!(fitting(&[row.clone(), row.clone(), row]), 2);
        assert_eq!(fitting(&["x".repeat(PAGE_BYTES * 2)]), 1, "one always goes");
        assert_eq!(fitting::<String>(&[]), 1);
    }
}
