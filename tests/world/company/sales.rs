//! Selling: invoices, receipts, credits, payments.

use jiff::Span;
use serde_json::{Value, json};

use super::{
    Business, Feature,
    books::{Credit, Invoice, Receipt, leg, money, reference, share},
    masters::{
        CHECKING, CITY_TAX, COGS, DISCOUNTS, INVENTORY, RECEIVABLE, SHIPPING, STATE_TAX,
        UNDEPOSITED,
    },
};

/// A sale as it happens: lines for the record, legs for the ledger.
#[derive(Default)]
struct Sale {
    lines: Vec<Value>,
    /// Income by account, and whether the record's line names it.
    income: Vec<(String, i64)>,
    subtotal: i64,
    taxable: i64,
    taxes: Vec<(&'static str, &'static str, i64)>,
    /// Cost of the goods that went with it.
    cost: i64,
}

impl Sale {
    fn total(&self) -> i64 {
        self.subtotal + self.taxes.iter().map(|(_, _, cents)| cents).sum::<i64>()
    }

    fn tax_detail(&self, code: &str) -> Value {
        let lines: Vec<Value> = self
            .taxes
            .iter()
            .map(|(rate, _, cents)| {
                json!({
                    "Amount": money(*cents),
                    "DetailType": "TaxLineDetail",
                    "TaxLineDetail": {
                        "TaxRateRef": reference(rate),
                        "PercentBased": true,
                        "NetAmountTaxable": money(self.taxable),
                    },
                })
            })
            .collect();
        let total: i64 = self.taxes.iter().map(|(_, _, cents)| cents).sum();
        if lines.is_empty() {
            return json!({ "TotalTax": 0 });
        }
        json!({ "TxnTaxCodeRef": reference(code), "TotalTax": money(total), "TaxLine": lines })
    }
}

impl Business {
    pub(super) fn a_customer(&mut self) -> String {
        let at = self.rng.usize(0..self.people.customers.len());
        self.people.customers[at].clone()
    }

    fn line(&mut self, sale: &mut Sale, item: &str, account: &str, price: i64, stated: bool) {
        let quantity = self.rng.i64(1..6);
        let taxed = self.rng.bool();
        let mut cents = price * quantity;
        let mut shown: Value = money(price);
        if self.plan.has(Feature::Odd) && self.rng.u8(0..20) == 0 {
            // a price with more decimals than the amount can hold
            shown = serde_json::from_str(&format!("{}.{:02}37", price / 100, price % 100))
                .unwrap_or_default();
            cents = share(price * 10_000 + 37, quantity * 100);
        }
        let mut detail = json!({
            "ItemRef": reference(item),
            "UnitPrice": shown,
            "Qty": quantity,
            "TaxCodeRef": reference(if taxed { "TAX" } else { "NON" }),
        });
        if stated {
            detail["ItemAccountRef"] = reference(account);
        }
        if self.rng.u8(0..4) == 0 {
            detail["ClassRef"] = reference(["1", "2", "3"][self.rng.usize(0..3)]);
        }
        sale.lines.push(json!({
            "Id": (sale.lines.len() + 1).to_string(),
            "Description": format!("Item {item}"),
            "Amount": money(cents),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }));
        sale.subtotal += cents;
        if taxed {
            sale.taxable += cents;
        }
        sale.income.push((account.to_owned(), cents));
        if self.goods.stocked.iter().any(|(id, _, _)| *id == item) {
            sale.cost += self.take_from_stock(item, quantity);
        }
    }

    /// First in, first out; what is not there costs nothing.
    fn take_from_stock(&mut self, item: &str, mut quantity: i64) -> i64 {
        let mut cost = 0;
        for lot in self.lots.get_mut(item).into_iter().flatten() {
            let taken = quantity.min(lot.quantity);
            if lot.quantity > 0 {
                let part =
                    if taken == lot.quantity { lot.cost } else { lot.cost * taken / lot.quantity };
                lot.cost -= part;
                lot.quantity -= taken;
                cost += part;
                quantity -= taken;
            }
        }
        cost
    }

