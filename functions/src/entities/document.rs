//! A transaction as an `account.move` with all of its lines, so that Odoo has
//! nothing left to compute and the amounts are QuickBooks' own, to the cent.

use jiff::civil::Date;
use q2o_domain::{
    Books, Currency, Draft, Facts, Field, Fields, MapError, Money, Partner, Posting, QboId, Ref,
};
use rust_decimal::Decimal;

use super::{
    heed::{heed, level},
    wire::Head,
};

/// The journals that history goes into, so that live numbering stays clean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    Invoices,
    CreditMemos,
    Bills,
    VendorCredits,
    Payments,
    Entries,
    Completions,
}

impl Journal {
    pub const ALL: [Self; 7] = [
        Self::Invoices,
        Self::CreditMemos,
        Self::Bills,
        Self::VendorCredits,
        Self::Payments,
        Self::Entries,
        Self::Completions,
    ];

    /// Odoo cuts codes at five characters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invoices => "QBINV",
            Self::CreditMemos => "QBCM",
            Self::Bills => "QBBIL",
            Self::VendorCredits => "QBVC",
            Self::Payments => "QBPAY",
            Self::Entries => "QBJE",
            Self::Completions => "QBGL",
        }
    }

    /// Name and type of the journal in Odoo.
    pub const fn made_as(self) -> (&'static str, &'static str) {
        match self {
            Self::Invoices => ("QuickBooks Invoices", "sale"),
            Self::CreditMemos => ("QuickBooks Credit Memos", "sale"),
            Self::Bills => ("QuickBooks Bills", "purchase"),
            Self::VendorCredits => ("QuickBooks Vendor Credits", "purchase"),
            Self::Payments => ("QuickBooks Payments", "general"),
            Self::Entries => ("QuickBooks Journal Entries", "general"),
            Self::Completions => ("QuickBooks Ledger Completion", "general"),
        }
    }
}

/// One journal line. Amounts are debit positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub account: QboId,
    /// In the document's currency.
    pub amount: Money,
    /// In home currency; may stand alone, as a realised exchange gain does.
    pub home: Money,
    pub role: Role,
    pub name: Option<String>,
    pub partner: Option<Ref>,
    pub product: Option<QboId>,
    pub quantity: Option<Decimal>,
    pub price: Option<Decimal>,
    /// Rates levied on this line.
    pub taxes: Vec<Ref>,
    pub analytic: Vec<Ref>,
    /// The account is not in the record but inferred, so the ledger may know better.
    pub inferred: bool,
}

/// What a line is to its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// What was sold or bought, or any line of an entry.
    Item,
    /// A tax line of this rate, and what it was levied on.
    Tax { rate: Option<QboId>, base: Money },
    /// What the partner owes, due then.
    Due(Option<Date>),
}

impl Line {
    pub fn new(account: &QboId, amount: Money, head: &Head) -> Self {
        let home = head.exchange_rate.map_or(amount, |rate| amount.at(rate));
        Self { name: None, ..Self::from_ledger(account.clone(), amount, home) }
    }

    /// A line that QuickBooks' ledger has and the document does not show.
    pub fn from_ledger(account: QboId, amount: Money, home: Money) -> Self {
        Self {
            account,
            amount,
            home,
            role: Role::Item,
            name: Some("From QuickBooks' ledger".into()),
            partner: None,
            product: None,
            quantity: None,
            price: None,
            taxes: Vec::new(),
            analytic: Vec::new(),
            inferred: false,
        }
    }

    #[must_use]
    pub fn with(self, role: Role) -> Self {
        Self { role, ..self }
    }

    #[must_use]
    pub fn partner(self, partner: Option<Ref>) -> Self {
        Self { partner, ..self }
    }

    #[must_use]
    pub fn name(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }

    #[must_use]
    pub fn analytic(self, analytic: Vec<Ref>) -> Self {
        Self { analytic, ..self }
    }
}

