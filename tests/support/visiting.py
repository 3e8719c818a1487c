"""A visit to one page, by a browser that reaches nothing but the page's own server."""

from support.book import EXPLORERS

MOVING = "document.querySelector('.bp-explore') && !document.querySelector('.bp-static')"


class Visit:
    """One page opened in a browser of its own, with all that went wrong on the way."""

    def __init__(self, browser, address, name, width=1280, **options):
        self.foreign, self.problems = [], []
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, reduced_motion="reduce", **options)
        self.context.route("**/*", lambda route: self._let(route, address))
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("response", self._response)
        self.page.goto(f"{address}/{name}", wait_until="load")
        if name.split("?")[0] in EXPLORERS and options.get("java_script_enabled", True):
            self.page.wait_for_function(MOVING)
        self.page.wait_for_timeout(150)

    def _let(self, route, address):
        url = route.request.url
        if url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()

    def _console(self, message):
        if message.type == "error":
            self.problems.append(message.text)

    def _response(self, response):
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")
