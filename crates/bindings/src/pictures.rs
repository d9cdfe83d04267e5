//! The studio, as Python orders from it.

use std::sync::Arc;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use stagedoor_pictures::{Error, Format, Layout, Picture, Rectangle, Shot, Size};

#[pyclass(frozen, weakref, module = "stagedoor._core")]
pub(crate) struct RawPicture(Arc<Picture>);

#[pymethods]
impl RawPicture {
    #[new]
    #[pyo3(signature = (data, /, *, width, height, stride, layout, bottom_up=false))]
    fn new(
        data: PyBackedBytes,
        width: u32,
        height: u32,
        stride: usize,
        layout: &str,
        bottom_up: bool,
    ) -> PyResult<Self> {
        let layout = Layout::named(layout)
            .ok_or_else(|| PyValueError::new_err(format!("there is no layout {layout}")))?;
        let size = Size { width, height };
        let picture = Picture::new(size, stride, layout, bottom_up, Box::new(data));
        picture.map(|picture| Self(Arc::new(picture))).map_err(|error| told(&error))
    }

    #[getter]
    fn size(&self) -> (u32, u32) {
        let size = self.0.size();
        (size.width, size.height)
    }
}

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Order(Arc<stagedoor_pictures::Order>);

#[pymethods]
impl Order {
    #[getter]
    fn is_done(&self) -> bool {
        self.0.is_done()
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    fn take<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyBytes>, u32, u32, f64)> {
        let taken = self.0.take();
        let (outcome, took) =
            taken.ok_or_else(|| PyRuntimeError::new_err("it is not done, or was taken"))?;
        let encoded = outcome.map_err(|error| told(&error))?;
        let bytes = PyBytes::new(py, &encoded.bytes);
        Ok((bytes, encoded.size.width, encoded.size.height, took.as_secs_f64()))
    }
}

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Studio(stagedoor_pictures::Studio);

#[pymethods]
impl Studio {
    #[new]
    fn new() -> Self {
        Self(stagedoor_pictures::Studio::default())
    }

    #[pyo3(signature = (picture, /, *, quality, rectangle, width, most, as_json))]
    fn order(
        &self,
        picture: &Bound<'_, RawPicture>,
        quality: Option<u8>,
        rectangle: Option<(u32, u32, u32, u32)>,
        width: Option<u32>,
        most: usize,
        as_json: bool,
    ) -> Option<Order> {
        let rectangle = rectangle.map(|(x, y, width, height)| {
            let size = Size { width, height };
            Rectangle { x, y, size }
        });
        let format = quality.map_or(Format::Png, Format::Jpeg);
        let shot = Shot { format, rectangle, width };
        let picture = Arc::clone(&picture.get().0);
        self.0.order(picture, shot, most, as_json).ok().map(Order)
    }

    fn close(&self) {
        self.0.close();
    }
}

/// What the caller has asked for is a `ValueError`, and the rest is not its fault.
fn told(error: &Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::NoPicture | Error::Outside(_) | Error::TooManyPixels(_) | Error::TooLarge(_) => {
            PyValueError::new_err(text)
        }
        Error::Cancelled | Error::Failed(_) => PyRuntimeError::new_err(text),
    }
}
