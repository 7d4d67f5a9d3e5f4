//! The files of attachables: where each is, and its bytes.

use std::io::Write;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use flate2::{Compression, Crc, write::ZlibEncoder};

use super::faults::{Fault, reply};
use super::http::Params;
use super::{World, held};

/// An address is good for this many seconds.
const GOOD_FOR: i64 = 900;

/// The bytes of a file, made of what it is called and how long it is: files that
/// are called the same and are as long are the same. What is called an image is one.
pub fn content(name: &str, size: usize) -> Vec<u8> {
    let seed = name
        .bytes()
        .fold(size as u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; size];
    rng.fill(&mut bytes);
    if std::path::Path::new(name).extension().is_some_and(|of| of == "png") {
        let image = image();
        let length = image.len().min(size);
        bytes[..length].copy_from_slice(&image[..length]);
    }
    bytes
}

/// A grey line, wider than the images that Odoo leaves as they are.
fn image() -> Vec<u8> {
    const WIDTH: u32 = 2500;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    // one line, unfiltered; writing to memory cannot fail
    let mut pixels = vec![128; WIDTH as usize + 1];
    pixels[0] = 0;
    let _ = packed.write_all(&pixels);
    let line = packed.finish().unwrap_or_default();
    let head = [&WIDTH.to_be_bytes()[..], &1_u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", head), (b"IDAT", line), (b"IEND", Vec::new())] {
        let length = u32::try_from(data.len()).unwrap_or_default();
        let mut sum = Crc::new();
        sum.update(name);
        sum.update(&data);
        image.extend(length.to_be_bytes());
        image.extend(name);
        image.extend(data);
        image.extend(sum.sum().to_be_bytes());
    }
    image
}

/// `/download/{id}`: where a file is, as plain text.
pub async fn address(
    State(world): State<Arc<World>>,
    Path((_realm, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let now = world.now();
    if file(&world, &id).is_none() {
        return Fault::not_found().answer(now);
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let signed = format!("X-Amz-Date={}&X-Amz-Expires={GOOD_FOR}", now.as_second());
    let address = format!("http://{host}/files/{id}?{signed}&X-Amz-Signature=EXAMPLE");
    reply(StatusCode::OK, "text/plain;charset=utf-8", address)
}

/// The file server: knows nothing of sign-in, and takes each address as it is.
pub async fn bytes(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        return reply(StatusCode::BAD_REQUEST, "application/xml", "<Code>InvalidArgument</Code>");
    }
    let made = Params::of(query.as_deref()).get("X-Amz-Date").and_then(|at| at.parse::<i64>().ok());
    let fresh = made.is_some_and(|made| world.now().as_second() - made <= GOOD_FOR);
    if !fresh {
        return reply(StatusCode::FORBIDDEN, "application/xml", "<Code>AccessDenied</Code>");
    }
    match file(&world, &id).filter(|_| !held(&world.knobs).lost_files.contains(&id)) {
        Some((name, size)) => {
            reply(StatusCode::OK, "application/octet-stream", content(&name, size))
        }
        None => reply(StatusCode::NOT_FOUND, "application/xml", "<Code>NoSuchKey</Code>"),
    }
}

/// What an attachable's file is called, and how long it is.
fn file(world: &World, id: &str) -> Option<(String, usize)> {
    let store = world.store();
    let value = &store.get("Attachable", id)?.value;
    let size = value["Size"].as_u64().and_then(|size| usize::try_from(size).ok());
    Some((value["FileName"].as_str()?.to_owned(), size.unwrap_or(0)))
}
