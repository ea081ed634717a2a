"""The grammar of the Data Prep language, how values are worked out, and how errors are told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlio_helpers.emulator.prep.expressions import (
    EvaluationError,
    ExpressionError,
    MissingAttribute,
    parse,
)
from chatlio_helpers.emulator.prep.paths import parse_path

NOW = datetime(2021, 10, 26, 10, 10, 24, tzinfo=UTC)
PAYLOAD = {
    "visitor": {"email": "ann@example.com", "name": None, "tags": ["a", "b"]},
    "messages": [{"text": "Hi", "by": {"id": 1}}, {"text": "Bye", "by": {"id": 2}}],
    "First Name": "Ann",
    "First.Name": "Bea",
    "new": 7,
    "größe": 3,
    "$total": 5,
    "_x": 6,
    "count": 10,
}


def value(text):
    """What an expression gives for the payload."""
    return parse(text).evaluate(PAYLOAD, NOW)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("visitor.email", "ann@example.com"),
        ("messages[1].text", "Bye"),
        ("messages[*].text", ["Hi", "Bye"]),
        ("messages[*].by.id", [1, 2]),
        ("visitor.tags[0]", "a"),
        ("${First Name}", "Ann"),
        ("${First\\.Name}", "Bea"),
        ("${First.Name}", "Bea"),
        ("First\\.Name", "Bea"),
        ("${visitor}.email", "ann@example.com"),
        ("visitor.${email}", "ann@example.com"),
        ("${new}", 7),
        ("größe", 3),
        ("$total", 5),
        ("_x", 6),
        ("visitor.name", None),
        ("messages[1 - 1].text", "Hi"),
        ('explode("a,b")[1]', "b"),
        ('explode("a,b")[9]', None),
    ],
)
def test_paths(expression, expected):
    """Paths reach names, wrapped names, indexes and elements; also into what a function gives."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 3 - 2", 5),
        ("7 / 2", 3),
        ("-7 div 2", -3),
        ("7 / 2.0", 3.5),
        ("7 mod 4", 3),
        ("-7 % 4", -3),
        ("~44", -45),
        ("-count", -10),
        ("- -1", 1),
        ("1.5e2", 150.0),
        ("!true or true", True),
        ("not (true or true)", False),
        ("true or false and false", True),
        ("1 + 1 == 2 and 3 > 2", True),
        ("1 eq 1.0", True),
        ("1 == true", False),
        ("'a' ne 'b'", True),
        ("count ge 10 && count le 10", True),
        ("count gt 10 || count lt 10", False),
        ("'10' > 9", True),
        ("'a' + 1", "a1"),
        ("false and missing.path", False),
        ("visitor.phone == null", True),
        ("null != visitor.email", True),
        ("visitor.email.equalsIgnoreCase('ANN@example.com')", True),
        ("visitor.get('email')", "ann@example.com"),
        ("visitor.name.equals('x')", False),
        ("[1, 'a', null, [true]]", [1, "a", None, [True]]),
        ("[]", []),
        ("{'a': 1 + 1}", {"a": 2}),
        ("'it\\'s'", "it's"),
        ('"say \\"hi\\"\\n"', 'say "hi"\n'),
        ('"\\u00e9"', "é"),
        ("android", None),
        ("filterArray(messages[*].by.id, id -> id > 1)", [2]),
        ("transformArray(messages, m -> m.text)", ["Hi", "Bye"]),
        ("transformArray([1], x -> x + count)", [11]),
    ],
)
def test_operators_literals_and_methods(expression, expected):
    """Operators bind as documented, in symbols and in words; literals, methods and lambdas give their values."""
    if expression == "android":  # a name that starts like an operator word is a name
        assert str(parse(expression).path) == "android"
        return
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("expression", "position", "words"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("concat(", 8, "ends too early"),
        ("concat('a'", 11, "ends too early"),
        ("concat('a", 8, "never closed"),
        ("1 + * 2", 5, "'*'"),
        ("a ? b : c", 3, "iif"),
        ("new", 1, "${new}"),
        ("a.return", 3, "${return}"),
        ("_errors.x", 1, "reserved"),
        ("foo(1)", 1, "no function foo"),
        ("1 + Concat('a')", 5, "no function Concat"),
        ("lower()", 1, "takes 1 arguments, not 0"),
        ("substr('a', 1)", 1, "takes 3 arguments, not 2"),
        ("date('a', 'b', now(), 1)", 1, "takes 1 to 3"),
        ("visitor.email.length()", 15, "no method length"),
        ("a.equals(1, 2)", 3, "takes one argument"),
        ("explode('a')[*]", 14, "source path"),
        ("2019-10-23T11:24", 11, "T11"),
        ("x -> x", 4, "'>'"),
        ("a" * 4097, 4097, "4096"),
        ("lower(" * 150 + "'a'" + ")" * 150, 301, "100 levels"),
        ("contains_key('a..b')", 3, "not a path"),
    ],
)
def test_errors_have_a_place_and_plain_words(expression, position, words):
    """An expression that cannot be read tells where and why."""
    with pytest.raises(ExpressionError) as caught:
        parse(expression)
    assert caught.value.position == position
    assert words in caught.value.words


