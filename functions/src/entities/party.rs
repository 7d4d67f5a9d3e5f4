//! What customers, vendors and employees have in common as `res.partner`.

use q2o_domain::{Draft, Field, Fields, Kind, QboId};
use serde::Deserialize;

use super::wire::{Address, Email, Phone, WebAddress, text};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Party {
    pub display_name: String,
    pub company_name: Option<String>,
    #[serde(alias = "BillAddr")]
    pub primary_addr: Option<Address>,
    pub primary_email_addr: Option<Email>,
    pub primary_phone: Option<Phone>,
    pub mobile: Option<Phone>,
    pub web_addr: Option<WebAddress>,
    pub notes: Option<String>,
    pub active: Option<bool>,
}

impl Party {
    /// The one of Odoo's employees that this person is, for timesheets.
    pub fn employee(&self, kind: Kind, id: &QboId) -> Draft {
        let fields = [
            ("name", Field::Text(self.display_name.clone())),
            ("work_contact_id", Field::to(kind, id)),
        ];
        // those who left stay active: Odoo takes no time of archived people
        Draft::new("hr.employee", fields).as_part("employee")
    }

    /// As partner fields. Odoo 19 has one phone field only, so a mobile number
    /// is used where there is no other.
    pub fn fields(&self) -> Fields {
        let phone = self.primary_phone.as_ref().or(self.mobile.as_ref());
        let mut fields = Fields::from([
            ("name", Field::Text(self.display_name.clone())),
            ("email", self.primary_email_addr.as_ref().and_then(|e| e.address.clone()).into()),
            ("phone", phone.and_then(|p| p.free_form_number.clone()).into()),
            ("website", self.web_addr.as_ref().and_then(|w| w.uri.clone()).into()),
            ("comment", text(self.notes.clone().unwrap_or_default())),
            // inactive ones keep their history, and Odoo lets archived partners have some
            ("active", self.active.unwrap_or(true).into()),
        ]);
        if let Some(address) = &self.primary_addr {
            fields.extend(address.fields());
        }
        fields
    }
}
