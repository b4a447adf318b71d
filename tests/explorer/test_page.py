"""The page to step through: by itself, without JavaScript, and in a browser."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from booking_lab.explorer.output.page import page
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
#: Presses keys and buttons, and writes down what is to be seen after each.
TRY_IT = """
<script>
const seen = [];
function see(what) {
  const standing = document.querySelector('[data-booker="B"] [data-of="stands"]').textContent;
  const now = [...document.querySelectorAll('[aria-current="step"]')].map(row => row.id);
  const ahead = document.querySelectorAll("tr.ahead").length;
  const hidden = document.getElementById("panel").hidden;
  const where = document.getElementById("where").textContent;
  const disabled = [...document.querySelectorAll("button:disabled")].map(one => one.dataset.to);
  seen.push({what, where, now, ahead, standing, hidden, disabled});
}
function press(key, more) {
  document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, ...more}));
  see(key);
}
function click(name) { document.querySelector(`[data-to=${name}]`).click(); see(name); }
see("begin"); press("ArrowRight"); press("ArrowRight"); press("ArrowLeft");
press("ArrowRight", {ctrlKey: true}); click("forward"); click("last"); press("ArrowRight");
click("back"); click("first"); press("ArrowLeft");
document.body.innerHTML = `<pre id="seen">${JSON.stringify(seen)}</pre>`;
</script>
"""


@pytest.fixture
def text(exploration_servers):
    """The page of a schedule in which B waits for A, with a text that tries to be markup."""
    registry, seats = Registry([SHIPPED]), Workloads().get("seats")
    entry = registry.get("pessimistic")
    plan = ExplorationPlan((entry, entry.create({})), seats, seats.scenarios(2)[0])
    found = explore(exploration_servers, registry, plan, ReplaySearch(parse("A:acquire B:acquire")))
    return page(plan, found.last, ["<script>alert(1)</script>"], "The schedule:")


class Reader(HTMLParser):
    """Takes down what is in a page."""

    void = {"meta", "link"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.cells, self.texts = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.void:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in {"td", "th"}:
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data.strip())
        if "td" in self.open or "th" in self.open:
            self.cells[-1][-1] += f" {data.strip()}"

    def all(self, tag):
        return [attributes for one, attributes in self.tags if one == tag]


def test_the_page_is_well_formed_and_needs_nothing_else(text):
    page = Reader(text)

    assert page.open == []
    assert not [one for _, one in page.tags if re.match("(https?:)?//", one.get("src") or "")]
    assert [one["href"] for _, one in page.tags if "href" in one] == ["data:,"]
    assert "src" not in {name for _, one in page.tags for name in one}
    policy = next(one for one in page.all("meta") if "http-equiv" in one)
    assert policy["content"].startswith("default-src 'none';")
    assert "url(" not in text
    assert "@import" not in text


def test_text_is_no_markup(text):
    assert "<script>alert(1)" not in text
    assert "<script>alert(1)</script>" in Reader(text).texts


def test_without_javascript_it_is_a_table(text):
    page = Reader(text)

    head, *rows, ending = [[" ".join(cell.split()) for cell in row] for row in page.cells]
    assert head == ["#", "A event_id 1001, seats [S1]", "B event_id 1001, seats [S1]"]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 8)]
    assert rows[1][2].endswith("waits for A")
    assert rows[4] == ["5", "commit", "acquire goes on locked"]
    assert ending == ["=", "confirmed", "refused: Seat S1 is booked already."]
    # What does nothing without JavaScript is not shown, and no row is greyed out.
    assert next(one for one in page.all("div") if one.get("id") == "panel")["hidden"] is None
    assert not [one for one in page.all("tr") if "class" in one]


def test_it_can_be_read_by_those_who_do_not_see_it(text):
    page = Reader(text)

    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("caption")) == 1
    assert {one.get("scope") for one in page.all("th")} == {"col", "row"}
    assert all(one["type"] == "button" for one in page.all("button"))
    assert "status" in {one.get("role") for one in page.all("span")}
    assert all(
        "aria-label" in one for _, one in page.tags if one.get("role") in {"group", "region"}
    )


def test_it_knows_where_everybody_stands_after_each_move(text):
    moves = json.loads(re.search(r'id="standings">(.*?)</script>', text)[1])

    assert len(moves) == 8
    assert moves[0]["A"] == {
        "stands": "before its acquire",
        "holds": "nothing",
        "saw": "nothing yet",
    }
    assert moves[2]["B"]["stands"] == "waits for A"
    assert moves[-1]["B"]["stands"] == "refused: Seat S1 is booked already."


def test_a_browser_steps_forward_and_back(text, tmp_path):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("Chromium is missing: make tools")
    file = tmp_path / "page.html"
    file.write_text(text.replace("</body>", f"{TRY_IT}</body>"))

    shown = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
         f"--user-data-dir={tmp_path}/profile", file.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip

    seen = json.loads(re.search('<pre id="seen">(.*?)</pre>', shown)[1])
    assert [(one["what"], one["now"], one["ahead"]) for one in seen] == [
        ("begin", [], 7),
        ("ArrowRight", ["move-1"], 6),
        ("ArrowRight", ["move-2"], 5),
        ("ArrowLeft", ["move-1"], 6),
        ("ArrowRight", ["move-1"], 6),  # with Ctrl it is the browser's
        ("forward", ["move-2"], 5),
        ("last", ["move-7"], 0),
        ("ArrowRight", ["move-7"], 0),
        ("back", ["move-6"], 1),
        ("first", [], 7),
        ("ArrowLeft", [], 7),
    ]
    assert not any(one["hidden"] for one in seen)
    assert seen[2]["where"] == "Move 2 of 7: B:acquire"
    assert [one["standing"] for one in seen[:3]] == ["before its acquire"] * 2 + ["waits for A"]
    assert seen[0]["disabled"] == ["first", "back"]
    assert seen[6]["disabled"] == ["forward", "last"]
