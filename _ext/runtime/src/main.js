// Brings the widgets of a page to life, with no kernel.
import { ManagerBase } from "@jupyter-widgets/base-manager/lib/manager-base";
import { Widget } from "@lumino/widgets";
import * as anywidget from "./classes/anywidget.js";
import * as base from "./classes/base.js";
import * as controls from "./classes/controls.js";

const MODULES = { "@jupyter-widgets/base": base, "@jupyter-widgets/controls": controls, anywidget };

class Manager extends ManagerBase {
  async _get_comm_info() {
    return {};
  }

  async loadClass(name, module, version) {
    const found = MODULES[module]?.[name];
    if (!found) throw new Error(`this site has no ${name} of ${module} ${version}`);
    return found;
  }
}

const scripts = (kind) =>
  document.querySelectorAll(`script[type="application/vnd.jupyter.widget-${kind}+json"]`);

async function show(manager, place) {
  const { model_id } = JSON.parse(place.textContent);
  if (!manager.has_model(model_id)) throw new Error(`this page has no widget ${model_id}`);
  const area = document.createElement("div");
  area.className = "widget-subarea";
  place.before(area);
  const view = await manager.create_view(await manager.get_model(model_id));
  Widget.attach(view.luminoWidget, area);
}

async function start() {
  document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
  const manager = new Manager();
  for (const state of scripts("state")) await manager.set_state(JSON.parse(state.textContent));
  await Promise.all([...scripts("view")].map((place) => show(manager, place)));
}

start();
