"""What tests share: how Hypothesis runs, and a real browser that can reach nothing but this disk."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure. Under CI the same examples every time: a red run means that the change is wrong.
settings.register_profile("detente", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("detente")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass(frozen=True, slots=True)
class Browser:
    """A headless browser, started anew for each call. Every host name is unknown to it."""

    program: str
    profile: Path

    def dom(self, page: Path) -> str:
        """The document as HTML after its scripts have run."""
        return self._run(page, "--dump-dom")

    def screenshot(self, page: Path, png: Path, width: int = 1200, height: int = 800) -> None:
        """Writes the top of the page, `width` by `height` pixels."""
        png.unlink(missing_ok=True)
        self._run(page, f"--window-size={width},{height}", f"--screenshot={png}")
        assert png.exists(), f"{self.program} wrote no {png}"

    def _run(self, page: Path, *arguments: str) -> str:
        assert page.is_file(), f"no page {page}"
        done = subprocess.run(
            [
                self.program,
                "--headless=new",
                "--no-sandbox",  # root in a container has no sandbox; the pages are our own
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--virtual-time-budget=10000",
                f"--user-data-dir={self.profile}",
                *arguments,
                page.resolve().as_uri(),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{self.program} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A browser found on this machine; the test skips where there is none."""
    for name in BROWSERS:
        if program := shutil.which(name):
            return Browser(program, tmp_path_factory.mktemp("browser"))
    pytest.skip(f"no browser on this machine (looked for {', '.join(BROWSERS)})")
