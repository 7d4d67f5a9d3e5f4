//! What we keep: connections, links, jobs, staged records, proofs.

mod connections;
mod follow;
mod jobs;
mod moved;
mod proof;
mod reported;
mod rollback;

pub use connections::*;
pub use follow::*;
pub use jobs::*;
pub use moved::*;
pub use proof::*;
pub use reported::*;
pub use rollback::*;
