//! ASP.NET route templates, as far as functions use them.

use std::borrow::Cow;

/// A route: literals, `{name}`, an optional `{name?}` at the end, or a `{*rest}` there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// In lower case: literals match without case.
    Literal(String),
    /// Text before, text after, in lower case.
    Parameter(String, String),
    Optional,
    CatchAll,
}

impl Template {
    /// Errors say what is not imitated.
    pub fn parse(prefix: &str, route: &str) -> Result<Self, String> {
        let whole = format!("{}/{}", prefix.trim_matches('/'), route.trim_start_matches('/'));
        let segments = whole.split('/').filter(|s| !s.is_empty()).map(segment);
        let segments = segments.collect::<Result<Vec<_>, _>>()?;
        let inner = segments.iter().rev().skip(1);
        if inner.into_iter().any(|s| matches!(s, Segment::Optional | Segment::CatchAll)) {
            return Err(format!("{route:?}: only the last segment may be optional or catch all"));
        }
        Ok(Self(segments))
    }

    /// Whether the path, still percent-encoded, is one of this route.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        // One slash at the end makes no difference.
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut given = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        for (i, segment) in self.0.iter().enumerate() {
            if *segment == Segment::CatchAll {
                return true;
            }
            match given.get(i) {
                Some(text) if segment.matches(&decoded(text)) => {}
                None if *segment == Segment::Optional => {}
                _ => return false,
            }
        }
        given.drain(..self.0.len().min(given.len()));
        given.is_empty()
    }

    /// Whether both match the same paths, whatever their parameters are called.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Segment {
    fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        match self {
            Self::Literal(literal) => text == *literal,
            Self::Parameter(before, after) => {
                text.len() > before.len() + after.len()
                    && text.starts_with(before)
                    && text.ends_with(after)
            }
            Self::Optional => !text.is_empty(),
            Self::CatchAll => true,
        }
    }
}

fn segment(text: &str) -> Result<Segment, String> {
    let Some((before, rest)) = text.split_once('{') else {
        return Ok(Segment::Literal(text.to_lowercase()));
    };
    let (name, after) = rest.split_once('}').ok_or_else(|| format!("{text:?}: a brace is open"))?;
    if name.contains([':', '=']) || after.contains('{') {
        return Err(format!("{text:?}: constraints and defaults are not imitated"));
    }
    let alone = before.is_empty() && after.is_empty();
    match (name.starts_with('*'), name.ends_with('?')) {
        (true, _) if alone => Ok(Segment::CatchAll),
        (_, true) if alone => Ok(Segment::Optional),
        (false, false) => Ok(Segment::Parameter(before.to_lowercase(), after.to_lowercase())),
        _ => Err(format!("{text:?}: such a parameter fills its segment")),
    }
}

/// Percent-decoded, but for an encoded slash, which stays part of its segment.
pub fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = text.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|b| *b != b'/') {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_as_aspnet_does() {
        for (route, path, expected) in [
            ("api/jobs/{id}", "/API/Jobs/7", true),
            ("api/jobs/{id}", "/api/jobs/7/", true),
            ("api/jobs/{id}", "/api/jobs", false),
            ("api/jobs/{id}", "/api/jobs/a%2Fb", true),
            ("api/jobs/{id}", "/api/jobs/a/b", false),
            ("qbd/webconnector.qwc", "/qbd/webconnector%2Eqwc", true),
            ("reports/{name}.csv", "/reports/june.csv", true),
            ("reports/{name}.csv", "/reports/.csv", false),
            ("pages/{id?}", "/pages", true),
            ("/", "/", true),
            ("/", "/x", false),
            ("{*path}", "/", true),
            ("{*path}", "/a//b", true),
            ("a/b", "/a//b", false),
        ] {
            let template = Template::parse("", route).unwrap();
            assert_eq!(template.matches(path), expected, "{route} {path}");
        }
        assert!(Template::parse("api", "x").unwrap().matches("/api/x"));
        assert!(Template::parse("", "{id:int}").is_err());
    }
}
