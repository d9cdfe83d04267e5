//! Raw pixels, as a framework has them.

use crate::shot::{Error, Size};

/// The bytes of a picture, wherever they are kept.
pub type Pixels = Box<dyn AsRef<[u8]> + Send + Sync>;

/// How the bytes of one pixel lie. What is no colour, `X`, may have any value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Three bytes: red, green, blue.
    Rgb,
    /// Four: red, green, blue, and one that is no colour.
    Rgbx,
    /// Four: blue, green, red, and one that is no colour.
    Bgrx,
}

impl Layout {
    /// The layout of this name, in capitals.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "RGB" => Some(Self::Rgb),
            "RGBX" => Some(Self::Rgbx),
            "BGRX" => Some(Self::Bgrx),
            _ => None,
        }
    }

    pub(crate) fn bytes(self) -> usize {
        if self == Self::Rgb { 3 } else { 4 }
    }

    /// The pixel that these bytes begin with, as red, green, blue.
    pub(crate) fn read(self, bytes: &[u8]) -> [u8; 3] {
        match self {
            Self::Rgb | Self::Rgbx => [bytes[0], bytes[1], bytes[2]],
            Self::Bgrx => [bytes[2], bytes[1], bytes[0]],
        }
    }
}

/// A picture as a game's framework has drawn it.
pub struct Picture {
    size: Size,
    stride: usize,
    layout: Layout,
    is_bottom_up: bool,
    pixels: Pixels,
}

impl Picture {
    /// `stride`: the bytes from one row to the next. `is_bottom_up`: the lowest row comes first.
    ///
    /// It is an error if the pixels are fewer than the size asks for, or if the size is 0.
    pub fn new(
        size: Size,
        stride: usize,
        layout: Layout,
        is_bottom_up: bool,
        pixels: Pixels,
    ) -> Result<Self, Error> {
        let row = (size.width as usize).checked_mul(layout.bytes());
        let rows = (size.height as usize).checked_sub(1).and_then(|rows| rows.checked_mul(stride));
        let needed = rows.zip(row).and_then(|(rows, row)| rows.checked_add(row));
        match (row, needed) {
            (Some(row), Some(needed))
                if row > 0 && row <= stride && needed <= (*pixels).as_ref().len() =>
            {
                Ok(Self { size, stride, layout, is_bottom_up, pixels })
            }
            _ => Err(Error::NoPicture),
        }
    }

    /// Its width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// The bytes of a row, counted from the top.
    pub(crate) fn row(&self, y: u32) -> &[u8] {
        let y = if self.is_bottom_up { self.size.height - 1 - y } else { y };
        let begin = y as usize * self.stride;
        let row = self.size.width as usize * self.layout.bytes();
        &(*self.pixels).as_ref()[begin..begin + row]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, stride: usize, bytes: usize) -> Result<Picture, Error> {
        let size = Size { width, height };
        Picture::new(size, stride, Layout::Bgrx, false, Box::new(vec![0; bytes]))
    }

    #[test]
    fn the_last_row_may_end_without_padding_and_not_before() {
        assert!(picture(2, 3, 10, 28).is_ok());
        assert!(picture(2, 3, 10, 27).is_err());
    }

    #[test]
    fn what_cannot_be_a_picture_is_refused_before_it_is_read() {
        assert!(picture(0, 3, 8, 100).is_err());
        assert!(picture(2, 0, 8, 100).is_err());
        assert!(picture(2, 2, 7, 100).is_err(), "rows overlap");
        assert!(picture(u32::MAX, u32::MAX, usize::MAX, 100).is_err());
    }

    #[test]
    fn rows_are_counted_from_the_top_in_either_order() {
        let pixels = || Box::new((0..12).collect::<Vec<u8>>());
        let size = Size { width: 1, height: 3 };
        let down = Picture::new(size, 4, Layout::Bgrx, false, pixels()).unwrap();
        let up = Picture::new(size, 4, Layout::Bgrx, true, pixels()).unwrap();
        assert_eq!((down.row(0)[0], down.row(2)[0]), (0, 8));
        assert_eq!((up.row(0)[0], up.row(2)[0]), (8, 0));
    }

    #[test]
    fn each_layout_gives_red_green_blue() {
        assert_eq!(Layout::Rgb.read(&[1, 2, 3]), [1, 2, 3]);
        assert_eq!(Layout::Rgbx.read(&[1, 2, 3, 9]), [1, 2, 3]);
        assert_eq!(Layout::Bgrx.read(&[3, 2, 1, 9]), [1, 2, 3]);
        assert_eq!(Layout::named("BGRX"), Some(Layout::Bgrx));
        assert_eq!(Layout::named("bgrx"), None);
    }
}
