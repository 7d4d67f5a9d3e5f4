//! QuickBooks' query language: `select … from … where … orderby … startposition … maxresults …`.

use super::faults::Fault;
use super::words::Words;

/// What a statement asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub select: Select,
    pub entity: String,
    pub conditions: Vec<Condition>,
    pub order: Vec<Order>,
    /// 1-based.
    pub start: usize,
    pub most: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    All,
    Count,
    Columns(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub property: String,
    pub operator: Operator,
    /// One value, but for `IN`.
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    In,
    Less,
    More,
    AtMost,
    AtLeast,
    Like,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub property: String,
    pub descending: bool,
}

/// Rows of a page when nothing is said.
const USUAL_PAGE: usize = 100;
/// Rows of a page at most; more is cut silently.
const LARGEST_PAGE: usize = 1000;

/// Reads a statement. Errors are 4000 for grammar and 4001 for values out of range.
pub fn parse(statement: &str) -> Result<Query, Fault> {
    let mut words = Words::of(statement)?;
    words.keyword("select")?;
    let select = words.select()?;
    words.keyword("from")?;
    let entity = words.name()?;
    let mut query = Query {
        select,
        entity,
        conditions: Vec::new(),
        order: Vec::new(),
        start: 1,
        most: USUAL_PAGE,
    };
    if words.take("where") {
        query.conditions.push(words.condition()?);
        while words.take("and") {
            query.conditions.push(words.condition()?);
        }
    }
    if words.take("orderby") || (words.take("order") && words.keyword("by").map(|()| true)?) {
        query.order = words.order()?;
    }
    loop {
        if words.take("startposition") {
            query.start = words.number()?.max(1);
        } else if words.take("maxresults") {
            query.most = words.number()?;
        } else {
            break;
        }
    }
    if let Some(left) = words.peek() {
        return Err(Fault::query_parser(&format!("Encountered \" {left:?} \" at the end")));
    }
    if query.most == 0 {
        return Err(Fault::query_validation("value 0 is too small. Min allowed value is 1"));
    }
    query.most = query.most.min(LARGEST_PAGE);
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_in_any_case_and_both_spellings_of_order() {
        let query = parse(
            r"Select * FROM Customer where DisplayName = 'Adam\'s \\ Sons' and Active in (true, false)
              AND metadata.lastupdatedtime >= '2026-05-05T03:13:07-07:00' ORDER BY Id desc, Name
              startposition 11 MAXRESULTS 5000",
        );
        let query = query.unwrap();
        assert_eq!(query.entity, "Customer");
        assert_eq!(query.conditions[0].values, [r"Adam's \ Sons"]);
        assert_eq!(query.conditions[1].operator, Operator::In);
        assert_eq!(query.conditions[1].values, ["true", "false"]);
        assert_eq!(query.conditions[2].operator, Operator::AtLeast);
        assert_eq!(query.order.len(), 2);
        assert!(query.order[0].descending && !query.order[1].descending);
        assert_eq!((query.start, query.most), (11, LARGEST_PAGE));
        let spaced = parse("select Id, DisplayName from vendor orderby Id").unwrap();
        assert_eq!(spaced.select, Select::Columns(vec!["Id".into(), "DisplayName".into()]));
        assert_eq!(spaced.most, USUAL_PAGE);
        assert_eq!(parse("select count(*) from bill").unwrap().select, Select::Count);
        assert_eq!(parse("SELECT *, Sku FROM Item").unwrap().select, Select::All);
    }

    #[test]
    fn what_the_grammar_lacks_is_refused_with_its_code() {
        for (statement, code) in [
            ("select * from Invoice where Id = '1' or Id = '2'", "4000"),
            ("select * from Invoice group by Id", "4000"),
            ("select * from Invoice where Id != '1'", "4000"),
            ("select * from Invoice where Name = 'open", "4000"),
            ("update Invoice", "4000"),
            ("select * from Invoice maxresults 0", "4001"),
        ] {
            assert_eq!(parse(statement).unwrap_err().code(), code, "{statement}");
        }
    }
}
