"""What tests have noted by `record_property`, whichever process they ran in."""


def recorded(terminalreporter, name):
    """Return [(a test's id, what it noted under that name)] for all tests that have run."""
    return [
        (report.nodeid, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for key, value in report.user_properties
        if key == name
    ]
