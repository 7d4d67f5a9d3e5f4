//! The words of a statement: what stands where, and what is wrong with it.

use super::faults::Fault;
use super::query::{Condition, Operator, Order, Select};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
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

/// A statement's tokens, taken one after the other.
pub struct Words {
    tokens: Vec<Token>,
    next: usize,
}

impl Words {
    pub fn of(statement: &str) -> Result<Self, Fault> {
        Ok(Self { tokens: tokens(statement)?, next: 0 })
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    pub fn take(&mut self, keyword: &str) -> bool {
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

    pub fn keyword(&mut self, keyword: &str) -> Result<(), Fault> {
        if self.take(keyword) { Ok(()) } else { Err(self.wrong(keyword)) }
    }

    pub fn name(&mut self) -> Result<String, Fault> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.wrong("a name")),
        }
    }

    pub fn number(&mut self) -> Result<usize, Fault> {
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

    pub fn select(&mut self) -> Result<Select, Fault> {
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

    pub fn condition(&mut self) -> Result<Condition, Fault> {
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

    pub fn order(&mut self) -> Result<Vec<Order>, Fault> {
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
