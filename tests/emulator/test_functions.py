"""Every documented function, held against the sample that Adobe's functions page prints for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from chatlio_helpers.emulator.prep.conversion import plain
from chatlio_helpers.emulator.prep.expressions import FUNCTIONS, OPERATORS, EvaluationError, MissingAttribute, parse
from chatlio_helpers.emulator.prep.functions import catalogue

NOW = datetime(2021, 10, 26, 10, 10, 24, tzinfo=UTC)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) "
    "Version/5.1 Mobile/9B206 Safari/7534.48.3"
)

# Printed samples that are wrong in themselves; what the local platform does instead is tested further down.
MISPRINTS = {
    'explode("Hi, there!", " ")': "the page drops the exclamation mark of its own input",
    'format(2019-10-23T11:24:00+00:00, "yyyy-MM-dd HH:mm:ss")': "no quotes, and prints second 35 of a date at second 0",
    'set_date_part("m", 4, date("2016-11-09T11:44:44.797"))': "the printed result loses the milliseconds",
    'make_date_time(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")': "prints the local time followed by Z",
    "zone_date_to_zone": "the row shows zone_date_to_utc",
    "json_to_object": "the row has no quotes around the JSON text",
    "equalsIgnoreCase": "the row lacks a closing quote",
    'to_float("12.3456")': "prints 12.34566, which is not the nearest 32-bit number either",
    "get_values": "the row escapes its quotes twice",
    "arrays_to_object": "the row says that it needs a sample",
    'fpid_to_ecid("4ed70bee-b654-420a-a3fd-b58b6b65e991")': "the way from a device id to the digits is not published",
}

SAMPLES = [
    ('concat("Hi, ", "there", "!")', "Hi, there!"),
    ('instr("adobe.com", "com")', 6),
    ('replacestr("This is a string re test", "re", "replace")', "This is a string replace test"),
    ('substr("This is a substring test", 7, 8)', " a subst"),
    ('lower("HeLLo")', "hello"),
    ('lcase("HeLLo")', "hello"),
    ('upper("HeLLo")', "HELLO"),
    ('ucase("HeLLo")', "HELLO"),
    ('split("Hello world", " ")', ["Hello", "world"]),
    ('join(" ", to_array(true, "Hello", "world"))', "Hello world"),
    ('lpad("bat", 8, "yz")', "yzyzybat"),
    ('rpad("bat", 8, "yz")', "batyzyzy"),
    ('left("abcde", 2)', "ab"),
    ('right("abcde", 2)', "de"),
    ('ltrim(" hello")', "hello"),
    ('rtrim("hello ")', "hello"),
    ('trim(" hello ")', "hello"),
    ('"string1".equals("STRING1")', False),
    ('"string1".equalsIgnoreCase("STRING1")', True),
    ('extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', ["E259,E259B_009,1_1", "E259", "1_1"]),
    ('matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', True),
    ('sha1("my text", "UTF-8")', "c3599c11e47719df18a2448690840c5dfcce3c80"),
    ('sha256("my text", "UTF-8")', "7330d2b39ca35eaf4cb95fc846c21ee6a39af698154a83a586ee270a0d372104"),
    (
        'sha512("my text", "UTF-8")',
        "a3d7e45a0d9be5fd4e4b9a3b8c9c2163c21ef708bf11b4232bb21d2a8704ada2"
        "cdcd7b367dd0788a89a5c908cfe377aceb1072a7b386b7d4fd2ff68a8fd24d16",
    ),
    ('md5("my text", "UTF-8")', "d3b96ce8c9fb4e9bd0198d03ba6852c7"),
    ('crc32("my text", "UTF-8")', "8df92e80"),
    ('get_url_protocol("https://platform.adobe.com/home")', "https"),
    ('get_url_host("https://platform.adobe.com/home")', "platform.adobe.com"),
    ('get_url_port("sftp://example.com//home/joe/employee.csv")', 22),
    ('get_url_path("sftp://example.com//home/joe/employee.csv")', "//home/joe/employee.csv"),
    (
        'get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "retain")',
        {"name": "ferret#nose"},
    ),
    ('get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "remove")', {"name": "ferret"}),
    (
        'get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "append")',
        {"name": "ferret", "_anchor_": "nose"},
    ),
    ("now()", "2021-10-26T10:10:24Z"),
    ("timestamp()", 1635243024000),
    ("dformat(1571829875000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")", "2019-10-23T11:24:35.000Z"),
    ('date("2019-10-23 11:24", "yyyy-MM-dd HH:mm", now())', "2019-10-23T11:24:00Z"),
    ('date("2019-10-23 11:24", "yyyy-MM-dd HH:mm")', "2019-10-23T11:24:00Z"),
    ('date("2019-10-23 11:24")', "2019-10-23T11:24:00Z"),
    ('date_part("MM", date("2019-10-17 11:55:12"))', 10),
    ('zone_date_to_utc("2019-10-17T11:55:12 PST")', "2019-10-17T19:55:12Z"),
    ("size_of([1, 2, 3, 4])", 4),
    ("is_empty([1, 2, 3])", False),
    ('to_object("firstName", "John", "lastName", "Doe")', {"firstName": "John", "lastName": "Doe"}),
    (
        'str_to_object("firstName=John,lastName=Doe,phone=123 456 7890", "=", ",")',
        {"firstName": "John", "lastName": "Doe", "phone": "123 456 7890"},
    ),
    ('str_to_object("firstName=John,lastName=Doe", "=", ",").get("firstName")', "John"),
    ('contains_key("evars.evar.field1")', True),
    ("nullify()", None),
    ('get_keys({"book1": "Pride and Prejudice", "book2": "1984"})', ["book1", "book2"]),
    ('get_values("firstName - John , lastName - Cena , phone - 555 420 8692", "firstName", "-", ",")', "John"),
    ('coalesce(null, null, null, "first", null, "second")', "first"),
    ('first("1", "2", "3")', "1"),
    ('last("1", "2", "3")', "3"),
    ("add_to_array(['a', 'b'], 'c', 'd')", ["a", "b", "c", "d"]),
    ("join_arrays(['a', 'b'], ['c'], ['d', 'e'])", ["a", "b", "c", "d", "e"]),
    ("to_array(false, 1, null, 2, 3)", [1, 2, 3]),
    ("filterArray([5, -6, 0, 7], x -> x > 0)", [5, 7]),
    ("transformArray([5, 6, 7], x -> x + 1)", [6, 7, 8]),
    ('decode(stateCode, "ca", "California", "pa", "Pennsylvania", "N/A")', "Pennsylvania"),
    ('iif("s".equalsIgnoreCase("S"), "True", "False")', "True"),
    ("min(3, 1, 4)", 1),
    ("max(3, 1, 4)", 4),
    ('to_decimal("20.5")', 20.5),
    ('to_integer("12")', 12),
    (f'ua_os_name("{IPHONE}")', "iOS"),
    (f'ua_os_version_major("{IPHONE}")', "iOS 5"),
    (f'ua_os_version("{IPHONE}")', "5.1.1"),
    (f'ua_os_name_version("{IPHONE}")', "iOS 5.1.1"),
    (f'ua_agent_version("{IPHONE}")', "5.1"),
    (f'ua_agent_version_major("{IPHONE}")', "Safari 5"),
    (f'ua_agent_name("{IPHONE}")', "Safari"),
    (f'ua_device_class("{IPHONE}")', "Phone"),
    ('aa_get_event_id("event101=5:123456,scOpen", "event101")', "123456"),
    ('aa_get_event_value("event101=5:123456,scOpen", "event101")', "5"),
]

PAYLOAD = {"stateCode": "pa", "evars": {"evar": {"field1": None}}, "empty": [], "none": None}


def value(text, payload=PAYLOAD):
    """What an expression gives, as JSON."""
    return plain(parse(text).evaluate(payload, NOW))


@pytest.mark.parametrize(("expression", "printed"), SAMPLES, ids=[sample for sample, _ in SAMPLES])
def test_documented_sample(expression, printed):
    """The function gives what Adobe's page prints."""
    assert value(expression) == printed


