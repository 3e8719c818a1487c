"""Writes the first frame of each explorer into the page, to stand there until the live one does."""

import json
import re
from html import escape

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL
)
ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def picture(state, model_id):
    """Return static HTML for a widget as it first looks, or "" for kinds that need no picture."""
    model = state[model_id]
    values, kind = model["state"], model["model_name"]
    classes = " ".join(values.get("_dom_classes", []))

    def child(reference):
        return picture(state, reference.removeprefix("IPY_MODEL_"))

    if kind == "StackModel":
        index = values.get("selected_index")
        inner = "" if index is None else child(values["children"][index])
    elif kind in ("VBoxModel", "HBoxModel", "BoxModel"):
        inner = "".join(child(reference) for reference in values["children"])
    elif kind == "HTMLModel":
        inner = values.get("value", "")
    elif kind == "SelectionSliderModel":
        label = escape(values.get("description", ""))
        value = escape(str(values["_options_labels"][values["index"]]))
        inner = f'<span class="bp-label">{label}</span><i></i><span class="bp-value">{value}</span>'
        classes += " bp-slider"
    elif kind == "ToggleButtonsModel":
        label = escape(values.get("description", ""))
        inner = f'<span class="bp-label">{label}</span><span class="bp-buttons">' + "".join(
            f'<span class="{"bp-pressed" if i == values["index"] else ""}">{escape(text)}</span>'
            for i, text in enumerate(values["_options_labels"])
        )
        inner, classes = f"{inner}</span>", f"{classes} bp-choice"
    elif "svg" in values and "readout" in values:
        said = escape(values["readout"])
        inner = f'{values["svg"]}<p class="bp-readout">{said}</p>' if said else values["svg"]
        classes += " bp-frame"
    elif {"last", "interval"} <= values.keys():
        classes += " bp-player"
        inner = ""
    else:
        return ""
    return f'<div class="{classes.strip()}">{inner}</div>'


def arranged(state, roots):
    """Return the ids of a page's models: kind by kind, each in the order that the page names them.

    Ids are drawn at random, and the cache of executed notebooks sorts by them. In this order like
    lies beside like, which makes the page smaller, and the same however it was built.
    """
    found = {}

    def visit(model_id):
        if model_id in state and model_id not in found:
            found[model_id] = str(len(found))
            for other in ID.findall(json.dumps(state[model_id])):
                visit(other)

    for model_id in roots:
        visit(model_id)
    for model_id in sorted(state.keys() - found, key=lambda i: renamed(state[i], found)):
        visit(model_id)  # links name others, and nobody names them
    return sorted(found, key=lambda model_id: state[model_id]["model_name"])


def renamed(data, names):
    """Return data as JSON for a script element, with other ids."""
    text = json.dumps(data).replace("</script", r"<\/script")
    return ID.sub(lambda match: names.get(match[0], match[0]), text)


def insert(app, pagename, templatename, context, doctree):
    """Put the pictures before their live views, and the widgets' state after the text."""
    scripts = context.get("script_files", [])
    found = [s for s in scripts if getattr(s, "attributes", {}).get("type") == STATE]
    if not found or "body" not in context:
        return
    data = json.loads(json.dumps(json.loads(found[0].attributes["body"]), sort_keys=True))
    state = data["state"]
    roots = [json.loads(match[1])["model_id"] for match in VIEW.finditer(context["body"])]
    order = arranged(state, roots)
    names = {model_id: str(number) for number, model_id in enumerate(order)}

    def with_picture(match):
        view = json.loads(match[1])
        script = match[0].replace(match[1], renamed(view, names))
        model_id = view["model_id"]
        if "bp-explore" not in state.get(model_id, {}).get("state", {}).get("_dom_classes", []):
            return script
        html = picture(state, model_id).replace('class="', 'class="bp-static ', 1)
        return html + script

    body = renamed(data | {"state": {model_id: state[model_id] for model_id in order}}, names)
    context["body"] = (
        VIEW.sub(with_picture, context["body"]) + f'\n<script type="{STATE}">{body}</script>\n'
    )
    context["script_files"] = [s for s in scripts if s not in found]
