"""A headless Chromium for tests, driven through chromedriver's plain HTTP.

    with browser.Browser() as page:
        page.open(path)
        page.run("return document.title")
        page.keys("/")

Needs the packages chromium and chromium-driver; MISSING says so where they are
not there.
"""

import base64
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

import json
import support

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
MISSING = None if CHROMIUM and DRIVER else "chromium is not installed"

ENTER, ESCAPE, TAB = "\ue007", "\ue00c", "\ue004"
DOWN, UP, HOME, END, PAGE_DOWN = "\ue015", "\ue013", "\ue011", "\ue010", "\ue00f"


class Browser:
    """One window; ends with its driver and its profile."""

    def __init__(self, width=1400, height=900):
        self._profile = tempfile.mkdtemp(prefix="advisor-browser-")
        self._driver = subprocess.Popen(
            [DRIVER, "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            start_new_session=True, env=support.environment())
        try:
            self._root = f"http://127.0.0.1:{self._port()}"
            arguments = ["--headless=new", "--disable-gpu",
                         "--disable-dev-shm-usage",
                         f"--window-size={width},{height}",
                         f"--user-data-dir={self._profile}"]
            if os.geteuid() == 0:  # Chromium's sandbox does not work for root.
                arguments.append("--no-sandbox")
            made = self._call("POST", "/session", {"capabilities": {
                "alwaysMatch": {
                    "browserName": "chrome",
                    "goog:loggingPrefs": {"browser": "ALL"},
                    "goog:chromeOptions": {"binary": CHROMIUM,
                                           "args": arguments}}}})
            self._session = "/session/" + made["sessionId"]
        except BaseException:
            self._end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", self._session)
        finally:
            self._end()

    def _port(self):
        for line in self._driver.stdout:
            found = re.search(rb"started successfully on port (\d+)", line)
            if found:
                return int(found[1])
        raise RuntimeError("chromedriver did not start")

    def _end(self):
        self._driver.kill()
        self._driver.wait()
        self._driver.stdout.close()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _call(self, method, path, body=None):
        if method == "POST" and body is None:
            body = {}
        status, _, raw = support.http(method, self._root + path, body, 120)
        value = json.loads(raw)["value"]
        if status != 200:
            raise RuntimeError(f"{method} {path}: {value}")
        return value

    def open(self, path, fragment=""):
        """Shows a file; returns once the page says that it is ready."""
        url = Path(path).resolve().as_uri()
        if fragment:
            url += "#" + urllib.parse.quote(fragment)
        self._call("POST", self._session + "/url", {"url": url})
        self.wait("return document.documentElement.dataset.ready")

    def run(self, script, *arguments):
        """Runs a function's body in the page; returns its value."""
        return self._call("POST", self._session + "/execute/sync",
                          {"script": script, "args": list(arguments)})

    def wait(self, script, timeout=60):
        """Waits until a script returns something true."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.02)
        raise TimeoutError(script)

    def keys(self, text):
        """Presses keys, one after the other, wherever the focus is."""
        actions = [{"type": kind, "value": key}
                   for key in text for kind in ("keyDown", "keyUp")]
        self._call("POST", self._session + "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def resize(self, width, height):
        self._call("POST", self._session + "/window/rect",
                   {"width": width, "height": height})

    def complaints(self):
        """Returns what the console said at the level of an error or warning
        since it was asked last."""
        entries = self._call("POST", self._session + "/se/log",
                             {"type": "browser"})
        return [x["message"] for x in entries
                if x["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path):
        raw = self._call("GET", self._session + "/screenshot")
        Path(path).write_bytes(base64.b64decode(raw))
