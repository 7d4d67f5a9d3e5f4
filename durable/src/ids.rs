//! Names of instances and of their calls; each says which partition it lives in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One running orchestration.
///
/// The partition travels with the name, so that no store ever has to search.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InstanceId {
    /// What its rows are kept together by, for example a tenant. To the engine, just a word.
    pub partition: String,
    /// Unique in the partition. Letters, digits, `-`, `_`, `.`, `~` and `@`.
    pub name: String,
}

impl InstanceId {
    pub fn new(partition: impl Into<String>, name: impl Into<String>) -> Self {
        Self { partition: partition.into(), name: name.into() }
    }

    /// The child that slot `index` of life `generation` asks for.
    pub(crate) fn child(&self, generation: u32, index: u32, name: &str) -> Self {
        Self::new(&self.partition, format!("{}.{generation}-{index}-{name}", self.name))
    }

    pub(crate) fn is_valid(&self) -> bool {
        !self.partition.is_empty() && is_word(&self.name)
    }
}

/// Whether a store may use `text` in a row's id, and the engine a `:` behind it.
pub(crate) fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~@".contains(c);
    (1..=400).contains(&text.len()) && text.chars().all(plain)
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.name)
    }
}

/// One call of one instance. The generation tells a restarted instance's
/// calls from those of its earlier lives. The same on every attempt, so an
/// activity may build its idempotency key from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SlotId {
    pub instance: InstanceId,
    pub generation: u32,
    pub index: u32,
}

impl SlotId {
    /// The id of its row: sorts by generation, then by index.
    pub(crate) fn row_id(&self) -> String {
        format!("{}{:04}", Self::prefix(&self.instance, self.generation), self.index)
    }

    /// What the row ids of one life's calls begin with.
    pub(crate) fn prefix(instance: &InstanceId, generation: u32) -> String {
        format!("{}:{generation:06}:", instance.name)
    }
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.instance, self.generation, self.index)
    }
}
