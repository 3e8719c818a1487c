"""The state of a page's widgets: small, and the same whichever way the page was built."""

import json
import random
import re
from types import SimpleNamespace

import ipywidgets
import pytest
from bpsite.html.first_frames import STATE, insert
from ipywidgets.embed import embed_data

import bplib

VIEW = "application/vnd.jupyter.widget-view+json"


def page(seed):
    """A page with two explorers, whose models are made anew and stand in an order of chance."""
    ipywidgets.Widget.close_all()
    boxes = [
        bplib.explore(lambda ax, a, b: ax.plot([a, b]), a=[1, 2], b=[3, 4], alt="a line"),
        bplib.explore(lambda ax, c: ax.plot([c, 0]), c=[5, 6], labels={"c": "</script>"}),
    ]
    data = embed_data(views=boxes, drop_defaults=False)
    models = list(data["manager_state"]["state"].items())
    random.Random(seed).shuffle(models)
    state = json.dumps(data["manager_state"] | {"state": dict(models)}).replace("</", r"<\/")
    views = [f'<script type="{VIEW}">{json.dumps(view)}</script>' for view in data["view_specs"]]
    script = SimpleNamespace(attributes={"type": STATE, "body": state})
    context = {"body": "".join(views), "script_files": [script, "other.js"]}
    insert(None, "page", "page.html", context, None)
    assert context["script_files"] == ["other.js"]
    return context["body"]


@pytest.fixture(scope="module")
def body():
    return page(seed=0)


def test_same_page_from_models_in_another_order(body):
    assert page(seed=1) == body


def test_ids_are_short_and_lead_to_models(body):
    [text] = re.findall(rf'<script type="{re.escape(STATE)}">(.*?)</script>', body)
    state = json.loads(text)["state"]
    assert list(state) == [str(number) for number in range(len(state))]
    named = re.findall(r"IPY_MODEL_(\w+)", text)
    assert set(named) < set(state)
    views = re.findall(rf'<script type="{re.escape(VIEW)}">(.*?)</script>', body)
    kinds = [state[json.loads(view)["model_id"]]["model_name"] for view in views]
    assert kinds == ["VBoxModel", "VBoxModel"]
    assert not re.search(r"[0-9a-f]{32}", body)


def test_models_of_a_kind_stand_together(body):
    [text] = re.findall(rf'<script type="{re.escape(STATE)}">(.*?)</script>', body)
    kinds = [model["model_name"] for model in json.loads(text)["state"].values()]
    assert kinds == sorted(kinds)
