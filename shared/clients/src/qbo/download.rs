//! Files of attachables: QuickBooks says where each is, at an address that carries
//! its own permission and is good for a quarter of an hour.

use std::{fmt::Write as _, io, path::Path};

use q2o_domain::{
    Failure, QboId, Result,
    ports::{Content, Unavailable},
};
use sha1::{Digest, Sha1};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{Ask, QboClient, WithoutUrl, fault::Fault};

/// Fetches a file into `to`, piece by piece.
pub async fn download(
    client: &QboClient,
    attachable: &QboId,
    most: u64,
    to: &Path,
) -> Result<Result<Content, Unavailable>> {
    let address = match client.text(&Ask::File(attachable)).await {
        Ok(address) => address,
        Err(Fault::NotFound { why }) => return Ok(Err(Unavailable(why))),
        Err(fault) => return Err(fault.into()),
    };
    // whoever knows the address has the file: it is told to nobody, and no token goes along
    let lost = |error: reqwest::Error| {
        Failure::retry(format!("QuickBooks' file server: {}", error.without_url_text()))
    };
    let mut response = client.http.client().get(address.trim()).send().await.map_err(lost)?;
    match response.status().as_u16() {
        200..=299 => {}
        // the address is new: it is the file that is not there
        status @ (403 | 404 | 410) => {
            let why = format!("QuickBooks' file server does not have it ({status})");
            return Ok(Err(Unavailable(why)));
        }
        status => return Err(Failure::retry(format!("QuickBooks' file server answered {status}"))),
    }
    let mut file = File::create(to).await.map_err(|error| unwritten(&error))?;
    let (mut bytes, mut checksum) = (0, Sha1::new());
    while let Some(piece) = response.chunk().await.map_err(lost)? {
        bytes += piece.len() as u64;
        if bytes > most {
            return Ok(Err(Unavailable(format!("it has more than {most} bytes"))));
        }
        checksum.update(&piece);
        file.write_all(&piece).await.map_err(|error| unwritten(&error))?;
    }
    file.flush().await.map_err(|error| unwritten(&error))?;
    Ok(Ok(Content { bytes, checksum: hexadecimal(&checksum.finalize()) }))
}

/// The disk is full, as a rule: others may be done with theirs soon.
fn unwritten(error: &io::Error) -> Failure {
    Failure::retry(format!("A file cannot be kept on this machine's disk: {error}"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}
