//! QuickBooks' query language: `select … from … where … orderby … startposition … maxresults …`.

use super::faults::Fault;

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
    let mut words = Words { tokens: tokens(statement)?, next: 0 };
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

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

fn tokens(statement: &str) -> Result<Vec<Token>, Fault> {
    let mut found = Vec::new();
    let mut chars = statement.chars().peekable();
    while let Some(first) = chars.next() {
        let sign = match first {
            space if space.is_whitespace() => continue,
            '\'' => {
                let mut text = String::new();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some('\\') => text.extend(chars.next()),
                        Some(other) => text.push(other),
                        None => {
                            return Err(Fault::query_parser("Encountered \"<EOF>\" in a string"));
                        }
                    }
                }
                found.push(Token::Text(text));
                continue;
            }
            '<' if chars.next_if_eq(&'=').is_some() => "<=",
            '>' if chars.next_if_eq(&'=').is_some() => ">=",
            '<' => "<",
            '>' => ">",
            '=' => "=",
            '(' => "(",
            ')' => ")",
            ',' => ",",
            '*' => "*",
            word if word.is_alphanumeric() || "._-+:".contains(word) => {
                let mut text = String::from(word);
                while let Some(more) =
                    chars.next_if(|c| c.is_alphanumeric() || "._-+:".contains(*c))
                {
                    text.push(more);
                }
                found.push(Token::Word(text));
                continue;
            }
            other => {
                return Err(Fault::query_parser(&format!("Encountered \" \"{other}\" \"")));
            }
        };
        found.push(Token::Sign(sign));
    }
    Ok(found)
}

struct Words {
    tokens: Vec<Token>,
    next: usize,
}

impl Words {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, keyword: &str) -> bool {
        let hit =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(hit);
        hit
    }

    fn sign(&mut self, sign: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(hit);
        hit
    }

    fn wrong(&self, wanted: &str) -> Fault {
        let seen = self.peek().map_or("<EOF>".to_owned(), |token| format!("{token:?}"));
        Fault::query_parser(&format!("Encountered \" {seen} \" where {wanted} was expected"))
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), Fault> {
        if self.take(keyword) { Ok(()) } else { Err(self.wrong(keyword)) }
    }

    fn name(&mut self) -> Result<String, Fault> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.wrong("a name")),
        }
    }

    fn number(&mut self) -> Result<usize, Fault> {
        let wrong = self.wrong("a number");
        self.name()?.parse().map_err(|_| wrong)
    }

    fn value(&mut self) -> Result<String, Fault> {
        match self.peek() {
            Some(Token::Text(text) | Token::Word(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.wrong("a value")),
        }
    }

    fn select(&mut self) -> Result<Select, Fault> {
        let mut all = false;
        let mut columns = Vec::new();
        loop {
            if self.sign("*") {
                all = true;
            } else if self.take("count") {
                if self.sign("(") && self.sign("*") && self.sign(")") {
                    return Ok(Select::Count);
                }
                return Err(self.wrong("(*)"));
            } else {
                columns.push(self.name()?);
            }
            if !self.sign(",") {
                return Ok(if all { Select::All } else { Select::Columns(columns) });
            }
        }
    }

    fn condition(&mut self) -> Result<Condition, Fault> {
        let property = self.name()?;
        let operator = if self.take("in") {
            Operator::In
        } else if self.take("like") {
            Operator::Like
        } else {
            let signs = [
                ("<=", Operator::AtMost),
                (">=", Operator::AtLeast),
                ("<", Operator::Less),
                (">", Operator::More),
                ("=", Operator::Equal),
            ];
            let hit = signs.into_iter().find(|(sign, _)| self.sign(sign));
            hit.ok_or_else(|| self.wrong("an operator"))?.1
        };
        let mut values = Vec::new();
        if operator == Operator::In {
            if !self.sign("(") {
                return Err(self.wrong("("));
            }
            loop {
                values.push(self.value()?);
                if !self.sign(",") {
                    break;
                }
            }
            if !self.sign(")") {
                return Err(self.wrong(")"));
            }
        } else {
            values.push(self.value()?);
        }
        Ok(Condition { property, operator, values })
    }

    fn order(&mut self) -> Result<Vec<Order>, Fault> {
        let mut order = Vec::new();
        loop {
            let property = self.name()?;
            let descending = self.take("desc");
            if !descending {
                self.take("asc");
            }
            order.push(Order { property, descending });
            if !self.sign(",") {
                return Ok(order);
            }
        }
    }
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
