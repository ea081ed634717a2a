"""The picture of the journey."""

from chatlio_helpers.events import KINDS
from chatlio_helpers.picture import journey


def test_the_picture_is_a_png_with_words():
    """It is drawn, and its alternative text names every kind."""
    data, metadata = journey()._repr_mimebundle_()
    assert journey().png.startswith(b"\x89PNG")
    assert set(data) == {"image/png", "text/plain"}
    assert all(kind.replace("_", " ") in metadata["image/png"]["alt"] for kind in KINDS)