    /// One to four lines, and what may come with them.
    fn sale(&mut self, extras: bool) -> Sale {
        let mut sale = Sale::default();
        for _ in 0..self.rng.usize(1..5) {
            let pick = self.rng.usize(0..8);
            let (item, account, price) = match pick {
                0..=3 => self.goods.services[pick % 3],
                4 | 5 => self.goods.unstocked[pick % 2],
                _ => self.goods.stocked[self.rng.usize(0..3)],
            };
            self.line(&mut sale, item, account, price, true);
        }
        if extras && self.rng.u8(0..12) == 0 {
            self.bundle(&mut sale);
        }
        if extras && self.rng.u8(0..15) == 0 {
            let cents = self.rng.i64(500..2500);
            sale.lines.push(json!({
                "Amount": money(cents),
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": reference("SHIPPING_ITEM_ID"), "ItemAccountRef": reference(SHIPPING),
                },
            }));
            sale.income.push((SHIPPING.to_owned(), cents));
            sale.subtotal += cents;
        }
        if extras && self.rng.u8(0..10) == 0 {
            let cents = share(sale.subtotal, 50_000);
            sale.lines.push(json!({
                "Amount": money(cents),
                "DetailType": "DiscountLineDetail",
                "DiscountLineDetail": {
                    "PercentBased": true, "DiscountPercent": 5, "DiscountAccountRef": reference(DISCOUNTS),
                },
            }));
            sale.income.push((DISCOUNTS.to_owned(), -cents));
            sale.subtotal -= cents;
        }
        if extras && self.rng.u8(0..10) == 0 {
            sale.lines.push(json!({ "Description": "Thank you!", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {} }));
        }
        sale.lines.push(json!({
            "Amount": money(sale.subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {},
        }));
        match self.rng.u8(0..3) {
            0 => sale.taxes = vec![("3", STATE_TAX, share(sale.taxable, 80_000))],
            1 => {
                sale.taxes = vec![
                    ("1", CITY_TAX, share(sale.taxable, 71_000)),
                    ("2", CITY_TAX, share(sale.taxable, 20_000)),
                ];
            }
            _ => {}
        }
        sale.taxes.retain(|(_, _, cents)| *cents != 0);
        sale
    }

    fn bundle(&mut self, sale: &mut Sale) {
        let mut inner = Sale::default();
        self.line(&mut inner, "6", "48", 27500, true);
        self.line(&mut inner, "4", "45", 2500, true);
        sale.lines.push(json!({
            "Amount": money(inner.subtotal),
            "DetailType": "GroupLineDetail",
            "GroupLineDetail": { "GroupItemRef": reference("11"), "Quantity": 1, "Line": inner.lines },
        }));
        sale.subtotal += inner.subtotal;
        sale.taxable += inner.taxable;
        sale.cost += inner.cost;
        sale.income.extend(inner.income);
    }

    /// The document's number: sometimes doubled, sometimes none.
    fn sale_number(&mut self) -> String {
        match self.rng.u8(0..40) {
            0 if self.plan.has(Feature::Odd) => String::new(),
            1 if self.plan.has(Feature::Odd) => "1001".to_owned(),
            _ => self.books.number(),
        }
    }

    /// Income and taxes, credited for a sale and debited for its return.
    fn book_sale(
        &mut self,
        kind: &'static str,
        id: &str,
        number: &str,
        sale: &Sale,
        sign: i64,
        against: (&str, &str),
    ) {
        let mut legs = vec![leg(against.0, sale.total() * sign).customer(against.1)];
        legs.extend(sale.income.iter().map(|(account, cents)| leg(account, -cents * sign)));
        legs.extend(sale.taxes.iter().map(|(_, account, cents)| leg(account, -cents * sign)));
        self.books.post(kind, id, self.today, number, "api", &legs);
        if self.plan.has(Feature::FifoCost) && sale.cost != 0 {
            let legs = [leg(COGS, sale.cost * sign), leg(INVENTORY, -sale.cost * sign)];
            self.books.post(kind, id, self.today, number, "fifo_cogs", &legs);
        }
    }

