//! The typefaces of the certificate, and how wide their letters are.

use krilla::{
    geom::Point,
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};
use skrifa::{
    FontRef, MetadataProvider,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};

static REGULAR: &[u8] = include_bytes!("../../fonts/OpenSans-Regular.ttf");
static STRONG: &[u8] = include_bytes!("../../fonts/OpenSans-Semibold.ttf");

/// What stands for a letter that the typeface does not have.
const UNKNOWN: char = '?';

/// One weight of the typeface.
pub struct Face {
    font: Font,
    letters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    per_em: f32,
}

/// A text as glyphs, and how wide it is.
pub struct Set {
    glyphs: Vec<KrillaGlyph>,
    text: String,
    pub width: f32,
}

impl Face {
    pub fn regular() -> Result<Self, String> {
        Self::read(REGULAR)
    }

    pub fn strong() -> Result<Self, String> {
        Self::read(STRONG)
    }

    fn read(data: &'static [u8]) -> Result<Self, String> {
        let face = FontRef::new(data).map_err(|error| error.to_string())?;
        let font = Font::new(data.into(), 0).ok_or("the typeface cannot be read")?;
        Ok(Self {
            per_em: font.units_per_em(),
            font,
            letters: face.charmap(),
            widths: face.glyph_metrics(Size::unscaled(), LocationRef::default()),
        })
    }

    /// Sets a text; every letter has its own width only, so that figures stand in columns.
    pub fn set(&self, text: &str, size: f32) -> Set {
        let text: String = text
            .chars()
            .map(|letter| if self.letters.map(letter).is_some() { letter } else { UNKNOWN })
            .collect();
        let mut glyphs = Vec::new();
        let mut width = 0.0;
        for (at, letter) in text.char_indices() {
            let glyph = self.letters.map(letter).unwrap_or_default();
            let advance = self.widths.advance_width(glyph).unwrap_or_default() / self.per_em;
            width += advance * size;
            let range = at..at + letter.len_utf8();
            let glyph = GlyphId::new(glyph.to_u32());
            glyphs.push(KrillaGlyph::new(glyph, advance, 0.0, 0.0, 0.0, range, None));
        }
        Set { glyphs, text, width }
    }

    /// Draws what was set, on the line `y`.
    pub fn draw(&self, surface: &mut Surface<'_>, set: &Set, size: f32, x: f32, y: f32) {
        let at = Point::from_xy(x, y);
        surface.draw_glyphs(at, &set.glyphs, self.font.clone(), &set.text, size, false);
    }

    /// A text in lines no wider than `width`; words that are wider are broken.
    pub fn lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let mut word = word.to_owned();
            let longer = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
            if self.set(&longer, size).width <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            while self.set(&word, size).width > width {
                let mut fits = word.chars().count().max(2) - 1;
                let first = |most: usize| word.chars().take(most).collect::<String>();
                while fits > 1 && self.set(&first(fits), size).width > width {
                    fits -= 1;
                }
                lines.push(first(fits));
                word = word.chars().skip(fits).collect();
            }
            line = word;
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }
}
