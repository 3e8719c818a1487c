"""What a wrong call is told: an error that names the argument, what came and what was expected."""

import re

import pytest

LONGEST = 400


def says(message, part):
    """Whether the part is there by itself: the x of "expected" names no argument."""
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", message)


def refused(call, *parts, by=(ValueError, TypeError)):
    """Assert that the call raises, with a message that has all parts; return the message."""
    with pytest.raises(by) as caught:
        call()
    message = str(caught.value)
    assert [part for part in parts if not says(message, part)] == [], message
    assert message.strip() == message
    assert len(message) < LONGEST
    return message
