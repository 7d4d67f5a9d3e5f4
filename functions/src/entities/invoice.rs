//! Invoice → `account.move` of type `out_invoice`, then posted.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write};

use super::{
    document::{Document, Journal, Line, Role, postings},
    sales::{AFTER, Sale},
};

pub struct Invoice;

impl Entity for Invoice {
    const KIND: Kind = Kind::Invoice;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Sale;

    fn order(invoice: &Sale) -> String {
        invoice.head.order()
    }

    fn inform(invoice: &Sale, facts: &mut Facts) {
        invoice.head.inform(Self::KIND, facts);
    }

    fn map(invoice: &Sale, books: &Books<'_>) -> Result<Mapped, MapError> {
        let document = Document {
            move_type: "out_invoice",
            journal: Journal::Invoices,
            head: &invoice.head,
            due: invoice.due_date,
            partner: invoice.customer(),
            lines: Vec::new(),
        };
        if invoice.head.voided() {
            return Ok(document.voided(books.facts)?.into());
        }
        let lines = lines(invoice, books)?;
        Ok(Document { lines, ..document }.draft(books)?.into())
    }

    fn post(invoice: &Sale, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(invoice, &books.alone())?, &invoice.head, books.facts))
    }

    fn sums(invoice: &Sale, _: &Facts) -> Option<Sums> {
        Some(invoice.sums(invoice.balance))
    }
}

fn lines(invoice: &Sale, books: &Books<'_>) -> Result<Vec<Line>, MapError> {
    let mut lines = invoice.lines(books.facts, -1)?;
    let due = Line::new(&invoice.receivable(books)?, invoice.head.total_amt, &invoice.head)
        .with(Role::Due(invoice.due_date))
        .partner(invoice.customer());
    lines.push(due);
    Ok(lines)
}