CHAINS = {
    "+": ("1" + "+1" * 2047, 2048),
    "text": ('""' + '+"a"' * 1023, "a" * 1023),
    "mixed": ("0" + "+2*3-5" * 682, 682),
    "comparison": ("true" + "==true" * 682, True),
    "and": ("true" + "&&true" * 682, True),
    "or": ("false" + "||false" * 511, False),
    "brackets to the left": ("(" * 1000 + "1" + "+1)" * 900 + ")" * 100, 901),
    "member": ("json_to_object('{}')" + ".a" * 2037, None),
    "index": ("json_to_object('[]')" + "[0]" * 1358, None),
    "method": ("'a'" + ".equals('a')" * 340, False),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_may_be_as_long_as_an_expression(name):
    """A chain of operators or of members is not nested, so that only the documented 4,096 characters bound it."""
    text, expected = CHAINS[name]
    assert len(text) <= 4096
    assert value(text) == expected


@pytest.mark.parametrize("text", [
    "1+(" * 150 + "1" + ")" * 150, "upper(" * 150 + "'a'" + ")" * 150, "[" * 150 + "1" + "]" * 150,
    "!" * 150 + "true", "1" + "+[1" * 150 + "]" * 150,
])  # fmt: skip
def test_what_is_nested_too_deeply_is_refused(text):
    """Brackets and calls within each other are counted, also to the right of an operator."""
    with pytest.raises(ExpressionError, match="nested more than 100 levels"):
        parse(text)


def test_a_chain_stops_as_soon_as_it_knows():
    """In a chain, too, nothing to the right of a decided ``and`` or ``or`` is worked out."""
    assert value("true || 1/0 || 1/0") is True
    assert value("false && 1/0 && 1/0 || true") is True
    assert value("nothing.here == null && true") is True


@pytest.mark.parametrize("text", [
    "1e308*1e308", "1e308+1e308", "-1e308-1e308", "1e308/1e-308", "1/0", "1.0/0", "5.0%0.0", "1e308 mod 1e-300",
    "to_decimal('NaN')", "to_decimal('Infinity')", "to_float('1e999')", "to_bigint('1e999')", "to_decimal('-inf')",
    "json_to_object('1e999')", "json_to_object('[-1e999]')", "json_to_object('{\"a\":NaN}')", "1e308*10 > 1",
    "json_to_object('" + "9" * 500 + "')", "9" * 500, "transformArray([1e308], x -> x * 10)", "1e308*10+'a'",
    "iif(true, 1e308*10, 1)", "[1e308*10]", "{'a': 1e308*10}", "'1e308'*'1e308'", "1" + "*99999999" * 400,
])  # fmt: skip
def test_no_calculation_gives_what_is_no_number(text):
    """NaN, Infinity and numbers of endless digits are no JSON: an expression that would give one has no value."""
    with pytest.raises(EvaluationError):
        value(text)


def test_a_literal_beyond_a_double_is_refused_when_it_is_read():
    """Such a literal could never have a value."""
    with pytest.raises(ExpressionError, match="too large"):
        parse("1 + 1e999")


@pytest.mark.parametrize("expression", ["visitor.phone", "messages[9].text", "lower(nothing)", "a + 1", "missing[*].x"])
def test_missing_attribute_is_its_own_error(expression):
    """A reference to an attribute that the row lacks is told apart from a failing function."""
    with pytest.raises(MissingAttribute):
        value(expression)


@pytest.mark.parametrize("expression", ["1 / 0", "null + 1", "'a' < 1", "visitor > 1", "visitor.tags + 1", "!'maybe'"])
def test_value_that_cannot_be_worked_out(expression):
    """An operator that cannot be applied is an ordinary failure."""
    with pytest.raises(EvaluationError) as caught:
        value(expression)
    assert not isinstance(caught.value, MissingAttribute)


def test_expression_tells_which_paths_it_reads():
    """The source paths are known without running the expression; lambda parameters are not among them."""
    expression = parse("concat(visitor.email, join(',', transformArray(messages[*].text, x -> x.y)))")
    assert [str(path) for path in expression.paths] == ["visitor.email", "messages[*].text"]


@pytest.mark.parametrize("text", ["", ".", "a.", "a..b", "a[", "a[x]", "[0]", "a[99999999]", "a.[0]", "${}", "a b(c"])
def test_bad_paths_are_refused(text):
    """A path with an empty name, an open bracket or an absurd index is refused."""
    with pytest.raises(ExpressionError):
        parse_path(text, wrapped=True)


@given(st.text(max_size=60) | st.text(alphabet="ab.[]()*+-'\"\\${}, 1<>=!~?:", max_size=40) | st.none())
@settings(max_examples=400, deadline=None)
def test_parse_raises_nothing_but_expression_errors(text):
    """Whatever is given to the parser, it answers with an expression or an ExpressionError."""
    try:
        parsed = parse(text).text
    except ExpressionError as problem:
        parsed = text if problem.position >= 1 and problem.words else "an error without a place or words"
    assert parsed == text


_LEAVES = st.sampled_from(["visitor", "visitor.email", "count", "1", "0", "2.5", "null", "true", "'x'", "[1]", "nope"])


def _grown(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: f"({p[0]} + {p[1]})"),
        pairs.map(lambda p: f"({p[0]} / {p[1]})"),
        pairs.map(lambda p: f"({p[0]} < {p[1]})"),
        pairs.map(lambda p: f"({p[0]} and {p[1]})"),
        pairs.map(lambda p: f"concat({p[0]}, {p[1]})"),
        pairs.map(lambda p: f"coalesce({p[0]}, {p[1]})"),
        pairs.map(lambda p: f"lpad({p[0]}, {p[1]}, 'x')"),
        pairs.map(lambda p: f"{{'a': {p[0]}}}.get({p[1]})"),
        inner.map(lambda one: f"date({one})"),
        inner.map(lambda one: f"size_of({one})"),
        inner.map(lambda one: f"json_to_object({one})"),
        inner.map(lambda one: f"~({one})"),
    )


@given(st.recursive(_LEAVES, _grown, max_leaves=8))
@settings(max_examples=300, deadline=None)
def test_evaluating_raises_nothing_but_evaluation_errors(text):
    """Well-formed expressions of any shape give a value or an EvaluationError."""
    expression = parse(text)
    try:
        expression.evaluate(PAYLOAD, NOW)
        words = "a value"
    except EvaluationError as problem:
        words = str(problem)
    assert words
