"""Looks at the agent's page with Chromium, as a visitor would.

Usage: page_in_browser.py VISIT URL DIRECTORY SCREENSHOTS
VISIT is the name of a function below. What it waits for, it says by a file in DIRECTORY ("ready", then "seen").
"""
import base64
import os
import sys
import time
from pathlib import Path

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    MISSING = [path for path in (CHROMIUM, DRIVER) if not os.path.exists(path)]
except ImportError as error:
    MISSING = [str(error)]
if MISSING:
    sys.exit(f"the page is tested with Chromium, and {', '.join(MISSING)} is missing: run scripts/install-dependencies "
             "(Debian packages chromium, chromium-driver and python3-selenium)")

PATIENCE = 60  # seconds; a safety net, nothing depends on how long it takes

# Texts that are too faint to read on what is behind them (WCAG 2.2: 4.5 to 1).
FAINT_TEXTS = """
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => color.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const color = rgb(getComputedStyle(element).backgroundColor);
    return color[3] === 0 && element.parentElement ? behind(element.parentElement) : color;
  };
  return [...document.querySelectorAll("main *, header *")]
    .filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3))
    .map((element) => {
      const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
      return {text: element.textContent, contrast: (a + 0.05) / (b + 0.05)};
    }).filter(({contrast}) => contrast < 4.5);
"""
OUTSIDE_THE_WINDOW = """
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 0.5)
    .map((element) => element.outerHTML);
"""


