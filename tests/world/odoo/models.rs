//! The models and fields that an importer meets, as Odoo 18 defines them.

/// A field's type, and the model it points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Flag,
    Whole,
    Number,
    Day,
    Moment,
    Choice(&'static [&'static str]),
    One(&'static str),
    /// Lines: the model, and its field that points back.
    Lines(&'static str, &'static str),
    Many(&'static str),
    Json,
}

pub struct Field {
    pub name: &'static str,
    pub is: Type,
    pub required: bool,
}

use Type::{Choice, Day, Flag, Json, Lines, Many, Moment, Number, One, Text, Whole};

const fn f(name: &'static str, is: Type) -> Field {
    Field { name, is, required: false }
}

const fn must(name: &'static str, is: Type) -> Field {
    Field { name, is, required: true }
}

/// The fields of a model; `None` where no installed application has it.
pub fn fields(model: &str) -> Option<&'static [Field]> {
    Some(match model {
        "res.company" => COMPANY,
        "res.users" => USER,
        "res.users.apikeys" => API_KEY,
        "res.currency" => CURRENCY,
        "res.country" => NAMED_CODE,
        "res.partner" => PARTNER,
        "res.partner.category" | "account.analytic.plan" | "mail.message.subtype" => NAMED,
        "account.account" => ACCOUNT,
        "account.journal" => JOURNAL,
        "account.tax.group" => TAX_GROUP,
        "account.tax" => TAX,
        "account.tax.repartition.line" => REPARTITION,
        "account.payment.term" => TERM,
        "account.payment.term.line" => TERM_LINE,
        "account.analytic.account" => ANALYTIC_ACCOUNT,
        "product.category" => CATEGORY,
        "product.product" => PRODUCT,
        "product.pricelist" => PRICELIST,
        "sale.order" => SALE_ORDER,
        "sale.order.line" => SALE_LINE,
        "purchase.order" => PURCHASE_ORDER,
        "purchase.order.line" => PURCHASE_LINE,
        "project.project" => PROJECT,
        "hr.employee" => EMPLOYEE,
        "account.analytic.line" => ANALYTIC_LINE,
        "stock.picking" => PICKING,
        "res.currency.rate" => RATE,
        "account.move" => MOVE,
        "account.move.line" => LINE,
        "account.partial.reconcile" => PARTIAL,
        "account.full.reconcile" => FULL,
        "ir.attachment" => ATTACHMENT,
        "mail.message" => MESSAGE,
        "ir.model.data" => MODEL_DATA,
        "ir.config_parameter" => PARAMETER,
        "ir.model.fields" => MODEL_FIELDS,
        "decimal.precision" => PRECISION,
        _ => return None,
    })
}

pub fn field(model: &str, name: &str) -> Option<&'static Field> {
    fields(model)?.iter().chain(MAGIC).find(|field| field.name == name)
}

/// What every model has: who made and who changed a record last.
pub const MAGIC: &[Field] = &[
    f("create_uid", One("res.users")),
    f("create_date", Moment),
    f("write_uid", One("res.users")),
    f("write_date", Moment),
    f("display_name", Text),
];

/// The models that have fields pointing at others.
pub const MODELS: [&str; 22] = [
    "res.company",
    "res.partner",
    "account.account",
    "account.journal",
    "account.tax.group",
    "account.tax",
    "account.tax.repartition.line",
    "account.payment.term.line",
    "account.analytic.account",
    "product.product",
    "product.category",
    "account.move",
    "account.move.line",
    "account.partial.reconcile",
    "account.analytic.line",
    "hr.employee",
    "product.pricelist",
    "project.project",
    "purchase.order",
    "purchase.order.line",
    "sale.order",
    "sale.order.line",
];

/// Every field that points at `to`, by model, and whether it points at many.
pub fn pointing(to: &str) -> Vec<(&'static str, &'static Field, bool)> {
    let fields_of = |model: &'static str| fields(model).unwrap_or_default().iter();
    let all = MODELS.iter().flat_map(|model| fields_of(model).map(move |field| (*model, field)));
    all.filter_map(|(model, field)| match field.is {
        Type::One(of) if of == to => Some((model, field, false)),
        Type::Many(of) if of == to => Some((model, field, true)),
        _ => None,
    })
    .collect()
}

