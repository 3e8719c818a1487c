"""Firefox and WebKit: each opens pages, runs scripts in them, presses keys and drags."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

WINDOW = {"width": 1280, "height": 900}
STEPS = 4

AT_REST = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
MIDDLE = """const box = arguments[0].getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];"""


def find_firefox():
    """Return the path of Firefox, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


def find_webkit():
    """Return the path of WebKit's driver, or None; it also needs a screen."""
    return shutil.which("Xvfb") and shutil.which("WebKitWebDriver")


class Engine:
    """What both engines share; `run`, `press`, `drag_through`, `open` and `close` differ."""

    def wait(self, script, *arguments, seconds=5):
        """Wait until the script returns something true; return False if it does not in time."""
        end = time.monotonic() + seconds
        while not (found := self.run(script, *arguments)) and time.monotonic() < end:
            time.sleep(0.02)
        return bool(found)

    def focus_and_press(self, element, key):
        """Press a key where a keyboard has led to the element."""
        self.run(AT_REST, element)
        self.run("arguments[0].focus()", element)
        self.press(key)

    def drag(self, element, dx=0, dy=0):
        """Take the middle of the element and drag it so many pixels; without any, click it."""
        self.run(AT_REST, element)
        x, y = self.run(MIDDLE, element)
        places = [(x + dx * n / STEPS, y + dy * n / STEPS) for n in range(STEPS + 1)]
        self.drag_through([(round(u), round(v)) for u, v in places])


class Firefox(Engine):
    """Firefox without a window, spoken to in its own protocol, Marionette."""

    def __init__(self):
        from marionette_driver.marionette import Marionette

        self.folder = tempfile.TemporaryDirectory()  # the driver removes a log that is there
        log = str(Path(self.folder.name) / "firefox.log")
        self.client = Marionette(port=0, bin=find_firefox(), headless=True, gecko_log=log)
        self.client.start_session()
        self.client.set_window_rect(**WINDOW)

    def open(self, address):
        self.client.navigate(address)

    def run(self, script, *arguments):
        return self.client.execute_script(script, arguments, sandbox=None)

    def press(self, key):
        self.client.actions.sequence("key", "keyboard").key_down(key).key_up(key).perform()

    def drag_through(self, places):
        mouse = self.client.actions.sequence("pointer", "mouse", {"pointerType": "mouse"})
        mouse.pointer_move(*places[0]).pointer_down()
        for place in places[1:]:
            mouse.pointer_move(*place, duration=20)
        mouse.pointer_up().perform()

    def close(self):
        self.client.quit()
        self.client.cleanup()
        self.folder.cleanup()


class WebKit(Engine):
    """WebKitGTK's small browser, on a screen that nobody sees."""

    def __init__(self):
        from selenium import webdriver
        from selenium.webdriver.webkitgtk.service import Service

        self.screen, name = start_screen()
        service = Service(find_webkit(), env={**os.environ, "DISPLAY": name, "GDK_BACKEND": "x11"})
        options = webdriver.WebKitGTKOptions()
        options.binary_location = str(next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))
        options.add_argument("--automation")
        try:
            self.client = webdriver.WebKitGTK(options=options, service=service)
        except BaseException:
            self.screen.terminate()
            raise
        self.client.set_window_size(*WINDOW.values())

    def open(self, address):
        self.client.get(address)

    def run(self, script, *arguments):
        return self.client.execute_script(script, *arguments)

    def press(self, key):
        from selenium.webdriver import ActionChains

        ActionChains(self.client).send_keys(key).perform()

    def drag_through(self, places):
        from selenium.webdriver.common.actions.action_builder import ActionBuilder

        actions = ActionBuilder(self.client, duration=20)
        mouse = actions.pointer_action
        mouse.move_to_location(*places[0]).pointer_down()
        for place in places[1:]:
            mouse.move_to_location(*place)
        mouse.pointer_up()
        actions.perform()

    def close(self):
        with contextlib.suppress(Exception):
            self.client.quit()
        self.screen.terminate()
        self.screen.wait()


def start_screen():
    """Start an X server on a free display; return its process and the display's name."""
    reader, writer = os.pipe()
    size = f"{WINDOW['width']}x{WINDOW['height'] + 100}x24"
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as answer:
        return screen, f":{answer.readline().strip()}"


ENGINES = {"Firefox": (Firefox, find_firefox), "WebKit": (WebKit, find_webkit)}
