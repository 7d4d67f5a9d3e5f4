//! How large a company to make up, as asked for on the command line.

use clap::Args;

use super::{Feature, Plan};

#[derive(Debug, Clone, Args)]
pub struct Size {
    /// Size of the made-up company, in transactions.
    #[arg(long)]
    documents: Option<usize>,
    /// A made-up company with as many records as a real one had: 17,940 invoices,
    /// 16,863 payments, 5,313 journal entries, 2,338 bills, 1,166 vendors.
    #[arg(long, conflicts_with = "documents")]
    like_a_real_one: bool,
    /// With everything that makes books hard: other currencies and their revaluation, VAT,
    /// several control accounts, classes and locations, another fiscal year, and more.
    #[arg(long)]
    everything: bool,
}

impl Size {
    /// `usual` transactions, if nothing else was asked for.
    pub fn plan(&self, usual: usize) -> Plan {
        let plan = if self.like_a_real_one {
            Plan::like_a_real_one()
        } else {
            Plan::sized(self.documents.unwrap_or(usual))
        };
        if self.everything {
            return Plan { features: Feature::ALL.into(), ..plan };
        }
        plan
    }
}
