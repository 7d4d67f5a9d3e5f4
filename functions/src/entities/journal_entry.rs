//! Journal entry → `account.move` of type `entry`, then posted.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, Sums, Write};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, debits, postings},
    sales::dimensions,
    wire::{self, Head, JournalEntity, TxnTaxDetail, id},
};

pub struct JournalEntry;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    #[serde(default)]
    line: Vec<wire::Line>,
    txn_tax_detail: Option<TxnTaxDetail>,
}

impl Entity for JournalEntry {
    const KIND: Kind = Kind::JournalEntry;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[
        Kind::Account,
        Kind::Customer,
        Kind::Vendor,
        Kind::Employee,
        Kind::Class,
        Kind::Department,
    ];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(entry: &Source) -> String {
        entry.head.order()
    }

    fn inform(entry: &Source, facts: &mut Facts) {
        entry.head.inform(Self::KIND, facts);
    }

    fn map(entry: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let document = Document {
            move_type: "entry",
            journal: Journal::Entries,
            head: &entry.head,
            due: None,
            partner: None,
            lines: lines(entry, books.facts)?,
        };
        if entry.head.voided() && document.lines.is_empty() {
            return Ok(document.voided(books.facts)?.into());
        }
        Ok(document.draft(books)?.into())
    }

    fn post(entry: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(entry, books.facts)?, &entry.head, books.facts))
    }

    /// QuickBooks often says a total of zero; the debits are what it is worth.
    fn sums(entry: &Source, facts: &Facts) -> Option<Sums> {
        let lines = lines(entry, facts).ok()?;
        let debits = debits(&lines);
        Some(Sums {
            date: entry.head.txn_date,
            total: debits,
            debits: Some(debits),
            tax: None,
            open: None,
            due: None,
            currency: entry.head.currency(),
        })
    }
}

fn lines(entry: &Source, facts: &Facts) -> Result<Vec<Line>, MapError> {
    let mut lines = Vec::new();
    for line in &entry.line {
        let Some(detail) = &line.journal_entry_line_detail else {
            continue;
        };
        if line.amount.is_zero() {
            continue;
        }
        let account = id(detail.account_ref.as_ref())
            .ok_or_else(|| MapError::Missing("One of its lines names no account.".into()))?;
        let amount = match detail.posting_type.as_str() {
            "Debit" => line.amount,
            "Credit" => -line.amount,
            other => return Err(MapError::Unreadable(format!("unknown posting type {other}"))),
        };
        let mut head = entry.head.clone();
        head.department_ref = detail.department_ref.clone().or(head.department_ref);
        lines.push(
            Line::new(account, amount, &head)
                .name(line.description.clone())
                .partner(detail.entity.as_ref().and_then(JournalEntity::partner))
                .analytic(dimensions(id(detail.class_ref.as_ref()), &head)),
        );
    }
    let left: Money = lines.iter().map(|line| line.amount).sum();
    let taxes = entry.txn_tax_detail.iter().flat_map(|detail| &detail.tax_line);
    let taxes: Vec<_> = taxes.filter(|tax| !tax.amount.is_zero()).collect();
    let amounts: Vec<Money> = taxes.iter().map(|tax| tax.amount).collect();
    for (tax, sign) in taxes.into_iter().zip(sides(left, &amounts)) {
        let rate = tax.tax_line_detail.as_ref().and_then(|d| id(d.tax_rate_ref.as_ref()));
        let account = rate
            .and_then(|rate| facts.tax_account(rate))
            .ok_or_else(|| MapError::Missing("No account is known for one of its taxes.".into()))?;
        let line = Line::new(account, tax.amount * sign.into(), &entry.head);
        lines.push(Line { inferred: true, ..line });
    }
    Ok(lines)
}

/// Taxes stand beside the lines; which side each is on, only the balance tells:
/// `left` is what the lines are off by.
fn sides(left: Money, taxes: &[Money]) -> Vec<i64> {
    let signs = |mask: u32| -> Vec<i64> {
        (0..taxes.len()).map(|at| if mask >> at & 1 == 0 { 1 } else { -1 }).collect()
    };
    let all = 1u32 << taxes.len().min(12);
    (0..all)
        .map(signs)
        .find(|signs| {
            let taxed: Money = taxes.iter().zip(signs).map(|(tax, s)| *tax * (*s).into()).sum();
            (left + taxed).is_zero()
        })
        .unwrap_or_else(|| signs(0))
}