/// The application that a model, or a field of one, comes with.
pub fn app(model: &str, field: &str) -> Option<&'static str> {
    match (model, field) {
        ("sale.order" | "sale.order.line", _) => Some("sale"),
        ("purchase.order" | "purchase.order.line", _)
        | ("account.move.line", "purchase_line_id") => Some("purchase"),
        ("stock.picking", _) => Some("stock"),
        ("project.project" | "hr.employee", _)
        | ("account.analytic.line", "project_id" | "employee_id") => Some("hr_timesheet"),
        _ => None,
    }
}

/// Whether records of a model can be archived: searches leave those out.
pub fn archives(model: &str) -> bool {
    field(model, "active").is_some()
}

const NAMED: &[Field] = &[must("name", Text), f("active", Flag)];
const NAMED_CODE: &[Field] = &[must("name", Text), f("code", Text)];
const COMPANY: &[Field] = &[
    must("name", Text),
    must("currency_id", One("res.currency")),
    f("country_id", One("res.country")),
    f("account_fiscal_country_id", One("res.country")),
    f("partner_id", One("res.partner")),
    f("fiscalyear_lock_date", Day),
    f("hard_lock_date", Day),
    f("sale_lock_date", Day),
    f("purchase_lock_date", Day),
    f("tax_lock_date", Day),
    f("check_account_audit_trail", Flag),
];
const USER: &[Field] =
    &[must("login", Text), f("name", Text), f("email", Text), f("company_id", One("res.company"))];
const API_KEY: &[Field] = &[
    must("name", Text),
    must("user_id", One("res.users")),
    f("create_date", Moment),
    f("expiration_date", Moment),
];
const CURRENCY: &[Field] =
    &[must("name", Text), f("symbol", Text), f("active", Flag), f("rounding", Number)];
