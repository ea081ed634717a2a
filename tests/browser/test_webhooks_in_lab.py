"""Notebook 02 in JupyterLab: the plan is applied by a button, and a revealed webhook URL stays out of the file."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

PLAN, URLS = "kit.panels.onboarding", "kit.panels.webhooks"
WHOLE = re.compile(r"http://127\.0\.0\.1:\d+/collection/[0-9a-f]{16,}\?x-adobe-flow-id=[0-9a-f-]{36}")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def source_connection(lab, page):
    """Notebook 02, opened by a person who chose Run All."""
    notebook = lab.open(page, "02_create_the_source_connection")
    notebook.run_all()
    notebook.finished()
    return notebook


def test_the_plan_is_applied_by_a_button(source_connection):
    """The button does what the line below it does: five dataflows, which the line then reuses."""
    panel = source_connection.outputs(PLAN)
    button = panel.get_by_role("button", name="Apply the plan")
    assert button.bounding_box()["width"] < panel.bounding_box()["width"] / 2  # as wide as its words
    button.click()
    expect(panel).to_contain_text("5 dataflows (")
    expect(panel.get_by_role("row")).to_have_count(6)
    expect(button).to_be_enabled()


def test_a_revealed_url_is_not_in_the_saved_notebook(source_connection):
    """Reveal shows the whole URL in a field, to be pasted; the file that is saved meanwhile holds no inlet."""
    panel = source_connection.outputs(URLS)
    field = panel.get_by_label("URL, for")
    expect(field).to_have_value("")
    panel.get_by_role("button", name="Reveal the URL").click()
    expect(field).to_have_value(WHOLE)
    inlet = urlsplit(field.input_value()).path.rsplit("/", 1)[-1]
    source_connection.save()
    saved = source_connection.path.read_text("utf-8")
    assert "5 dataflows enabled" in saved
    assert inlet not in saved
    assert "widgets" not in json.loads(saved)["metadata"]
    panel.get_by_role("button", name="Hide it now").click()
    expect(field).to_have_value("")


def test_another_kind_hides_the_url_of_the_last(source_connection):
    """Choosing another kind clears the field, and Reveal then shows another dataflow's URL."""
    panel = source_connection.outputs(URLS)
    field, reveal = panel.get_by_label("URL, for"), panel.get_by_role("button", name="Reveal the URL")
    reveal.click()
    expect(field).to_have_value(WHOLE)
    first = field.input_value()
    panel.get_by_label("Kind").select_option("feedback")
    expect(field).to_have_value("")
    reveal.click()
    expect(field).to_have_value(WHOLE)
    assert field.input_value() != first
    panel.get_by_role("button", name="Hide it now").click()
