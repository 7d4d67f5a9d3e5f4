//! The certificate for people: PDF/A-3, with the JSON for programs attached.

use jiff::{Timestamp, tz::TimeZone};
use krilla::{
    Document, SerializeSettings,
    configure::{Archival, ConfigurationBuilder},
    embed::{AssociationKind, EmbeddedFile, MimeType},
    metadata::{DateTime, Metadata},
    page::PageSettings,
    surface::Surface,
};
use q2o_domain::Money;
use serde_json::Value;

use super::{
    Certificate, LeftOut, TrialBalance,
    page::{ACROSS, HEIGHT, Ink, LEFT, Mark, Pages, RIGHT, WIDTH, left, right},
    type_face::Face,
};

/// Rows of one list that are drawn; all of them are in the JSON.
const MOST: usize = 300;

/// What each level compares.
const LEVELS: [(&str, &str); 5] = [
    ("L0", "Number and sum of the records of each kind"),
    ("L1", "Each document: total, tax, open balance, dates, currency"),
    ("L2", "Each transaction: its net amount on each account"),
    ("L3", "Each account in each month"),
    ("L4", "Each account at each month end; trial balances; partners; tax; stock"),
];

/// Draws the certificate. `sealed` is its JSON.
pub fn draw(certificate: &Certificate, sealed: &Value) -> Result<Vec<u8>, String> {
    let (regular, strong) = (Face::regular()?, Face::strong()?);
    let hash = sealed["sha256"].as_str().unwrap_or_default();
    let mut pages = Pages::new(&regular, &strong);
    front(certificate, hash, &mut pages);
    for balance in certificate.trial_balances.iter().rev() {
        trial_balance(balance, certificate, &mut pages);
    }
    differences(certificate, &mut pages);
    completions(certificate, &mut pages);
    left_out("Not moved, deliberately", &certificate.not_moved, &mut pages);
    left_out("Not loaded", &certificate.not_loaded, &mut pages);
    check(certificate, hash, &mut pages);
    write(certificate, sealed, &pages.done, (&regular, &strong))
}

fn front(certificate: &Certificate, hash: &str, pages: &mut Pages<'_>) {
    let (of, job) = (&certificate.circumstances, &certificate.job);
    pages.text("QUICK2ODOO ONLINE", 8.0, true, Ink::Quiet);
    pages.space(6.0);
    pages.text("Certificate of migration", 22.0, true, Ink::Text);
    pages.space(2.0);
    let between = format!("{} from QuickBooks Online into Odoo", of.quickbooks);
    pages.text(&between, 11.0, false, Ink::Quiet);
    pages.space(14.0);
    let different: u64 = certificate.levels.values().map(|level| level.different).sum();
    if certificate.clean {
        pages.rule(1.5, Ink::Good);
        pages.text("CLEAN", 15.0, true, Ink::Good);
        let checked: u64 = certificate.levels.values().map(|level| level.checked).sum();
        let said = format!(
            "{} amounts and facts were compared, and nothing differs. Odoo's books equal \
             QuickBooks' to the cent.",
            grouped(&checked.to_string())
        );
        pages.text(&said, 9.5, false, Ink::Text);
    } else {
        pages.rule(1.5, Ink::Bad);
        pages.text("NOT CLEAN", 15.0, true, Ink::Bad);
        let said = format!(
            "{different} comparisons differ, and {} transactions are unexplained. These books are \
             not proved to be equal. The differences are listed below.",
            certificate.unexplained.len()
        );
        pages.text(&said, 9.5, false, Ink::Text);
    }
    pages.space(10.0);
    pages.pair("From QuickBooks", &format!("{}, company {}", of.quickbooks, of.realm));
    pages.pair(
        "Into Odoo",
        &format!(
            "{}, company {} of database {} at {}, version {}",
            of.odoo_company_name, of.odoo_company, of.odoo_database, of.odoo_url, of.odoo_version
        ),
    );
    pages.pair("History", &format!("{} to {}, plan {:?}", job.cut, job.until, job.plan));
    pages.pair("Currency", of.currency.as_str());
    pages.pair(
        "Migration",
        &format!("{}, started by {} at {}", job.id, job.started_by, at(job.started)),
    );
    pages.pair("Proved", &format!("{} by Quick2Odoo Online {}", at(of.proved), of.software));
    let total = money(certificate.trial_balance_total);
    pages.pair("Trial balance total", &format!("{total} (debits of all running balances)"));
    compared(certificate, pages);
    snapshot(certificate, hash, pages);
}

