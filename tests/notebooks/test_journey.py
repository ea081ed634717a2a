"""All seven notebooks in order, twice, then cleaned: what they report, what they make, what they leave."""

import json
from xml.etree import ElementTree

from bs4 import BeautifulSoup

from .journeys import AS_PRINTED, OF_THE_KIT

CHECKS = {  # the step names of the records that each notebook must leave, in order
    "00_start_here": ["doctor", "start"],
    "01_authenticate": ["formats", "sandbox", "refusals"],
    "02_create_the_source_connection": ["mappings", "plan", "dataflows", "again", "losses"],
    "03_inspect_webhook_data": ["load", "frames", "quality", "synthetic"],
    "04_send_test_events": ["dataflows", "received", "sent", "verified", "distinct", "faults", "sum"],
    "05_go_live": ["dataflows", "sent", "verified", "mapping", "verified", "dataflows"],
    "06_clean_up": ["inventory", "clean", "stranger", "clean"],
}


def test_all_seven_run_in_order(first):
    """A reader who changes nothing sees seven notebooks succeed, one after the other."""
    assert str(first.run).startswith("notebook ")  # a failure would stand before the table
    assert [(step.name, step.status) for step in first.run.steps] == [(name, "ok") for name in CHECKS]
    assert first.run.exit_code == 0


def test_every_check_leaves_its_record(first):
    """Each notebook leaves the results of all its checks, and none of them failed."""
    left = {step.name: [record["step"] for record in step.results] for step in first.run.steps}
    assert left == CHECKS
    assert {record["status"] for step in first.run.steps for record in step.results} <= {"ok", "warning"}


def test_events_are_proved_to_have_landed(first):
    """The records of sending and of verifying name numbers, and the rows can be read back."""
    records = [record for step in first.run.steps for record in step.results]
    proved = [record["found"] for record in records if record["step"] == "verified"]
    assert len(proved) == 3
    assert sorted(proved)[1] > 20  # the third is a handful of chats after the mapping was changed
    assert len(first.ids) > sum(proved)  # the lessons of notebook 04 land a few more
    assert 0 < first.run.first_event["seconds"] < first.run.seconds


def test_the_reports_links_work_as_files(first):
    """Every link of the report leads to a file beside it, or to a place within a page."""
    folder = first.run.folder
    pages = sorted(path.name for path in folder.glob("*.html"))
    assert pages == sorted([*(f"{name}.html" for name in CHECKS), "index.html"])
    for page in pages:
        soup = BeautifulSoup((folder / page).read_text("utf-8"), "html.parser")
        places = {element["id"] for element in soup.find_all(id=True)}
        for link in (element["href"] for element in soup.find_all("a", href=True)):
            name, _, place = link.partition("#")
            if ":" in name or name.startswith("../"):
                continue  # the web, and the files of the repository: test_docs looks after those
            assert (folder / name).is_file() if name else place in places, f"{page}: {link}"


def test_the_index_leads_to_every_notebook(first):
    """The index links each executed notebook as a page and as a file, and the files for programs."""
    soup = BeautifulSoup(first.run.index.read_text("utf-8"), "html.parser")
    links = {element["href"] for element in soup.find_all("a", href=True)}
    wanted = {f"{name}{suffix}" for name in CHECKS for suffix in (".html", ".ipynb")}
    assert wanted | {"summary.json", "junit.xml", "run.log"} <= links


def test_the_files_for_programs_agree(first):
    """The JSON summary and the JUnit file tell of the same seven notebooks."""
    summary = json.loads((first.run.folder / "summary.json").read_text("utf-8"))
    assert (summary["status"], [step["name"] for step in summary["steps"]]) == ("ok", list(CHECKS))
    suite = ElementTree.parse(first.run.folder / "junit.xml").getroot()[0]  # noqa: S314  (we wrote it)
    assert [case.get("name") for case in suite] == list(CHECKS)
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "0")


def test_the_journey_makes_what_it_says(first, foreign):
    """One schema, one dataset, and four objects for each dataflow: nothing more, and nothing of others is touched."""
    assert len(first.objects) - len(foreign) == OF_THE_KIT + AS_PRINTED
    assert {key: first.objects.get(key) for key in foreign} == foreign


def test_a_run_that_only_shows_says_so(first):
    """With remove=False the last notebook nowhere says that it deletes: not in a table, not beside a progress."""
    shown = (first.run.folder / "06_clean_up.html").read_text("utf-8")
    assert "30 objects would be removed; none was" in shown
    assert "deleting what the kit made" not in shown
    assert ">deleted<" not in shown


def test_a_second_run_makes_nothing_new(first, second):
    """Running all seven again reuses every object."""
    assert second.run.exit_code == 0, str(second.run)
    assert set(second.objects) == set(first.objects)


def test_a_second_run_lands_nothing_twice(first, second):
    """No event has two rows in the dataset, and what landed first is still there."""
    assert len(second.ids) == len(set(second.ids))
    assert set(first.ids) < set(second.ids)


def test_cleaning_leaves_nothing_of_ours_and_all_else(cleaned, foreign):
    """After the last notebook the sandbox is as others left it: the same objects, unchanged to the last field."""
    assert cleaned.run.exit_code == 0, str(cleaned.run)
    assert cleaned.objects == foreign


def test_the_journey_can_begin_again_after_cleaning(kit, cleaned, foreign):
    """In a workspace that was cleaned, a notebook makes what it needs anew and delivers to the new dataflows."""
    run = kit.run("again", ("04", "06"))
    assert run.exit_code == 0, str(run)
    assert [record["found"] > 20 for record in run.steps[0].results if record["step"] == "verified"] == [True]
    assert kit.connect().catalog.datasets() == [found for key, found in foreign.items() if key.startswith("dataSets")]