# What Adobe documents in words, what the misprinted rows must mean, and what is assumed where nothing is said.
DECIDED = [
    ('explode("Hi, there!", " ")', ["Hi,", "there!"]),
    ('explode("a,b,,")', ["a", "b"]),
    ('explode("a.b.c", "\\.")', ["a", "b", "c"]),
    ('explode("a||b", "\\\\|\\\\|")', ["a", "b"]),
    ('split("a-b_c", "-_")', ["a", "b", "c"]),
    ('split("a\\\\b", "\\\\\\\\")', ["a", "b"]),
    ('lpad(null, 3, "")', "   "),
    ('instr("banana", "an", 0, 2)', 3),
    ('instr("banana", "an", 2)', 3),
    ('instr("banana", "x")', -1),
    ("concat('a', 1, true, null)", "a1true"),
    ('substr("abc", 2, 9)', "c"),
    ('right("abc", 0)', ""),
    ('extract_regex("abc", "x")', []),
    ('extract_regex("k=v", "(?<key>\\w)=(\\w)")', ["k=v", "k", "v"]),
    ('matches_regex("abc", "b")', False),
    ('get_url_host("no url")', None),
    ('get_url_port("https://example.com:8443/")', 8443),
    ('get_url_path("https://example.com/a/b.html", false)', "b.html"),
    ('get_url_encoded("a b~&")', "a%20b%7E%26"),
    ('get_url_decoded("a%20b%7E")', "a b~"),
    ('format(date("2019-10-23T11:24:00+00:00"), "yyyy-MM-dd HH:mm:ss")', "2019-10-23 11:24:00"),
    ('date(null, "yyyy", now())', "2021-10-26T10:10:24Z"),
    ('date(missing.path, "yyyy", now())', "2021-10-26T10:10:24Z"),
    ('set_date_part("m", 4, date("2016-11-09T11:44:44.797"))', "2016-04-09T11:44:44.797Z"),
    ('set_date_part("month", 2, date("2016-01-31"))', "2016-02-29T00:00:00Z"),
    ('make_date_time(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")', "2019-10-17T18:55:12Z"),
    ('make_timestamp(2019, 10, 17, 11, 55, 12, 5000000, "UTC")', "2019-10-17T11:55:12.005Z"),
    ('format(zone_date_to_zone(date("2021-10-26T13:43:59Z"), "Europe/Paris"), "HH:mm:ss")', "15:43:59"),
    ('date_part("dy", date("2019-02-01"))', 32),
    ('date_part("hh12", date("2019-02-01 13:00"))', 1),
    ("size_of('abcd')", 4),
    ("is_empty(missing.path)", True),
    ("is_empty(empty)", True),
    ("contains_key(evars.evar.field1)", True),
    ('contains_key("evars.evar.other")', False),
    ('arrays_to_object("a", [1, 2], "b", ["x"])', [{"a": 1, "b": "x"}, {"a": 2}]),
    ('map_get_values({"a": "x"}, "a")', "x"),
    ('map_get_values({"a": "x", "b": "x", "c": "y"}, ["a", "b", "c"])', ["x", "y"]),
    ('map_has_keys({"a": 1}, ["z", "a"])', True),
    ('add_to_map({"a": 1}, {"a": 2, "b": 3})', {"a": 1, "b": 3}),
    ('object_to_map([{"id": "k", "n": 1}], "id")', {"k": {"id": "k", "n": 1}}),
    ("object_to_map(null)", None),
    ('object_to_map({"a": 1})', {"a": 1}),
    ('array_to_map([{"id": "k"}], "id")', {"k": {"id": "k"}}),
    ("first(empty)", None),
    ("last([1, 2])", 2),
    ("coalesce(missing.path, 'x')", "x"),
    ("decode('z', 'a', 1)", None),
    ("iif(true, missing.path, 1)", None),
    ("iif(none, 1, 2)", 2),
    ("iif('yes', 1, 1 div 0)", 1),
    ("upsert_array_append([1])", [1]),
    ("upsert_array_replace([1], 0)", [1]),
    ("flattenArray([1, [2, [3]]])", [1, 2, 3]),
    ('array_to_string(";", [1, ["a"]])', "1;a"),
    ("max(['a', 'b'])", "b"),
    ("min()", None),
    ('to_bigint("123456789012345678901234567890") - to_bigint("123456789012345678901234567889")', 1),
    ('to_float("12.3456")', 12.3456),
    ('json_to_object("{\\"info\\":{\\"firstName\\":\\"John\\"}}").info.firstName', "John"),
    ('aa_get_event_value("scOpen", "scOpen")', "1"),
    ('aa_get_product_categories(";A;1;3.50,C;B;1;5.99")', [None, "C"]),
    ('aa_get_product_names(";A;1;3.50,C;B;1;5.99")', ["A", "B"]),
    ('aa_get_product_quantity(";A;1;3.50,C;B;2;5.99")', ["1", "2"]),
    ('aa_get_product_price(";A;1;3.50,C;B;1;5.99")', ["3.50", "5.99"]),
    ('aa_get_product_event_values(";A;1;4;event1=2.3|event2=5:1", "event2")', ["5"]),
    ('aa_get_product_evars(";A;1;4;;eVar1=X|eVar2=Y", "eVar2")', ["Y"]),
    ('ua_device_class("something else")', "Unknown"),
    ("lower(null)", None),
    ('crc32("é", "ISO-8859-1") == crc32("é", "UTF-8")', False),
]