    fn record(&self, id: &str, number: &str, customer: &str, sale: &Sale) -> Value {
        let code = if sale.taxes.len() == 2 { "3" } else { "2" };
        let mut record = json!({
            "Id": id,
            "TxnDate": self.today.to_string(),
            "CustomerRef": reference(customer),
            "Line": sale.lines,
            "TxnTaxDetail": sale.tax_detail(code),
            "TotalAmt": money(sale.total()),
            "ApplyTaxAfterDiscount": false,
        });
        if !number.is_empty() {
            record["DocNumber"] = json!(number);
        }
        record
    }

    pub(super) fn invoice(&mut self) {
        let (id, number, customer) = (self.books.txn(), self.sale_number(), self.a_customer());
        let sale = self.sale(true);
        let due = self.today.saturating_add(Span::new().days(30));
        let mut record = self.record(&id, &number, &customer, &sale);
        record["DueDate"] = json!(due.to_string());
        record["SalesTermRef"] = reference("3");
        if self.rng.u8(0..5) == 0 {
            record["DepartmentRef"] = reference(["1", "2", "3"][self.rng.usize(0..3)]);
        }
        self.book_sale("Invoice", &id, &number, &sale, 1, (RECEIVABLE, &customer));
        let left = sale.total();
        self.invoices.push(Invoice { id, customer, left, links: Vec::new(), record });
        if self.plan.has(Feature::Odd) && self.rng.u8(0..100) == 0 {
            self.voided_invoice();
        }
    }