class Visitor:
    def __init__(self, url, directory, screenshots):
        self.url, self.directory, self.screenshots = url, Path(directory), Path(screenshots)
        self.screenshots.mkdir(parents=True, exist_ok=True)
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Whatever the page may ask for elsewhere: there is no elsewhere.
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"):
            options.add_argument(argument)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # which Chromium does not have for root
        self.driver = webdriver.Chrome(service=Service(DRIVER), options=options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def open(self):
        self.driver.get(self.url)

    def says(self, selector):
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found[0].text if found else ""

    def sees(self, selector):
        return any(found.is_displayed() for found in self.driver.find_elements(By.CSS_SELECTOR, selector))

    def figure(self, card, name):
        """The figure NAME on a card: "telemetry", "Backlog"."""
        return self.driver.execute_script(
            """const names = [...document.querySelectorAll(`[data-name="${arguments[0]}"] dt`)];
               return names.find((name) => name.textContent === arguments[1])?.nextElementSibling.textContent ?? "";""",
            card, name)

    def number(self, card, name):
        text = self.figure(card, name).replace(",", "")
        return int(text) if text.isdigit() else 0

    def wait(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                self.take_picture("failed")
                raise AssertionError(f"waited for {what}; the page says:\n{self.says('body')}\n{self.console()}")
            time.sleep(0.05)

    def wait_to_say(self, selector, text):
        self.wait(f"{selector} to say {text}", lambda: text in self.says(selector))

    def tell(self, name):
        (self.directory / name).touch()

    def look_at(self, width, height, scheme):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def take_picture(self, name):
        """All of the page, however long it is."""
        width, height = self.driver.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
        (self.screenshots / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    def console(self):
        return [entry for entry in self.driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]

    def asked_elsewhere(self):
        return self.driver.execute_script("""return performance.getEntriesByType("resource").map(({name}) => name)
            .filter((name) => !name.startsWith(location.origin) && !name.startsWith("data:"));""")


def check(truth, words):
    if not truth:
        raise AssertionError(words)


def load(page):
    """Messages arrive while the page is open."""
    page.open()
    page.wait_to_say("#state", "All is well")
    page.wait("messages", lambda: page.number("plant", "messages") > 0)
    first = page.number("plant", "messages")
    page.wait("more messages", lambda: page.number("plant", "messages") > first)
    page.wait("the rate of what arrives", lambda: page.says('[data-name="telemetry"] .in b') not in ("", "0/s"))
    page.wait("the rate of what leaves", lambda: page.says('[data-name="telemetry"] .out b') not in ("", "0/s"))
    page.wait("λ", lambda: page.figure("telemetry", "λ arrivals") not in ("", "0/s", "–"))
    page.wait("μ", lambda: page.figure("telemetry", "μ service") not in ("", "0/s", "–"))
    page.wait("W", lambda: page.figure("telemetry", "W measured") not in ("", "–"))
    page.wait("the ledger", lambda: page.number("telemetry", "delivered") > 0)
    page.wait("a line of five points", lambda: page.driver.execute_script(
        """return document.querySelector('[data-name="telemetry"] .line.in').getAttribute("d")""").count("L") >= 4)
    check(page.says('[data-name="plant"] .pill').endswith("connected"), "the source is connected")
    check(page.says('[data-name="cloud"] .pill').endswith("delivering"), "the sink delivers")
    check("plant" not in page.says('[data-name="cloud"]'), "cards are of one part each")
    check(page.console() == [], "nothing on the console")
    check(page.asked_elsewhere() == [], page.asked_elsewhere())


def dead_sink(page):
    """The sink takes nothing any more while the page is open, and then takes everything again."""
    page.open()
    page.wait_to_say('[data-name="cloud"] .pill', "delivering")
    page.tell("ready")
    page.wait_to_say('[data-name="cloud"] .pill', "takes nothing")
    page.wait_to_say("#state", "Degraded")
    page.wait_to_say("#reasons", "sink cloud takes nothing")
    page.wait_to_say("#reasons code", "sink_paused")
    page.wait_to_say('[data-name="cloud"] .trouble', "503")
    page.wait("the next attempt", lambda: page.figure("cloud", "next try").startswith("in "))
    check(page.figure("cloud", "breaker") == "open", "the breaker is open")
    backlog = page.number("telemetry", "Backlog")
    page.wait("a backlog that grows", lambda: page.number("telemetry", "Backlog") > backlog)
    for name, width, height in (("desktop", 1280, 900), ("phone", 360, 740)):
        for scheme in ("light", "dark"):
            page.look_at(width, height, scheme)
            page.wait(f"a window {width} wide", lambda: page.driver.execute_script("return innerWidth") == width)
            dark = page.driver.execute_script(
                "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => part < 64)")
            check(dark == (scheme == "dark"), f"the page is {scheme}")
            check(page.driver.execute_script("return document.documentElement.scrollWidth") <= width,
                  f"{name}: nothing to scroll sideways")
            outside = page.driver.execute_script(OUTSIDE_THE_WINDOW)
            check(outside == [], f"{name}: outside the window: {outside}")
            faint = page.driver.execute_script(FAINT_TEXTS)
            check(faint == [], f"{name}, {scheme}: hard to read: {faint}")
            page.take_picture(f"{name}-{scheme}")
    page.tell("seen")
    page.wait_to_say('[data-name="cloud"] .pill', "delivering")
    page.wait_to_say("#state", "All is well")
    check(not page.sees('[data-name="cloud"] .trouble'), "the error is gone")
    check(page.console() == [], "nothing on the console")


def token(page):
    """The agent wants a token, and this tab is asked for it once."""
    page.open()
    page.wait("the question for the token", lambda: page.sees("#door"))
    check(not page.sees("#figures"), "no figure without the token")
    field = page.driver.find_element(By.ID, "token")
    field.send_keys("not-the-token-of-this-agent\n")
    page.wait_to_say("#refused", "does not take this token")
    check(not page.sees("#figures"), "no figure with a wrong token")
    field.send_keys("secret-of-this-test-0123456789\n")
    page.wait_to_say("#state", "All is well")
    check(not page.sees("#door"), "nothing is asked any more")
    page.driver.refresh()
    page.wait_to_say("#state", "All is well")
    check("secret" not in page.driver.current_url, "the token is not in the address")
    check(page.driver.execute_script("return localStorage.length") == 0, "the token is gone with the tab")
    others = [entry for entry in page.console() if "401" not in entry["message"]]
    check(others == [], others)


def agent_away(page):
    """The agent is killed, and comes back."""
    page.open()
    page.wait_to_say("#fresh", "updated")
    page.tell("ready")
    page.wait_to_say("#fresh", "no answer since")
    check(page.sees("#figures"), "the last figures are still there")
    page.tell("seen")
    page.wait_to_say("#fresh", "updated")
    page.wait_to_say("#state", "All is well")


VISITS = {visit.__name__: visit for visit in (load, dead_sink, token, agent_away)}

if __name__ == "__main__":
    with Visitor(*sys.argv[2:]) as visitor:
        VISITS[sys.argv[1]](visitor)
