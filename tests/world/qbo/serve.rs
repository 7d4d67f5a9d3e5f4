//! Puts the routes on a socket until the handle is dropped.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::control::Control;

/// A simulator on its socket; dropping it closes the socket.
pub struct Running {
    address: SocketAddr,
    control: Control,
    task: JoinHandle<()>,
}

impl Running {
    /// `http://127.0.0.1:port`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn serve(router: Router, control: Control, listener: TcpListener) -> io::Result<Running> {
    let address = listener.local_addr()?;
    // Small answers must not wait for the acknowledgement of the ones before.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    #[expect(clippy::disallowed_methods, reason = "the simulator lives as long as its handle")]
    let task = tokio::spawn(async move {
        // Serving a bound listener only ends when the task is aborted.
        drop(axum::serve(listener, router).await);
    });
    Ok(Running { address, control, task })
}