const PARTNER: &[Field] = &[
    f("name", Text),
    f("active", Flag),
    f("is_company", Flag),
    f("employee", Flag),
    f("type", Choice(&["contact", "invoice", "delivery", "other"])),
    f("parent_id", One("res.partner")),
    f("commercial_partner_id", One("res.partner")),
    f("category_id", Many("res.partner.category")),
    f("email", Text),
    f("phone", Text),
    f("mobile", Text),
    f("website", Text),
    f("comment", Text),
    f("street", Text),
    f("street2", Text),
    f("city", Text),
    f("zip", Text),
    f("country_id", One("res.country")),
    f("ref", Text),
    f("vat", Text),
    f("customer_rank", Whole),
    f("supplier_rank", Whole),
    f("property_account_receivable_id", One("account.account")),
    f("property_account_payable_id", One("account.account")),
    f("property_payment_term_id", One("account.payment.term")),
    f("property_supplier_payment_term_id", One("account.payment.term")),
];
const ACCOUNT_TYPES: &[&str] = &[
    "asset_receivable",
    "asset_cash",
    "asset_current",
    "asset_non_current",
    "asset_prepayments",
    "asset_fixed",
    "liability_payable",
    "liability_credit_card",
    "liability_current",
    "liability_non_current",
    "equity",
    "equity_unaffected",
    "income",
    "income_other",
    "expense",
    "expense_depreciation",
    "expense_direct_cost",
    "off_balance",
];
/// What people see of a choice.
pub fn label(choice: &'static str) -> &'static str {
    let labels = ACCOUNT_TYPES.iter().zip(ACCOUNT_TYPE_LABELS);
    labels.into_iter().find(|(of, _)| **of == choice).map_or(choice, |(_, label)| label)
}

const ACCOUNT_TYPE_LABELS: &[&str] = &[
    "Receivable",
    "Bank and Cash",
    "Current Assets",
    "Non-current Assets",
    "Prepayments",
    "Fixed Assets",
    "Payable",
    "Credit Card",
    "Current Liabilities",
    "Non-current Liabilities",
    "Equity",
    "Current Year Earnings",
    "Income",
    "Other Income",
    "Expenses",
    "Depreciation",
    "Cost of Revenue",
    "Off-Balance Sheet",
];
const ACCOUNT: &[Field] = &[
    must("name", Text),
    must("code", Text),
    must("account_type", Choice(ACCOUNT_TYPES)),
    f("reconcile", Flag),
    f("deprecated", Flag),
    f("currency_id", One("res.currency")),
    f("company_ids", Many("res.company")),
    f("note", Text),
];
const JOURNAL: &[Field] = &[
    must("name", Text),
    must("code", Text),
    must("type", Choice(&["sale", "purchase", "cash", "bank", "credit", "general"])),
    f("active", Flag),
    f("default_account_id", One("account.account")),
    f("suspense_account_id", One("account.account")),
    f("currency_id", One("res.currency")),
    f("company_id", One("res.company")),
    f("show_on_dashboard", Flag),
];
const TAX_GROUP: &[Field] = &[must("name", Text), f("company_id", One("res.company"))];
const TAX: &[Field] = &[
    must("name", Text),
    f("active", Flag),
    must("amount_type", Choice(&["group", "fixed", "percent", "division", "code"])),
    f("amount", Number),
    must("type_tax_use", Choice(&["sale", "purchase", "none"])),
    f("tax_group_id", One("account.tax.group")),
    f("children_tax_ids", Many("account.tax")),
    f("price_include_override", Choice(&["tax_included", "tax_excluded"])),
    f("price_include", Flag),
    f("tax_exigibility", Choice(&["on_invoice", "on_payment"])),
    f("company_id", One("res.company")),
    f("description", Text),
    f("invoice_repartition_line_ids", Lines("account.tax.repartition.line", "invoice_tax")),
    f("refund_repartition_line_ids", Lines("account.tax.repartition.line", "refund_tax")),
];
const REPARTITION: &[Field] = &[
    f("factor_percent", Number),
    f("repartition_type", Choice(&["base", "tax"])),
    f("document_type", Choice(&["invoice", "refund"])),
    f("account_id", One("account.account")),
    f("tax_id", One("account.tax")),
    f("invoice_tax", One("account.tax")),
    f("refund_tax", One("account.tax")),
];
const TERM: &[Field] = &[
    must("name", Text),
    f("active", Flag),
    f("company_id", One("res.company")),
    f("note", Text),
    f("early_discount", Flag),
    f("discount_percentage", Number),
    f("discount_days", Whole),
    f("early_pay_discount_computation", Choice(&["included", "excluded", "mixed"])),
    f("line_ids", Lines("account.payment.term.line", "payment_id")),
];
const TERM_LINE: &[Field] = &[
    f("payment_id", One("account.payment.term")),
    must("value", Choice(&["percent", "fixed"])),
    f("value_amount", Number),
    f(
        "delay_type",
        Choice(&[
            "days_after",
            "days_after_end_of_month",
            "days_after_end_of_next_month",
            "days_end_of_month_on_the",
        ]),
    ),
    f("nb_days", Whole),
    f("days_next_month", Text),
];
const ANALYTIC_ACCOUNT: &[Field] = &[
    must("name", Text),
    f("active", Flag),
    f("code", Text),
    must("plan_id", One("account.analytic.plan")),
    f("partner_id", One("res.partner")),
    f("company_id", One("res.company")),
];
const CATEGORY: &[Field] = &[
    must("name", Text),
    f("parent_id", One("product.category")),
    f("property_cost_method", Choice(&["standard", "fifo", "average"])),
    f("property_valuation", Choice(&["manual_periodic", "real_time"])),
];
const PRODUCT: &[Field] = &[
    must("name", Text),
    f("active", Flag),
    must("type", Choice(&["consu", "service", "combo"])),
    f("is_storable", Flag),
    f("default_code", Text),
    f("barcode", Text),
    f("list_price", Number),
    f("standard_price", Number),
    f("description_sale", Text),
    f("description_purchase", Text),
    f("categ_id", One("product.category")),
    f("taxes_id", Many("account.tax")),
    f("supplier_taxes_id", Many("account.tax")),
    f("property_account_income_id", One("account.account")),
    f("property_account_expense_id", One("account.account")),
];
const PRICELIST: &[Field] =
    &[must("name", Text), f("active", Flag), must("currency_id", One("res.currency"))];
const RATE: &[Field] = &[
    must("name", Day),
    must("currency_id", One("res.currency")),
    f("company_id", One("res.company")),
    f("rate", Number),
    f("inverse_company_rate", Number),
];
const BILLED: Type = Choice(&["upselling", "invoiced", "to invoice", "no"]);
const SALE_ORDER: &[Field] = &[
    must("name", Text),
    must("partner_id", One("res.partner")),
    must("date_order", Moment),
    f("state", Choice(&["draft", "sent", "sale", "cancel"])),
    f("validity_date", Day),
    f("payment_term_id", One("account.payment.term")),
    f("pricelist_id", One("product.pricelist")),
    f("currency_id", One("res.currency")),
    f("company_id", One("res.company")),
    f("user_id", One("res.users")),
    f("origin", Text),
    f("note", Text),
    f("amount_total", Number),
    f("invoice_status", BILLED),
    f("order_line", Lines("sale.order.line", "order_id")),
];
const SALE_LINE: &[Field] = &[
    must("order_id", One("sale.order")),
    must("name", Text),
    f("product_id", One("product.product")),
    f("display_type", Choice(&["line_section", "line_note"])),
    f("product_uom_qty", Number),
    f("price_unit", Number),
    f("price_subtotal", Number),
    f("tax_id", Many("account.tax")),
    f("invoice_lines", Many("account.move.line")),
];
const PURCHASE_ORDER: &[Field] = &[
    must("name", Text),
    must("partner_id", One("res.partner")),
    must("date_order", Moment),
    f("date_approve", Moment),
    f("state", Choice(&["draft", "sent", "to approve", "purchase", "done", "cancel"])),
    f("payment_term_id", One("account.payment.term")),
    f("currency_id", One("res.currency")),
    f("company_id", One("res.company")),
    f("user_id", One("res.users")),
    f("origin", Text),
    f("notes", Text),
    f("amount_total", Number),
    f("invoice_status", BILLED),
    f("order_line", Lines("purchase.order.line", "order_id")),
];
const PURCHASE_LINE: &[Field] = &[
    must("order_id", One("purchase.order")),
    must("name", Text),
    f("product_id", One("product.product")),
    f("display_type", Choice(&["line_section", "line_note"])),
    f("product_qty", Number),
    f("price_unit", Number),
    f("price_subtotal", Number),
    f("taxes_id", Many("account.tax")),
];
const PICKING: &[Field] = &[f("origin", Text), f("company_id", One("res.company"))];
const PROJECT: &[Field] = &[
    must("name", Text),
    f("active", Flag),
    f("partner_id", One("res.partner")),
    f("account_id", One("account.analytic.account")),
    f("allow_timesheets", Flag),
    f("privacy_visibility", Choice(&["followers", "employees", "portal"])),
    f("company_id", One("res.company")),
];
const EMPLOYEE: &[Field] = &[
    must("name", Text),
    f("active", Flag),
    f("work_contact_id", One("res.partner")),
    f("company_id", One("res.company")),
];
const ANALYTIC_LINE: &[Field] = &[
    must("name", Text),
    must("date", Day),
    f("unit_amount", Number),
    f("amount", Number),
    f("account_id", One("account.analytic.account")),
    f("project_id", One("project.project")),
    f("employee_id", One("hr.employee")),
    f("move_line_id", One("account.move.line")),
    f("company_id", One("res.company")),
];
/// Move types.
pub const MOVE_TYPES: &[&str] =
    &["entry", "out_invoice", "out_refund", "in_invoice", "in_refund", "out_receipt", "in_receipt"];
const MOVE: &[Field] = &[
    f("name", Text),
    f("ref", Text),
    f("move_type", Choice(MOVE_TYPES)),
    f("state", Choice(&["draft", "posted", "cancel"])),
    f("date", Day),
    f("invoice_date", Day),
    f("invoice_date_due", Day),
    f("partner_id", One("res.partner")),
    f("commercial_partner_id", One("res.partner")),
    f("journal_id", One("account.journal")),
    f("company_id", One("res.company")),
    f("currency_id", One("res.currency")),
    f("invoice_origin", Text),
    f("payment_reference", Text),
    f("narration", Text),
    f("invoice_payment_term_id", One("account.payment.term")),
    f("line_ids", Lines("account.move.line", "move_id")),
    f("invoice_line_ids", Lines("account.move.line", "move_id")),
    f("amount_total", Number),
    f("amount_untaxed", Number),
    f("amount_tax", Number),
    f("amount_residual", Number),
    f("amount_total_signed", Number),
    f("payment_state", Text),
    f("tax_cash_basis_origin_move_id", One("account.move")),
    f("reversed_entry_id", One("account.move")),
];
const LINE: &[Field] = &[
    f("name", Text),
    f("move_id", One("account.move")),
    f("account_id", One("account.account")),
    f("partner_id", One("res.partner")),
    f("product_id", One("product.product")),
    f(
        "display_type",
        Choice(&[
            "product",
            "tax",
            "payment_term",
            "rounding",
            "line_section",
            "line_note",
            "cogs",
        ]),
    ),
    f("quantity", Number),
    f("price_unit", Number),
    f("price_subtotal", Number),
    f("balance", Number),
    f("debit", Number),
    f("credit", Number),
    f("amount_currency", Number),
    f("currency_id", One("res.currency")),
    f("amount_residual", Number),
    f("amount_residual_currency", Number),
    f("reconciled", Flag),
    f("full_reconcile_id", One("account.full.reconcile")),
    f("date", Day),
    f("date_maturity", Day),
    f("tax_ids", Many("account.tax")),
    f("tax_repartition_line_id", One("account.tax.repartition.line")),
    f("tax_line_id", One("account.tax")),
    f("tax_base_amount", Number),
    f("analytic_distribution", Json),
    f("purchase_line_id", One("purchase.order.line")),
    f("parent_state", Text),
    f("account_type", Text),
    f("move_type", Text),
    f("journal_id", One("account.journal")),
    f("company_id", One("res.company")),
];
const PARTIAL: &[Field] = &[
    must("debit_move_id", One("account.move.line")),
    must("credit_move_id", One("account.move.line")),
    f("amount", Number),
    f("debit_amount_currency", Number),
    f("credit_amount_currency", Number),
    f("full_reconcile_id", One("account.full.reconcile")),
    f("exchange_move_id", One("account.move")),
    f("company_id", One("res.company")),
];
const FULL: &[Field] = &[
    f("reconciled_line_ids", Many("account.move.line")),
    f("partial_reconcile_ids", Many("account.partial.reconcile")),
];
const ATTACHMENT: &[Field] = &[
    must("name", Text),
    f("description", Text),
    f("mimetype", Text),
    f("res_model", Text),
    f("res_id", Whole),
    f("datas", Text),
    f("checksum", Text),
    f("file_size", Whole),
    f("company_id", One("res.company")),
];
const MESSAGE: &[Field] = &[
    f("body", Text),
    f("date", Moment),
    f("model", Text),
    f("res_id", Whole),
    f("message_type", Choice(&["email", "comment", "notification"])),
    f("subtype_id", One("mail.message.subtype")),
];
const MODEL_DATA: &[Field] = &[
    must("module", Text),
    must("name", Text),
    must("model", Text),
    f("res_id", Whole),
    f("noupdate", Flag),
];
const MODEL_FIELDS: &[Field] =
    &[f("model", Text), f("name", Text), f("relation", Text), f("ttype", Text)];
const PARAMETER: &[Field] = &[must("key", Text), f("value", Text)];
const PRECISION: &[Field] = &[must("name", Text), f("digits", Whole)];