/// A document about to become a draft.
pub struct Document<'a> {
    /// As in `out_invoice`.
    pub move_type: &'static str,
    pub journal: Journal,
    pub head: &'a Head,
    pub due: Option<Date>,
    pub partner: Option<Ref>,
    pub lines: Vec<Line>,
}

impl Document<'_> {
    /// The draft, corrected by what only QuickBooks' ledger knows.
    ///
    /// # Errors
    /// When debits and credits differ even so.
    pub fn draft(mut self, books: &Books<'_>) -> Result<Draft, MapError> {
        heed(&mut self.lines, books);
        let off: Money = self.lines.iter().map(|line| line.home).sum();
        if !off.is_zero() {
            return Err(MapError::Missing(format!(
                "Its lines do not balance: they are off by {off}, and QuickBooks' ledger does not \
                 say where that belongs."
            )));
        }
        if self.lines.is_empty() {
            return Err(MapError::NotMoved("It posts nothing.".into()));
        }
        Ok(self.into_draft(books.facts))
    }

    /// A voided document posts nothing; a cancelled one in Odoo keeps its number.
    ///
    /// # Errors
    /// When there is no number to keep.
    pub fn voided(self, facts: &Facts) -> Result<Draft, MapError> {
        if self.head.doc_number.as_deref().is_none_or(|number| number.trim().is_empty()) {
            let why = "Voided in QuickBooks: it posts nothing, and has no number to keep.";
            return Err(MapError::NotMoved(why.into()));
        }
        let empty = Document { lines: Vec::new(), ..self };
        Ok(Draft { cancelled: true, ..empty.into_draft(facts) })
    }

    fn into_draft(self, facts: &Facts) -> Draft {
        let entry = !self.fits_its_type(facts);
        let foreign = self.head.currency().filter(|c| !facts.is_home(Some(c)));
        let number = self.head.doc_number.clone().filter(|n| !n.trim().is_empty());
        let mut fields = Fields::from([
            ("move_type", if entry { "entry" } else { self.move_type }.into()),
            ("journal_id", found("account.journal", "code", self.journal.code())),
            ("date", self.head.txn_date.into()),
            ("ref", number.clone().into()),
            ("narration", self.head.private_note.clone().into()),
        ]);
        if let Some(partner) = &self.partner {
            fields.insert("partner_id", partner.clone().into());
        }
        if let Some(currency) = &foreign {
            fields.insert("currency_id", found("res.currency", "name", &currency.0));
        }
        if !entry {
            fields.insert("invoice_date", self.head.txn_date.into());
            fields.insert("invoice_date_due", self.due.unwrap_or(self.head.txn_date).into());
            if self.move_type.starts_with("out") {
                fields.insert("payment_reference", number.into());
            }
        }
        let lines = self.lines.iter().map(|line| line_fields(line, &self, entry, foreign.as_ref()));
        fields.insert("line_ids", Field::Lines(lines.collect()));
        Draft::new("account.move", fields)
    }

    /// Odoo refuses some documents that QuickBooks allows; they become plain entries.
    fn fits_its_type(&self, facts: &Facts) -> bool {
        let sign = if matches!(self.move_type, "out_invoice" | "out_receipt" | "in_refund") {
            Money::from(1)
        } else {
            Money::from(-1)
        };
        let due: Money = self.lines.iter().filter(|l| is_due(l)).map(|l| l.amount).sum();
        self.move_type != "entry"
            && (self.partner.is_some() || self.move_type.ends_with("receipt"))
            && self.lines.iter().all(|line| is_due(line) == facts.is_control(&line.account))
            && (self.lines.is_empty() || self.lines.iter().any(|line| line.role == Role::Item))
            && due * sign.0 >= Money::ZERO
    }
}

pub fn is_due(line: &Line) -> bool {
    matches!(line.role, Role::Due(_))
}

