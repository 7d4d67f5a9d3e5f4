//! Refund receipt → `account.move` of type `out_refund`, and the payment that settles it.

use q2o_domain::{Allocation, Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write};

use super::{
    document::{Document, Journal, Line, Role, postings},
    sales::{AFTER, Sale},
};

pub struct RefundReceipt;

impl Entity for RefundReceipt {
    const KIND: Kind = Kind::RefundReceipt;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Sale;

    fn order(refund: &Sale) -> String {
        refund.head.order()
    }

    fn map(refund: &Sale, books: &Books<'_>) -> Result<Mapped, MapError> {
        if refund.head.voided() {
            return Err(MapError::NotMoved("Voided in QuickBooks: it posts nothing.".into()));
        }
        let (facts, head) = (books.facts, &refund.head);
        let receivable = refund.receivable(facts)?;
        let mut lines = refund.lines(facts, 1)?;
        let due = Line::new(&receivable, head.total_amt * (-1).into(), head)
            .with(Role::Due(None))
            .partner(refund.customer());
        lines.push(due.clone());
        let document = Document {
            move_type: "out_refund",
            journal: Journal::CreditMemos,
            head,
            due: None,
            partner: refund.customer(),
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
                partner: refund.customer(),
                lines: vec![money(refund, facts)?, through],
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

    fn post(refund: &Sale, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        let mut lines = refund.lines(books.facts, 1)?;
        lines.push(money(refund, books.facts)?);
        Ok(postings(&lines, &refund.head, books.facts))
    }

    fn sums(refund: &Sale, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: refund.head.txn_date,
            total: refund.head.total_amt,
            tax: refund.tax(),
            open: None,
            currency: refund.head.currency(),
        })
    }
}

/// The money that went out.
fn money(refund: &Sale, facts: &Facts) -> Result<Line, MapError> {
    let account = refund.deposit_to(facts)?;
    let amount = refund.head.total_amt * (-1).into();
    Ok(Line::new(&account, amount, &refund.head).partner(refund.customer()))
}