fn compared(certificate: &Certificate, pages: &mut Pages<'_>) {
    pages.heading("What was compared");
    let columns = [
        left("LEVEL", 42.0),
        left("COMPARES", 262.0),
        right("COMPARED", 60.0),
        right("DIFFERENT", 58.0),
        right("LARGEST", ACROSS - 422.0),
    ];
    pages.head(&columns);
    for (name, what) in LEVELS {
        let Some(level) = certificate.levels.get(name) else { continue };
        let cells = [
            name.to_owned(),
            what.to_owned(),
            grouped(&level.checked.to_string()),
            grouped(&level.different.to_string()),
            money(level.max_abs_difference),
        ];
        let ink = if level.different == 0 { Ink::Text } else { Ink::Bad };
        pages.row(&columns, &cells, false, ink);
    }
    pages.space(4.0);
    let by_documents = &certificate.by_documents;
    let entries: usize = certificate.completion_entries.values().map(|of| of.number).sum();
    pages.text(
        &format!(
            "Before completion, {} of {} transactions of QuickBooks' ledger were posted in full by \
             their documents alone; {entries} were completed from the ledger.",
            grouped(&by_documents.checked.saturating_sub(by_documents.different).to_string()),
            grouped(&by_documents.checked.to_string()),
        ),
        8.5,
        false,
        Ink::Quiet,
    );
    for what in &certificate.not_compared {
        pages.text(&format!("Not compared: {what}"), 8.5, false, Ink::Quiet);
    }
    for group in &certificate.groups {
        let text = format!("One account in Odoo, {}: {}", group.odoo, group.accounts.join("; "));
        pages.text(&text, 8.5, false, Ink::Quiet);
    }
    for foreign in &certificate.foreign {
        let (account, amount) = (&foreign.account, money(foreign.amount));
        let text = format!("Booked by others on {account}, and not compared: {amount}");
        pages.text(&text, 8.5, false, Ink::Quiet);
    }
}

fn snapshot(certificate: &Certificate, hash: &str, pages: &mut Pages<'_>) {
    pages.heading("What it was compared with");
    let snapshot = &certificate.snapshot;
    pages.pair(
        "Snapshot",
        &format!(
            "{} records, {} ledger transactions and {} reports of QuickBooks, read before anything \
             was loaded, at {}",
            snapshot.records,
            snapshot.transactions,
            snapshot.reports,
            at(snapshot.taken)
        ),
    );
    pages.pair("Its SHA-256", &snapshot.sha256);
    pages.pair("This certificate's", hash);
}

fn trial_balance(balance: &TrialBalance, certificate: &Certificate, pages: &mut Pages<'_>) {
    let last = certificate.trial_balances.last().map(|last| last.day) == Some(balance.day);
    let when = if last {
        "Trial balance at the last date"
    } else {
        "Trial balance at the fiscal year's end"
    };
    pages.heading(&format!("{when}, {}", balance.day));
    let said = "QuickBooks' own report beside what Odoo holds; debits are positive, and results \
                from before the fiscal year stand in retained earnings.";
    pages.text(said, 8.5, false, Ink::Quiet);
    let columns = [
        left("ACCOUNT", 46.0),
        left("NAME", 211.0),
        right("QUICKBOOKS", 80.0),
        right("ODOO", 80.0),
        right("DIFFERENCE", ACROSS - 417.0),
    ];
    pages.head(&columns);
    for line in &balance.accounts {
        let cells = [
            line.account.to_string(),
            line.name.clone(),
            money(line.quickbooks),
            money(line.odoo),
            money(line.difference),
        ];
        let ink = if line.difference.is_zero() { Ink::Text } else { Ink::Bad };
        pages.row(&columns, &cells, false, ink);
    }
    let cells = [
        String::new(),
        "Debits".to_owned(),
        money(balance.quickbooks_total),
        money(balance.odoo_total),
        money(balance.odoo_total - balance.quickbooks_total),
    ];
    pages.row(&columns, &cells, true, Ink::Text);
}