fn line_fields(
    line: &Line,
    document: &Document<'_>,
    entry: bool,
    foreign: Option<&Currency>,
) -> Fields {
    let mut fields = Fields::from([
        ("account_id", Field::to(q2o_domain::Kind::Account, &line.account)),
        ("balance", line.home.into()),
        ("name", line.name.clone().into()),
    ]);
    // on invoices Odoo puts the partner's own company; told another, it also picks the
    // control account anew
    if let Some(partner) = line.partner.as_ref().or(document.partner.as_ref()).filter(|_| entry) {
        fields.insert("partner_id", partner.clone().into());
    }
    if let Some(currency) = foreign {
        fields.insert("currency_id", found("res.currency", "name", &currency.0));
        fields.insert("amount_currency", line.amount.into());
    }
    if !line.analytic.is_empty() {
        fields.insert("analytic_distribution", Field::Analytic(line.analytic.clone()));
    }
    if entry {
        return fields;
    }
    match &line.role {
        Role::Due(due) => {
            fields.insert("display_type", "payment_term".into());
            fields.insert("date_maturity", due.unwrap_or(document.head.txn_date).into());
        }
        Role::Tax { rate, base } => {
            fields.insert("display_type", "tax".into());
            if let Some(rate) = rate {
                let part = match document.move_type {
                    "out_invoice" | "out_receipt" => "sale.invoice",
                    "out_refund" => "sale.refund",
                    "in_refund" => "purchase.refund",
                    _ => "purchase.invoice",
                };
                let line = Ref::part(q2o_domain::Kind::TaxRate, rate.clone(), part);
                fields.insert("tax_repartition_line_id", line.into());
                fields.insert("tax_base_amount", (*base).into());
            }
        }
        Role::Item => {
            fields.insert("display_type", "product".into());
            // what the reader sees as price: always above its sign in the document
            let shown = if matches!(document.move_type, "out_invoice" | "out_receipt" | "in_refund")
            {
                -line.amount
            } else {
                line.amount
            };
            let (quantity, price) = shown_price(line.quantity, line.price, shown);
            fields.insert("quantity", quantity.into());
            fields.insert("price_unit", price.into());
            fields.insert("tax_ids", Field::Refs(line.taxes.clone()));
            if let Some(product) = &line.product {
                fields.insert("product_id", Field::to(q2o_domain::Kind::Item, product));
            }
        }
    }
    fields
}

/// Quantity and price as QuickBooks shows them where Odoo's two decimals can
/// hold them, else one at the line's amount. Together they always come to it: up
/// to 17, Odoo works the amount out from them.
pub fn shown_price(
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    shown: Money,
) -> (Decimal, Decimal) {
    match (quantity, price) {
        (Some(quantity), Some(price))
            if quantity.normalize().scale() <= 2
                && price.normalize().scale() <= 2
                && Money(quantity * price) == shown =>
        {
            (quantity, price)
        }
        _ => (Decimal::ONE, shown.0),
    }
}

/// The sum of the debits, in the document's currency.
pub fn debits(lines: &[Line]) -> Money {
    lines.iter().map(|line| line.amount).filter(|amount| !amount.is_negative()).sum()
}

/// The lines as postings, before anything is taken from the ledger.
pub fn postings(lines: &[Line], head: &Head, facts: &Facts) -> Vec<Posting> {
    let mut lines = lines.to_vec();
    level(&mut lines);
    let foreign = head.currency().filter(|c| !facts.is_home(Some(c)));
    lines
        .into_iter()
        .map(|line| Posting {
            date: head.txn_date,
            account: line.account,
            amount: line.home,
            partner: line.partner.map(|p| Partner { kind: p.kind, id: p.id }),
            foreign: foreign.clone().map(|currency| (currency, line.amount)),
        })
        .collect()
}

/// A record of Odoo's own, looked up.
pub fn found(model: &'static str, by: &'static str, value: &str) -> Field {
    Field::Found { model, by, value: value.to_owned() }
}
