"""A terminal in tmux: keys go in, and its screen is read."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.ports import wait_for


class Tmux:
    """A terminal of some size, in which a shell or another program runs."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, command: Sequence[str], size: tuple[int, int]
    ) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        words = ["new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), shlex.join(command)]
        subprocess.run([*self._tmux, *words], env=dict(environment), cwd=folder, check=True)

    def type(self, *keys: str) -> None:
        """Presses these keys."""
        self.tell("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Gives the window another size."""
        self.tell("resize-window", "-x", str(width), "-y", str(height))

    def tell(self, *words: str) -> str:
        """Gives tmux a command; what it prints."""
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True).stdout.decode()

    def screen(self, *options: str) -> str:
        """What is on the screen; with "-e", with the escape sequences of its styles."""
        return self.tell("capture-pane", "-p", *options)

    def shows(self, *texts: str) -> None:
        """Waits until all texts are on the screen."""
        try:
            wait_for(lambda: all(text in self.screen() for text in texts), f"{texts} on the screen")
        except AssertionError:
            print(self.screen())
            raise

    def lacks(self, *texts: str) -> None:
        """Waits until none of the texts is on the screen."""
        wait_for(lambda: not any(text in self.screen() for text in texts), f"no {texts} on the screen")

    @property
    def pid(self) -> int:
        """The process of the program that was started."""
        return int(self.tell("list-panes", "-F", "#{pane_pid}"))

    def close(self) -> None:
        """Ends everything in it."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
