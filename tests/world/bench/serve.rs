//! The program by itself: how soon it answers, and what it takes when idle.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::process::Process;
use crate::demo::Failed;

/// From process start to the first answer; memory when idle; size.
pub fn serve(program: &Path) -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg("serve")
        .env("Q2O_HOME", home.path())
        .env("Q2O_LOG", "warn")
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .stdout(Stdio::null())
        .spawn()?;
    let answered = loop {
        if answers(port) {
            break started.elapsed();
        }
        if started.elapsed() > Duration::from_secs(30) {
            return Err("q2o serve does not answer".into());
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    std::thread::sleep(Duration::from_millis(500));
    let resident = Process(child.id()).megabytes("VmRSS");
    child.kill()?;
    child.wait()?;
    let size = u32::try_from(std::fs::metadata(program)?.len() / 1024)?;
    println!(
        "first answer after      {:>8.1} ms  (the host allows 30,000)",
        answered.as_secs_f64() * 1e3
    );
    println!("resident when idle      {resident:>8.1} MB");
    println!("size of the program     {:>8.1} MB", f64::from(size) / 1024.0);
    Ok(())
}

fn answers(port: u16) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(request.as_bytes()).is_ok() && stream.read_exact(&mut answer).is_ok()
}
