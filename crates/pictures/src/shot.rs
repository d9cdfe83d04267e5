//! What is wanted of a picture: `Shot`.

use std::fmt;

/// Width and height, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// A part of a picture, in pixels from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// The first column.
    pub x: u32,
    /// The first row.
    pub y: u32,
    /// How many columns, and rows.
    pub size: Size,
}

/// How a picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Without loss.
    Png,
    /// With a quality from 1 to 100.
    Jpeg(u8),
}

/// What is wanted of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shot {
    /// How it is encoded.
    pub format: Format,
    /// The part that is wanted: what of it lies in the picture. `None`: all.
    pub rectangle: Option<Rectangle>,
    /// It is scaled down to this width, and not up. `None`: as it is.
    pub width: Option<u32>,
}

/// Why there is no encoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The size and the bytes do not make a picture.
    NoPicture,
    /// The rectangle lies outside of a picture of this size.
    Outside(Size),
    /// The format takes no picture as large as this.
    TooManyPixels(Size),
    /// It would have more bytes than this.
    TooLarge(usize),
    /// Nobody waits for it any more.
    Cancelled,
    /// The encoder failed.
    Failed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPicture => f.write_str("the size and the bytes do not make a picture"),
            Self::Outside(Size { width, height }) => {
                write!(f, "the rectangle lies outside of the picture, which is {width} x {height}")
            }
            Self::TooManyPixels(Size { width, height }) => {
                write!(f, "the format takes no picture of {width} x {height}: ask for a width")
            }
            Self::TooLarge(most) => write!(
                f,
                "the picture has more than {most} bytes: ask for a smaller width, a rectangle, or \
                 jpeg"
            ),
            Self::Cancelled => f.write_str("nobody waits for the picture any more"),
            Self::Failed(reason) => write!(f, "the picture could not be encoded: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl Shot {
    /// The part of a picture of this size that is wanted.
    pub(crate) fn part(&self, of: Size) -> Result<Rectangle, Error> {
        let Some(Rectangle { x, y, size }) = self.rectangle else {
            return Ok(Rectangle { x: 0, y: 0, size: of });
        };
        let width = size.width.min(of.width.saturating_sub(x));
        let height = size.height.min(of.height.saturating_sub(y));
        if width == 0 || height == 0 {
            return Err(Error::Outside(of));
        }
        Ok(Rectangle { x, y, size: Size { width, height } })
    }

    /// The size of a part of this size, once it is scaled.
    pub(crate) fn scaled(&self, part: Size) -> Size {
        match self.width {
            Some(width) if width < part.width => {
                let width = width.max(1);
                let (all, wanted) = (u64::from(part.width), u64::from(width));
                let height = (u64::from(part.height) * wanted + all / 2) / all;
                let height = u32::try_from(height).unwrap_or(part.height);
                Size { width, height: height.max(1) }
            }
            _ => part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Size = Size { width: 1280, height: 720 };

    fn shot(rectangle: Option<[u32; 4]>, width: Option<u32>) -> Shot {
        let rectangle = rectangle.map(|[x, y, width, height]| {
            let size = Size { width, height };
            Rectangle { x, y, size }
        });
        Shot { format: Format::Png, rectangle, width }
    }

    #[test]
    fn of_a_rectangle_there_is_what_lies_in_the_picture() {
        let part = |rectangle| shot(Some(rectangle), None).part(ALL);
        let size = |width, height| Size { width, height };
        assert_eq!(shot(None, None).part(ALL).unwrap().size, ALL);
        assert_eq!(part([10, 20, 30, 40]).unwrap().size, size(30, 40));
        assert_eq!(part([1270, 700, 30, 40]).unwrap().size, size(10, 20));
        assert_eq!(part([0, 0, u32::MAX, u32::MAX]).unwrap().size, ALL);
        assert_eq!(part([1280, 0, 1, 1]), Err(Error::Outside(ALL)));
        assert_eq!(part([0, 720, 1, 1]), Err(Error::Outside(ALL)));
        assert_eq!(part([u32::MAX, 0, u32::MAX, 1]), Err(Error::Outside(ALL)));
        assert_eq!(part([5, 5, 0, 5]), Err(Error::Outside(ALL)));
    }

    #[test]
    fn the_height_follows_the_width_and_nothing_grows() {
        let scaled = |width, part| {
            let size = shot(None, Some(width)).scaled(part);
            (size.width, size.height)
        };
        assert_eq!(scaled(640, ALL), (640, 360));
        assert_eq!(scaled(333, ALL), (333, 187));
        assert_eq!(scaled(5000, ALL), (1280, 720));
        assert_eq!(scaled(1, Size { width: 4000, height: 1 }), (1, 1));
        assert_eq!(scaled(0, ALL), (1, 1));
        let tall = Size { width: 2, height: u32::MAX };
        assert_eq!(scaled(1, tall), (1, u32::MAX / 2 + 1));
    }
}
