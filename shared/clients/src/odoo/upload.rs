//! The body of a call with a file in it, written in base64 while it is sent: a file
//! of any length takes no more memory than a piece of it.

use std::{io, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::stream::{self, StreamExt, TryStreamExt};
use q2o_domain::{Failure, Result};
use tokio::{fs::File, io::AsyncReadExt};

/// Stands in a call where the file's bytes go. It is the last of its kind there.
pub const HERE: &str = "<the bytes of the file>";

/// Bytes read at a time; three become four letters, so nothing is left over in between.
const PIECE: usize = 3 * 16 * 1024;

/// A call's text with the file's bytes in place, and how long that is.
pub async fn body(call: &[u8], file: &Path) -> Result<(u64, reqwest::Body)> {
    let unread = |error: io::Error| Failure::retry(format!("a fetched file is gone: {error}"));
    let at = call
        .windows(HERE.len())
        .rposition(|window| window == HERE.as_bytes())
        .ok_or_else(|| Failure::bug("a call with a file has no place for it"))?;
    let (before, after) = (call[..at].to_vec(), call[at + HERE.len()..].to_vec());
    let file = File::open(file).await.map_err(unread)?;
    let bytes = file.metadata().await.map_err(unread)?.len();
    let length = (before.len() + after.len()) as u64 + bytes.div_ceil(3) * 4;
    let whole = |text| stream::once(async { Ok::<Vec<u8>, io::Error>(text) });
    let letters = stream::try_unfold(file, |mut file| async {
        let mut piece = Vec::with_capacity(PIECE);
        // (one read may give less than there is)
        (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
        Ok((!piece.is_empty()).then(|| (BASE64_STANDARD.encode(piece).into_bytes(), file)))
    });
    let parts = whole(before).chain(letters.into_stream()).chain(whole(after));
    Ok((length, reqwest::Body::wrap_stream(parts)))
}
