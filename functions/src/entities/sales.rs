//! What invoices, credit memos, sales receipts and refund receipts have in common.

use jiff::civil::Date;
use q2o_domain::{
    Allocation, Books, Facts, Kind, MapError, Mapped, Money, Posting, QboId, Ref, Sums,
};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, Role, is_due, postings},
    heed::heed,
    wire::{self, Head, ItemDetail, Reference, TxnTaxDetail, id},
};

/// What sales documents point at, whatever they are.
pub const AFTER: &[Kind] = &[
    Kind::Account,
    Kind::Customer,
    Kind::Item,
    Kind::TaxRate,
    Kind::Class,
    Kind::Department,
    Kind::Term,
];

/// What QuickBooks calls the item of a shipping line.
const SHIPPING: &str = "SHIPPING_ITEM_ID";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sale {
    #[serde(flatten)]
    pub head: Head,
    pub customer_ref: Option<Reference>,
    #[serde(rename = "ARAccountRef")]
    pub ar_account_ref: Option<Reference>,
    pub deposit_to_account_ref: Option<Reference>,
    pub due_date: Option<Date>,
    pub balance: Option<Money>,
    #[serde(default)]
    pub line: Vec<wire::Line>,
    pub txn_tax_detail: Option<TxnTaxDetail>,
}

impl Sale {
    pub fn customer(&self) -> Option<Ref> {
        self.customer_ref.as_ref().map(|c| c.to(Kind::Customer))
    }

    fn tax(&self) -> Option<Money> {
        self.txn_tax_detail.as_ref().and_then(|detail| detail.total_tax)
    }

    /// The control account of what the customer owes or is owed. Few documents
    /// name it; where there are several, the ledger tells.
    pub fn receivable(&self, books: &Books<'_>) -> Result<QboId, MapError> {
        let (customer, currency) = (id(self.customer_ref.as_ref()), self.head.currency());
        id(self.ar_account_ref.as_ref())
            .or_else(|| books.posted_to("Accounts Receivable"))
            .or_else(|| books.facts.receivable(customer, currency.as_ref()))
            .cloned()
            .ok_or_else(|| MapError::Missing("The company has no receivable account.".into()))
    }

    /// Where the money goes to or comes from.
    fn deposit_to(&self, facts: &Facts) -> Result<QboId, MapError> {
        id(self.deposit_to_account_ref.as_ref())
            .or_else(|| facts.undeposited_funds())
            .cloned()
            .ok_or_else(|| MapError::Missing("It says no account to deposit to.".into()))
    }

    /// The lines of what was sold, and its taxes. `sign` is minus one where
    /// selling credits, one where something is given back.
    pub fn lines(&self, facts: &Facts, sign: i64) -> Result<Vec<Line>, MapError> {
        let mut lines = Vec::new();
        for line in flat(&self.line) {
            match line.detail_type.as_deref() {
                Some("SalesItemLineDetail") => lines.extend(self.item(line, facts, sign)?),
                Some("DiscountLineDetail") => lines.push(self.discount(line, facts, sign)?),
                _ => {} // sub-totals and descriptions post nothing
            }
        }
        for tax in self.txn_tax_detail.iter().flat_map(|detail| &detail.tax_line) {
            if tax.amount.is_zero() {
                continue;
            }
            let detail = tax.tax_line_detail.as_ref();
            let rate = detail.and_then(|d| id(d.tax_rate_ref.as_ref())).cloned();
            let account =
                rate.as_ref().and_then(|rate| facts.tax_account(rate)).ok_or_else(|| {
                    MapError::Missing("No liability account is known for one of its taxes.".into())
                })?;
            let base = detail.and_then(|d| d.net_amount_taxable).unwrap_or_default();
            let line = Line::new(account, tax.amount * sign.into(), &self.head)
                .with(Role::Tax { rate, base: base * sign.into() })
                .name(Some("Tax".into()));
            lines.push(Line { inferred: true, ..line });
        }
        Ok(lines)
    }

    fn item(&self, line: &wire::Line, facts: &Facts, sign: i64) -> Result<Option<Line>, MapError> {
        let Some(detail) = &line.sales_item_line_detail else {
            return Ok(None);
        };
        let item = id(detail.item_ref.as_ref());
        let stated = id(detail.item_account_ref.as_ref());
        if line.amount.is_zero() && stated.is_none() && item.is_none() {
            return Ok(None);
        }
        let account = stated
            .or_else(|| facts.item_account(item?, |item| item.income.as_ref()))
            .or_else(|| {
                facts.shipping_account.as_ref().filter(|_| item.is_some_and(|i| i.0 == SHIPPING))
            })
            .or_else(|| {
                let shipping = item.is_some_and(|i| i.0 == SHIPPING);
                facts.account_of("Income", shipping.then_some("SalesOfProductIncome"))
            })
            .ok_or_else(|| MapError::Missing("One of its lines names no account.".into()))?;
        let mut made = Line::new(account, line.amount * sign.into(), &self.head)
            .name(line.description.clone())
            .analytic(self.analytic(id(detail.class_ref.as_ref()), facts));
        made.inferred = stated.is_none();
        made.product = item.filter(|item| facts.items.contains_key(*item)).cloned();
        made.quantity = detail.qty;
        made.price = detail.unit_price;
        made.taxes = self.levied(detail, facts);
        Ok(Some(made))
    }

