//! What every store does alike: documents as rows of plain columns, and the
//! limits that hold everywhere because they hold somewhere.

use std::borrow::Cow;

use jiff::Timestamp;
use q2o_domain::{
    Failure, Result,
    ports::{Body, Change, CommitError, Document, MOST_BYTES, MOST_CHANGES, Query, Scope, Select},
};

/// At most so many ids in one selection.
pub(super) const MOST_IDS: usize = 1000;

/// A document as columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub collection: Cow<'static, str>,
    pub id: String,
    /// Exactly as serialised, so that `1e3` and `275.10` come back as they were.
    pub body: Body,
    pub key: Option<String>,
    /// `""` where there is none, as the port orders it.
    pub sort: String,
    /// Milliseconds since 1970.
    pub due: Option<i64>,
    /// Milliseconds since 1970.
    pub expires: Option<i64>,
}

impl Row {
    fn new(document: Document) -> Self {
        let Document { collection, id, body, key, sort, due, expires } = document;
        let (due, expires) = (due.map(not_before), expires.map(not_before));
        Self { collection, id, body, key, sort: sort.unwrap_or_default(), due, expires }
    }

    fn bytes(&self) -> usize {
        let key = self.key.as_ref().map_or(0, String::len);
        self.collection.len() + self.id.len() + self.body.text().len() + key + self.sort.len()
    }
}

/// A [`Change`] as columns.
#[derive(Debug, Clone)]
pub(super) enum Write {
    Insert(Row),
    Replace(Row, String),
    Put(Row),
    Delete { collection: Cow<'static, str>, id: String },
}

/// Changes as rows. Every store's `commit` begins here, so that one which could
/// take more does not hide a commit that the strictest would refuse.
pub(super) fn writes(changes: Vec<Change>) -> Result<Vec<Write>, CommitError> {
    if changes.len() > MOST_CHANGES {
        let why = format!("{} changes in one commit, {MOST_CHANGES} are possible", changes.len());
        return Err(Failure::bug(why).into());
    }
    let writes: Vec<Write> = changes
        .into_iter()
        .map(|change| match change {
            Change::Insert(document) => Write::Insert(Row::new(document)),
            Change::Replace(document, version) => Write::Replace(Row::new(document), version),
            Change::Put(document) => Write::Put(Row::new(document)),
            Change::Delete { collection, id } => Write::Delete { collection, id },
        })
        .collect();
    let bytes: usize = writes
        .iter()
        .map(|write| match write {
            Write::Insert(row) | Write::Replace(row, _) | Write::Put(row) => row.bytes(),
            Write::Delete { .. } => 0,
        })
        .sum();
    if bytes > MOST_BYTES {
        let why = format!("{bytes} bytes in one commit, {MOST_BYTES} are possible");
        return Err(Failure::bug(why).into());
    }
    Ok(writes)
}

/// What a document counts towards [`MOST_BYTES`].
pub(super) fn bytes(document: &Document) -> usize {
    let body = document.body.text().len();
    let indexed = [&document.key, &document.sort].into_iter().flatten().map(String::len);
    document.collection.len() + document.id.len() + body + indexed.sum::<usize>()
}

/// Refuses a query that some store could not answer. Every `list` begins here.
pub(super) fn check(query: &Query) -> Result<()> {
    let by_time = matches!(query.select, Select::Due(_) | Select::Expired(_));
    if query.scope == Scope::Everywhere && !by_time {
        return Err(Failure::bug("only due or expired documents can be listed everywhere"));
    }
    if by_time && query.after.is_some() {
        return Err(Failure::bug("a list by time cannot go on behind a document"));
    }
    match &query.select {
        Select::Ids(ids) if ids.len() > MOST_IDS => {
            Err(Failure::bug(format!("{} ids in one list, {MOST_IDS} are possible", ids.len())))
        }
        _ => Ok(()),
    }
}

/// An instant something must not happen before, in whole milliseconds.
fn not_before(at: Timestamp) -> i64 {
    let floor = at.as_millisecond();
    if at.as_nanosecond() > i128::from(floor) * 1_000_000 { floor + 1 } else { floor }
}

/// The due time of a row, as the port has it.
pub(super) fn due(id: &str, due: Option<i64>) -> Result<Option<Timestamp>> {
    let wrong = |e| Failure::bug(format!("stored document {id} is unreadable: {e}"));
    due.map(Timestamp::from_millisecond).transpose().map_err(wrong)
}

/// `""` stands for no sort.
pub(super) fn sort(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The smallest text behind all that begin with `prefix`; `None` if there is none.
pub(super) fn beyond(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // One range step skips the surrogates, which are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_is_the_first_text_without_the_prefix() {
        assert_eq!(beyond("ab").as_deref(), Some("ac"));
        assert_eq!(beyond("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(beyond("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(beyond(""), None);
        assert_eq!(beyond("\u{10FFFF}"), None);
    }

    #[test]
    fn nothing_is_due_early() {
        let at = Timestamp::from_nanosecond(1_500_000_000_000_000_001).unwrap();
        assert_eq!(not_before(at), 1_500_000_000_001);
        let at = Timestamp::from_nanosecond(1_500_000_000_000_000_000).unwrap();
        assert_eq!(not_before(at), 1_500_000_000_000);
    }
}
