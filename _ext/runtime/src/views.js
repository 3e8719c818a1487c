// Views that say more than Jupyter's: what a button does, and what is on; no tooltip "null".
import { DescriptionView } from "@jupyter-widgets/controls/lib/widget_description";
import { PlayView as Play } from "@jupyter-widgets/controls/lib/widget_int";
import { ToggleButtonsView as ToggleButtons } from "@jupyter-widgets/controls/lib/widget_selection";

const AS_TEXT = "\uFE0E"; // not as a coloured emoji

function label(button, name, sign) {
  button.setAttribute("aria-label", name);
  button.title = name;
  button.textContent = sign + AS_TEXT;
}

function group(element, name) {
  element.setAttribute("role", "group");
  if (name) element.setAttribute("aria-label", name);
}

DescriptionView.prototype.updateTooltip = function () {
  if (this.label) this.label.title = this.model.get("tooltip") ?? "";
};

export class PlayView extends Play {
  render() {
    super.render();
    group(this.el, this.model.get("description") || "Animation");
    label(this.stopButton, "Back to the start", "■");
    label(this.repeatButton, "Repeat", "↻");
  }

  updatePlaying() {
    if (this.model.get("playing")) label(this.playPauseButton, "Pause", "⏸");
    else label(this.playPauseButton, "Play", "▶");
  }

  updateRepeat() {
    super.updateRepeat();
    this.repeatButton.setAttribute("aria-pressed", this.model.get("repeat"));
  }
}

export class ToggleButtonsView extends ToggleButtons {
  render() {
    super.render();
    group(this.buttongroup, this.model.get("description"));
  }

  update(options) {
    super.update(options);
    for (const button of this.buttongroup.children)
      button.setAttribute("aria-pressed", button.classList.contains("mod-active"));
  }
}
