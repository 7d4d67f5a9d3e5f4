//! App settings: what Azure keeps beside the package and hands to host and handler alike.

/// The settings of one host. Names compare without case.
#[derive(Debug, Clone, Default)]
pub struct Settings(pub Vec<(String, String)>);

impl Settings {
    pub fn get(&self, name: &str) -> Option<&str> {
        // The last one wins, as it does in a process's environment.
        self.0.iter().rev().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Replaces `%NAME%`; a name that is not set disappears.
    pub fn expand(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('%') else {
                out.push('%');
                rest = after;
                continue;
            };
            out.push_str(self.get(name).unwrap_or_default());
            rest = tail;
        }
        out + rest
    }

    /// `AzureFunctionsJobHost__a__b` as the path `[a, b]` with its value.
    pub fn host_json_overrides(&self) -> impl Iterator<Item = (Vec<String>, &str)> {
        self.0.iter().filter_map(|(name, value)| {
            let path = name.strip_prefix("AzureFunctionsJobHost__")?;
            Some((path.split("__").map(str::to_owned).collect(), value.as_str()))
        })
    }
}
