use jiff::Timestamp;

/// What time it is. Tests decide.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}
