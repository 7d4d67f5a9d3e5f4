//! Short ids that the same words always give.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The first `bytes` of the words' digest, in hexadecimal.
pub fn short(words: &[&[u8]], bytes: usize) -> String {
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word);
        // so that ["ab"] and ["a", "b"] differ
        digest.update([0]);
    }
    digest.finalize().iter().take(bytes).fold(String::new(), |mut text, byte| {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}
