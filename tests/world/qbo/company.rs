//! The company around the records: realm, currency, year, and the two records that may have to be made up.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// `manifest.json` of a company's folder; every field may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Manifest {
    pub realm: Option<String>,
    pub company_name: Option<String>,
    pub home_currency: Option<String>,
    pub country: Option<String>,
    pub currencies: Vec<String>,
    /// 1 to 12.
    pub fiscal_year_start_month: Option<i8>,
    /// The day the books begin.
    pub start: Option<Date>,
    /// The day that counts as today.
    pub end: Option<Date>,
}

/// The company as the simulator knows it once a folder is loaded.
#[derive(Debug, Clone)]
pub struct Company {
    pub realm: String,
    pub name: String,
    pub home: String,
    pub country: String,
    pub fiscal_month: i8,
    /// Whether documents and reports may be in other currencies.
    pub multicurrency: bool,
    pub today: Option<Date>,
    pub start: Option<Date>,
}

/// A realm of 16 digits, the same for the same content.
pub fn derived_realm(content: Sha256) -> String {
    let number =
        content.finalize().iter().take(8).fold(0_u64, |sum, &byte| (sum << 8) | u64::from(byte));
    format!("9{:015}", number % 1_000_000_000_000_000)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The month of a name, 1 to 12.
pub fn month_number(name: &str) -> Option<i8> {
    let place = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    i8::try_from(place + 1).ok()
}

impl Company {
    fn month_name(&self) -> &'static str {
        usize::try_from(self.fiscal_month - 1)
            .ok()
            .and_then(|m| MONTHS.get(m))
            .unwrap_or(&"January")
    }

    /// The first day of the fiscal year that holds `day`.
    pub fn fiscal_start(&self, day: Date) -> Date {
        let year = if day.month() >= self.fiscal_month { day.year() } else { day.year() - 1 };
        Date::new(year, self.fiscal_month, 1).unwrap_or(day)
    }

    /// A `CompanyInfo` for a folder that has none.
    pub fn made_up_info(&self, stamp: &str) -> Value {
        let address = json!({
            "Id": "1", "Line1": "1 Main Street", "City": "Springfield", "PostalCode": "94043",
            "CountrySubDivisionCode": "CA", "Country": self.country,
        });
        let start = self.start.map_or_else(|| "2020-01-01".to_owned(), |start| start.to_string());
        json!({
            "Id": "1", "SyncToken": "4", "domain": "QBO", "sparse": false,
            "CompanyName": self.name, "LegalName": self.name, "CompanyAddr": address,
            "CustomerCommunicationAddr": address, "LegalAddr": address, "Country": self.country,
            "CompanyStartDate": start, "FiscalYearStartMonth": self.month_name(),
            "SupportedLanguages": "en", "Email": {"Address": "books@company.test"},
            "PrimaryPhone": {}, "WebAddr": {},
            "NameValue": [
                {"Name": "NeoEnabled", "Value": "true"},
                {"Name": "IndustryType", "Value": "Landscaping Services"},
                {"Name": "SubscriptionStatus", "Value": "PAID"},
                {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
                {"Name": "PayrollFeature", "Value": "false"},
                {"Name": "DefaultTimeZone", "Value": "America/Los_Angeles"},
            ],
            "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
        })
    }

    /// `Preferences` for a folder that has none; features are on where the data uses them.
    pub fn made_up_preferences(&self, has: &dyn Fn(&str) -> bool, stamp: &str) -> Value {
        json!({
            "Id": "1", "SyncToken": "3", "domain": "QBO", "sparse": false,
            "AccountingInfoPrefs": {
                "FirstMonthOfFiscalYear": self.month_name(), "UseAccountNumbers": false,
                "TaxYearMonth": "January", "ClassTrackingPerTxn": false,
                "ClassTrackingPerTxnLine": has("Class"), "TrackDepartments": has("Department"),
                "DepartmentTerminology": "Location", "CustomerTerminology": "Customers",
            },
            "ProductAndServicesPrefs": {
                "ForSales": true, "ForPurchase": true, "QuantityWithPriceAndRate": true,
                "QuantityOnHand": true,
            },
            "SalesFormsPrefs": {
                "CustomTxnNumbers": false, "AllowDeposit": false, "AllowDiscount": true,
                "AllowEstimates": true, "AllowShipping": false, "IPNSupportEnabled": false,
                "DefaultTerms": {"value": "3"}, "CustomField": [],
            },
            "VendorAndPurchasesPrefs": {
                "TrackingByCustomer": true, "BillableExpenseTracking": true, "POCustomField": [],
            },
            "TimeTrackingPrefs": {
                "UseServices": true, "BillCustomers": true, "ShowBillRateToAll": false,
                "MarkTimeEntriesBillable": true,
            },
            "TaxPrefs": {"UsingSalesTax": has("TaxCode"), "PartnerTaxEnabled": false},
            "CurrencyPrefs": {
                "MultiCurrencyEnabled": self.multicurrency, "HomeCurrency": {"value": self.home},
            },
            "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": false},
            "EmailMessagesPrefs": {}, "OtherPrefs": {"NameValue": []},
            "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
        })
    }
}
