"""The page in a real browser, from disk: it sorts, filters, says nothing to the console, asks nobody for anything."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import indmech_bench

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no chromium and chromedriver: apt-get install chromium chromium-driver"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1400,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


Run = Callable[..., Any]


@pytest.fixture(scope="module")
def address(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return indmech_bench.write_report(hostile, out=tmp_path_factory.mktemp("page") / "page.html").as_uri()


@pytest.fixture
def opened(browser: Any, address: str) -> Run:
    """The page, opened afresh; runs JavaScript in it."""

    def run(script: str, query: str | None = None) -> Any:
        if query is not None:
            browser.get(address + query)
            limit = time.monotonic() + 30
            while browser.execute_script("return document.documentElement.dataset.ready") != "true":
                assert time.monotonic() < limit, browser.get_log("browser")
                time.sleep(0.05)
        return browser.execute_script(script)

    run("return 1", "")
    return run


NAMES = "return [...document.querySelectorAll('#leaderboard tbody th')].map(one => one.textContent)"
SORT = "document.querySelectorAll('#leaderboard thead th')[{}].querySelector('[role=button]').click()"
FILTER = (
    "const box = document.querySelector('[aria-label^=\"Filter: {}\"]');"
    "box.value = '{}'; box.dispatchEvent(new Event('input', {{bubbles: true}}));"
)


def settled(run: Run, script: str, value: Any) -> Any:
    """What a script comes to, waiting for it to be this value."""
    limit = time.monotonic() + 5
    while (found := run(script)) != value and time.monotonic() < limit:
        time.sleep(0.05)
    return found


def test_nothing_is_said_to_the_console_nor_asked_of_the_network(browser: Any, opened: Run) -> None:
    assert browser.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]
    assert asked
    assert [url[:80] for url in asked if not url.startswith(("file:", "data:", "blob:null/"))] == []


def test_a_column_sorts_by_its_numbers_and_the_address_knows(browser: Any, opened: Run) -> None:
    by_score = opened(NAMES)
    heads = opened("return [...document.querySelectorAll('#leaderboard thead th')].map(one => one.textContent)")
    opened(SORT.format(heads.index("score")))
    ascending = opened(NAMES)
    assert ascending != by_score
    assert ascending[-1] == "oracle"
    assert f"leaderboard.sort={heads.index('score')}.asc" in browser.current_url
    opened("return 1", browser.current_url.partition("page.html")[2])
    assert opened(NAMES) == ascending


def test_a_table_is_filtered_and_the_address_knows(browser: Any, opened: Run) -> None:
    opened(FILTER.format("all tasks", "weight"))
    assert settled(opened, NAMES, ["weight-decay"]) == ["weight-decay"]
    assert "leaderboard.filter=weight" in browser.current_url
    opened("return 1", "?leaderboard.filter=nothing-like-it")
    assert "Nothing that the filter lets through." in opened(
        "return document.getElementById('leaderboard').textContent"
    )


def test_rows_are_found_by_words_and_show_their_command(opened: Run) -> None:
    opened(FILTER.format("Every row", "fork weight-decay crashed"))
    count = "return document.querySelectorAll('#rows tbody code').length"
    assert settled(opened, count, 2) == 2
    commands = opened("return [...document.querySelectorAll('#rows tbody code')].map(one => one.textContent)")
    assert commands == [
        f"indmech-bench run --task fork --method weight-decay --seeds {seed}-{seed} --out again" for seed in (2, 4)
    ]


def test_markup_in_a_name_is_text(opened: Run) -> None:
    assert opened("return window.hostile") is None
    opened(FILTER.format("Every row", "window.hostile"))
    script = (
        "return document.querySelector('#rows tbody td:nth-child(2)').textContent.includes('<script>window.hostile=1')"
    )
    assert settled(opened, script, True)
    assert opened("return window.hostile") is None


@pytest.mark.parametrize("width", [400, 800, 1400])
def test_the_page_itself_never_scrolls_sideways(browser: Any, opened: Run, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert opened("return document.documentElement.scrollWidth") <= width
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_dark_page_is_dark_and_its_figures_are_in_its_ink(browser: Any, opened: Run) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        look = "getComputedStyle(document.querySelector('{}')).{}"
        seen[scheme] = opened(
            f"return [{look.format('body', 'backgroundColor')}, {look.format('figure text', 'fill')}]"
        )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert seen["light"] == ["rgb(254, 254, 253)", "rgb(29, 35, 41)"]
    assert seen["dark"] == ["rgb(20, 24, 28)", "rgb(228, 232, 236)"]


def test_tables_figures_and_sections_are_announced(browser: Any, opened: Run) -> None:
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]]

    def announced(role: str, name: str) -> bool:
        return any(kind == role and said.startswith(name) for kind, said in named)

    assert announced("image", "Ranks and how sure they are 3 ranked methods; first is adam")
    assert announced("table", "all tasks")
    assert announced("columnheader", "score")
    assert announced("rowheader", "adam")
