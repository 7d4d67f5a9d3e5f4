//! Sales receipt → `account.move` of type `out_receipt`, and the payment that settles it.

use q2o_domain::{Allocation, Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write};

use super::{
    document::{Document, Journal, Line, Role, postings},
    sales::{AFTER, Sale},
};

pub struct SalesReceipt;

impl Entity for SalesReceipt {
    const KIND: Kind = Kind::SalesReceipt;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Sale;

    fn order(receipt: &Sale) -> String {
        receipt.head.order()
    }

    fn map(receipt: &Sale, books: &Books<'_>) -> Result<Mapped, MapError> {
        if receipt.head.voided() {
            return Err(MapError::NotMoved("Voided in QuickBooks: it posts nothing.".into()));
        }
        let (facts, head) = (books.facts, &receipt.head);
        let receivable = receipt.receivable(facts)?;
        let mut lines = receipt.lines(facts, -1)?;
        let due = Line::new(&receivable, head.total_amt * (1).into(), head)
            .with(Role::Due(None))
            .partner(receipt.customer());
        lines.push(due.clone());
        let document = Document {
            move_type: "out_receipt",
            journal: Journal::Invoices,
            head,
            due: None,
            partner: receipt.customer(),
            lines,
        };
        let mut mapped = Mapped::from(document.draft(books)?);
        if !head.total_amt.is_zero() {
            // the control account is in between in Odoo only: nothing stays on it
            let through = Line { amount: -due.amount, home: -due.home, role: Role::Item, ..due };
            let payment = Document {
                move_type: "entry",
                journal: Journal::Payments,
                head,
                due: None,
                partner: receipt.customer(),
                lines: vec![money(receipt, facts)?, through],
            };
            // the ledger has nothing to add here: it knows no payment of its own
            let alone = Books { facts, ledger: &[] };
            mapped.drafts.push(payment.draft(&alone)?.as_part("payment"));
            mapped.allocations.push(Allocation {
                account: receivable,
                from: None,
                to: None,
                amount: head.total_amt,
                home: head.total_amt,
            });
        }
        Ok(mapped)
    }

    fn post(receipt: &Sale, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        let mut lines = receipt.lines(books.facts, -1)?;
        lines.push(money(receipt, books.facts)?);
        Ok(postings(&lines, &receipt.head, books.facts))
    }

    fn sums(receipt: &Sale, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: receipt.head.txn_date,
            total: receipt.head.total_amt,
            tax: receipt.tax(),
            open: None,
            currency: receipt.head.currency(),
        })
    }
}

/// The money that came in.
fn money(receipt: &Sale, facts: &Facts) -> Result<Line, MapError> {
    let account = receipt.deposit_to(facts)?;
    let amount = receipt.head.total_amt * (1).into();
    Ok(Line::new(&account, amount, &receipt.head).partner(receipt.customer()))
}
