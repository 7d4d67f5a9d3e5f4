//! Account → `account.account`, and an `account.journal` for banks and cards.

use q2o_domain::{
    AccountFacts, Books, Draft, Entity, Facts, Field, Kind, MapError, Mapped, QboId, Ref,
};
use serde::Deserialize;

use super::{
    account_types::{OTHER_EXPENSE, account_type, code_prefix, journal_type, reconciled},
    wire::Reference,
};

pub struct Account;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    name: String,
    fully_qualified_name: Option<String>,
    acct_num: Option<String>,
    account_type: String,
    #[serde(default)]
    account_sub_type: String,
    currency_ref: Option<Reference>,
    active: Option<bool>,
}

impl Entity for Account {
    const KIND: Kind = Kind::Account;
    const MODEL: &'static str = "account.account";
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    const KEY: Option<(&'static str, &'static str)> = Some(("code", "account_type"));
    type Source = Source;

    fn inform(account: &Source, facts: &mut Facts) {
        facts.accounts.insert(
            account.id.clone(),
            AccountFacts {
                name: account.name.clone(),
                full_name: full_name(account).to_owned(),
                number: account.acct_num.clone(),
                account_type: account.account_type.clone(),
                sub_type: account.account_sub_type.clone(),
                currency: account.currency_ref.as_ref().map(|r| r.value.as_str().into()),
                active: account.active.unwrap_or(true),
            },
        );
    }

    fn map(account: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let (of, sub_type) = (account.account_type.as_str(), account.account_sub_type.as_str());
        let proposed = account_type(of, sub_type).ok_or_else(|| {
            MapError::NotMoved(format!("Accounts of type {of} post nothing in QuickBooks."))
        })?;
        let odoo_type = match proposed.odoo {
            other if other == OTHER_EXPENSE[0] => Field::Choice(OTHER_EXPENSE),
            one => one.into(),
        };
        let name = shown_name(account, books.facts);
        let main = Draft::new(
            Self::MODEL,
            [
                ("name", name.as_str().into()),
                ("code", code(account, books.facts).into()),
                ("account_type", odoo_type),
                ("reconcile", reconciled(of, sub_type).into()),
            ],
        );
        let mut mapped = Mapped::from(main);
        if let Some(journal) = journal_type(of, sub_type) {
            let fields = [
                ("name", name.into()),
                ("type", Field::Choice(journal)),
                ("code", journal_code(&account.id).into()),
                ("default_account_id", Field::Ref(Ref::new(Kind::Account, account.id.clone()))),
            ];
            mapped.drafts.push(Draft::new("account.journal", fields).as_part("journal"));
        }
        Ok(mapped)
    }
}

fn full_name(account: &Source) -> &str {
    account.fully_qualified_name.as_deref().unwrap_or(&account.name)
}

/// The account's own name where no other has it, else with the names above it.
fn shown_name(account: &Source, facts: &Facts) -> String {
    let shared = facts.accounts.values().filter(|other| other.name == account.name).count() > 1;
    if shared { full_name(account).to_owned() } else { account.name.clone() }
}

/// The user's number where Odoo takes it and no other account has it, else one
/// made of type and id.
fn code(account: &Source, facts: &Facts) -> String {
    let own = account.acct_num.as_deref().filter(|number| {
        (1..=64).contains(&number.len())
            && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
            && facts.accounts.values().filter(|a| a.number.as_deref() == Some(number)).count() <= 1
    });
    own.map_or_else(
        || format!("{}{:0>6}", code_prefix(&account.account_type), account.id.as_str()),
        str::to_owned,
    )
}

/// Five characters at most: `Q` and the id in base 36, or the id's last digits so written.
fn journal_code(id: &QboId) -> String {
    let digits: String = id.0.chars().filter(char::is_ascii_digit).collect();
    let mut number: u64 = digits.parse::<u64>().unwrap_or_default() % 36u64.pow(4);
    let mut code = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        code.push(char::from_digit(digit, 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
        if number == 0 {
            break;
        }
    }
    code.push('Q');
    code.iter().rev().collect()
}
