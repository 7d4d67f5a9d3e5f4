//! Pages of a document: text, rules and tables from top to bottom, on a page that
//! fits both A4 and Letter, and a new one where one is full.

use krilla::{
    color::rgb,
    geom::{PathBuilder, Rect},
    paint::Fill,
};

use super::type_face::Face;

/// The width of A4 and the height of Letter: what is printed on either is whole.
pub const WIDTH: f32 = 595.0;
pub const HEIGHT: f32 = 792.0;
const MARGIN: f32 = 54.0;
const TOP: f32 = 60.0;
/// Nothing but the foot below.
const BOTTOM: f32 = HEIGHT - 62.0;

pub const LEFT: f32 = MARGIN;
pub const RIGHT: f32 = WIDTH - MARGIN;
pub const ACROSS: f32 = RIGHT - LEFT;

/// Lines stand this many times their letters' size apart.
const LEADING: f32 = 1.4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Text,
    Quiet,
    Good,
    Bad,
    Rule,
}

impl Ink {
    pub fn fill(self) -> Fill {
        let color = match self {
            Self::Text => rgb::Color::new(0x1a, 0x1f, 0x2b),
            Self::Quiet => rgb::Color::new(0x5c, 0x66, 0x75),
            Self::Good => rgb::Color::new(0x1c, 0x6b, 0x45),
            Self::Bad => rgb::Color::new(0xa6, 0x1c, 0x1c),
            Self::Rule => rgb::Color::new(0xc9, 0xce, 0xd6),
        };
        Fill { paint: color.into(), ..Fill::default() }
    }
}

/// Something at its place on a page.
pub enum Mark {
    Text { text: String, strong: bool, size: f32, ink: Ink, x: f32, y: f32 },
    Rule { x: f32, y: f32, width: f32, thick: f32, ink: Ink },
}

impl Mark {
    /// The mark's outline, if it is a rule.
    pub fn path(&self) -> Option<krilla::geom::Path> {
        let Self::Rule { x, y, width, thick, .. } = self else { return None };
        let mut path = PathBuilder::new();
        path.push_rect(Rect::from_xywh(*x, *y, *width, *thick)?);
        path.finish()
    }
}

/// A column of a table: its title, its width, and whether it is set to the right.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    pub width: f32,
    pub right: bool,
}

/// Left and right columns, as tables mostly have them.
pub const fn left(title: &'static str, width: f32) -> Column {
    Column { title, width, right: false }
}

pub const fn right(title: &'static str, width: f32) -> Column {
    Column { title, width, right: true }
}

/// The pages written so far.
pub struct Pages<'a> {
    regular: &'a Face,
    strong: &'a Face,
    pub done: Vec<Vec<Mark>>,
    y: f32,
}

impl<'a> Pages<'a> {
    pub fn new(regular: &'a Face, strong: &'a Face) -> Self {
        Self { regular, strong, done: vec![Vec::new()], y: TOP }
    }

    pub fn new_page(&mut self) {
        self.done.push(Vec::new());
        self.y = TOP;
    }

    pub fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Goes to a new page unless so much fits on this one.
    pub fn keep(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.new_page();
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.done.last_mut() {
            page.push(mark);
        }
    }

    fn face(&self, strong: bool) -> &'a Face {
        if strong { self.strong } else { self.regular }
    }

    /// A paragraph across the page.
    pub fn text(&mut self, text: &str, size: f32, strong: bool, ink: Ink) {
        for line in self.face(strong).lines(text, size, ACROSS) {
            self.keep(size * LEADING);
            self.y += size * LEADING;
            let mark = Mark::Text { text: line, strong, size, ink, x: LEFT, y: self.y };
            self.mark(mark);
        }
    }

    pub fn heading(&mut self, text: &str) {
        self.keep(90.0);
        self.space(18.0);
        self.text(text, 11.5, true, Ink::Text);
        self.space(5.0);
        self.rule(0.8, Ink::Text);
        self.space(2.0);
    }

    pub fn rule(&mut self, thick: f32, ink: Ink) {
        let mark = Mark::Rule { x: LEFT, y: self.y, width: ACROSS, thick, ink };
        self.mark(mark);
        self.y += thick;
    }

    /// A name, and beside it what it stands for.
    pub fn pair(&mut self, name: &str, value: &str) {
        const NAMES: f32 = 128.0;
        const SIZE: f32 = 9.0;
        let lines = self.regular.lines(value, SIZE, ACROSS - NAMES);
        for (at, line) in lines.into_iter().enumerate() {
            self.keep(SIZE * LEADING);
            self.y += SIZE * LEADING;
            let y = self.y;
            if at == 0 {
                let (text, ink) = (name.to_owned(), Ink::Quiet);
                self.mark(Mark::Text { text, strong: false, size: SIZE, ink, x: LEFT, y });
            }
            let (x, ink) = (LEFT + NAMES, Ink::Text);
            self.mark(Mark::Text { text: line, strong: false, size: SIZE, ink, x, y });
        }
        self.space(1.5);
    }

    /// A table's head; it is repeated on each page by [`Pages::row`].
    pub fn head(&mut self, columns: &[Column]) {
        self.keep(40.0);
        self.space(4.0);
        let titles: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
        self.cells(columns, &titles, 7.5, true, Ink::Quiet);
        self.space(3.0);
        self.rule(0.5, Ink::Rule);
    }

    /// A row; cells that are too wide take more lines. Where the page ends, the next
    /// one begins with the head again.
    pub fn row(&mut self, columns: &[Column], cells: &[String], strong: bool, ink: Ink) {
        const SIZE: f32 = 8.0;
        let lines = columns.iter().zip(cells);
        let lines = lines
            .map(|(column, cell)| self.face(strong).lines(cell, SIZE, column.width - 6.0).len());
        let most = u16::try_from(lines.max().unwrap_or(1)).unwrap_or(u16::MAX);
        if self.y + f32::from(most) * SIZE * LEADING + 4.0 > BOTTOM {
            self.new_page();
            self.head(columns);
        }
        self.space(1.5);
        self.cells(columns, cells, SIZE, strong, ink);
        self.space(2.5);
        self.rule(0.25, Ink::Rule);
    }

    fn cells(&mut self, columns: &[Column], cells: &[String], size: f32, strong: bool, ink: Ink) {
        let (face, top) = (self.face(strong), self.y);
        let mut lowest = top;
        let mut x = LEFT;
        for (column, cell) in columns.iter().zip(cells) {
            let mut y = top;
            for line in face.lines(cell, size, column.width - 6.0) {
                y += size * LEADING;
                let width = face.set(&line, size).width;
                let at = if column.right { x + column.width - width } else { x };
                self.mark(Mark::Text { text: line, strong, size, ink, x: at, y });
            }
            lowest = lowest.max(y);
            x += column.width;
        }
        self.y = lowest;
    }
}