    fn voided_invoice(&mut self) {
        let (id, number, customer) = (self.books.txn(), self.books.number(), self.a_customer());
        let record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "CustomerRef": reference(&customer), "PrivateNote": "Voided", "Line": [], "TotalAmt": 0,
        });
        self.invoices.push(Invoice { id, customer, left: 0, links: Vec::new(), record });
    }

    /// An invoice over a charge on a statement: the income line is in the ledger only.
    pub(super) fn statement_charge(&mut self) {
        if !self.plan.has(Feature::StatementCharges) {
            return;
        }
        let (id, number, customer) = (self.books.txn(), self.books.number(), self.a_customer());
        let cents = self.rng.i64(2000..20000);
        let record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "CustomerRef": reference(&customer),
            "Line": [{ "Amount": money(cents), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {} }],
            "TotalAmt": money(cents),
            "DueDate": self.today.to_string(),
        });
        self.books.post(
            "Invoice",
            &id,
            self.today,
            &number,
            "api",
            &[leg(RECEIVABLE, cents).customer(&customer)],
        );
        self.books.post(
            "Invoice",
            &id,
            self.today,
            &number,
            "statement_charge",
            &[leg("45", -cents)],
        );
        self.invoices.push(Invoice { id, customer, left: cents, links: Vec::new(), record });
    }

    pub(super) fn sales_receipt(&mut self) {
        let (id, number, customer) = (self.books.txn(), self.sale_number(), self.a_customer());
        let sale = self.sale(false);
        let to = if self.rng.bool() { UNDEPOSITED } else { CHECKING };
        let mut record = self.record(&id, &number, &customer, &sale);
        record["DepositToAccountRef"] = reference(to);
        record["Balance"] = json!(0);
        self.book_sale("SalesReceipt", &id, &number, &sale, 1, (to, &customer));
        if to == UNDEPOSITED && sale.total() > 0 {
            self.undeposited.push(Receipt {
                id: id.clone(),
                kind: "SalesReceipt",
                cents: sale.total(),
            });
        }
        self.books.add("SalesReceipt", record);
    }

    pub(super) fn refund_receipt(&mut self) {
        let (id, number, customer) = (self.books.txn(), self.books.number(), self.a_customer());
        let mut sale = Sale::default();
        self.line(&mut sale, "4", "45", 2500, true);
        let mut record = self.record(&id, &number, &customer, &sale);
        record["DepositToAccountRef"] = reference(CHECKING);
        self.book_sale("RefundReceipt", &id, &number, &sale, -1, (CHECKING, &customer));
        self.books.add("RefundReceipt", record);
    }

    pub(super) fn credit_memo(&mut self) {
        let (id, number) = (self.books.txn(), self.books.number());
        // for somebody who owes something, so that it can be set against it
        let open: Vec<usize> =
            (0..self.invoices.len()).filter(|at| self.invoices[*at].left > 0).collect();
        let customer = match open.last() {
            Some(at) => self.invoices[*at].customer.clone(),
            None => self.a_customer(),
        };
        let mut sale = Sale::default();
        self.line(&mut sale, "5", "45", 3500, true);
        let record = self.record(&id, &number, &customer, &sale);
        self.book_sale("CreditMemo", &id, &number, &sale, -1, (RECEIVABLE, &customer));
        self.credits.push(Credit { id, of: customer, left: sale.total(), vendor: false, record });
    }

    /// A payment of nothing that sets a credit memo against an invoice.
    pub(super) fn apply_credit(&mut self) {
        let Some(credit) = self.credits.iter().position(|credit| credit.left > 0) else { return };
        let of = self.credits[credit].of.clone();
        let Some(at) = self.invoices.iter().position(|i| i.customer == of && i.left > 0) else {
            return;
        };
        let cents = self.credits[credit].left.min(self.invoices[at].left);
        let id = self.books.txn();
        self.credits[credit].left -= cents;
        self.invoices[at].left -= cents;
        self.invoices[at].links.push((id.clone(), "Payment"));
        let link = |txn: &str, kind: &str| json!({ "Amount": money(cents), "LinkedTxn": [{ "TxnId": txn, "TxnType": kind }] });
        let lines =
            [link(&self.invoices[at].id, "Invoice"), link(&self.credits[credit].id, "CreditMemo")];
        self.books.add(
            "Payment",
            json!({
                "Id": id, "TxnDate": self.today.to_string(), "CustomerRef": reference(&of),
                "TotalAmt": 0, "UnappliedAmt": 0, "Line": lines,
            }),
        );
    }

    /// Pays one to three invoices of a customer, in whole or in part, and
    /// sometimes more than is owed.
    pub(super) fn payment(&mut self) {
        let open: Vec<usize> = (0..self.invoices.len())
            .rev()
            .take(400)
            .filter(|at| self.invoices[*at].left > 0)
            .collect();
        // who owes nothing pays ahead
        let first = (!open.is_empty()).then(|| open[self.rng.usize(0..open.len())]);
        let customer = match first {
            Some(first) => self.invoices[first].customer.clone(),
            None => self.a_customer(),
        };
        let others = open
            .into_iter()
            .filter(|at| Some(*at) != first && self.invoices[*at].customer == customer)
            .take(2);
        let paid: Vec<usize> = first.into_iter().chain(others).collect();
        let id = self.books.txn();
        let (mut lines, mut applied) = (Vec::new(), 0);
        for at in paid {
            let left = self.invoices[at].left;
            let cents = if self.rng.u8(0..6) == 0 { (left / 2).max(1) } else { left };
            self.invoices[at].left -= cents;
            self.invoices[at].links.push((id.clone(), "Payment"));
            applied += cents;
            lines.push(json!({
                "Amount": money(cents),
                "LinkedTxn": [{ "TxnId": self.invoices[at].id, "TxnType": "Invoice" }],
            }));
        }
        let ahead = first.is_none() || self.rng.u8(0..25) == 0;
        let extra = if ahead { self.rng.i64(100..10000) } else { 0 };
        let total = applied + extra;
        let to = if self.rng.u8(0..3) > 0 { UNDEPOSITED } else { CHECKING };
        self.books.post(
            "Payment",
            &id,
            self.today,
            "",
            "api",
            &[leg(to, total).customer(&customer), leg(RECEIVABLE, -total).customer(&customer)],
        );
        if to == UNDEPOSITED {
            self.undeposited.push(Receipt { id: id.clone(), kind: "Payment", cents: total });
        }
        self.books.add(
            "Payment",
            json!({
                "Id": id, "TxnDate": self.today.to_string(), "CustomerRef": reference(&customer),
                "DepositToAccountRef": reference(to), "PaymentMethodRef": reference("2"),
                "TotalAmt": money(total), "UnappliedAmt": money(extra), "Line": lines,
            }),
        );
    }
}