@pytest.mark.parametrize(("expression", "expected"), DECIDED, ids=[sample for sample, _ in DECIDED])
def test_documented_words_and_decisions(expression, expected):
    """The function does what the page says in words, or what was decided where the page is silent."""
    assert value(expression) == expected


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"now", "timestamp", "uuid", "guid", "fpid_to_ecid"}))
def test_catalogue_example_is_true(name):
    """The example that the catalogue prints gives the result that it prints."""
    entry = FUNCTIONS[name].entry()
    assert value(entry["example"]) == json.loads(entry["result"])


def test_uuid_differs_each_time():
    """Two random ids are never the same, and have the form of a UUID."""
    one, two = value("uuid()"), value("guid()")
    assert one != two
    assert len(one) == len(two) == 36


def test_fpid_to_ecid_is_stable():
    """The same device id always gives the same 38 digits, and another one gives others."""
    one = value('fpid_to_ecid("4ed70bee-b654-420a-a3fd-b58b6b65e991")')
    assert len(one) == 38
    assert one.isdigit()
    assert one == value('fpid_to_ecid("4ED70BEE-B654-420A-A3FD-B58B6B65E991")')
    assert one != value('fpid_to_ecid("00000000-0000-4000-8000-000000000000")')


def test_fpid_to_ecid_admits_that_its_digits_are_ours():
    """A function whose algorithm Adobe does not publish is marked assumed."""
    assert FUNCTIONS["fpid_to_ecid"].entry()["provenance"] == "assumed"


