//! PGP in the text itself: what was signed is read and the signature becomes a file; what is encrypted becomes a file whole.

/// A block that stood in a text.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    /// Name for it.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// The block, with its first and last line.
    pub content: String,
}

const ENCRYPTED: (&str, &str) = ("-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----");
const SIGNATURE: (&str, &str) = ("-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----");
const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";

/// Takes whole blocks out of a text with `\n` line ends; one without an end stays text.
pub(super) fn take_out(text: &str) -> (String, Vec<Block>) {
    if !text.contains("-----BEGIN PGP ") {
        return (text.to_owned(), Vec::new());
    }
    let lines: Vec<&str> = text.split('\n').collect();
    // The end that comes next from each line on, so that nothing is looked for twice.
    let mut ends = vec![[None; 2]; lines.len() + 1];
    for at in (0..lines.len()).rev() {
        ends[at] = ends[at + 1];
        let line = lines[at].trim_end();
        for (kind, (_, end)) in [ENCRYPTED, SIGNATURE].into_iter().enumerate() {
            if line == end {
                ends[at][kind] = Some(at);
            }
        }
    }
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    let mut blocks = Vec::new();
    let mut signed = false;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim_end();
        let kind = [ENCRYPTED, SIGNATURE].iter().position(|(begin, _)| line == *begin);
        if let Some(kind) = kind
            && let Some(end) = ends[at][kind]
        {
            let (name, media_type) = match kind {
                0 => ("encrypted.asc", "application/pgp-encrypted"),
                _ => ("signature.asc", "application/pgp-signature"),
            };
            blocks.push(Block {
                name,
                media_type,
                content: lines[at..=end]
                    .iter()
                    .flat_map(|line| [line.trim_end(), "\n"])
                    .collect(),
            });
            signed = false;
            at = end + 1;
        } else if line == SIGNED && ends[at][1].is_some() {
            signed = true;
            // `Hash: SHA512`, up to an empty line.
            at += 1;
            while lines.get(at).is_some_and(|line| line.starts_with("Hash: ")) {
                at += 1;
            }
            at += usize::from(lines.get(at).is_some_and(|line| line.trim().is_empty()));
        } else {
            // A line that began with a dash was given another before it.
            kept.push(if signed {
                lines[at].strip_prefix("- ").unwrap_or(lines[at])
            } else {
                lines[at]
            });
            at += 1;
        }
    }
    (kept.join("\n"), blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_text_is_read_without_its_frame() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHallo,\n- -- \nMara\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----\n";
        let (kept, blocks) = take_out(text);
        assert_eq!(kept, "Hallo,\n-- \nMara\n");
        assert_eq!((blocks.len(), blocks[0].media_type), (1, "application/pgp-signature"));
        assert!(blocks[0].content.contains("iQEz"));
    }

    #[test]
    fn an_encrypted_block_leaves_nothing_invented() {
        let block = "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----";
        let (kept, blocks) = take_out(block);
        assert_eq!(kept, "");
        assert_eq!(blocks[0].content, format!("{block}\n"));
        assert_eq!(take_out(&format!("Siehe:\n{block}")).0, "Siehe:");
    }

    #[test]
    fn what_has_no_end_stays_text() {
        for text in [
            "-----BEGIN PGP MESSAGE-----\nhQEM",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHallo",
            "> -----BEGIN PGP MESSAGE-----\n> hQEM\n> -----END PGP MESSAGE-----",
        ] {
            assert_eq!(take_out(text), (text.to_owned(), Vec::new()));
        }
        let many = "-----BEGIN PGP MESSAGE-----\n".repeat(50_000);
        assert_eq!(take_out(&many).1, []);
    }
}
