"""Parameters: by name, by type, and never a secret."""

from pathlib import Path

import pytest

from chatlio_helpers.errors import ConfigurationError
from chatlio_helpers.runner import parameters

SPECIMENS = Path(__file__).parent / "specimens"
TYPED = SPECIMENS / "typed_parameters.ipynb"
PLAIN = SPECIMENS / "results_of_two_steps.ipynb"


def test_the_declared_types_are_read_from_the_notebook():
    """The parameters cell says which names there are, and of which type."""
    assert parameters.declared(TYPED) == {"flow": "str", "chats": "int", "share": "float", "live": "bool"}


def test_each_notebook_gets_what_it_declares():
    """A parameter goes to the notebooks that have it, and to no other."""
    assert parameters.for_each({"chats": "3", "platform": "local"}, [TYPED, PLAIN]) == [
        {"chats": 3},
        {"platform": "local"},
    ]


def test_an_unknown_name_is_refused_with_the_nearest_one():
    """papermill only warns of a mistyped name; here the run does not start."""
    with pytest.raises(ConfigurationError, match="named platfrom") as refused:
        parameters.for_each({"platfrom": "live"}, [PLAIN, TYPED])
    assert "platform" in refused.value.cause


@pytest.mark.parametrize("text", ["123e45", "007", "5e10", "1_000", "nan", "None", "True", " x "])
def test_text_stays_text(text):
    """An id made of digits and an e is no number (papermill's own command line makes it one)."""
    assert parameters.typed("flow", text, "str") == text


@pytest.mark.parametrize(
    ("text", "type_name", "value"),
    [("007", "int", 7), ("-3", "int", -3), (".5", "float", 0.5), ("1e3", "float", 1000.0), ("No", "bool", False)],
)
def test_text_becomes_the_declared_type(text, type_name, value):
    """Numbers and words are read as the notebook declares them."""
    found = parameters.typed("name", text, type_name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "type_name"),
    [("1e3", "int"), ("1_000", "int"), ("", "int"), ("nan", "float"), ("infinity", "float"), ("maybe", "bool"),
     (1.5, "int"), (True, "int"), (1, "bool"), (5, "str")],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(value, type_name):
    """What does not have the declared type stops the run, with an example of what would do."""
    with pytest.raises(ConfigurationError, match=f"must be {type_name}"):
        parameters.typed("name", value, type_name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("platform", "eyJhbGciOiJSUzI1NiJ9.eyJpZCI6IjEyMyJ9.c2ln"),
        ("platform", "https://dcs.example/collection/0123456789abcdef0123456789abcdef?x-adobe-flow-id=1"),
        ("platform", "p8e-0123456789abcdef"),
        ("client_secret", "correct horse"),
    ],
    ids=["token", "webhook URL", "client secret", "by its name"],
)
def test_a_secret_is_refused_and_not_repeated(name, value):
    """A parameter is written into the executed notebook, so a secret must not become one; the refusal hides it."""
    assert parameters.looks_secret(name, value)
    with pytest.raises(ConfigurationError) as refused:
        parameters.for_each({name: value}, [PLAIN])
    assert value not in str(refused.value)


def test_paths_and_ids_are_no_secrets():
    """The path of a credential file and the id of a dataflow may be passed."""
    assert not parameters.looks_secret("credentials", "/home/me/aep-credentials.json")
    assert not parameters.looks_secret("flow", "d947e6a9-2cb1-4f60-9d7b-1f2f5b8d8a11")
