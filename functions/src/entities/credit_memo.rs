//! Credit memo → `account.move` of type `out_refund`, then posted.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, Sums, Write};

use super::{
    document::{Document, Journal, Line, Role, postings},
    sales::{AFTER, Sale},
};

pub struct CreditMemo;

impl Entity for CreditMemo {
    const KIND: Kind = Kind::CreditMemo;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Sale;

    fn order(memo: &Sale) -> String {
        memo.head.order()
    }

    fn inform(memo: &Sale, facts: &mut Facts) {
        memo.head.inform(Self::KIND, facts);
    }

    fn map(memo: &Sale, books: &Books<'_>) -> Result<Mapped, MapError> {
        let document = Document {
            move_type: "out_refund",
            journal: Journal::CreditMemos,
            head: &memo.head,
            due: None,
            partner: memo.customer(),
            lines: Vec::new(),
        };
        if memo.head.voided() {
            return Ok(document.voided(books.facts)?.into());
        }
        let lines = lines(memo, books)?;
        Ok(Document { lines, ..document }.draft(books)?.into())
    }

    fn post(memo: &Sale, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(memo, &books.alone())?, &memo.head, books.facts))
    }

    fn sums(memo: &Sale, _: &Facts) -> Option<Sums> {
        Some(memo.sums(memo.balance.map(Money::abs)))
    }
}

fn lines(memo: &Sale, books: &Books<'_>) -> Result<Vec<Line>, MapError> {
    let mut lines = memo.lines(books.facts, 1)?;
    let due = Line::new(&memo.receivable(books)?, -memo.head.total_amt, &memo.head)
        .with(Role::Due(None))
        .partner(memo.customer());
    lines.push(due);
    Ok(lines)
}