fn differences(certificate: &Certificate, pages: &mut Pages<'_>) {
    let all = certificate.unexplained.iter().chain(&certificate.differences);
    let number = all.clone().count();
    if number == 0 {
        return;
    }
    pages.heading("Differences");
    let said = "The first of each level. Where one follows from transactions that differ, these \
                are named.";
    pages.text(said, 8.5, false, Ink::Quiet);
    let columns = [
        left("LEVEL", 34.0),
        left("WHAT", 142.0),
        right("QUICKBOOKS", 74.0),
        right("ODOO", 74.0),
        left("", 10.0),
        left("REASON", 64.0),
        left("BECAUSE OF", ACROSS - 398.0),
    ];
    pages.head(&columns);
    for one in all.take(MOST) {
        let cells = [
            one.level.clone(),
            one.what.clone(),
            one.quickbooks.clone(),
            one.odoo.clone(),
            String::new(),
            one.reason.replace('_', " "),
            one.because_of.join(", "),
        ];
        pages.row(&columns, &cells, false, Ink::Bad);
    }
    more(number, pages);
}

fn completions(certificate: &Certificate, pages: &mut Pages<'_>) {
    if certificate.completion_entries.is_empty() {
        return;
    }
    pages.heading("Completed from QuickBooks' ledger");
    let said = "What QuickBooks' ledger holds and no document says, brought over as entries of \
                exactly its postings.";
    pages.text(said, 8.5, false, Ink::Quiet);
    let columns = [
        left("CLASS", 130.0),
        left("TRANSACTION", 150.0),
        left("DATE", 90.0),
        right("AMOUNT", ACROSS - 370.0),
    ];
    pages.head(&columns);
    for (class, of) in &certificate.completion_entries {
        let number = grouped(&of.number.to_string());
        let cells =
            [class.replace('_', " "), format!("{number} in all"), String::new(), money(of.amount)];
        pages.row(&columns, &cells, true, Ink::Text);
        for entry in of.entries.iter().take(MOST) {
            let within = if entry.in_document { "in the document" } else { "" };
            let cells = [
                within.to_owned(),
                format!("{} {}", entry.txn_type, entry.txn_id),
                entry.date.to_string(),
                money(entry.amount),
            ];
            pages.row(&columns, &cells, false, Ink::Text);
        }
        more(of.number, pages);
    }
}

fn left_out(title: &str, all: &[LeftOut], pages: &mut Pages<'_>) {
    if all.is_empty() {
        return;
    }
    pages.heading(title);
    let columns = [left("RECORD", 130.0), left("WHY", ACROSS - 130.0)];
    pages.head(&columns);
    for one in all.iter().take(MOST) {
        pages.row(&columns, &[one.record.clone(), one.why.clone()], false, Ink::Text);
    }
    more(all.len(), pages);
}

fn more(number: usize, pages: &mut Pages<'_>) {
    if number > MOST {
        let more = format!("and {} more, all of them in the attached JSON", number - MOST);
        pages.text(&more, 8.5, false, Ink::Quiet);
    }
}