    fn discount(&self, line: &wire::Line, facts: &Facts, sign: i64) -> Result<Line, MapError> {
        let detail = line.discount_line_detail.as_ref();
        let account = detail
            .and_then(|d| id(d.discount_account_ref.as_ref()))
            .or(facts.discount_account.as_ref())
            .or_else(|| facts.account_of("Income", Some("DiscountsRefundsGiven")))
            .ok_or_else(|| MapError::Missing("Its discount names no account.".into()))?;
        let class = detail.and_then(|d| id(d.class_ref.as_ref()));
        let made = Line::new(account, -(line.amount * sign.into()), &self.head)
            .name(line.description.clone().or_else(|| Some("Discount".into())))
            .analytic(self.analytic(class, facts));
        let stated = detail.is_some_and(|d| d.discount_account_ref.is_some());
        Ok(Line { inferred: !stated, ..made })
    }

    /// The rates on a line: those of its own code, or in the US, where codes
    /// only say yes or no, all that the document has a tax line of.
    pub fn levied(&self, detail: &ItemDetail, facts: &Facts) -> Vec<Ref> {
        let code = id(detail.tax_code_ref.as_ref()).map(QboId::as_str);
        let rates: Vec<QboId> = match code {
            None | Some("NON") => Vec::new(),
            Some("TAX") => self
                .txn_tax_detail
                .iter()
                .flat_map(|detail| &detail.tax_line)
                .filter(|tax| !tax.amount.is_zero())
                .filter_map(|tax| id(tax.tax_line_detail.as_ref()?.tax_rate_ref.as_ref()).cloned())
                .collect(),
            Some(code) => {
                facts.tax_codes.get(&code.into()).map(|(sale, _)| sale.clone()).unwrap_or_default()
            }
        };
        rates.into_iter().map(|rate| Ref::new(Kind::TaxRate, rate)).collect()
    }

    fn analytic(&self, class: Option<&QboId>, facts: &Facts) -> Vec<Ref> {
        let project = project(id(self.customer_ref.as_ref()), facts);
        dimensions(class, &self.head).into_iter().chain(project).collect()
    }
}

impl Sale {
    /// As a document and the payment that settles it at once. `sign` is minus one
    /// where money comes in, one where it goes out.
    pub fn settled_at_once(
        &self,
        move_type: &'static str,
        journal: Journal,
        sign: i64,
        books: &Books<'_>,
    ) -> Result<Mapped, MapError> {
        let (facts, head, partner) = (books.facts, &self.head, self.customer());
        let document = Document { move_type, journal, head, due: None, partner, lines: Vec::new() };
        if head.voided() {
            return Ok(document.voided(facts)?.into());
        }
        let receivable = self.receivable(books)?;
        let due = Line::new(&receivable, head.total_amt * (-sign).into(), head)
            .with(Role::Due(None))
            .partner(self.customer());
        let mut lines = self.lines(facts, sign)?;
        lines.push(due);
        heed(&mut lines, books);
        let Some(due) = lines.iter().find(|line| is_due(line)).cloned() else {
            return Err(MapError::Missing("It is worth nothing to the customer.".into()));
        };
        let mut mapped = Mapped::from(Document { lines, ..document }.draft(books)?);
        if head.total_amt.is_zero() {
            return Ok(mapped);
        }
        // the control account is in between in Odoo only: nothing stays on it
        let through = Line { amount: -due.amount, home: -due.home, role: Role::Item, ..due };
        let payment = Document {
            move_type: "entry",
            journal: Journal::Payments,
            head,
            due: None,
            partner: self.customer(),
            lines: vec![Line { home: due.home, ..self.money(facts, sign)? }, through],
        };
        // the ledger has nothing to add here: it knows no payment of its own
        mapped.drafts.push(payment.draft(&books.alone())?.as_part("payment"));
        mapped.allocations.push(Allocation {
            account: receivable,
            from: None,
            to: None,
            amount: head.total_amt,
        });
        Ok(mapped)
    }

    /// QuickBooks posts it without the control account.
    pub fn posted_at_once(&self, sign: i64, facts: &Facts) -> Result<Vec<Posting>, MapError> {
        let mut lines = self.lines(facts, sign)?;
        lines.push(self.money(facts, sign)?);
        Ok(postings(&lines, &self.head, facts))
    }

    /// What the document says of itself.
    pub fn sums(&self, open: Option<Money>) -> Sums {
        Sums {
            date: self.head.txn_date,
            total: self.head.total_amt,
            debits: None,
            tax: self.tax(),
            open,
            due: self.due_date,
            currency: self.head.currency(),
        }
    }

    /// The money that came in or went out.
    fn money(&self, facts: &Facts, sign: i64) -> Result<Line, MapError> {
        let account = self.deposit_to(facts)?;
        let amount = self.head.total_amt * (-sign).into();
        Ok(Line::new(&account, amount, &self.head).partner(self.customer()))
    }
}

/// A line's class (or its document's), and the document's location.
pub fn dimensions(class: Option<&QboId>, head: &Head) -> Vec<Ref> {
    let class = class.or_else(|| id(head.class_ref.as_ref()));
    let location = id(head.department_ref.as_ref());
    let class = class.map(|class| Ref::new(Kind::Class, class.clone()));
    class.into_iter().chain(location.map(|l| Ref::new(Kind::Department, l.clone()))).collect()
}

/// The analytic account of a customer that is a project.
pub fn project(customer: Option<&QboId>, facts: &Facts) -> Option<Ref> {
    let project = customer.filter(|customer| facts.projects.contains(*customer))?;
    Some(Ref::part(Kind::Customer, project.clone(), "analytic"))
}

/// Lines with bundles replaced by what is in them.
pub fn flat(lines: &[wire::Line]) -> Vec<&wire::Line> {
    lines
        .iter()
        .flat_map(|line| match &line.group_line_detail {
            Some(group) => group.line.iter().collect(),
            None => vec![line],
        })
        .collect()
}