@pytest.mark.parametrize(
    "expression",
    [
        'date("yesterday")',
        'date("2019-13-01", "yyyy-MM-dd")',
        'date("x", "bogus")',
        'to_integer("12.5")',
        'to_decimal("abc")',
        'sha256("a", "EBCDIC")',
        'extract_regex("a", "(")',
        'get_url_query_str("http://a/?b=c", "keep")',
        'make_date_time(2019, 2, 30, 0, 0, 0, 0, "UTC")',
        'zone_date_to_zone(now(), "Atlantis")',
        'date_part("century", now())',
        'set_date_part("week", 1, now())',
        'to_object("key")',
        "join_arrays(1, 2)",
        'lower(["a"])',
        'json_to_object("{")',
        'lpad("a", 2000000, "x")',
        "filterArray([1], 2)",
        "size_of(5)",
        "map_has_keys('a', 'b')",
        "substr('a', 0 - 1, 2)",
        'fpid_to_ecid("x")',
    ],
)
def test_failing_function_is_no_fatal_error(expression):
    """A function that cannot give a value says so in words, and is not taken for a missing attribute."""
    with pytest.raises(EvaluationError) as caught:
        value(expression)
    assert not isinstance(caught.value, MissingAttribute)
    assert str(caught.value)


def test_every_documented_function_is_in_the_catalogue():
    """The catalogue has an entry in Adobe's shape for each function and method, in Adobe's categories."""
    entries = {entry["function"]: entry for entry in catalogue()}
    names = {expression.partition("(")[0] for expression, _ in SAMPLES if not expression.startswith('"')}
    assert names <= set(entries)
    assert {"equals", "equalsIgnoreCase", "get"} <= set(entries)
    keys = {"category", "function", "description", "syntax", "returns", "returnType", "example", "result", "params"}
    assert all(keys <= set(entry) and entry["description"] for entry in entries.values())
    assert entries["date"]["syntax"] == "ZonedDateTime date(String, String, ZonedDateTime)"
    assert entries["first"]["category"] == "Hierarchies - Arrays"
    assert entries["date"]["params"][1]["position"] == 2


def test_operators_are_described():
    """The operators catalogue names the operators that Adobe's description prints, with their methods."""
    printed = {("+", "add", 2), ("/", "divide", 2), ("~", "complement", 1), ("-", "negate", 1), ("!", "not", 1)}
    assert printed <= {(o["operatorSymbol"], o["methodName"], o["numberOfOperands"]) for o in OPERATORS}


def test_misprinted_rows_have_reasons():
    """Each row of Adobe's page that is not held against says why."""
    assert all(MISPRINTS.values())
    assert not MISPRINTS.keys() & {expression for expression, _ in SAMPLES}