fn check(certificate: &Certificate, hash: &str, pages: &mut Pages<'_>) {
    pages.heading("How to check this certificate");
    let file = file_name(certificate);
    for text in [
        format!(
            "The file {file} is attached to this PDF. scripts/check-certificate {file} recomputes \
             its hash, which has to be {hash}, and the sums in it; with an Odoo user's key it reads \
             Odoo's books by itself and compares the trial balances."
        ),
        "The snapshot, as exported by Quick2Odoo Online, has the SHA-256 given on the first page \
         if it is the one that the books were proved against. docs/CERTIFICATE.md says how both \
         are written."
            .to_owned(),
        "The certificate carries no signature: its hash tells whether it was changed only to who \
         got the hash another way."
            .to_owned(),
    ] {
        pages.text(&text, 8.5, false, Ink::Text);
        pages.space(3.0);
    }
}

fn file_name(certificate: &Certificate) -> String {
    format!("certificate-{}.json", certificate.job.id)
}

fn write(
    certificate: &Certificate,
    sealed: &Value,
    pages: &[Vec<Mark>],
    faces: (&Face, &Face),
) -> Result<Vec<u8>, String> {
    let configuration =
        ConfigurationBuilder::new().with_archival_validator(Archival::A3_B).finish();
    let settings = SerializeSettings {
        configuration: configuration.map_err(|error| format!("{error:?}"))?,
        enable_tagging: false,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    let proved = certificate.circumstances.proved;
    let metadata = Metadata::new()
        .title(format!("Certificate of migration, {}", certificate.circumstances.quickbooks))
        .language("en".to_owned())
        .creator("Quick2Odoo Online".to_owned())
        .creation_date(moment(proved));
    document.set_metadata(metadata);
    let json = serde_json::to_vec(sealed).map_err(|error| error.to_string())?;
    document.embed_file(EmbeddedFile {
        path: file_name(certificate),
        mime_type: MimeType::new("application/json"),
        description: Some("The certificate, for programs".to_owned()),
        association_kind: AssociationKind::Alternative,
        data: json.into(),
        modification_date: Some(moment(proved)),
        compress: Some(true),
        location: None,
    });
    let of = pages.len();
    for (at, marks) in pages.iter().enumerate() {
        let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or("a page without a size")?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in marks.iter().chain(&foot(certificate, at + 1, of, faces.0)) {
            draw_mark(mark, &mut surface, faces);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| format!("{error:?}"))
}

fn foot(certificate: &Certificate, page: usize, of: usize, face: &Face) -> [Mark; 3] {
    const SIZE: f32 = 7.5;
    let (y, ink, strong) = (HEIGHT - 34.0, Ink::Quiet, false);
    let verdict = if certificate.clean { "clean" } else { "NOT CLEAN" };
    let text =
        format!("{}, {}: {verdict}", certificate.circumstances.quickbooks, certificate.job.id);
    let page = format!("{page} of {of}");
    let x = RIGHT - face.set(&page, SIZE).width;
    [
        Mark::Rule { x: LEFT, y: HEIGHT - 48.0, width: ACROSS, thick: 0.25, ink: Ink::Rule },
        Mark::Text { text, strong, size: SIZE, ink, x: LEFT, y },
        Mark::Text { text: page, strong, size: SIZE, ink, x, y },
    ]
}

fn draw_mark(mark: &Mark, surface: &mut Surface<'_>, (regular, strong): (&Face, &Face)) {
    match mark {
        Mark::Text { text, strong: heavy, size, ink, x, y } => {
            let face = if *heavy { strong } else { regular };
            surface.set_fill(Some(ink.fill()));
            face.draw(surface, &face.set(text, *size), *size, *x, *y);
        }
        Mark::Rule { ink, .. } => {
            if let Some(path) = mark.path() {
                surface.set_fill(Some(ink.fill()));
                surface.draw_path(&path);
            }
        }
    }
}

/// With its thousands apart: `41,421.60`.
fn money(amount: Money) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    format!("{sign}{}.{cents}", grouped(whole))
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn at(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn moment(of: Timestamp) -> DateTime {
    let of = of.to_zoned(TimeZone::UTC);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    DateTime::new(u16::try_from(of.year()).unwrap_or_default())
        .month(part(of.month()))
        .day(part(of.day()))
        .hour(part(of.hour()))
        .minute(part(of.minute()))
        .second(part(of.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}
