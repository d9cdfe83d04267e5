//! `encode()`: from raw pixels to a file's bytes.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::picture::Picture;
use crate::scale::scale;
use crate::shot::{Error, Format, Shot, Size};

/// A picture as the bytes of a file.
#[derive(Debug)]
pub struct Encoded {
    /// Its width and height in pixels.
    pub size: Size,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Encoded {
    /// The file as base64 between quotes: a text in JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let mut text = String::with_capacity(self.bytes.len().div_ceil(3) * 4 + 2);
        text.push('"');
        STANDARD.encode_string(&self.bytes, &mut text);
        text.push('"');
        text.into_bytes()
    }
}

/// Encodes what is wanted of a picture, in `most` bytes at most.
pub fn encode(picture: &Picture, shot: &Shot, most: usize) -> Result<Encoded, Error> {
    let part = shot.part(picture.size())?;
    let size = shot.scaled(part.size);
    let pixels = scale(picture, part, size);
    let mut file = Bounded { bytes: Vec::new(), most, is_full: false };
    let written = match shot.format {
        Format::Png => write_png(&mut file, &pixels, size),
        Format::Jpeg(quality) => write_jpeg(&mut file, &pixels, size, quality)?,
    };
    match written {
        _ if file.is_full => Err(Error::TooLarge(most)),
        Ok(()) => Ok(Encoded { size, bytes: file.bytes }),
        Err(reason) => Err(Error::Failed(reason)),
    }
}

fn write_png(file: &mut Bounded, pixels: &[u8], size: Size) -> Result<(), String> {
    let mut encoder = png::Encoder::new(file, size.width, size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())
}

fn write_jpeg(
    file: &mut Bounded,
    pixels: &[u8],
    size: Size,
    quality: u8,
) -> Result<Result<(), String>, Error> {
    let [Ok(width), Ok(height)] = [size.width, size.height].map(u16::try_from) else {
        return Err(Error::TooManyPixels(size));
    };
    let encoder = jpeg_encoder::Encoder::new(file, quality.clamp(1, 100));
    let written = encoder.encode(pixels, width, height, jpeg_encoder::ColorType::Rgb);
    Ok(written.map_err(|error| error.to_string()))
}

/// A file in memory that takes `most` bytes, and fails beyond.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.len() > self.most - self.bytes.len() {
            self.is_full = true;
            return Err(io::Error::other("it has too many bytes"));
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Layout;
    use crate::shot::Rectangle;

    const MOST: usize = 1 << 20;

    /// Red in the left half, blue in the right, a green row at the bottom.
    fn picture(width: u32, height: u32) -> Picture {
        let mut pixels = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let red = x < width / 2;
                let pixel: [u8; 4] = match (y + 1 == height, red) {
                    (true, _) => [0, 255, 0, 77],
                    (_, true) => [0, 0, 255, 77],
                    (_, false) => [255, 0, 0, 77],
                };
                pixels.extend(pixel);
            }
        }
        let size = Size { width, height };
        Picture::new(size, 4 * width as usize, Layout::Bgrx, false, Box::new(pixels)).unwrap()
    }

    fn shot(format: Format) -> Shot {
        Shot { format, rectangle: None, width: None }
    }

    fn read_png(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        (info.width, info.height, pixels)
    }

    #[test]
    fn a_png_is_the_picture_without_loss() {
        let encoded = encode(&picture(64, 48), &shot(Format::Png), MOST).unwrap();
        let (width, height, pixels) = read_png(&encoded.bytes);
        assert_eq!((width, height), (64, 48));
        assert_eq!(encoded.size, Size { width: 64, height: 48 });
        assert_eq!(pixels[..3], [255, 0, 0]);
        assert_eq!(pixels[3 * 63..3 * 64], [0, 0, 255]);
        assert_eq!(pixels[3 * 64 * 47..][..3], [0, 255, 0]);
    }

    #[test]
    fn a_rectangle_is_cut_before_it_is_scaled() {
        let rectangle = Rectangle { x: 32, y: 0, size: Size { width: 32, height: 32 } };
        let shot = Shot { rectangle: Some(rectangle), width: Some(8), format: Format::Png };
        let (width, height, pixels) =
            read_png(&encode(&picture(64, 48), &shot, MOST).unwrap().bytes);
        assert_eq!((width, height), (8, 8));
        assert!(pixels.chunks(3).all(|pixel| pixel == [0, 0, 255]));
    }

    #[test]
    fn a_jpeg_begins_and_ends_as_one_and_quality_costs_bytes() {
        let of = |quality| encode(&picture(64, 48), &shot(Format::Jpeg(quality)), MOST).unwrap();
        let encoded = of(90);
        assert_eq!(encoded.bytes[..3], [0xFF, 0xD8, 0xFF]);
        assert_eq!(encoded.bytes[encoded.bytes.len() - 2..], [0xFF, 0xD9]);
        assert!(of(10).bytes.len() < encoded.bytes.len());
    }

    #[test]
    fn a_file_has_as_many_bytes_as_it_may_have_and_no_more() {
        for format in [Format::Png, Format::Jpeg(90)] {
            let size = encode(&picture(64, 48), &shot(format), MOST).unwrap().bytes.len();
            assert!(encode(&picture(64, 48), &shot(format), size).is_ok());
            let refused = encode(&picture(64, 48), &shot(format), size - 1);
            assert_eq!(refused.unwrap_err(), Error::TooLarge(size - 1));
        }
    }

    #[test]
    fn a_jpeg_has_at_most_65535_columns() {
        let wide = picture(65_536, 1);
        let refused = encode(&wide, &shot(Format::Jpeg(75)), MOST).unwrap_err();
        assert_eq!(refused, Error::TooManyPixels(wide.size()));
        let narrower = Shot { width: Some(100), ..shot(Format::Jpeg(75)) };
        assert!(encode(&wide, &narrower, MOST).is_ok());
        assert!(encode(&wide, &shot(Format::Png), MOST).is_ok());
    }

    #[test]
    fn in_json_it_is_base64() {
        let size = Size { width: 1, height: 1 };
        assert_eq!(Encoded { size, bytes: vec![0, 255, 16, 131] }.to_json(), b"\"AP8Qgw==\"");
    }
}
