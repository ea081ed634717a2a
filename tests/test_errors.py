"""The error tree: drawn as it is, each error with its exit code."""

import inspect
import pickle

from chatlio_helpers import errors


def test_the_drawing_shows_every_class_with_its_exit_code():
    """The tree in the module's docstring is the tree in the code."""
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        words = line.replace("+", " ").replace("-", " ").split()
        if len(words) > 1 and hasattr(errors, words[0]):
            drawn[words[0]] = next(int(word) for word in words[1:] if word.isdigit())
    defined = {
        name: cls.exit_code
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, errors.KitError)
    }
    assert drawn == defined


def test_an_error_survives_pickling_with_its_words():
    """Errors cross process borders whole."""
    error = errors.NotFound("gone", cause="deleted", next_step="look", status=404)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert str(again) == str(error)


def test_errors_hide_secrets():
    """No error text holds a webhook URL."""
    error = errors.Rejected("posting to https://x/collection/" + "ab" * 32 + "?x-adobe-flow-id=1 failed")
    assert "abab" not in str(error)
    assert "abab" not in repr(error)
